"""How fast the built-in landscapes are drawn, by size and rendition."""

import statistics
import time

from ganzoo.config.resolve import open_catalog
from ganzoo.config.units import Size
from ganzoo.specs import load_target

COUNT, ROUNDS = 512, 5
RENDITIONS = ("plain", "oil", "ukiyo-e", "watercolour")


def main() -> None:
    """Prints images per second, as the median of the rounds."""
    spec = open_catalog(third_party=False).part("dataset", "scenes").spec
    for size, rendition in ((64, "plain"), (128, "plain"), *((64, name) for name in RENDITIONS[1:])):
        source = load_target(spec.target)(spec.options(rendition=rendition))
        rates = []
        for number in range(ROUNDS + 1):
            indices = range(number * COUNT, (number + 1) * COUNT)
            started = time.perf_counter()
            assert sum(picture.pixels is not None for picture in source.read(indices, Size(size, size))) == COUNT
            rates.append(COUNT / (time.perf_counter() - started))
        print(f"scenes, {rendition}, {size} px: {statistics.median(rates[1:]):.0f} images/s, median of {ROUNDS} rounds")
