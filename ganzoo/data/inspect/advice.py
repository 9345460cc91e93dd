"""What model and settings fit the images, and why; a function of the figures and of what is registered."""

from collections.abc import Iterator
from dataclasses import dataclass

from ganzoo.catalog.lookup import Catalog, RegisteredModel
from ganzoo.config.units import Size
from ganzoo.data.cache import share_of
from ganzoo.data.inspect.summary import Inspection, Summary
from ganzoo.errors import PluginError, UsageError
from ganzoo.options import part_kind
from ganzoo.specs import Task

PREFERRED: dict[Task, tuple[tuple[str, str], ...]] = {
    "generate": (("dcgan", "of the four in docs/models.md it shows the most forms after ten minutes"),),
    "translate": (("fastcut", "it shows a style after five minutes and holds on to the photo"),),
}
"""Models to choose if they are registered, best first, with the reason; after them any other of the task."""
SMALL_SETS = (("diffaug", "made for small sets"), ("ada", "made for small sets"))
"""Augmentations of what the discriminator sees, to choose if they are registered, best first."""

SMALL = 10_000
"""Below this many pictures, the paper of DiffAugment (2006.10738) finds that a discriminator learns them by heart."""
FEW = 500
_MAX_BAD = 0.1
_SIDES = {False: (64, 32), True: (128, 64, 32)}
_SQUARE = 1.12
_MOST_ASPECT = 2.0


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A choice: `model` is a model or preset to run (empty when none fits), `options` are its settings.

    `reasons` say why, `warnings` what to do about the images first.
    """

    task: Task
    model: str
    size: Size
    options: dict[str, object]
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]

    def command(self, data: str) -> str:
        """The command line that trains it."""
        import shlex

        settings = [f"--set {key}={value}" for key, value in self.options.items()]
        return " ".join([f"ganzoo run {self.model} --data {shlex.quote(data)} --size {self.size}", *settings])


def advise(inspection: Inspection, catalog: Catalog, *, gpu: bool, model: str | None = None) -> Advice:
    """The model (or that of the name `model`) and settings for the inspected images, on a GPU or a CPU.

    Raises UsageError or PluginError for a model that is not there.
    """
    data = inspection.summary("data")
    assert data is not None
    reasons: list[str] = []
    task: Task = "translate" if inspection.summary("style") else "generate"
    if model is None and task == "translate" and not _models(catalog, task):
        reasons.append(
            "no translator is registered, so no model can learn the style from these two folders yet; this is a model"
            " for the data alone (`ganzoo list --task translate` shows when there is one)"
        )
        task = "generate"
    registered, name = _choice(catalog, task, model, gpu, reasons)
    options: dict[str, object] = {}
    if registered is not None:
        _augmentation(registered, catalog, data, options, reasons)
    bad = 1 - data.usable / data.pictures
    if bad > _MAX_BAD:
        options["max_bad"] = share_of(data.pictures - data.usable, data.pictures)
        reasons.append(f"max_bad: {data.pictures - data.usable} of {data.pictures} files can't be used")
    size = _size(data, gpu, reasons)
    return Advice(
        task=registered.spec.task if registered else task,
        model=name,
        size=size,
        options=options,
        reasons=tuple(reasons),
        warnings=tuple(_warnings(inspection, data)),
    )


def _models(catalog: Catalog, task: Task) -> list[RegisteredModel]:
    return [model for model in catalog.models if model.spec.task == task]


def _choice(
    catalog: Catalog, task: Task, wanted: str | None, gpu: bool, reasons: list[str]
) -> tuple[RegisteredModel | None, str]:
    if wanted is not None:
        reasons.append(f"{wanted}: you named it")
        return catalog.resolve(wanted)[0], wanted
    models = {model.spec.name: model for model in _models(catalog, task)}
    ranked = [(name, why) for name, why in PREFERRED[task] if name in models]
    ranked += [(name, "it is registered for this task") for name in models]
    for name, why in ranked:
        try:
            model = catalog.model(name)
        except (PluginError, UsageError):  # a name that two plugins claim
            continue
        return model, _preset(catalog, name, why, gpu, reasons)
    reasons.append(f"no model of the task '{task}' is registered")
    return None, ""


def _preset(catalog: Catalog, name: str, why: str, gpu: bool, reasons: list[str]) -> str:
    """On a CPU the model's preset for laptops, if the registry has one."""
    laptop = f"{name}-laptop"
    preset = catalog.registry.presets.get(laptop)
    if gpu or preset is None or preset.model != name:
        reasons.append(f"{name}: {why}")
        return name
    reasons.append(f"{laptop}: {why}; there is no GPU, so its narrow preset")
    return laptop


