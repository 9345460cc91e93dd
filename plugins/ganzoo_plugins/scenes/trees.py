"""Rows of trees: conifers and round broadleaf trees, standing in groups along the hills."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .noise import hashed, mix, noise_1d, noise_2d, ramp
from .scene import View
from .sky import over
from .terrain import hill_line, lit


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of trees: which hill it stands on, its spacing, height, haze and how far it strays down."""

    number: int
    hill: int
    spacing: float
    height: float
    air: float
    stray: float
    salt: int


# Far enough apart that neighbouring cells share no number.
SALTS = 57

FAR = Row(number=0, hill=0, spacing=0.019, height=0.05, air=0.30, stray=0.01, salt=3)
MIDDLE = Row(number=1, hill=1, spacing=0.06, height=0.13, air=0.14, stray=0.04, salt=210)
NEAR = Row(number=2, hill=2, spacing=0.14, height=0.28, air=0.05, stray=0.06, salt=480)
FRONT = Row(number=3, hill=2, spacing=0.46, height=0.72, air=0.0, stray=0.10, salt=777)


def _conifer(across: Tensor, up: Tensor, wide: Tensor, ragged: Tensor) -> Tensor:
    """Signed distance inside a fir whose foot is at up 0 and tip at up 1, in tree heights."""
    tier = up * 7.0 + ragged * 0.5
    tier = tier - tier.floor()
    half = wide * (1.0 - up) * (1.15 - 0.4 * tier + 0.4 * ragged) + 0.004
    crown = torch.minimum(half - across.abs(), up - 0.07)
    return torch.maximum(crown, torch.minimum(0.02 - across.abs(), 0.2 - up))


def _broadleaf(across: Tensor, up: Tensor, wide: Tensor, ragged: Tensor) -> Tensor:
    """Signed distance inside a leafy crown on a trunk, in tree heights."""
    rise = (up - 0.60) * 0.9
    aside = across * (1.45 - 2.2 * wide)
    crown = 0.32 + 0.11 * ragged - (aside * aside + rise * rise).sqrt()
    return torch.maximum(crown, torch.minimum(0.03 - 0.02 * up - across.abs(), 0.6 - up))


def _cells(view: View, row: Row) -> tuple[Tensor, ...]:
    """The trees in each column's cell and the cells beside it: numbers B 3 W."""
    scene = view.scene
    steps = torch.tensor([-1.0, 0.0, 1.0]).view(1, 3, 1)
    cell = (view.u / row.spacing).floor() + steps + scene.horizon * 0.0
    aside, luck, taller, lower, kind, broad, tint = hashed(
        scene.noise, cell, *range(row.salt, row.salt + 7 * SALTS, SALTS)
    )
    conifer = (kind * 0.5 + 0.5 < scene.conifers).float()
    group, _ = noise_1d(scene.noise, cell * 0.21 + row.salt)
    stands = (luck * 0.45 + group * 0.75 < scene.tree_share[row.number] * 1.9 - 1.0).float()
    centre = (cell + 0.5 + 0.38 * aside) * row.spacing
    size = row.height * (0.78 + 0.3 * taller) * (0.8 + 0.2 * conifer)
    foot = hill_line(scene, row.hill, centre)[0] + row.stray * (0.55 + 0.45 * lower)
    return centre, foot, size, 0.2 + 0.06 * broad, stands, tint * 0.5 + 0.5, conifer


def _tree(view: View, ragged: Tensor, tree: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Cover and sunlit share (B H W), tint and kind (B 1 W) of the tree near each column."""
    centre, foot, size, wide, stands, tint, conifer = tree
    across, up = (view.u - centre) / size, (foot - view.v) / size
    inside = mix(_broadleaf(across, up, wide, ragged), _conifer(across, up, wide, ragged), conifer)
    cover = (0.5 + inside * (size / view.pixel)).clamp(0.0, 1.0) * (ramp(-0.03, 0.0, up) * stands)
    sun = 0.42 + across * (view.scene.side * 1.1) + (up - 0.58) * 0.7 + 0.5 * ragged
    # Trunks stand in the shade of their crowns.
    sun = sun * ramp(0.1, 0.45, up + conifer)
    return cover, sun.clamp(0.0, 1.0), tint, conifer


def _row(view: View, row: Row) -> tuple[Tensor, ...]:
    """Cover, sunlit share, tint and kind of a whole row: B H W each."""
    fine = 5.0 / row.height
    ragged = noise_2d(view.scene.noise, view.u * fine + row.salt, view.v * fine, 5)
    cells = _cells(view, row)
    cover, *rest = _tree(view, ragged, tuple(part[:, :1] for part in cells))
    for place in (1, 2):
        nearer, *looks = _tree(view, ragged, tuple(part[:, place : place + 1] for part in cells))
        rest = [mix(old, new, nearer) for old, new in zip(rest, looks, strict=True)]
        cover = torch.maximum(cover, nearer)
    return cover, *rest


def trees(row: Row, image: Tensor, view: View) -> Tensor:
    """Paint one row of trees: B 3 H W in and out."""
    some = view.scene.tree_share[row.number][:, 0, 0].nonzero()[:, 0]
    if len(some) == 0:
        return image
    few = view.take(some)
    scene = few.scene
    cover, sun, tint, conifer = _row(few, row)
    leaves = mix(scene.leaf_a, scene.leaf_b, tint.unsqueeze(1))
    snowy = scene.winter * ramp(0.45, 0.9, sun) * 0.85
    needles = scene.needles * (0.85 + 0.3 * tint.unsqueeze(1))
    needles = over(needles, torch.full_like(scene.needles, 0.95), snowy)
    surface = lit(scene, over(leaves, needles, conifer) * 0.92, sun)
    surface = over(surface, few.haze, row.air * (0.7 + 0.6 * scene.haze))
    bare = scene.winter * (1.0 - conifer) * 0.45
    image = image.clone()
    image[some] = over(image[some], surface, cover * (1.0 - bare))
    return image
