"""The readers of untrusted files, each with valid files to start from. A reader must succeed or raise a known error."""

import gzip
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from ganzoo_plugins.streams import ShardsOptions
from ganzoo_plugins.streams.shards import Shards
from PIL import Image
from safetensors.torch import save

from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.registry import load_registry
from ganzoo.comparing.jobs import is_done
from ganzoo.comparing.plan import can_resume, settings_of
from ganzoo.config.resolve import configure_run, open_catalog, recorded_configuration
from ganzoo.config.units import Size
from ganzoo.data.cache import Images
from ganzoo.data.decode import decode
from ganzoo.data.inputs import split_images
from ganzoo.engine import checkpoint, snapshot
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.checkpoint_files import Checkpoint
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import GanzooError, StorageError, UsageError
from ganzoo.inference.loading import load_run
from ganzoo.io.installed import forgiving, malformed
from ganzoo.io.untrusted import parse_json
from ganzoo.io.yamlfile import read_yaml
from ganzoo.report_html.comparison_page import render_comparison
from ganzoo.report_html.records import read_record
from ganzoo.runs.logs import read_summary, recorded_scores
from ganzoo.runs.run_file import read_run_file
from ganzoo.stylize.video import stylize_video
from ganzoo.trained.published import HEADER, Content, folder_of_file
from ganzoo.weights import read
from tests.engine.test_hostile_checkpoint import sign
from tests.report_html.folders import comparison, score_line
from tests.stylize.clips import make_clip

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000")


@dataclass(frozen=True, kw_only=True)
class Target:
    """A reader of bytes, valid files that it reads, and the errors that it may raise."""

    read: Callable[[bytes], object]
    seeds: Callable[[], tuple[bytes, ...]]
    errors: tuple[type[Exception], ...] = (GanzooError,)


@cache
def catalog() -> Catalog:
    """Opened on first use, so that collecting the tests stays fast."""
    return open_catalog(third_party=False)


