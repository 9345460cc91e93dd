"""Mountains and hills: silhouettes, relief lit from the side, snow, forest and haze."""

import torch
from torch import Tensor

from .noise import fractal_1d, noise_2d, ramp, slopes_1d
from .scene import Scene, View
from .sky import over

# The highest a hill may reach, in frame heights from the top; `draw.LAYERS` paints no hill above.
HILL_LIMITS = (0.38, 0.43, 0.47)


def lit(scene: Scene, albedo: Tensor, facing: Tensor) -> Tensor:
    """A surface (B 3 H W) under sky and sun; facing 0..1 (B H W) is how much sun it takes."""
    return (scene.sunlight * facing.unsqueeze(1)).add_(scene.ambient).mul_(albedo)


def edge(below: Tensor, slope: Tensor, pixel: float) -> Tensor:
    """Cover of what lies below a line, from the height below it and the line's slope."""
    return (below / (pixel * (1.0 + slope * slope).sqrt())).add_(0.5).clamp_(0.0, 1.0)


def _massif(scene: Scene, ridge: int, u: Tensor) -> Tensor:
    away = (u - scene.ridge_peak[ridge]) * 2.6
    return scene.ridge_height[ridge] * (0.36 + 0.64 / (1.0 + away * away))


def _silhouette(scene: Scene, ridge: int, u: Tensor) -> tuple[Tensor, Tensor]:
    """Height above the foot and its slope, at u (1 1 W): B 1 W each."""
    x = u * scene.ridge_pitch[ridge] + 17.0 + 130.0 * ridge
    height, slope = fractal_1d(scene.noise, x, 6, 0.5 - 0.12 * scene.ridge_round, scene.ridge_round)
    scale = _massif(scene, ridge, u)
    return (0.60 + 0.48 * height) * scale, slope * scene.ridge_pitch[ridge] * 0.48 * scale


def _spurs(scene: Scene, ridge: int, u: Tensor) -> Tensor:
    """Slope of the mountain's face at u (B H W), where the spines under its peaks have wandered to."""
    x = u * scene.ridge_pitch[ridge] + 17.0 + 130.0 * ridge
    slope = slopes_1d(scene.noise, x, 3, 0.5 - 0.12 * scene.ridge_round, scene.ridge_round)
    return slope * (scene.ridge_pitch[ridge] * scene.ridge_height[ridge] * 0.4)


def mountain(ridge: int, image: Tensor, view: View) -> Tensor:
    """Paint one ridge of mountains, 0 the farthest: B 3 H W in and out."""
    scene, u, v = view.scene, view.u, view.v
    height, slope = _silhouette(scene, ridge, u)
    foot = scene.horizon + 0.03
    below = v - (foot - height)
    depth = below.clamp(min=0.0)
    wander = noise_2d(scene.noise, u * 7.0 + 3.0 * ridge, depth * 11.0 + 5.0) * 0.8
    side = _spurs(scene, ridge, u + wander * depth)
    rough = noise_2d(scene.noise, u * 15.0 + wander * 2.0, depth * 20.0 + 9.0 * ridge, 3)
    tilt = scene.side * side * -1.3 + rough * 0.4
    facing = (0.42 + 0.58 * tilt / (1.0 + tilt * tilt).sqrt()).clamp(0.0, 1.0)
    level = (foot - v) / (scene.ridge_height[0] * 0.75)
    woods = ramp(0.62, 0.30, level + rough * 0.15) * (0.6 + 0.15 * ridge)
    ground = over(scene.rock, scene.forest, woods) * (1.0 + 0.22 * rough.unsqueeze(1))
    snow = ramp(-0.12, 0.12, level - scene.snow_line + rough * 0.3 - tilt * 0.05 + side * side * -0.06)
    ground = over(ground, torch.full_like(scene.rock, 0.97), snow)
    air = (0.46, 0.28, 0.13)[ridge] + 0.34 * scene.haze + ramp(0.0, 0.3, depth) * (0.1 + 0.3 * scene.haze)
    surface = over(lit(scene, ground, facing), view.haze, air.clamp(0.0, 0.92))
    return over(image, surface, edge(below, slope, view.pixel))


def hill_line(scene: Scene, hill: int, u: Tensor) -> tuple[Tensor, Tensor]:
    """Where a hill's outline lies (its v) and the outline's slope, at u (B H W)."""
    pitch = (2.6, 1.5, 1.1)[hill]
    height, slope = fractal_1d(scene.noise, u * pitch + 40.0 + 90.0 * hill, 3, 0.33)
    tall = scene.hill_height[hill]
    # Steep only near the middle: however wide the frame, no hill climbs out of it.
    tilt = scene.hill_tilt[hill] * (u / (0.6 + u.abs()))
    line = scene.hill_top[hill] - tall * (0.5 + height) - tilt
    return line.clamp(min=HILL_LIMITS[hill]), slope * tall * pitch


def _meadow(scene: Scene, x: Tensor, y: Tensor, grain: Tensor) -> Tensor:
    """Colour of the ground before light falls on it: B 3 H W, for the ground plane's x, y."""
    field = noise_2d(scene.noise, x * 0.7 + 3.0, y * 0.9)
    ground = over(scene.grass, scene.patch, ramp(-0.35, 0.5, field + 0.35 * grain))
    ground = ground * (1.0 + grain.unsqueeze(1) * (0.17 - 0.11 * scene.winter.unsqueeze(1)))
    flowers = ramp(0.25, 0.8, field * -0.6 + grain) * scene.bloom
    return over(ground, scene.flower, flowers)


def hill(number: int, image: Tensor, view: View) -> Tensor:
    """Paint one rolling hill, 0 the farthest: B 3 H W in and out."""
    scene, u, v = view.scene, view.u, view.v
    line, slope = hill_line(scene, number, u)
    below = v - line
    depth = below.clamp(min=0.0)
    near = 1.0 / (v - scene.horizon + 0.12).clamp(min=0.06)
    x, y = u * near * 1.6 + 5.0 * number, near * 2.4 + line * 9.0
    grain = noise_2d(scene.noise, x * 4.0, y * 3.4, 5)
    swell = noise_2d(scene.noise, u * 3.0 + 11.0 * number, depth * 6.0 + u * 1.5)
    facing = 0.55 + slope * scene.side * 0.9 + 0.34 * swell + 0.12 * grain + 0.2 * ramp(0.12, 0.0, depth)
    surface = lit(scene, _meadow(scene, x, y, grain), facing.clamp(0.0, 1.0))
    surface = surface * (1.0 - 0.25 * ramp(0.05, 0.45, depth)).unsqueeze(1)
    air = (0.30, 0.14, 0.04)[number] + (0.3, 0.15, 0.05)[number] * scene.haze
    surface = over(surface, view.haze, air)
    return over(image, surface, edge(below, slope, view.pixel))
