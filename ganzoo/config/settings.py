"""Settings of a run that are the same for every model."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ganzoo.config.units import Amount, AmountField, Size, SizeField
from ganzoo.options import Options, PartChoice, named_parts, part


def _device(text: object) -> str:
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", str(text)):
        raise ValueError("write auto, cpu, mps, cuda or cuda:1")
    return str(text)


DeviceName = Annotated[str, BeforeValidator(_device)]


def pixels(value: object) -> "int | Auto":
    """A number of pixels, or auto. Raises ValueError for anything else."""
    if value == AUTO:
        return AUTO
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,5}", text) or not 8 <= int(text) <= _MOST_PIXELS:
        raise ValueError(f"write auto or a number of pixels from 8 to {_MOST_PIXELS}")
    return int(text)


def _switch(value: object) -> object:
    known = {AUTO: AUTO, "true": True, "false": False}
    if str(value).lower() not in known:
        raise ValueError("write auto, true or false")
    return known[str(value).lower()]


Auto = Literal["auto"]
AUTO: Auto = "auto"
_MOST_PIXELS = 8192
PixelsField = Annotated[int | Auto, BeforeValidator(pixels)]
SwitchField = Annotated[bool | Auto, BeforeValidator(_switch)]
SourceField = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, Path) else value)]


class RunSettings(Options):
    """The data of a run, their size, the budget, the device, and what is written when."""

    data: PartChoice = part("dataset", "scenes", "folder of images, or a data set by name")
    max_bad: float = Field(0.1, ge=0, le=1, description="largest share of unusable images")
    held_out: float = Field(0.1, ge=0, lt=1, description="share of the images kept from training for scores")
    size: SizeField = Field(Size(64, 64), description="pixels to train at: 64, or height x width as 96x160")
    load_size: PixelsField = Field(
        AUTO, description="shorter side in pixels at which images are kept for crops; auto is what they have, up to 256"
    )
    crop: SwitchField = Field(
        AUTO, description="train on crops between the whole image and its own pixels; auto is true for translators"
    )
    start_from: SourceField = Field(
        "", description="trained weights to start from: a run, a published model, a file or hf:OWNER/NAME"
    )
    augment_data: PartChoice = part("augmentation", "none", "random changes of the images from the data")
    budget: AmountField = Field(Amount(10, "min"), description="how long to train: 10min, 2000steps or 200kimg")
    seed: int = Field(0, ge=0, lt=2**63, description="seed of weights, noise and order of the images")
    device: DeviceName = Field("auto", description="auto, cpu, mps, cuda or cuda:1")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="bf16 runs forward passes in bfloat16; auto does where that is faster and safe"
    )
    compile: bool = Field(False, description="compile the networks with torch.compile")
    threads: int = Field(0, ge=0, le=1024, description="CPU threads; 0 is torch's choice")
    clip_gradients: float = Field(0, ge=0, le=1e6, description="largest norm of a step's gradient; 0 is no limit")
    log_every: AmountField = Field(Amount(10, "steps"), description="interval of lines in scalars.jsonl")
    sample_every: AmountField = Field(Amount(1, "min"), description="interval of sample grids")
    score_every: AmountField | None = Field(None, description="interval of scores on held-out images; null is none")
    score_images: int = Field(500, ge=50, le=50_000, description="images drawn for a score")
    encoder: PartChoice = part("encoder", "lite0", "network whose features are compared in a score")
    metrics: str = Field("frechet,neighbours,copies,spread", description="metrics computed beside the score")
    listeners: str = named_parts("listener", "listeners that follow the run, by comma")
    stop_when_flat: bool = Field(False, description="stop when none of the last five scores is a new best")
    checkpoint_every: AmountField = Field(Amount(5, "min"), description="interval of checkpoints")
    keep: int = Field(3, ge=1, le=10_000, description="newest checkpoints to keep")
    rollbacks: int = Field(
        3, ge=0, le=100, description="how often a diverged run returns to its last checkpoint, at half the rate"
    )


RESUMABLE = frozenset(
    [
        *("budget", "device", "compile", "threads", "keep", "stop_when_flat", "rollbacks"),
        *("log_every", "sample_every", "score_every", "metrics", "checkpoint_every"),
        "listeners",
    ]
)
"""Settings that may change when a run is resumed. All others, but those in `PLACES`, belong to the run."""

PLACES = frozenset(("data", "style", "data.path", "style.path", "teacher"))
"""Where images lie, and the run that a painter learns from. It may change too, as long as they are the same."""
