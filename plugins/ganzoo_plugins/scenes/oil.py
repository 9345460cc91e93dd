"""Oil paint: layers of oriented brush strokes with bristles and thick edges."""

import torch
from torch import Tensor

from .filters import blur, calmed, flow, luminance, saturated, sharper, slopes, unit
from .noise import Noise, mix, noise_2d, ramp


def _grid(height: int, width: int, spacing: float) -> tuple[Tensor, Tensor]:
    """The cell of each row and of each column, the first cells lying one outside the image."""
    rows = ((torch.arange(height) + 0.5) / spacing).floor() + 1.0
    columns = ((torch.arange(width) + 0.5) / spacing).floor() + 1.0
    return rows, columns


def _pick(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Channels of the image (B C H W) at pixel places x, y (B R S): B C R S."""
    height, width = image.shape[2:]
    row, column = y.floor().clamp(0, height - 1), x.floor().clamp(0, width - 1)
    place = (row * width + column).long().flatten(1).unsqueeze(1).expand(-1, image.shape[1], -1)
    return image.flatten(2).gather(2, place).view(len(image), image.shape[1], *x.shape[1:])


def _dabs(image: Tensor, noise: Noise, spacing: float, salt: int) -> tuple[Tensor, Tensor, Tensor]:
    """One dab of paint per cell of a jittered grid: looks B C R S, and the cells of rows and columns.

    Channels: x, y, direction x, direction y, rank, tone, red, green, blue.
    """
    rows, columns = _grid(image.shape[2], image.shape[3], spacing)
    row = torch.arange(int(rows[-1]) + 2).view(1, -1, 1) + 0.0
    column = torch.arange(int(columns[-1]) + 2).view(1, 1, -1) + 0.0
    spot_x, spot_y = column * 7.31 + salt, row * 7.77 + salt * 0.37
    rank, tone = noise_2d(noise, spot_x + 3.3, spot_y), noise_2d(noise, spot_x, spot_y + 5.1)
    x = (column - 0.5 + 0.45 * noise_2d(noise, spot_x, spot_y)) * spacing
    y = (row - 0.5 + 0.45 * noise_2d(noise, spot_x + 1.7, spot_y + 2.9)) * spacing
    direction = torch.stack(flow(image, unit(*image.shape[2:])), dim=1)
    seen = _pick(torch.cat([direction, image], dim=1), x, y)
    looks = torch.cat([torch.stack([x, y], 1), seen[:, :2], torch.stack([rank, tone], 1), seen[:, 2:]], 1)
    return looks, rows.long(), columns.long()


def _strokes(below: Tensor, source: Tensor, noise: Noise, spacing: float, salt: int) -> tuple[Tensor, Tensor]:
    """Lay strokes of the source's colours over what is below; also the thickness of the paint, B H W."""
    looks, rows, columns = _dabs(source, noise, spacing, salt)
    height, width = source.shape[2:]
    v = (torch.arange(height) + 0.5).view(1, -1, 1)
    u = (torch.arange(width) + 0.5).view(1, 1, -1)
    best = torch.zeros(len(source), height, width)
    cover, thick, colours = best.clone(), best.clone(), below.clone()
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            dab = looks.index_select(2, rows + down).index_select(3, columns + right)
            aside, drop = u - dab[:, 0], v - dab[:, 1]
            along = (aside * dab[:, 2] + drop * dab[:, 3]) / (1.25 * spacing)
            across = (drop * dab[:, 2] - aside * dab[:, 3]) / (0.55 * spacing)
            bristle = across * 3.5 + dab[:, 5] * 4.0
            bristle = (bristle - bristle.floor() - 0.5).abs() * 2.0
            body = (1.0 - along * along - across * across) * spacing * 0.6 + 0.5
            body = (body - bristle * (along + 0.3).clamp(min=0.0) * 0.8).clamp(0.0, 1.0)
            rank = (dab[:, 4] + 2.0) * (body > 0.15)
            wins = (rank > best).float()
            best = torch.maximum(best, rank)
            cover = mix(cover, body, wins)
            thick = mix(thick, (0.6 + 0.4 * bristle) * body, wins)
            tinted = dab[:, 6:9] * (1.0 + 0.10 * dab[:, 5:6])
            colours = mix(colours, tinted, wins.unsqueeze(1))
    return mix(below, colours, cover.unsqueeze(1)), thick


def oil(image: Tensor, noise: Noise) -> Tensor:
    """Paint in oil: B 3 H W in 0..1, in and out."""
    scale = unit(*image.shape[2:])
    vivid = saturated(sharper(image, 2.0 * scale, 0.5), 1.4).clamp(0.0, 1.0)
    vivid = mix(vivid, vivid * vivid * (3.0 - 2.0 * vivid), torch.full_like(vivid, 0.35))
    base = calmed(vivid, 0.9 * scale)
    coarse, thick = _strokes(base, base, noise, 3.6 * scale, 1)
    fine, raised = _strokes(coarse, vivid, noise, 2.0 * scale, 9)
    light = luminance(vivid)
    detail = 0.15 + 0.85 * ramp(0.015, 0.06, blur((light - blur(light, 2.0 * scale)).abs(), scale))
    painted = mix(coarse, fine, detail.unsqueeze(1))
    relief = mix(thick, raised, detail)
    right, down = slopes(relief, max(1, round(0.5 * scale)))
    return painted + ((right + down) * 0.055 + (relief - 0.6) * 0.05).unsqueeze(1)