@contextmanager
def file(data: bytes, name: str) -> Iterator[Path]:
    """A temporary file with these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        yield path


def safetensors_file(data: bytes) -> None:
    with file(data, "x.safetensors") as path:
        read(path)


def _checkpoint(name: str) -> Callable[[bytes], None]:
    """Loads a valid checkpoint in which one file is replaced.

    The manifest matches the replaced file, unless it is the manifest itself.
    """

    def run(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            step = Path(folder, checkpoint.name_of(1))
            step.mkdir()
            for other, content in {"weights.safetensors": GOOD, "state.json": STATE, name: data}.items():
                (step / other).write_bytes(content)
            if name != "MANIFEST.json":
                sign(step)
            checkpoint.load(Path(folder), ("weights",), like={"weights": WEIGHTS})

    return run


@cache
def trained() -> tuple[Trainer, Checkpoint]:
    """A trainer after one step, and its checkpoint."""
    configuration = configure_run("wgan-gp", catalog(), tiny=True, options={"device": "cpu"})
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (24, 16, 16, 3), dtype=torch.uint8, generator=rng).numpy()
    labels = torch.zeros(24, 0, dtype=torch.int64).numpy()
    images = Images(pixels=pixels, labels=labels, attributes={}, fingerprint="", skipped=())
    trainer = build_trainer(
        build_gan(configuration, {}), configuration, split_images(configuration, images), torch.device("cpu")
    )
    trainer.round(0.0)
    return trainer, snapshot.take(trainer, 1.5)


def training_state() -> bytes:
    return json.dumps(trained()[1].state).encode()


def resumed(data: bytes) -> None:
    """If a state is accepted, training can resume from it."""
    trainer, saved = trained()
    try:
        state = parse_json(data)
    except ValueError as error:
        raise StorageError(str(error)) from error
    if not isinstance(state, dict):
        return
    snapshot.restore(trainer, Checkpoint(tensors=saved.tensors, state=state))
    trainer.batches.order.indices(trainer.images_seen, trainer.settings.batch)
    rates = [optimiser.param_groups[0]["lr"] for optimiser in trainer.optimisers.values()]
    assert trainer.images_seen >= 0 and all(isinstance(rate, float | int) for rate in rates)


def yaml_file(data: bytes) -> None:
    with file(data, "x.yaml") as path:
        assert all(isinstance(key, str) for key in read_yaml(path))


def options_file(data: bytes) -> None:
    with file(data, "x.yaml") as path:
        configure_run("wgan-gp", catalog(), config=path).describe()


def registry_file(data: bytes) -> None:
    with file(data, "registry.yaml") as path, mock.patch("ganzoo.catalog.registry.shipped_path", lambda: path):
        registry = load_registry(path)
        for name in registry.presets:
            registry.results_of(name)


def run_file(data: bytes) -> None:
    with file(data, "run.json") as path:
        recorded_configuration(read_run_file(path.parent), catalog()).values()


def published_file(data: bytes) -> None:
    """Unpacks a published model, and loads what it unpacked."""
    with file(data, "x.safetensors") as path, mock.patch.dict(os.environ, {"GANZOO_CACHE": str(path.parent / "cache")}):
        gan, problems = load_run(folder_of_file(path), which="LATEST", device="cpu", catalog=catalog())
        assert gan.step >= 0 and not problems


def published_header(data: bytes) -> None:
    """The same of a file with right tensors, whose header says this of them."""
    tensors, _ = drawing()
    published_file(save(dict(tensors), {"format": "pt", HEADER: data.decode(errors="replace")}))


def score_file(data: bytes) -> None:
    with file(data, "scores.jsonl") as path:
        recorded_scores(path.parent)
        path.with_name("scalars.jsonl").write_bytes(data)
        path.with_name("run.json").write_bytes(recorded_run())
        read_record(path.parent)


def comparison_file(data: bytes) -> None:
    """Its report; and whether its folder can be resumed, which refuses all but the same settings."""
    with file(data, "comparison.json") as path:
        with suppress(UsageError):
            can_resume(path.parent, settings_of(["dcgan"], **SETTINGS))
        render_comparison(path.parent)


def summary_file(data: bytes) -> None:
    with file(data, "summary.json") as path:
        assert isinstance(is_done(path.parent), bool)
        read_summary(path.parent)


def entry_points_file(data: bytes) -> None:
    """What is left of it never makes importlib raise."""
    with file(data, "entry_points.txt") as path:
        info = path.parent / "x-1.0.dist-info"
        info.mkdir()
        path.rename(info / path.name)
        malformed(metadata.PathDistribution(info))
        with forgiving():
            assert all(one.value for one in metadata.PathDistribution(info).entry_points)


def image(data: bytes) -> None:
    pixels, _ = decode(data, Size(16, 16))
    assert pixels.shape == (16, 16, 3)


def shard(data: bytes) -> None:
    with file(data, "x.tar") as path:
        for picture in Shards(ShardsOptions(path=str(path), label="cls")).pictures(Size(8, 8)):
            assert picture.pixels is not None or picture.problem


def _encoded(form: str) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).convert("RGB").save(out, form)
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in (("0.jpg", _encoded("JPEG")), ("0.cls", b"sea"), ("1.png", _encoded("PNG")), ("1.cls", b"x")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


GOOD = save({"a": torch.ones(2, 3), "b": torch.arange(4)})
WEIGHTS = {"a": torch.ones(2, 3), "b": torch.arange(4)}


@cache
def recorded_run() -> bytes:
    """The content of a tiny run's run.json."""
    content = {
        "schema": 1,
        "model": "wgan-gp/wgan-gp",
        "configuration": configure_run("wgan-gp", catalog(), tiny=True).describe(),
        "data": {"attributes": {"time": ["day", "night"]}, "fingerprint": "content:1"},
    }
    return json.dumps(content).encode()


@cache
def drawing() -> tuple[Mapping[str, torch.Tensor], Content]:
    """The tensors of a tiny network that draws, and the header that a published file has with them."""
    run = {**json.loads(recorded_run()), "published": True}
    network = build_gan(configure_run("wgan-gp", catalog(), tiny=True), run["data"]["attributes"]).averaged
    return network.state_dict(), Content(step=3, run=run)


def _published() -> bytes:
    tensors, content = drawing()
    return save(dict(tensors), content.to_header())


