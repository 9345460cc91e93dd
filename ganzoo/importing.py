"""Recognises checkpoints of other programs, and makes a run folder of what a generator here can take."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.config.resolve import configure_run
from ganzoo.engine import checkpoint
from ganzoo.engine.build import build_gan
from ganzoo.engine.checkpoint_files import Checkpoint
from ganzoo.engine.device import hardware
from ganzoo.engine.loop import DONE
from ganzoo.errors import GanzooError, PluginError, UsageError, one_line
from ganzoo.model import GAN
from ganzoo.runs.claim import claimed_folder, empty_folder
from ganzoo.runs.folder import Run
from ganzoo.runs.run_file import write_run_file
from ganzoo.specs import Format, PartSpec, Recognised, load_target
from ganzoo.weights import ENDING, import_weights, read, sha256

Files = Mapping[str, Mapping[str, Tensor]]
"""The tensors of files, by the names of the files without their endings."""

_PARALLEL = "module."
"""What torch.nn.DataParallel writes before each name."""
_OF_NORMS = ("running_mean", "running_var", "num_batches_tracked")
"""How the names of statistics end, which a norm may keep but does not need."""
_SHOWN = 8
_SETTINGS = {"precision": "fp32", "device": "auto", "crop": False, "load_size": 256, "ema_kimg": 0}
"""What the run folder has in place of auto, and no averaged weights."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """A part and the format that some files have, with their tensors by its words. `problem` says what is missing."""

    part: PartSpec
    format: Format
    tensors: Files
    problem: str = ""
    share: float = 1.0
    """The part of the format's names that the files have."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A run folder that was made of files, and how they were read."""

    folder: Path
    match: Match
    configuration: Configuration
    options: Mapping[str, object]
    """Those of the generator that were recognised or given."""
    parameters: int
    notes: tuple[str, ...]


@contextmanager
def opened(files: Sequence[Path], key: str = "") -> Iterator[Files]:
    """The tensors of pickled files or safetensors, by file name. Raises what `import_weights` and `read` raise."""
    with tempfile.TemporaryDirectory(prefix="ganzoo-") as folder:
        found: dict[str, Mapping[str, Tensor]] = {}
        for number, file in enumerate(files):
            plain = file
            if file.suffix != ENDING:
                plain = import_weights(file, Path(folder) / f"{number}{ENDING}", key=key).file
            found[_name(file, found)] = _without_prefix(read(plain))
        yield found


def recognise(files: Files, catalog: Catalog) -> tuple[Match | None, Match | None]:
    """The format of the files, if they have one that is complete, and the one that is nearest, if any is near.

    Where they are complete by several formats, the one with more names counts.
    """
    found = [_match(part.spec, one, files) for part in catalog.parts for one in part.spec.formats]
    whole = [one for one in found if not one.problem]
    near = max((one for one in found if one.share), key=lambda one: one.share, default=None)
    return max(whole, key=lambda one: sum(map(len, one.format.files.values())), default=None), near


def import_run(
    files: Sequence[Path],
    match: Match,
    catalog: Catalog,
    *,
    out: Path | None = None,
    options: Mapping[str, object] | None = None,
    overwrite: bool = False,
) -> Imported:
    """Makes a run folder of the files' weights: `out`, or the first free runs/<model>-<number>.

    `options` replace what was recognised, where tensors don't tell. Raises UsageError when the tensors don't fit the
    network, and the errors of a new run folder.
    """
    found = _found(match)
    chosen = {f"generator.{name}": value for name, value in found.options.items()}
    given = {**_SETTINGS, "generator": match.part.name, **chosen, **found.settings, **(options or {})}
    configuration = configure_run(match.format.model, catalog, options=given)
    gan = build_gan(configuration, {})
    network = gan.get_submodule("generator")
    _take(network, found.weights, match.format.name)
    with claimed_folder(configuration.model.spec.name, out, overwrite=overwrite) as folder:
        _write(Run(folder=folder, configuration=configuration), gan, files, match)
    return Imported(
        folder=folder,
        match=match,
        configuration=configuration,
        options={name: configuration.values()[f"generator.{name}"] for name in found.options},
        parameters=sum(one.numel() for one in network.parameters()),
        notes=found.notes,
    )


def listed(tensors: Mapping[str, Tensor]) -> list[str]:
    """Names and shapes, a line each; of many, the first ones and the last."""
    lines = [f"{name}  {'x'.join(map(str, one.shape)) or 'a scalar'}" for name, one in tensors.items()]
    if len(lines) <= 2 * _SHOWN:
        return lines
    return [*lines[:_SHOWN], f"… {len(lines) - 2 * _SHOWN} more", *lines[-_SHOWN:]]


def _name(file: Path, taken: Mapping[str, object]) -> str:
    """The file's name, with its folder where another file has the same."""
    name = file.name.partition(".")[0] or file.name
    return str(file) if name in taken else name


