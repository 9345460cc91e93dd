"""Paints a photo with a model that `ganzoo export` wrote: python paint_onnx.py model.onnx photo.jpg painted.png"""

import sys

import numpy as np
import onnxruntime
from PIL import Image

MARGIN = 32  # mirror image around the photo: at its borders a network would paint lines


def paint(model: str, photo: Image.Image) -> Image.Image:
    """A photo of any size, painted; large ones need memory for all of it at once."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    unit = int(session.get_modelmeta().custom_metadata_map["unit"])
    if photo.mode[0] in "IF":  # Pillow would cut their values off at 255
        raise ValueError(f"mode {photo.mode} has more than 8 bits a channel: scale it to 8 first")
    pixels = np.asarray(photo.convert("RGB"))
    height, width = pixels.shape[:2]
    margin = -(-MARGIN // unit) * unit
    more = [(margin, margin + max(-side % unit, 8 * unit - side)) for side in (height, width)]  # to a size it takes
    padded = np.pad(pixels, (*more, (0, 0)), mode="symmetric")
    image = (padded.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
    (painted,) = session.run(None, {"image": image})
    values = (painted[0].transpose(1, 2, 0)[margin : margin + height, margin : margin + width] + 1) * 127.5
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))


if __name__ == "__main__":
    model, source, target = sys.argv[1:]
    paint(model, Image.open(source)).save(target)