def _augmentation(
    model: RegisteredModel, catalog: Catalog, data: Summary, options: dict[str, object], reasons: list[str]
) -> None:
    field = model.spec.options.model_fields.get("augment")
    total = data.total if not data.files else data.usable
    if field is None or part_kind(field) != "augmentation" or total >= SMALL:
        return
    registered = {part.spec.name for part in catalog.parts if part.spec.kind == "augmentation"}
    for name, why in SMALL_SETS:
        if name in registered:
            options["augment"] = name
            reasons.append(f"augment={name}: {total} pictures are few, and it is {why}")
            return
    reasons.append(f"{total} pictures are few, and no augmentation for the discriminator is registered")


def _size(data: Summary, gpu: bool, reasons: list[str]) -> Size:
    """The largest power of two that a tenth of the pictures at most must be enlarged for, in their common aspect."""
    sides = _SIDES[gpu]
    device = "a GPU" if gpu else "a CPU"
    if data.shorter is None or data.aspect is None:
        reasons.append(f"size {sides[0]}: what {device} can do")
        return Size(sides[0], sides[0])
    side = next((side for side in sides if side <= data.shorter[0]), sides[-1])
    reason = (
        f"what {device} can do" if side == sides[0] else f"a tenth of the pictures have less than {sides[0]} pixels"
    )
    low, aspect, high = data.aspect
    steady = low > _SQUARE or high < 1 / _SQUARE
    size = _rectangle(side, aspect) if steady else Size(side, side)
    if steady:
        shape = f"most pictures are about {aspect:.2f} times as wide as high"
    else:
        shape = "the pictures are square" if high / low < _SQUARE else "the shapes differ, so a square"
    reasons.append(f"size {size}: {reason}; {shape}")
    return size


def _rectangle(side: int, aspect: float) -> Size:
    """Networks halve the image until the shorter side is 4, so the longer one is a whole number of quarters."""
    longer = side // 4 * round(4 * min(max(aspect, 1 / aspect), _MOST_ASPECT))
    return Size(side, longer) if aspect > 1 else Size(longer, side)


def _warnings(inspection: Inspection, data: Summary) -> Iterator[str]:
    if not data.usable:
        yield "nothing in the data can be used"
        return
    if data.files and data.usable < FEW:
        yield f"few usable pictures: {data.usable}, and a model will repeat them; some thousands are good"
    same = [pair for pair in inspection.between("data", "data") if pair.kind != "mirrored"]
    if same:
        yield f"pairs that show the same picture: {len(same)}; --fix DIR writes a copy without them"
    if leak := inspection.between("data", "held-out"):
        yield f"pairs of the data and held-out pictures: {len(leak)}, which makes scores too good; --fix DIR drops them"
    if shared := inspection.between("data", "style"):
        yield f"pairs of the data and the style: {len(shared)}; the two must show different pictures"
    if data.bordered:
        yield f"pictures with a border, which a model learns to draw: {data.bordered}; --fix DIR crops it"
    if data.blank:
        yield f"pictures of one colour: {data.blank}; delete them"
    if data.grey and data.grey < data.usable / 2:
        yield f"grey pictures among coloured ones: {data.grey}"
    gap = inspection.gap
    if gap is not None and gap.quality is not None and abs(gap.quality) > 10:
        yield f"JPEG quality differs by {abs(gap.quality):.0f}: a discriminator can tell the sides by their JPEG blocks"
