"""Terms for any translator: `temporal`, `identity`, `color` and `tv`."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import Options, PartSpec, hookimpl


class TemporalOptions(Options):
    """Options of `temporal`; the defaults are the paper's for images of 256 pixels, and grow with the image."""

    weight: float = Field(60.0, ge=0, le=1e6, description="weight of the term; the paper's, beside a style loss of 20")
    warp: float = Field(8.0, ge=0, le=100, description="spread of the local motion, in pixels of 256")
    shift: float = Field(10.0, ge=0, le=100, description="farthest common motion, in pixels of 256")
    noise: float = Field(0.001, ge=0, le=1, description="spread of the noise on the second frame")


class WeightOptions(Options):
    """Options of a term that has nothing but a weight."""

    weight: float = Field(1.0, ge=0, le=1e6, description="weight of the term")


class IdentityOptions(Options):
    """Options of `identity`."""

    weight: float = Field(5.0, ge=0, le=1e6, description="weight of the term")
    until: float = Field(1.0, ge=0, le=1, description="part of the budget after which the term ends")
    photos: bool = Field(False, description="of photos, which makes a warm-up; of paintings otherwise")


class ColorOptions(Options):
    """Options of `color`."""

    weight: float = Field(10.0, ge=0, le=1e6, description="weight of the term")
    lightness: float = Field(2.0, ge=0, le=100, description="weight of lightness beside that of either colour axis")


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The four terms."""
    yield PartSpec(
        kind="term",
        name="temporal",
        target="ganzoo_plugins.terms.temporal:Temporal",
        options=TemporalOptions,
        summary="a moved photo must give the moved painting, so that videos do not flicker; twice the work",
        paper="10.1109/TIP.2020.3024018",
    )
    yield PartSpec(
        kind="term",
        name="identity",
        target="ganzoo_plugins.terms.pixels:Identity",
        options=IdentityOptions,
        summary="paintings stay unchanged, or photos during a warm-up",
        paper="1611.02200",
    )
    yield PartSpec(
        kind="term",
        name="color",
        target="ganzoo_plugins.terms.pixels:Color",
        options=ColorOptions,
        summary="colours stay near those of the photo, measured in CIELAB",
    )
    yield PartSpec(
        kind="term",
        name="tv",
        target="ganzoo_plugins.terms.pixels:TotalVariation",
        options=WeightOptions,
        summary="total variation: makes neighbouring pixels alike, against grain",
    )