def _without_prefix(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors in the order of their names' numbers, as float32, without what DataParallel adds to names."""
    prefixed = all(name.startswith(_PARALLEL) for name in tensors)
    plain = {name.removeprefix(_PARALLEL) if prefixed else name: tensor for name, tensor in tensors.items()}
    ordered = sorted(plain, key=lambda name: [(not p.isdecimal(), p.zfill(6)) for p in name.split(".")])
    return {name: plain[name].float() if plain[name].is_floating_point() else plain[name] for name in ordered}


def _match(part: PartSpec, known: Format, files: Files) -> Match:
    """How far the files have this format. Each of its files must be there once, and no other."""
    taken: dict[str, str] = {}
    for word, names in known.files.items():
        fitting = [one for one, tensors in files.items() if all(name in tensors for name in names)]
        if len(fitting) > 1:
            fitting = [one for one in fitting if word in one.lower()]
        if len(fitting) == 1:
            taken[word] = fitting[0]
    total = sum(map(len, known.files.values()))
    share = sum(max((_count(names, one) for one in files.values()), default=0) for names in known.files.values())
    tensors = {word: files[name] for word, name in taken.items()}
    problem = _problem(known, taken, files)
    return Match(part=part, format=known, tensors=tensors, problem=problem, share=share / total)


def _count(names: Sequence[str], tensors: Mapping[str, Tensor]) -> int:
    return sum(name in tensors for name in names)


def _problem(known: Format, taken: Mapping[str, str], files: Files) -> str:
    """What of the format is missing, or too much; nothing where the files are just those of the format."""
    absent = [word for word in known.files if word not in taken]
    if absent and taken:
        have = ", ".join(f"'{name}' is its {word}" for word, name in taken.items())
        return f"{have}, but it needs all of its files together: {', '.join(absent)} is missing, or looks like another"
    if absent:
        names = known.files[absent[0]]
        lacking = [name for name in names if not any(name in one for one in files.values())]
        return f"{', '.join(lacking or names)} missing"
    if others := sorted(set(files) - set(taken.values())):
        return f"'{others[0]}' is no file of it"
    return ""


def _found(match: Match) -> Recognised:
    """What the format's own code makes of the tensors. Whatever it raises is a reason, as the tensors may be odd."""
    known = match.format
    try:
        target = load_target(known.target)
    except (ImportError, AttributeError) as error:
        raise PluginError(f"format '{known.name}' can't be loaded: {one_line(error)}") from error
    try:
        found = target(match.tensors)
    except GanzooError as error:
        raise UsageError(f"{known.name}: {error}") from None
    except Exception as error:  # shapes that no such network has
        raise UsageError(f"{known.name}: its tensors do not fit together: {one_line(error)}") from None
    if not isinstance(found, Recognised):
        raise PluginError(f"format '{known.name}': {known.target} gave {found!r}, expected Recognised")
    return found


def _take(network: torch.nn.Module, weights: Mapping[str, Tensor], name: str) -> None:
    """Copies the weights into the network. Raises UsageError for one that is missing, unknown or of another shape."""
    own, needed = network.state_dict(), {key for key, _ in network.named_parameters()}
    given = {key: one for key, one in weights.items() if key in own or not key.endswith(_OF_NORMS)}
    wrong = [f"{key} is missing" for key in sorted(needed - given.keys())]
    wrong += [f"{key} is unknown" for key in given if key not in own]
    wrong += [
        f"{key} is {tuple(one.shape)} instead of {tuple(own[key].shape)}"
        for key, one in given.items()
        if key in own and one.shape != own[key].shape
    ]
    wrong += [f"{key} has values that are not finite" for key, one in given.items() if not bool(one.isfinite().all())]
    if wrong:
        raise UsageError(f"{name}: its tensors do not fit the network: {wrong[0]}, {len(wrong) - 1} more such problems")
    network.load_state_dict({**own, **given})


def _write(run: Run, gan: GAN, files: Sequence[Path], match: Match) -> None:
    """Fills the claimed folder: run.json says what was imported, and the only checkpoint is that of step 0."""
    nothing = {"fingerprint": "", "images": 0, "held_out": 0, "attributes": {}, "skipped": 0, "skipped_files": []}
    device = torch.device("cpu")
    empty_folder(run.folder)
    facts = {
        "imported": {
            "format": match.format.name,
            "files": [{"name": file.name, "size": file.stat().st_size, "sha256": sha256(file)} for file in files],
        },
        "device": str(device),
        "hardware": {**hardware(device), "processes": "1"},
        "parameters": {step.name: sum(p.numel() for p in step.trains.parameters()) for step in gan.steps()},
        "data": {**nothing, "changed": {}},
        "records_probabilities": gan.records_probabilities,
    }
    if run.configuration.model.spec.task == "translate":
        facts["sources"] = facts["data"]
    write_run_file(run, facts)
    run.make_folders()
    state = {"step": 0, "images": 0, "seconds": 0.0, "rollbacks": 0, "optimisers": {}, "scalars": {}}
    checkpoint.save(run.checkpoints, 0, Checkpoint(tensors={"weights": gan.state_dict()}, state=state), keep=1)
    run.write_summary({"outcome": DONE, "steps": 0, "images": 0, "seconds": 0.0})
