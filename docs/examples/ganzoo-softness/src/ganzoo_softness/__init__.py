"""A loss and an augmentation: what users see. Nothing here imports torch."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import Options, PartSpec, hookimpl


class SmoothedOptions(Options):
    """How soft the labels are."""

    target: float = Field(0.9, gt=0.5, le=1, description="probability that real images are to reach")


class HazeOptions(Options):
    """How often and how strongly images are blurred."""

    probability: float = Field(0.5, ge=0, le=1, description="share of the images that are blurred")
    strength: float = Field(1.0, gt=0, le=10, description="deviation of the blur in pixels")


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The loss `smoothed` and the augmentation `haze`."""
    yield PartSpec(
        kind="loss",
        name="smoothed",
        target="ganzoo_softness.loss:Smoothed",
        options=SmoothedOptions,
        summary="cross-entropy with one-sided label smoothing",
        paper="1606.03498",
    )
    yield PartSpec(
        kind="augmentation",
        name="haze",
        target="ganzoo_softness.augmentation:Haze",
        options=HazeOptions,
        summary="some images are blurred, real and drawn alike",
    )