YAML = b"lr: 2.0e-4\nloss: {name: wgan-gp, weight: 3}\nsize: 96x160\nbudget: 10min\n"
REGISTRY = (
    b"schema: 1\nmodels: []\npresets:\n  coast: {model: lsgan, summary: ours, set: {lr: 1.0e-4}}\ncommunity: {a: b}\n"
    b"weights:\n"
    b"  hand: {model: dcgan/dcgan, file: a.safetensors, sha256: " + 32 * b"0a" + b", size: 3, license: MIT, summary: s,"
    b" scores: {KID: [1.0, 0.5, 2.0]}}\n"
    b"  any: {model: a/b, license: MIT, summary: s, credit: c, files: [{url: 'https://a.b/c.pth.tar', sha256: "
    + 32
    * b"1b"
    + b", size: 4}]}\n"
    b"results:\n- {name: coast, metric: KID, data: x, budget: 1h, score: 0.1, floor: 0.0, interval: [0.0, 0.2]}\n"
)
MANIFEST = b'{"state.json": {"sha256": "00", "size": 3}, "weights.safetensors": {"sha256": "11", "size": 148}}'
STATE = (
    b'{"schema": 1, "step": 3, "seconds": 1.5, "optimisers": {"generator": [{"lr": 0.0002, "betas": [0.5, 0.999]}]}}'
)
SETTINGS: dict[str, Any] = {"budget": "4steps", "seeds": 1, "options": {}, "jobs": 1, "threads": 1, "tiny": True}
POINTS = b"[ganzoo]\na = b.c\n# x\n[console_scripts]\nd = e:f [g]\nno value\n"


def _comparison() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return (comparison(Path(folder, "a"), "a", []) / "comparison.json").read_bytes()


SCORES = json.dumps(score_line(3, 0.5)).encode() + b"\n"


@cache
def clips() -> tuple[bytes, ...]:
    """Short videos; none without PyAV."""
    pytest.importorskip("av")
    with tempfile.TemporaryDirectory() as name:
        kinds = (("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.avi", "mpeg4"), ("a.ts", "mpeg2video"))
        return tuple(make_clip(Path(name, file), codec, size=(32, 32), frames=4).read_bytes() for file, codec in kinds)


def video(data: bytes) -> object:
    """Paints a video unchanged. Its kind is found from its content."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "in.mkv")
        source.write_bytes(data)
        return stylize_video(source, Path(name, "out.mkv"), lambda pixels: pixels, lambda done, total: None)


TARGETS = {
    "safetensors": Target(read=safetensors_file, seeds=lambda: (save(WEIGHTS), save({}))),
    "weights": Target(read=_checkpoint("weights.safetensors"), seeds=lambda: (save(WEIGHTS),)),
    "manifest": Target(read=_checkpoint("MANIFEST.json"), seeds=lambda: (MANIFEST,)),
    "state": Target(read=_checkpoint("state.json"), seeds=lambda: (STATE,)),
    "resume": Target(read=resumed, seeds=lambda: (training_state(),)),
    "yaml": Target(read=yaml_file, seeds=lambda: (YAML, REGISTRY)),
    "options": Target(read=options_file, seeds=lambda: (YAML,)),
    "registry": Target(read=registry_file, seeds=lambda: (REGISTRY,)),
    "run": Target(read=run_file, seeds=lambda: (recorded_run(),)),
    "published": Target(read=published_file, seeds=lambda: (_published(),)),
    "published header": Target(read=published_header, seeds=lambda: (drawing()[1].to_header()[HEADER].encode(),)),
    "scores": Target(read=score_file, seeds=lambda: (SCORES,)),
    "comparison": Target(read=comparison_file, seeds=lambda: (_comparison(),)),
    "summary": Target(read=summary_file, seeds=lambda: (b'{"outcome": "done", "steps": 4, "seconds": 0.5}',)),
    "entry points": Target(read=entry_points_file, seeds=lambda: (POINTS,), errors=()),
    "image": Target(read=image, seeds=lambda: tuple(map(_encoded, FORMATS)), errors=(ValueError,)),
    "video": Target(read=video, seeds=clips),
    "shard": Target(read=shard, seeds=lambda: (_tar(), gzip.compress(_tar()))),
}
