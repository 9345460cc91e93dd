"""Advises on a model and settings for inspected images, with reasons. It uses only the figures and the catalog."""

from collections.abc import Iterator
from dataclasses import dataclass

from ganzoo.catalog.lookup import Catalog, RegisteredModel
from ganzoo.config.units import Size
from ganzoo.data.cache import share_of
from ganzoo.data.inspect.facts import Side
from ganzoo.data.inspect.summary import Inspection, Spread, Summary
from ganzoo.data.scale import grown, shorter, usual_side
from ganzoo.errors import PluginError, UsageError
from ganzoo.options import part_kind
from ganzoo.specs import Task

PREFERRED: dict[Task, tuple[tuple[str, str], ...]] = {
    "generate": (("dcgan", "of the four in docs/models.md it shows the most forms after ten minutes"),),
    "translate": (("fastcut", "it shows a style after five minutes and keeps the content of the photo"),),
}
"""Models to choose, best first, each with the reason. Without any of them, any other model of the task is chosen."""
SMALL_SETS = (("diffaug", "made for small sets"), ("ada", "made for small sets"))
"""Augmentations to choose for the discriminator's input, best first, each with the reason."""

SMALL = 10_000
"""With fewer pictures a discriminator memorises them, as the paper of DiffAugment (2006.10738) finds."""
FEW: dict[Task, tuple[int, str]] = {
    "generate": (500, "A model will repeat them; give some thousands"),
    "translate": (200, "A model may paint what is not there; give a few hundred"),
}
"""With fewer pictures a warning is given, which says why."""
_MAX_BAD = 0.1
"""The share of bad files that a run accepts by default."""
_SIDES = {False: (64, 32), True: (128, 64, 32)}
"""Sides of images to train at on a CPU (False) and on a GPU (True), best first."""
_SQUARE = 1.12
"""Pictures with a smaller aspect than this count as square."""
_MAX_IMAGE_ASPECT = 2.0
_MAX_QUALITY_GAP = 10


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Advice on what to train. `model` is a model or preset, empty when none fits; `options` are its settings.

    `reasons` explain the choices. `warnings` say what to do about the images first.
    """

    task: Task
    model: str
    size: Size
    options: dict[str, object]
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]

    def command(self, data: str, style: str | None = None) -> str:
        """The command line that trains the model on `data`, and a translator on the pictures of `style`."""
        import shlex

        learned = [f"--style {shlex.quote(style)}"] if style and self.task == "translate" else []
        settings = [f"--set {key}={value}" for key, value in self.options.items()]
        given = [f"ganzoo run {self.model} --data {shlex.quote(data)}", *learned, f"--size {self.size}"]
        return " ".join([*given, *settings])


def advise(inspection: Inspection, catalog: Catalog, *, gpu: bool, model: str | None = None) -> Advice:
    """Advises on a model and settings for the inspected images, to train on a GPU or a CPU.

    `model` names the model or preset to advise on; without it, one is chosen.

    Raises UsageError or PluginError when `model` names none that can be used.
    """
    data = inspection.summary("data")
    assert data is not None
    reasons: list[str] = []
    task = _task(inspection, catalog, model, reasons)
    registered, name = _choice(catalog, task, model, gpu, reasons)
    options: dict[str, object] = {}
    if registered is not None:
        learned = inspection.summary("style") if registered.spec.task == "translate" else None
        _augmentation(registered, catalog, learned or data, options, reasons)
    _bad_files(data, options, reasons)
    size = _size(data, gpu, reasons)
    if registered is not None and registered.spec.task == "translate":
        _crops(inspection, size, reasons)
    task = registered.spec.task if registered else task
    return Advice(
        task=task,
        model=name,
        size=size,
        options=options,
        reasons=tuple(reasons),
        warnings=tuple(_warnings(inspection, data, task)),
    )


def _task(inspection: Inspection, catalog: Catalog, model: str | None, reasons: list[str]) -> Task:
    """Translation when there is a style and a translator to learn it, generation otherwise."""
    if not inspection.summary("style"):
        return "generate"
    if model is None and not _models(catalog, "translate"):
        reasons.append(
            "no translator is registered, so no model can learn the style from these two folders yet; this is a model"
            " for the data alone (`ganzoo list --task translate` shows when there is one)"
        )
        return "generate"
    return "translate"


def _bad_files(data: Summary, options: dict[str, object], reasons: list[str]) -> None:
    """Allows for the files that can't be used, when there are more than a run accepts by default."""
    bad = data.pictures - data.usable
    if 1 - data.usable / data.pictures > _MAX_BAD:
        options["max_bad"] = share_of(bad, data.pictures)
        reasons.append(f"max_bad: {bad} of {data.pictures} files can't be used")


def _models(catalog: Catalog, task: Task) -> list[RegisteredModel]:
    return [model for model in catalog.models if model.spec.task == task]


def _choice(
    catalog: Catalog, task: Task, wanted: str | None, gpu: bool, reasons: list[str]
) -> tuple[RegisteredModel | None, str]:
    """The model and the name to run it by; None and "" when no model of the task is registered."""
    if wanted is not None:
        reasons.append(f"{wanted}: you named it")
        return catalog.resolve(wanted)[0], wanted
    models = {model.spec.name: model for model in _models(catalog, task)}
    ranked = [(name, why) for name, why in PREFERRED[task] if name in models]
    ranked += [(name, "it is registered for this task") for name in models]
    for name, why in ranked:
        try:
            model = catalog.model(name)
        except (PluginError, UsageError):  # for example a name that two plugins claim
            continue
        return model, _preset(catalog, name, why, gpu, reasons)
    reasons.append(f"no model of the task '{task}' is registered")
    return None, ""


