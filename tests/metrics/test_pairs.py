"""Pairs of images: by hand, what leaves them alone and what does not, what is refused."""

import math

import pytest
import torch
import torch.nn.functional as F

from ganzoo.metrics.pairs import feature_cosine, gradient_ssim, psnr, ssim


def scenes(seed=0, size=48):
    """Smooth random images with edges, B 3 H W in [-1, 1]."""
    coarse = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    smooth = F.interpolate(coarse, size=(size, size), mode="bicubic").clamp(-1, 1)
    return torch.where(smooth > 0.4, smooth.new_tensor(0.9), 0.8 * smooth)


def in_bytes(images):
    return images.add(1).mul(127.5).round().to(torch.uint8)


def test_psnr_by_hand():
    black, grey = torch.full((2, 1, 4, 4), -1.0), torch.full((2, 1, 4, 4), -0.8)
    grey[1] = -1 + 2 / 255
    assert psnr(grey, black).tolist() == pytest.approx([20, 20 * math.log10(255)])
    assert psnr(black, black).tolist() == [math.inf, math.inf]


@pytest.mark.parametrize("metric", [psnr, ssim, gradient_ssim])
def test_bytes_and_floats_agree_and_pairs_are_scored_one_by_one(metric):
    images, other = in_bytes(scenes()), in_bytes(scenes(1))
    floats = [member.double() / 127.5 - 1 for member in (images, other)]
    assert torch.allclose(metric(images, other), metric(*floats))
    assert torch.allclose(metric(images, floats[1]), metric(images, other))
    alone = [metric(images[number : number + 1], other[number : number + 1]) for number in range(4)]
    assert torch.allclose(metric(images, other), torch.cat(alone))
    assert metric(images, other).dtype == torch.float64
    assert torch.allclose(metric(images, other), metric(other, images))


@pytest.mark.parametrize("metric", [ssim, gradient_ssim])
def test_structure_is_one_when_equal_and_falls_with_noise_and_other_scenes(metric):
    images = scenes()
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(metric(images, images), torch.ones(4, dtype=torch.float64))
    levels = [metric((images + level * noise).clamp(-1, 1), images).mean() for level in (0.0, 0.05, 0.2, 0.8)]
    assert levels == sorted(levels, reverse=True)
    assert (metric(scenes(1), images) < 0.6).all()


def test_ssim_of_flat_images_by_hand():
    first, second = torch.full((1, 1, 16, 16), 0.0), torch.full((1, 1, 16, 16), 0.5)
    expected = (2 * 0.5 * 0.75 + 1e-4) / (0.5**2 + 0.75**2 + 1e-4)
    assert float(ssim(first, second)) == pytest.approx(expected)
    assert float(gradient_ssim(first, second)) == pytest.approx(1)


def test_flat_dark_images_that_are_equal_score_exactly_one():
    """A term added to the denominator, as libraries do for safety, would show where it is smallest."""
    dark = torch.full((1, 1, 16, 16), -1.0)
    assert float(ssim(dark, dark)) == float(gradient_ssim(dark, dark)) == 1


def test_contours_outlive_colour_and_brightness_but_no_other_scene():
    images = 0.6 * scenes()
    tinted = images + torch.tensor([0.3, 0.0, -0.3])[:, None, None]
    assert (gradient_ssim(tinted, images) > 0.99).all()
    assert (gradient_ssim(-images, images) > 0.99).all()
    assert (gradient_ssim(images.flip(3), images) < 0.5).all()
    assert (ssim(tinted, images) < 0.97).all()
    assert (ssim(-images, images) < 0.5).all()


def test_a_full_contrast_edge_has_gradient_one():
    from ganzoo.metrics.pairs import _gradient

    edge = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    edge[..., 4:] = 1
    assert float(_gradient(edge).max()) == pytest.approx(1)
    assert torch.allclose(_gradient(edge.mT), _gradient(edge).mT)


@pytest.mark.parametrize("metric", [psnr, ssim, gradient_ssim])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (torch.zeros(2, 3, 32, 32), torch.zeros(2, 3, 32, 31)),
        (torch.zeros(3, 32, 32), torch.zeros(3, 32, 32)),
        (torch.zeros(2, 4, 32, 32), torch.zeros(2, 4, 32, 32)),
        (torch.zeros(0, 3, 32, 32), torch.zeros(0, 3, 32, 32)),
        (torch.full((2, 3, 32, 32), 255.0), torch.zeros(2, 3, 32, 32)),
        (torch.full((2, 3, 32, 32), math.nan), torch.zeros(2, 3, 32, 32)),
        (torch.zeros(2, 3, 32, 32, dtype=torch.int64), torch.zeros(2, 3, 32, 32)),
    ],
)
def test_what_is_no_pair_of_images(metric, first, second):
    with pytest.raises(ValueError, match="give"):
        metric(first, second)


def test_images_smaller_than_the_window():
    small = torch.zeros(1, 3, 11, 10)
    assert psnr(small, small).isinf().all()
    with pytest.raises(ValueError, match="at least 11"):
        ssim(small, small)
    with pytest.raises(ValueError, match="at least 13"):
        gradient_ssim(torch.zeros(1, 3, 12, 12), torch.zeros(1, 3, 12, 12))


def test_features_by_hand():
    first, second = (
        torch.tensor([[3.0, 4.0], [1.0, 0.0], [0.0, 0.0]]),
        torch.tensor([[6.0, 8.0], [0.0, 2.0], [1.0, 1.0]]),
    )
    assert feature_cosine(first, second).tolist() == pytest.approx([1, 0, 0])
    assert feature_cosine(1e-9 * first, second).tolist() == pytest.approx([1, 0, 0])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (torch.ones(3, 2), torch.ones(2, 2)),
        (torch.ones(3), torch.ones(3)),
        (torch.ones(3, 2), torch.full((3, 2), math.nan)),
    ],
)
def test_what_is_no_pair_of_features(first, second):
    with pytest.raises(ValueError, match=r"give|leave out"):
        feature_cosine(first, second)
