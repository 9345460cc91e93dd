"""The measured throughput of a model."""

import pytest

from ganzoo.engine.throughput import Throughput, measure_throughput
from ganzoo.errors import UsageError


@pytest.mark.parametrize("model", ["dcgan", "wgan"])
def test_a_pace_counts_the_real_images_of_ordinary_steps(tiny, model):
    configuration = tiny(model)
    throughput = measure_throughput(configuration, {"season": 4}, seconds=0.01)
    per_step = configuration.options.batch * configuration.options.critic_steps  # without the opening's extra steps
    assert throughput.images == throughput.steps * per_step and throughput.steps >= 1
    assert throughput.seconds > 0 and throughput.device == "cpu"


@pytest.mark.parametrize("model", ["fastcut", "pix2pix", "adain"])
def test_a_translator_is_measured_with_photos(tiny, model):
    throughput = measure_throughput(tiny(model), {"folder": 2}, seconds=0.01)
    assert throughput.steps >= 1 and throughput.images == throughput.steps * tiny(model).options.batch


def test_the_pace_is_seconds_by_images():
    assert Throughput(steps=2, images=400, seconds=10.0, device="cpu", precision="fp32").per_1000 == 25


def test_a_size_that_the_model_cant_have_is_told(tiny):
    with pytest.raises(UsageError, match="size"):
        measure_throughput(tiny(size="50x70"), {})
