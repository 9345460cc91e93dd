"""How large images are kept, and which of them crops are taken of."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.catalog.lookup import Catalog, FolderOptions
from ganzoo.config.configuration import Configuration
from ganzoo.config.resolve import configure_run, recorded_configuration
from ganzoo.config.units import Size
from ganzoo.data.folder import FolderSource
from ganzoo.data.scale import Scale, kept_size, scale_of, usual_side, with_scale
from ganzoo.data.source import ImageSource, Picture, PictureStream
from ganzoo.errors import UsageError
from ganzoo.runs.run_file import whole_view

Configured = Callable[..., Configuration]


class Sized(ImageSource):
    """Pictures of those sizes, none of which is read."""

    def __init__(self, *sizes: Size) -> None:
        self.sizes = sizes
        self.attributes = {}

    def __len__(self) -> int:
        return len(self.sizes)

    def fingerprint(self) -> str:
        return "sized"

    def native_sizes(self, most: int) -> Sequence[Size]:
        return self.sizes[:most]

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        raise AssertionError


class Unsized(PictureStream):
    """A stream, of which nothing is known beforehand."""

    def __init__(self) -> None:
        self.attributes = {}

    def fingerprint(self) -> str:
        return "unsized"

    def count(self) -> None:
        return None

    def pictures(self, size: Size) -> Iterator[Picture]:
        raise AssertionError


@pytest.fixture
def configured(catalog: Catalog) -> Configured:
    def configure(model: str, **options: object) -> Configuration:
        return configure_run(model, catalog, options=options)

    return configure


def scale(configuration: Configuration, *sides: PictureStream, said: list[str] | None = None) -> Scale:
    names = ("data", "style")[: len(sides)]
    return scale_of(
        configuration, lambda: dict(zip(names, sides, strict=True)), [].append if said is None else said.append
    )


HALF, LARGE, SMALL = Sized(Size(180, 240)), Sized(Size(720, 1440)), Sized(Size(40, 40))


@pytest.mark.parametrize(
    ("options", "sides", "expected"),
    [
        ({}, (LARGE, LARGE), Scale(256, True)),
        ({}, (LARGE, HALF), Scale(180, True)),
        ({}, (HALF, LARGE), Scale(180, True)),
        ({}, (LARGE, SMALL), Scale(64, False)),  # never smaller than they are trained at
        ({"size": "96x192"}, (LARGE, LARGE), Scale(256, True)),
        ({"size": "96x192"}, (LARGE, HALF), Scale(120, True)),  # 240 pixels wide, so 120 high
        ({"size": "256"}, (LARGE, LARGE), Scale(256, False)),
        ({"load_size": "512"}, (LARGE, SMALL), Scale(512, True)),
        ({"load_size": 64}, (LARGE, LARGE), Scale(64, False)),
        ({"crop": "false"}, (LARGE, LARGE), Scale(64, False)),
        ({"crop": "true"}, (LARGE, LARGE), Scale(256, True)),
        ({}, (Sized(), Sized()), Scale(64, False)),
    ],
)
def test_translators_crop_what_their_pictures_have(
    options: dict[str, object], sides: tuple[PictureStream, ...], expected: Scale, configured: Configured
) -> None:
    assert scale(configured("fastcut", **options), *sides) == expected == Scale.parse(str(expected))


def test_generators_crop_on_request(configured: Configured) -> None:
    assert scale(configured("dcgan"), LARGE) == Scale(64, False)
    assert scale(configured("dcgan", crop="true"), LARGE) == Scale(256, True)
    assert scale(configured("dcgan", crop=True, load_size=128), LARGE) == Scale(128, True)


def test_the_usual_side_is_one_that_half_of_the_pictures_have() -> None:
    sizes = [Size(100, 400), Size(120, 120), Size(700, 140), Size(300, 300), Size(90, 90)]
    assert usual_side(sizes, Size(64, 64)) == 120
    assert usual_side(sizes * 2 + [Size(2000, 2000)] * 11, Size(64, 64)) == 256


def test_pictures_of_unknown_size_are_trained_on_whole_and_that_is_said(configured: Configured) -> None:
    said: list[str] = []
    assert scale(configured("fastcut"), LARGE, Unsized(), said=said) == Scale(64, False)
    assert scale(configured("fastcut"), LARGE, Sized(), said=said) == Scale(64, False)
    assert scale(configured("fastcut"), Unsized(), Unsized(), said=said) == Scale(64, False)
    assert [text.split(" are not known")[0].split("those of ")[1] for text in said] == [
        "style",
        "style",
        "data and style",
    ]
    assert all("--set load_size=256" in text for text in said)
    assert scale(configured("fastcut", load_size=256), LARGE, Unsized(), said=said) == Scale(256, True)
    assert scale(configured("fastcut"), Sized(), Sized(), said=said) == Scale(64, False)  # as for the built-in scenes
    assert scale(configured("dcgan"), Unsized(), said=said) == Scale(64, False)
    assert len(said) == 3


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("fastcut", {"load_size": 32}, "load_size=32 is smaller than the size 64"),
        ("dcgan", {"load_size": 128}, "give crop=true as well"),
        ("fastcut", {"load_size": 128, "crop": False}, "give crop=true as well"),
    ],
)
def test_a_load_size_that_can_not_be_is_refused(
    model: str, options: dict[str, object], message: str, configured: Configured
) -> None:
    with pytest.raises(UsageError, match=message):
        scale(configured(model, **options), LARGE)


@pytest.mark.parametrize(
    ("option", "message"),
    [("load_size=7", "from 8 to"), ("load_size=true", "pixels"), ("load_size=1e3", "pixels"), ("crop=yes", "true or")],
)
def test_a_value_that_is_neither_is_refused(option: str, message: str, configured: Configured) -> None:
    key, _, value = option.partition("=")
    with pytest.raises(UsageError, match=message):
        configured("fastcut", **{key: value})


def test_images_are_kept_in_the_shape_of_the_size_and_never_without_the_margin(configured: Configured) -> None:
    def kept(margin: float, **options: object) -> str:
        configuration = configured("fastcut", **options)
        return str(kept_size(with_scale(configuration, scale(configuration, LARGE)).settings, margin))

    assert kept(1.0) == "256" and kept(1.5) == "256"
    assert kept(1.0, size="96x160") == "256x427"
    assert kept(1.5, load_size=80) == "96"
    assert kept(1.5, crop=False) == "96" and kept(1.0, crop=False) == "64"
    assert str(kept_size(configured("fastcut").settings, 1.0)) == "64"  # nothing has been looked at yet


def test_the_scale_of_a_run_is_recorded_and_runs_from_before_have_none(
    configured: Configured, catalog: Catalog
) -> None:
    def recorded(configuration: Configuration) -> dict[str, object]:
        return {"model": configuration.model.full_name, "configuration": configuration.describe()}

    for options, view in (({}, 256), ({"load_size": 300}, 300), ({"crop": False}, 256)):
        configuration = configured("fastcut", **options)
        found = with_scale(configuration, scale(configuration, LARGE))
        content = recorded(found)
        assert whole_view(content) == view
        again = recorded_configuration(content, catalog)
        assert again.settings.load_size == found.settings.load_size and again.settings.crop is found.settings.crop
        assert scale(again) == Scale(found.settings.load_size, found.settings.crop)  # type: ignore[arg-type]
    for key in ("crop", "load_size"):
        del content["configuration"][key]  # type: ignore[attr-defined]
    before = recorded_configuration(content, catalog)
    assert whole_view(content) == 256 and before.settings.crop is False
    assert scale(before) == Scale(64, False)


def test_a_folder_tells_the_sizes_of_some_of_its_pictures_upright_and_by_their_headers(tmp_path: Path) -> None:
    for number in range(10):
        Image.new("RGB", (20 + number, 50)).save(tmp_path / f"{number}.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (60, 30)).save(tmp_path / "9.jpg", exif=turned)
    (tmp_path / "5.png").write_bytes((tmp_path / "5.png").read_bytes()[:60])  # its header is whole
    (tmp_path / "0.png").write_bytes(b"none")
    source = FolderSource(FolderOptions(path=str(tmp_path)))
    assert source.native_sizes(4) == [Size(50, 22), Size(50, 25), Size(50, 28)]
    assert len(source.native_sizes(100)) == 10 and Size(60, 30) in source.native_sizes(100)
    assert np.median([min(vars(size).values()) for size in source.native_sizes(100)]) == 25.5
