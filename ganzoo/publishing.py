"""Writes the file of a published model from a run, and the entry of registry.yaml that describes it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor
from torch.nn import functional

from ganzoo.catalog.lookup import Catalog
from ganzoo.data.images import to_uint8
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.inference.loaded import LoadedGAN, LoadedTranslator
from ganzoo.inference.loading import load_run
from ganzoo.io.files import draft_beside, sync_file
from ganzoo.io.names import usable
from ganzoo.report_html.commands import repeat
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.logs import recorded_painted, recorded_scalars, recorded_scores
from ganzoo.runs.run_file import IMPORTED, PUBLISHED, UNSAID, read_run_file
from ganzoo.trained.finding import Trained
from ganzoo.trained.published import Content, full
from ganzoo.translator import Translator
from ganzoo.weights.files import ENDING, sha256

MOST = 1.0
"""Levels of 255 by which pictures may differ in the mean when weights are rounded to half of their bits."""
_KEPT = (IMPORTED, "schema", "model", "plugin", "configuration", "parameters", "records_probabilities", "device")
_OF_IMAGES = ("fingerprint", "images", "held_out", "attributes")
_VERSIONS = ("ganzoo-core", "torch")
_PICTURES = 4


@dataclass(frozen=True, kw_only=True)
class Publication:
    """The written file, the entry that describes it, and how it was rounded.

    `difference` is that of its pictures to those of the run, in levels of 255 in the mean and at most.
    """

    file: Path
    step: int
    entry: Mapping[str, Any]
    rounded: bool
    difference: tuple[float, float]


def publish(
    run: Trained,
    out: Path,
    catalog: Catalog,
    *,
    summary: str = "",
    license: str = "",
    trained_on: str = "",
    command: str = "",
    bad_at: str = "",
    overwrite: bool = False,
) -> Publication:
    """Writes the averaged weights of a run with what is needed to load them to one .safetensors file.

    What a network does not keep in checkpoints, such as a frozen encoder, is not written: it comes from its package.
    Matrices and kernels are stored in float16 where pictures hardly change by it. What is published already keeps its
    card. Raises UsageError for a path that can't be written and for weights of others without a `license`, and the
    errors of loading.
    """
    _check_path(out, overwrite)
    known, recorded = catalog.published.get(run.name), read_run_file(run.folder)
    license = license or (known.license if known else _own_license(recorded))
    loaded, problems = load_run(run.folder, which=run.which, device="cpu", catalog=catalog)
    if problems:
        raise StorageError("; ".join(problems))
    weights = {name: value.detach().clone() for name, value in loaded.gan.averaged.state_dict().items()}
    stored, difference = _rounded(loaded, weights)
    content = without_private(recorded)
    _write(out, stored, Content(step=loaded.step, run=content))
    entry = {
        "model": content["model"],
        "file": out.name,
        "sha256": sha256(out),
        "size": out.stat().st_size,
        "license": license,
        "summary": summary
        or (known.summary if known else f"{content['model'].rpartition('/')[2]}, {loaded.step} steps"),
        "credit": known.credit if known else "",
        "trained_on": trained_on or (known.trained_on if known else _data(recorded)),
        "command": command or (known.command if known else _command(content)),
        "took": known.took if known else _took(run.folder, loaded.step, recorded),
        "bad_at": bad_at or (known.bad_at if known else ""),
        "scores": _scores(run.folder, loaded.step) or ({m: [*v] for m, v in known.scores.items()} if known else {}),
    }
    return Publication(
        file=out,
        step=loaded.step,
        entry={key: value for key, value in entry.items() if value},
        rounded=stored is not weights,
        difference=difference,
    )


def _own_license(content: Mapping[str, Any]) -> str:
    """That of weights that the user trained. Raises UsageError for those of others, who chose another perhaps."""
    if content.get(IMPORTED) or content.get(PUBLISHED):
        raise UsageError("others trained these weights: give their licence by --license")
    return "CC0-1.0"


def _command(content: Mapping[str, Any]) -> str:
    """The command that trains such a model again; none of what was imported."""
    return "" if content.get(IMPORTED) else repeat(content).replace(f"{UNSAID}/", "")


def _took(folder: Path, step: int, content: Mapping[str, Any]) -> str:
    """How long the training took, and where; nothing of what was imported."""
    seconds = [line["seconds"] for line in recorded_scalars(folder) if line["step"] <= step and "seconds" in line]
    begun = f", from {Path(content['start']['source']).name}" if content.get("start") else ""
    return f"{step:,} steps in {max(seconds) / 60:.0f} minutes on {content['device']}{begun}" if seconds else ""


def without_private(content: Mapping[str, Any]) -> dict[str, Any]:
    """The part of run.json that loading needs. Of a user's folders and files the last name is left, and no machine."""
    kept = {key: content[key] for key in _KEPT if key in content}
    kept["configuration"] = {
        name: {**entry, "value": _public(entry["value"])} for name, entry in content["configuration"].items()
    }
    kept["versions"] = {name: text for name, text in content.get("versions", {}).items() if name in _VERSIONS}
    for side in ("data", "sources"):
        if side in content:
            kept[side] = {key: content[side][key] for key in _OF_IMAGES if key in content[side]}
    return {**kept, PUBLISHED: True}


