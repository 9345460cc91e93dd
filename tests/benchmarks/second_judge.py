"""What VGG-19 says of finished runs on one data set, beside the encoder that some critics learnt from.

`python -m tests.benchmarks.second_judge DATA RUN…`: KID on VGG-19 features at the runs' own size (its usual 128 pixels
take half an hour on a CPU), of the averaged weights of the last checkpoint against the held-out images.
"""

import sys

import torch

import ganzoo
from ganzoo.api import configure_run, open_catalog
from ganzoo.data.split import split
from ganzoo.encoders import encode
from ganzoo.engine.inputs import open_source, read_images
from ganzoo.images import to_uint8
from ganzoo.metrics.kid import kid
from ganzoo.report import say
from ganzoo.scoring.build import build_encoder
from ganzoo.view import View

DRAWN = 500


def main(data: str, runs: list[str]) -> None:
    torch.set_num_threads(1)
    size = ganzoo.load(runs[0], device="cpu").shape.height
    options = {"encoder": "vgg19", "encoder.least": size, "data": data, "size": str(size)}
    configuration = configure_run("dcgan", open_catalog(third_party=False), options=options)
    images = read_images(open_source(configuration), configuration, View())
    parts = split(len(images), configuration.settings.held_out)
    encoder = build_encoder(configuration)
    real = encode(encoder, images.pixels[parts.held_out], device=torch.device("cpu"))
    others = encode(encoder, images.pixels[parts.train[:DRAWN]], device=torch.device("cpu"))
    say(f"other real images: {kid(real, others).value:.4g}")
    for run in runs:
        drawn = to_uint8(ganzoo.load(run, device="cpu").sample(DRAWN, seed=0)).permute(0, 2, 3, 1).numpy()
        score = kid(real, encode(encoder, drawn, device=torch.device("cpu")))
        say(f"{run}: {score.value:.4g} ({score.low:.4g} to {score.high:.4g})")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
