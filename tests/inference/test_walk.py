"""Walks: each frame is proper noise, neighbours are near, and the end meets the start."""

import torch

from ganzoo.inference.walk import loop_noise


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_frames_are_standard_normal() -> None:
    loop = loop_noise((200, 2000), rng())
    assert loop.shape == (200, 2000)
    assert abs(float(loop.mean())) < 0.1 and abs(float(loop.std()) - 1) < 0.1
    assert (loop.std(dim=1) - 1).abs().max() < 0.1


def test_the_loop_is_smooth_and_closed() -> None:
    loop = loop_noise((100, 50), rng())
    steps = (loop.roll(-1, dims=0) - loop).norm(dim=1)
    assert steps.max() < 2 * steps.min()  # the step over the seam is like the others
    assert steps.max() < 0.3 * loop.norm(dim=1).mean()
    assert (loop[0] - loop[50]).norm() > 5 * steps.mean()  # it goes somewhere
