"""`python -m tests.training_hashes OUT.json`: hashes of what every registered model computes, to compare two commits.

Each model trains for 20 tiny steps, and for 3 steps that are resumed for 3 more. Values and names are hashed apart:
a renamed scalar changes the names only. `--against BEFORE.json` prints the differences and exits with 1 where a value
differs. Bits depend on the processor and on torch, so compare two commits on one machine.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file

import ganzoo

TIMES = ("seconds", "images_per_second")
TRAINING = {"tiny": True, "device": "cpu", "threads": 1, "seed": 3, "log_every": "1steps"}
Hashes = dict[str, str]


def digest(parts: Iterable[bytes]) -> str:
    """The first 16 digits of the SHA-256 over the parts."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part)
    return sha.hexdigest()[:16]


def tensor_hashes(prefix: str, tensors: Mapping[str, torch.Tensor]) -> Hashes:
    """Hashes of the values, in the order of their names, and of the names."""
    ordered = sorted(tensors.items())
    values = (tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes() for _, tensor in ordered)
    names = (f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode() for name, tensor in ordered)
    return {prefix: digest(values), f"{prefix} names": digest(names)}


def run_hashes(prefix: str, folder: Path) -> Hashes:
    """Hashes of the newest checkpoint and of all logged scalars of a run folder."""
    checkpoint = folder / "checkpoints" / (folder / "checkpoints" / "LATEST").read_text().strip()
    hashes: Hashes = {}
    for group in ("weights", "ema", "train"):
        path = checkpoint / f"{group}.safetensors"
        hashes |= tensor_hashes(f"{prefix} {group}", load_file(path)) if path.is_file() else {}
    lines = [json.loads(line) for line in (folder / "scalars.jsonl").read_text().splitlines()]
    kept = [[(name, value) for name, value in line.items() if not _left_out(name)] for line in lines]
    hashes[f"{prefix} scalars"] = digest(repr([value for _, value in line]).encode() for line in kept)
    hashes[f"{prefix} scalars names"] = digest(repr([name for name, _ in line]).encode() for line in kept)
    return hashes


def _left_out(name: str) -> bool:
    """Times, and learning rates, which older commits don't log."""
    return name in TIMES or name.startswith("lr/")


def model_hashes(model: str, folder: Path) -> Hashes:
    """All hashes of one model, trained below the folder."""
    whole = ganzoo.run(model, budget="20steps", out=folder / "whole", **TRAINING)
    parted = ganzoo.run(model, budget="3steps", out=folder / "parted", **TRAINING)
    ganzoo.resume(parted.folder, budget="6steps")
    return {**run_hashes("20 steps", whole.folder), **run_hashes("3 + 3 steps", parted.folder)}


def compare(before: Mapping[str, Hashes], after: Mapping[str, Hashes]) -> int:
    """Prints what differs, model by model; 1 where a value does, 0 where only names do."""
    changed = 0
    for model in sorted({*before, *after}):
        old, new = before.get(model, {}), after.get(model, {})
        different = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
        changed |= any(not name.endswith("names") for name in different)
        print(f"{model}: {', '.join(different) or 'the same'}")
    return int(changed)


def main() -> int:
    """Trains, writes the hashes and compares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--models", nargs="*")
    asked = parser.parse_args()
    hashes: dict[str, Hashes] = {}
    for model in asked.models or [spec.name for spec in ganzoo.list_models()]:
        with tempfile.TemporaryDirectory() as folder:
            hashes[model] = model_hashes(model, Path(folder))
        print(f"{model} done", file=sys.stderr)
    asked.out.write_text(json.dumps(hashes, indent=1) + "\n")
    return compare(json.loads(asked.against.read_text()), hashes) if asked.against else 0


if __name__ == "__main__":
    sys.exit(main())
