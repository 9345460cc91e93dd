"""Lakes and seas: the far shore mirrored, ripples, and the sun's glitter."""

import torch
from torch import Tensor

from .noise import mix, noise_2d, ramp
from .scene import Scene, View
from .sky import over
from .terrain import edge


def _glitter(scene: Scene, u: Tensor, depth: Tensor, ripple: Tensor) -> Tensor:
    """Cover of the sun's path on the ripples: B H W."""
    across = (u - scene.sun_u) / (0.018 + scene.sun_size + 0.22 * depth)
    across = across * across
    path = ramp(0.0, 0.7, ripple + 0.25) * ramp(0.55, 0.02, depth) / (1.0 + across * across)
    return path * (0.75 - 0.15 * scene.night)


def _mirrored(image: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """The image at fractional rows and whole columns (B H W each): B 3 H W."""
    height, width = image.shape[2:]
    row = row.clamp(0.0, height - 1.0)
    upper = row.floor().clamp(max=height - 2.0)
    place = (upper * width + column).long().flatten(1).unsqueeze(1).expand(-1, 3, -1)
    flat = image.flatten(2)
    above, below = flat.gather(2, place), flat.gather(2, place + width)
    shape = (-1, 3, *row.shape[1:])
    return mix(above.view(shape), below.view(shape), (row - upper).unsqueeze(1))


def _water(image: Tensor, view: View, first: int) -> Tensor:
    """The rows of the image from the first on, under water."""
    width = image.shape[3]
    scene, u, v, pixel = view.scene, view.u, view.v[:, first:], view.pixel
    below = v - scene.shore
    depth = below.clamp(min=0.0)
    near = 1.0 / (depth + 0.025)
    ripple = noise_2d(scene.noise, u * (near * 0.35 + 5.0) + 2.0, near * 1.6 + v * 14.0, 3)
    rough = (0.25 + 0.75 * scene.waves) * (0.006 + 0.16 * depth)
    row = (scene.shore - depth * 1.08 - pixel * 0.5 + ripple * rough) / pixel
    shift = (u + ripple * rough * 0.35 - u[..., :1]) / pixel
    mirror = _mirrored(image, row, (shift + 0.5).floor().clamp(0.0, width - 1.0))
    tint = scene.water_colour * (scene.ambient + scene.sunlight * 0.5)
    deep = (0.12 + 0.45 * ramp(0.0, 0.5, depth) + 0.10 * ripple * scene.waves).clamp(0.0, 0.8)
    surface = over(mirror * 0.94, tint, deep)
    surface = over(surface, scene.glow, _glitter(scene, u, depth, ripple))
    far = mix(scene.rim, scene.glow, torch.full_like(scene.rim, 0.3))
    surface = over(surface, far, ramp(0.02, 0.0, depth) * 0.35)
    return over(image[:, :, first:], surface, edge(below, below * 0.0, pixel))


def water(image: Tensor, view: View) -> Tensor:
    """Paint water below the shore line, mirroring what is painted above it: B 3 H W in and out."""
    wet = view.scene.water[:, 0, 0].nonzero()[:, 0]
    first = image.shape[2] // 2
    if len(wet):
        image = image.clone()
        image[wet, :, first:] = _water(image[wet], view.take(wet), first)
    return image
