"""The sky: gradient, sun or moon, stars and clouds."""

import torch
from torch import Tensor

from .noise import hashed, mix, noise_1d, noise_2d, ramp
from .scene import Scene, View


def over(below: Tensor, colour: Tensor, cover: Tensor) -> Tensor:
    """Lay a colour (B 3 ...) over an image (B 3 H W) where cover (B H W) says so."""
    return mix(below, colour, cover.unsqueeze(1))


def gradient(scene: Scene, v: Tensor) -> Tensor:
    """Clear sky by height: B 3 H 1 for v 1 H 1."""
    height = ((scene.horizon - v) / scene.horizon).clamp(0.0, 1.0).unsqueeze(1)
    low = mix(scene.rim, scene.middle, ramp(0.0, 0.5, height))
    return mix(low, scene.zenith, ramp(0.3, 1.1, height))


def halo(scene: Scene, u: Tensor, v: Tensor) -> Tensor:
    """Light round the sun or moon, 0..1: B H W."""
    across, down = u - scene.sun_u, v - scene.sun_v
    # A low sun's light spreads along the horizon.
    near = (across * across * 0.6 + down * down * 1.3) / (scene.sun_glow * scene.sun_glow)
    return 1.0 / (1.0 + near * (1.0 + 0.5 * near))


def view(scene: Scene, height: int, width: int) -> View:
    """All the pixels of an image, with the light in the air."""
    v = ((torch.arange(height) + 0.5) / height).view(1, -1, 1)
    u = ((torch.arange(width) + 0.5 - width / 2) / height).view(1, 1, -1)
    light = halo(scene, u, v)
    haze = over(scene.air, scene.glow, light * 0.45)
    return View(scene=scene, u=u, v=v, pixel=1.0 / height, halo=light, haze=haze)


def _stars(scene: Scene, u: Tensor, v: Tensor, pixel: float) -> Tensor:
    x, y = u * 26.0, v * 26.0
    column, row = x.floor(), y.floor()
    cell = column + row * 61.0 + scene.night * 0.0
    aside, drop, luck = hashed(scene.noise, cell, 11, 409, 777)
    across = x - column - 0.5 - 0.32 * aside
    down = y - row - 0.5 - 0.32 * drop
    bright = ramp(0.0, 1.0, luck)
    radius = 0.0035 * 26.0 * (0.6 + bright)
    # Never thinner than a pixel: the light spreads and dims instead of flickering.
    spread = (radius * radius + (0.55 * pixel * 26.0) ** 2) * 0.5
    near = (across * across + down * down) / spread
    return (bright * radius * radius / spread / (1.0 + near * near) * 1.6).clamp(0.0, 1.0)


def _disc(scene: Scene, u: Tensor, v: Tensor, pixel: float) -> Tensor:
    across, down = u - scene.sun_u, v - scene.sun_v
    distance = (across * across + down * down).sqrt()
    return (0.5 + (scene.sun_size - distance) / pixel).clamp(0.0, 1.0)


def _aurora(scene: Scene, u: Tensor, v: Tensor) -> Tensor:
    """Cover of a curtain of northern lights: B H W."""
    sway = noise_2d(scene.noise, u * 1.4 + 4.0, v * 1.2)
    rays, _ = noise_1d(scene.noise, u * 9.0 + sway * 5.0 + 33.0)
    hem = scene.horizon * 0.62 + 0.13 * sway
    above = hem - v
    return ramp(-0.05, 0.03, above) * ramp(0.42, 0.0, above) * (0.55 + 0.3 * rays) * scene.aurora


def _night(image: Tensor, view: View) -> Tensor:
    scene, u, v = view.scene, view.u, view.v
    stars = _stars(scene, u, v, view.pixel) * scene.stars * ramp(0.0, 0.3, scene.horizon - v)
    image = over(image, scene.glow, stars)
    green = over(scene.aurora_colour, scene.middle + 0.15, ramp(0.3, -0.05, v - 0.1 + scene.night * 0.0))
    return over(image, green, _aurora(scene, u, v))


def _cloud_plane(scene: Scene, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Where in the cloud layer one looks: a ceiling in perspective, or heaps seen from the side."""
    above = (scene.horizon - v).clamp(min=0.0)
    distance = 0.55 / (above + 0.15)
    flat_x, flat_y = u * distance * 1.5 * scene.cloud_stretch, distance * 2.4
    x = mix(flat_x, u * 2.3, scene.heaps) * scene.cloud_scale
    return x, mix(flat_y, v * 3.6, scene.heaps) * scene.cloud_scale


def _clouds(scene: Scene, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Cover and lit share of the clouds, each B H W in 0..1."""
    x, y = _cloud_plane(scene, u, v)
    wind = noise_2d(scene.noise, x * 0.7 + 9.0, y * 0.7 + 4.0) * 0.5
    x, y = x + wind, y + wind * 0.6
    above = scene.horizon - v
    amount = scene.clouds + scene.heaps * (0.25 - 6.0 * (above - 0.3) * (above - 0.3))
    density = noise_2d(scene.noise, x, y, 5) + amount
    aside = 0.25 * scene.side * scene.cloud_stretch
    toward = noise_2d(scene.noise, x + aside, y - 0.3 * scene.heaps + 0.1, 3)
    cover = ramp(0.0, 1.0, (density + 0.2) / scene.cloud_edge) * ramp(0.0, 0.10, above)
    return cover, (0.62 + 0.5 * (density - amount - toward) - 0.18 * density).clamp(0.0, 1.0)


def sky(_: Tensor, view: View) -> Tensor:
    """The whole sky: B 3 H W."""
    scene, u, v, light = view.scene, view.u, view.v, view.halo
    clear = gradient(scene, v)
    image = over(clear, scene.glow, light * 0.8)
    dark = scene.night[:, 0, 0].nonzero()[:, 0]
    if len(dark):
        image[dark] = _night(image[dark], view.take(dark))
    image = over(image, scene.glow * 0.5 + 0.5, _disc(scene, u, v, view.pixel))
    cover, bright = _clouds(scene, u, v)
    colour = over(scene.cloud_shade, scene.cloud_lit, bright)
    distance = ramp(0.4, 0.0, scene.horizon - v) * (0.75 - 0.35 * scene.heaps)
    colour = over(over(colour, clear, distance), scene.glow, light * (0.9 - 0.5 * cover))
    return over(image, colour, cover * (0.92 - 0.3 * scene.night))