def _preset(catalog: Catalog, name: str, why: str, gpu: bool, reasons: list[str]) -> str:
    """The model's preset for laptops on a CPU if the registry has one, else the model itself."""
    laptop = f"{name}-laptop"
    preset = catalog.registry.presets.get(laptop)
    if gpu or preset is None or preset.model != name:
        reasons.append(f"{name}: {why}")
        return name
    reasons.append(f"{laptop}: {why}; its narrow preset, since there is no GPU")
    return laptop


def _augmentation(
    model: RegisteredModel, catalog: Catalog, data: Summary, options: dict[str, object], reasons: list[str]
) -> None:
    """Chooses an augmentation when the pictures are few and the model takes one."""
    field = model.spec.options.model_fields.get("augment")
    total = data.total if not data.files else data.usable
    if field is None or part_kind(field) != "augmentation" or total >= SMALL:
        return
    registered = {part.spec.name for part in catalog.parts if part.spec.kind == "augmentation"}
    for name, why in SMALL_SETS:
        if name in registered:
            options["augment"] = name
            reasons.append(f"augment={name}: {total} pictures are few, and this augmentation is {why}")
            return
    reasons.append(f"{total} pictures are few, and no augmentation for the discriminator is registered")


def _size(data: Summary, gpu: bool, reasons: list[str]) -> Size:
    """The largest size that the device can train at and for which at most a tenth of the pictures must be enlarged.

    The shorter side is a power of two. The aspect is that of the pictures if most of them share it, else a square.
    """
    sides = _SIDES[gpu]
    device = "a GPU" if gpu else "a CPU"
    if data.shorter is None or data.aspect is None:
        reasons.append(f"size {sides[0]}: {device} can train at this size")
        return Size(sides[0], sides[0])
    side = next((side for side in sides if side <= data.shorter[0]), sides[-1])
    reason = (
        f"{device} can train at this size"
        if side == sides[0]
        else f"a tenth of the pictures have less than {sides[0]} pixels"
    )
    size, shape = _shape(side, data.aspect)
    reasons.append(f"size {size}: {reason}; {shape}")
    return size


def _crops(inspection: Inspection, size: Size, reasons: list[str]) -> None:
    """Says what a translator learns from, and what that takes."""
    sides = [summary for summary in inspection.summaries if summary.side != "held-out"]
    load_size = min(usual_side(_sizes(inspection, summary.side), size) for summary in sides)
    if load_size <= shorter(size):
        return
    kept = grown(size, 1, load_size)
    megabytes = sum(summary.usable for summary in sides) * kept.height * kept.width * 3 / 1e6
    reasons.append(
        f"crops: pictures are kept at {kept} pixels ({megabytes:,.0f} MB in the cache), and each draw takes a crop of"
        f" {size} between the whole picture and its own pixels"
    )


def _sizes(inspection: Inspection, side: Side) -> list[Size]:
    sized = (fact for fact in inspection.facts if fact.side == side and fact.usable and fact.width)
    return [Size(fact.height, fact.width) for fact in sized]


def _shape(side: int, spread: Spread) -> tuple[Size, str]:
    """The size with that shorter side for pictures of that aspect, and the reason for its shape."""
    low, aspect, high = spread
    if low > _SQUARE or high < 1 / _SQUARE:
        return _rectangle(side, aspect), f"most pictures are about {aspect:.2f} times as wide as high"
    reason = "the pictures are square" if high / low < _SQUARE else "the shapes of the pictures differ, so a square"
    return Size(side, side), reason


def _rectangle(side: int, aspect: float) -> Size:
    """The longer side is a multiple of a quarter of the shorter, since networks halve images until that is 4 pixels."""
    longer = side // 4 * round(4 * min(max(aspect, 1 / aspect), _MAX_IMAGE_ASPECT))
    return Size(side, longer) if aspect > 1 else Size(longer, side)


def _warnings(inspection: Inspection, data: Summary, task: Task) -> Iterator[str]:
    if not data.usable:
        yield "nothing in the data can be used"
        return
    enough, why = FEW[task]
    if data.files and data.usable < enough:
        yield f"few usable pictures: {data.usable}. {why}"
    yield from _pair_warnings(inspection)
    yield from _picture_warnings(data)
    gap = inspection.gap
    if gap is not None and gap.quality is not None and abs(gap.quality) > _MAX_QUALITY_GAP:
        yield (
            f"JPEG quality of data and style differs by {abs(gap.quality):.0f}. A discriminator can tell them apart by"
            " their JPEG blocks"
        )


def _pair_warnings(inspection: Inspection) -> Iterator[str]:
    same = [pair for pair in inspection.between("data", "data") if pair.kind != "mirrored"]
    if same:
        yield f"pairs that show the same picture: {len(same)}; --fix DIR writes a copy without them"
    if leak := inspection.between("data", "held-out"):
        yield f"pairs of the data and held-out pictures: {len(leak)}. Scores will be too good; --fix DIR removes them"
    if shared := inspection.between("data", "style"):
        yield f"pairs of the data and the style: {len(shared)}; the two must show different pictures"


def _picture_warnings(data: Summary) -> Iterator[str]:
    if data.bordered:
        yield f"pictures with a border: {data.bordered}. A model learns to draw it; --fix DIR crops it"
    if data.blank:
        yield f"pictures of one colour: {data.blank}; delete them"
    if data.grey and data.grey < data.usable / 2:
        yield f"grey pictures among coloured ones: {data.grey}. A model learns to draw both"