def _public(value: object) -> object:
    return f"{UNSAID}/{Path(value).name}" if isinstance(value, str) and os.path.isabs(value) else value


def _check_path(out: Path, overwrite: bool) -> None:
    if usable(out).suffix != ENDING:
        raise UsageError(f"--out '{out}': the ending must be {ENDING}")
    if out.exists() and not (overwrite and out.is_file()):
        raise UsageError(f"'{out}' exists: give another path, or --overwrite")
    if not out.parent.is_dir():
        raise UsageError(f"--out '{out}': there is no folder '{out.parent}'")


def _rounded(loaded: LoadedGAN, weights: dict[str, Tensor]) -> tuple[dict[str, Tensor], tuple[float, float]]:
    """The weights in half of their bits and how much pictures differ; as they are where that is too much."""
    half = {name: _half(value) for name, value in weights.items()}
    before = _drawn(loaded)
    loaded.gan.averaged.load_state_dict({name: full(value) for name, value in half.items()})
    apart = (_drawn(loaded) - before).abs()
    mean, most = float(apart.mean()), float(apart.max())
    if not mean <= MOST:  # also where a value is no number
        return weights, (0.0, 0.0)
    return half, (mean, most)


def _half(value: Tensor) -> Tensor:
    """Matrices and kernels take the space; vectors such as norms and biases, and what float16 can't hold, stay."""
    half = value.half()
    fits = value.dtype is torch.float32 and value.ndim > 1 and bool(half.isfinite().all())
    return half if fits else value


@torch.no_grad()
def _drawn(loaded: LoadedGAN) -> Tensor:
    """Pictures by which weights are compared: of a translator paintings of soft random shapes, else drawn scenes."""
    if not isinstance(loaded, LoadedTranslator) or not isinstance(loaded.gan, Translator):
        return to_uint8(loaded.sample(_PICTURES)).float()
    multiple, shape = loaded.gan.size_multiple, loaded.shape
    size = [max(1, round(side / multiple)) * multiple for side in (shape.height, shape.width)]
    coarse = torch.rand(_PICTURES, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    photos = functional.interpolate(coarse, size=size, mode="bicubic").clamp(0, 1)
    return to_uint8(loaded.gan.translate(photos * 2 - 1)).float()


def _write(out: Path, tensors: Mapping[str, Tensor], content: Content) -> None:
    draft = draft_beside(out)
    try:
        # Bytes, since safetensors makes files that nobody else may read.
        plain = save({name: value.contiguous() for name, value in tensors.items()}, content.to_header())
        with draft.open("xb") as file:
            file.write(plain)
        sync_file(draft)
        draft.replace(out)
    except OSError as error:
        raise StorageError(f"can't write '{out}': {one_line(error)}") from None
    finally:
        draft.unlink(missing_ok=True)


def _data(content: Mapping[str, Any]) -> str:
    """What it was trained on, in words."""
    if theirs := content.get(IMPORTED):
        return f"imported, {theirs['format']}"
    configuration = content["configuration"]
    sides = [name for name in ("data", "style") if name in configuration]
    names = [Path(str(configuration.get(f"{side}.path", configuration[side])["value"])).name for side in sides]
    return f"{' and '.join(names)} ({content['data'].get('images', 0)} pictures)"


def evaluations(folder: Path, step: int) -> list[Evaluation]:
    """The newest recorded scores of that step, one of each metric."""
    found = {
        each.protocol.metric: each
        for one in (*recorded_scores(folder), *recorded_painted(folder))
        if one.step == step
        for each in (one, *one.beside)
    }
    return list(found.values())


def _scores(folder: Path, step: int) -> dict[str, list[float]]:
    """The newest recorded scores of that step by metric: value and interval."""
    found: dict[str, list[float]] = {}
    for one in evaluations(folder, step):
        values = (one.score.value, one.score.low, one.score.high)
        found[one.protocol.metric] = [float(f"{value:.5g}") for value in values]
    return found
