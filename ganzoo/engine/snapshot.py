"""Turns a trainer's state into a checkpoint and back, bit for bit."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from ganzoo.engine.checkpoint import Checkpoint
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import StorageError, one_line

GROUPS = ("weights", "ema", "train")
_AUGMENT = "augment_data/"


def take(trainer: Trainer, seconds: float) -> Checkpoint:
    """Everything that the rest of the training depends on."""
    train: dict[str, Tensor] = {"rng": trainer.rng.get_state()}
    hyperparameters: dict[str, Any] = {}
    for name, optimiser in trainer.optimisers.items():
        tensors, hyperparameters[name] = _flatten(optimiser)
        train |= {f"{name}/{key}": tensor for key, tensor in tensors.items()}
    if trainer.augment is not None:
        train |= {f"{_AUGMENT}{key}": tensor for key, tensor in trainer.augment.state_dict().items()}
    groups: dict[str, dict[str, Tensor]] = {"weights": trainer.gan.state_dict(), "train": train}
    if trainer.average is not None:
        groups["ema"] = trainer.average.state()
    state = {
        "step": trainer.rounds,
        "images": trainer.images_seen,
        "seconds": seconds,
        "setbacks": trainer.setbacks,
        "optimisers": hyperparameters,
    }
    return Checkpoint(tensors=groups, state=state)


def restore(trainer: Trainer, checkpoint: Checkpoint) -> float:
    """Puts a trainer that was built alike into the saved state; returns the seconds trained so far.

    Raises StorageError when the checkpoint belongs to other networks.
    """
    tensors, state = checkpoint.tensors, checkpoint.state
    try:
        trainer.gan.load_state_dict(dict(tensors["weights"]))
        if trainer.average is not None:
            trainer.average.restore(dict(tensors["ema"]), updates=state["step"])
        for name, optimiser in trainer.optimisers.items():
            prefix = f"{name}/"
            _unflatten(optimiser, _below(prefix, tensors["train"]), state["optimisers"][name])
        if trainer.augment is not None:
            trainer.augment.load_state_dict(_below(_AUGMENT, tensors["train"]))
        trainer.rng.set_state(tensors["train"]["rng"])
        trainer.rounds, trainer.images_seen = int(state["step"]), int(state["images"])
        trainer.setbacks = int(state["setbacks"])
        return float(state["seconds"])
    except (KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"the checkpoint does not fit the model: {one_line(error)}") from error


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _flatten(optimiser: Optimizer) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    saved = optimiser.state_dict()
    tensors = {f"{i}/{key}": value for i, values in saved["state"].items() for key, value in values.items()}
    return tensors, saved["param_groups"]


def _unflatten(optimiser: Optimizer, tensors: Mapping[str, Tensor], groups: list[dict[str, Any]]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    for name, tensor in tensors.items():
        index, _, key = name.partition("/")
        state.setdefault(int(index), {})[key] = _laid_out_like(parameters[int(index)], tensor)
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def _laid_out_like(parameter: Tensor, tensor: Tensor) -> Tensor:
    """Files hold plain layouts; fused optimisers want their state in the memory layout of the parameter."""
    if tensor.shape != parameter.shape:
        return tensor
    return torch.empty_like(parameter, dtype=tensor.dtype, device=tensor.device).copy_(tensor)
