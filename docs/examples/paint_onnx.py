"""Paints a photo with a model that `ganzoo export` wrote: python paint_onnx.py model.onnx photo.jpg painted.png"""

import sys

import numpy as np
import onnxruntime
from PIL import Image


def paint(model: str, photo: Image.Image) -> Image.Image:
    """A photo of any size, painted; large ones need memory for all of it at once."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    unit = int(session.get_modelmeta().custom_metadata_map["unit"])
    if photo.mode[0] in "IF":  # Pillow would cut their values off at 255
        raise ValueError(f"mode {photo.mode} has more than 8 bits a channel: scale it to 8 first")
    pixels = np.asarray(photo.convert("RGB"))
    height, width = pixels.shape[:2]
    more = [max(-side % unit, 8 * unit - side) for side in (height, width)]  # to a size that the network takes
    padded = np.pad(pixels, ((0, more[0]), (0, more[1]), (0, 0)), mode="symmetric")
    image = (padded.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
    (painted,) = session.run(None, {"image": image})
    values = (painted[0].transpose(1, 2, 0)[:height, :width] + 1) * 127.5
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))


if __name__ == "__main__":
    model, source, target = sys.argv[1:]
    paint(model, Image.open(source)).save(target)
