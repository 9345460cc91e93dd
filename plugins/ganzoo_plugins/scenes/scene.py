"""What a scene is made of: the numbers and colours that the drawing functions read."""

from dataclasses import dataclass, fields, replace
from typing import Any

from torch import Tensor

from .noise import Noise

RIDGES = 3


@dataclass(frozen=True, kw_only=True)
class Scene:
    """B scenes: numbers B 1 1, colours B 3 1 1, ridges and tree rows B 1 1 in tuples.

    Lengths are in frame heights: v runs down from 0 to 1, u to the right, 0 at the middle column.
    """

    noise: Noise
    night: Tensor
    winter: Tensor
    # Light
    zenith: Tensor
    middle: Tensor
    rim: Tensor
    air: Tensor
    ambient: Tensor
    sunlight: Tensor
    glow: Tensor
    sun_u: Tensor
    sun_v: Tensor
    sun_size: Tensor
    sun_glow: Tensor
    side: Tensor
    haze: Tensor
    # Sky
    cloud_lit: Tensor
    cloud_shade: Tensor
    clouds: Tensor
    cloud_scale: Tensor
    cloud_stretch: Tensor
    cloud_edge: Tensor
    heaps: Tensor
    stars: Tensor
    aurora: Tensor
    aurora_colour: Tensor
    # Land
    horizon: Tensor
    ridge_height: tuple[Tensor, ...]
    ridge_pitch: tuple[Tensor, ...]
    ridge_peak: tuple[Tensor, ...]
    ridge_round: Tensor
    snow_line: Tensor
    shore: Tensor
    rock: Tensor
    forest: Tensor
    grass: Tensor
    patch: Tensor
    bloom: Tensor
    flower: Tensor
    hill_top: tuple[Tensor, ...]
    hill_height: tuple[Tensor, ...]
    hill_tilt: tuple[Tensor, ...]
    # Water
    water: Tensor
    water_colour: Tensor
    waves: Tensor
    # Trees
    tree_share: tuple[Tensor, ...]
    conifers: Tensor
    needles: Tensor
    leaf_a: Tensor
    leaf_b: Tensor

    def take(self, chosen: Tensor) -> "Scene":
        """The chosen scenes, by their places in B."""
        parts = {field.name: _take(getattr(self, field.name), chosen) for field in fields(self)}
        return replace(self, **parts)


@dataclass(frozen=True, kw_only=True)
class View:
    """Scenes seen by an image's pixels, or by a band of its rows."""

    scene: Scene
    u: Tensor  # 1 1 W
    v: Tensor  # 1 H 1
    pixel: float  # a pixel's height in frame heights
    halo: Tensor  # B H W, light round the sun or moon
    haze: Tensor  # B 3 H W, the air's colour in front of far things

    def rows(self, first: int, last: int) -> "View":
        """A band of rows."""
        halo, haze = self.halo[:, first:last], self.haze[:, :, first:last]
        return replace(self, v=self.v[:, first:last], halo=halo, haze=haze)

    def take(self, chosen: Tensor) -> "View":
        """The chosen scenes, by their places in B."""
        return replace(self, scene=self.scene.take(chosen), halo=self.halo[chosen], haze=self.haze[chosen])


def _take(value: Any, chosen: Tensor) -> Any:
    if isinstance(value, tuple):
        return tuple(part[chosen] for part in value)
    return value.take(chosen) if isinstance(value, Noise) else value[chosen]
