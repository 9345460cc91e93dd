"""Transforms of the plane and of colour as homogeneous matrices, one an image: arguments are B, results B n n."""

import math

import torch
from torch import Tensor


def _stack(rows: list[list[Tensor]]) -> Tensor:
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def scale(x: Tensor, y: Tensor) -> Tensor:
    """Stretches the plane by x and y."""
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return _stack([[x, zero, zero], [zero, y, zero], [zero, zero, one]])


def rotate(angle: Tensor) -> Tensor:
    """Turns the plane by an angle in radians."""
    zero, one, sine, cosine = torch.zeros_like(angle), torch.ones_like(angle), angle.sin(), angle.cos()
    return _stack([[cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one]])


def move(x: Tensor, y: Tensor) -> Tensor:
    """Moves the plane by x and y."""
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return _stack([[one, zero, x], [zero, one, y], [zero, zero, one]])


def brighten(amount: Tensor) -> Tensor:
    """Adds to all three channels."""
    matrix = torch.eye(4, device=amount.device).repeat(len(amount), 1, 1)
    matrix[:, :3, 3] = amount[:, None]
    return matrix


def multiply(factor: Tensor) -> Tensor:
    """Multiplies all three channels, the contrast around 0."""
    return torch.diag_embed(torch.stack([factor, factor, factor, torch.ones_like(factor)], dim=-1))


def flip_luma(strength: Tensor) -> Tensor:
    """Mirrors colours at the plane of zero luma where `strength` is 1; leaves them unchanged where it is 0."""
    return torch.eye(4, device=strength.device) - 2 * strength[:, None, None] * _along_luma(strength)


def turn_hue(angle: Tensor) -> Tensor:
    """Turns colours around the axis of greys by an angle in radians (Rodrigues' formula)."""
    along = _along_luma(angle)
    third = 1 / math.sqrt(3)
    cross = torch.zeros(4, 4, device=angle.device)
    cross[:3, :3] = torch.tensor([[0.0, -third, third], [third, 0.0, -third], [-third, third, 0.0]])
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    return along + cosine * (_colours(angle) - along) + sine * cross + _last(angle)


def saturate(factor: Tensor) -> Tensor:
    """Multiplies the distance to the axis of greys."""
    along = _along_luma(factor)
    return along + factor[:, None, None] * (_colours(factor) - along) + _last(factor)


def _along_luma(like: Tensor) -> Tensor:
    """The projection onto the axis of greys, 4 4."""
    matrix = torch.zeros(4, 4, device=like.device)
    matrix[:3, :3] = 1 / 3
    return matrix


def _colours(like: Tensor) -> Tensor:
    return torch.eye(4, device=like.device) - _last(like)


def _last(like: Tensor) -> Tensor:
    matrix = torch.zeros(4, 4, device=like.device)
    matrix[3, 3] = 1
    return matrix
