"""Turns the state of a trainer into a checkpoint and back, bit for bit."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from ganzoo.engine.checkpoint_files import Checkpoint
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import StorageError, one_line

GROUPS = ("weights", "ema", "train")
_AUGMENT = "augment_data/"
_MOST = 2**53
_ELEMENTWISE = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "square_avg", "grad_avg", "momentum_buffer")
"""State of torch's optimisers with a value for each element of a parameter, whose shape they don't check."""


def take(trainer: Trainer, seconds: float, scalars: Mapping[str, float] | None = None) -> Checkpoint:
    """A checkpoint of everything that the rest of the training and of its logs depends on.

    `scalars` are the trainer's, averaged over all processes where there are several.
    """
    train: dict[str, Tensor] = {"rng": trainer.batches.rng.get_state()}
    hyperparameters: dict[str, Any] = {}
    for name, optimiser in trainer.optimisers.items():
        tensors, hyperparameters[name] = _flatten(optimiser)
        train |= {f"{name}/{key}": tensor for key, tensor in tensors.items()}
    if trainer.batches.augment is not None:
        train |= {f"{_AUGMENT}{key}": tensor for key, tensor in trainer.batches.augment.state_dict().items()}
    groups: dict[str, dict[str, Tensor]] = {"weights": trainer.gan.state_dict(), "train": train}
    if trainer.average is not None:
        groups["ema"] = trainer.average.state()
    state = {
        "step": trainer.rounds,
        "images": trainer.images_seen,
        "seconds": seconds,
        "rollbacks": trainer.rollbacks,
        "optimisers": hyperparameters,
        "scalars": _finite(trainer.scalars() if scalars is None else scalars),
        "score_due": trainer.score_due,
    }
    return Checkpoint(tensors=groups, state=state)


def restore(trainer: Trainer, checkpoint: Checkpoint) -> float:
    """Restores the saved state in a trainer of the same configuration. Returns the training time so far in seconds.

    Raises StorageError when the checkpoint belongs to other networks, or was not written by `take`.
    """
    tensors, state = checkpoint.tensors, checkpoint.state
    try:
        step, images, rollbacks = (_count(state[name]) for name in ("step", "images", "rollbacks"))
        if not 0 <= (seconds := float(state["seconds"])) < math.inf:
            raise ValueError(f"{seconds} seconds")
        trainer.gan.load_state_dict(dict(tensors["weights"]))
        if trainer.average is not None:
            trainer.average.restore(dict(tensors["ema"]), updates=step)
        for name, optimiser in trainer.optimisers.items():
            prefix = f"{name}/"
            _unflatten(optimiser, _below(prefix, tensors["train"]), state["optimisers"][name])
        if trainer.batches.augment is not None:
            trainer.batches.augment.load_state_dict(_below(_AUGMENT, tensors["train"]))
        trainer.batches.rng.set_state(tensors["train"]["rng"])
        trainer.rounds, trainer.images_seen, trainer.rollbacks = step, images, rollbacks
        # Older checkpoints have neither of these.
        trainer.restore_scalars(_finite(state.get("scalars", {})))
        trainer.score_due = state.get("score_due") is True
        return seconds
    except (KeyError, IndexError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"the checkpoint does not fit the model: {one_line(error)}") from error


def _finite(scalars: Mapping[str, float]) -> dict[str, float]:
    """The values that JSON can hold. The next log reports the others, unless they are computed anew before it."""
    return {name: float(value) for name, value in scalars.items() if math.isfinite(value)}


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _flatten(optimiser: Optimizer) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    saved = optimiser.state_dict()
    tensors = {f"{i}/{key}": value for i, values in saved["state"].items() for key, value in values.items()}
    return tensors, saved["param_groups"]


def _count(value: object) -> int:
    """A number of steps or images. Raises ValueError for a value that can't be one."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST:
        raise ValueError(f"{value!r} is not a count")
    return value


def _unflatten(optimiser: Optimizer, tensors: Mapping[str, Tensor], groups: list[dict[str, Any]]) -> None:
    known = type(optimiser).__module__.startswith("torch.optim")
    groups = _settings(optimiser.state_dict()["param_groups"], groups, checked=known)
    state: dict[int, dict[str, Tensor]] = {}
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    for name, tensor in tensors.items():
        index, _, key = name.partition("/")
        if not index.isdecimal():
            raise ValueError(f"'{name}' does not name a parameter")
        parameter = parameters[int(index)]
        if known and key in _ELEMENTWISE and tensor.shape != parameter.shape:
            raise ValueError(f"the optimiser's '{key}' of parameter {index} has another shape than the parameter")
        state.setdefault(int(index), {})[key] = _laid_out_like(parameter, tensor)
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def _settings(own: list[dict[str, Any]], saved: list[dict[str, Any]], *, checked: bool) -> list[dict[str, Any]]:
    """The saved settings, completed by the optimiser's own where another version of torch has more of them.

    Raises ValueError for other parameters and, where they are `checked`, for a setting of another type than the
    optimiser's own, which would fail in the next step.
    """
    if len(own) != len(saved):
        raise ValueError(f"settings of {len(saved)} groups of parameters, the optimiser has {len(own)}")
    found = [{**usual, **group} for usual, group in zip(own, saved, strict=True)]
    for usual, group, merged in zip(own, saved, found, strict=True):
        alike = not checked or all(_same_type(usual[key], merged[key]) for key in usual)
        if group["params"] != usual["params"] or not alike:
            raise ValueError("the saved settings do not fit the optimiser")
    return found


def _same_type(own: object, saved: object) -> bool:
    """Whether a saved setting has the type and length of the optimiser's own. A bool may also be None."""
    match own:
        case list() | tuple():
            return isinstance(saved, list | tuple) and len(own) == len(saved) and all(map(_same_type, own, saved))
        case bool() | None:
            return saved is None or isinstance(saved, bool)
        case str():
            return isinstance(saved, str)
        case _:
            return isinstance(saved, int | float) and not isinstance(saved, bool)


def _laid_out_like(parameter: Tensor, tensor: Tensor) -> Tensor:
    """The tensor in the memory layout of the parameter, which fused optimisers need; files have contiguous tensors."""
    if tensor.shape != parameter.shape:
        return tensor
    return torch.empty_like(parameter, dtype=tensor.dtype, device=tensor.device).copy_(tensor)
