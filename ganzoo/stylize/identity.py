"""What a painted video depends on: names and hashes that differ when its frames would."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import torch

from ganzoo.io.installed import version
from ganzoo.stylize.stylizer import StylizeOptions, Stylizer
from ganzoo.stylize.ways import hash_of


def identity_of(stylizer: Stylizer, options: StylizeOptions, run: Mapping[str, Any], step: int) -> dict[str, str]:
    """All that decides how a frame is painted, by the name that a user reads; `run` is the content of run.json."""
    translator = stylizer.translator
    weights = {**translator.state_dict(), **{f"ema.{k}": v for k, v in translator.averaged.state_dict().items()}}
    made = {key: run.get(key) for key in ("model", "plugin", "configuration")}
    return {
        "checkpoint": hash_of(weights),
        "step": str(step),
        "model": hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest(),
        "style": "" if stylizer.style is None else hash_of({"style": stylizer.style}),
        "device": stylizer.device.type,
        "version": f"{version('ganzoo-core')}, torch {torch.__version__}",
        "whole view": str(stylizer.whole_view),
        **{name: str(value) for name, value in dataclasses.asdict(options).items()},
        "precision": str(stylizer.way(options)),
    }
