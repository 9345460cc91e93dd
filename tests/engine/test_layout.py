"""Networks and images lie in memory as the recipe is fastest with."""

import pytest
import torch

from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.data.inputs import DataSources
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.runs.view import View


@pytest.mark.parametrize(("model", "layout"), [("dcgan", torch.channels_last), ("fastcut", torch.contiguous_format)])
def test_weights_and_images_have_one_layout(model: str, layout: torch.memory_format) -> None:
    configuration = configure_run(model, open_catalog(third_party=False), tiny=True, options={"device": "cpu"})
    sources = DataSources(configuration)
    images, photos = sources.read(View())
    gan = build_gan(configuration, {})
    assert gan.layout(torch.device("cuda")) is torch.channels_last
    trainer = build_trainer(
        gan, configuration, sources.training_data(images, photos, paired=False), torch.device("cpu")
    )
    batch = trainer._draw(0.0)
    drawn = [batch.target, *([] if batch.source is None else [batch.source])]
    weights = [p for p in gan.parameters() if p.dim() == 4 and p.shape[1] > 1 and p.shape[2] > 1]
    assert weights and all(tensor.is_contiguous(memory_format=layout) for tensor in (*drawn, *weights))
