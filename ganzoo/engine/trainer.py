"""Applies the steps of a recipe, round by round: everything between a loss and the changed weights."""

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganzoo.batch import Batch
from ganzoo.config.units import Size
from ganzoo.data.training import TrainingData
from ganzoo.engine.average import Average
from ganzoo.engine.batches import Batches
from ganzoo.engine.processes import Processes
from ganzoo.errors import DivergedError, PluginError
from ganzoo.model import GAN, Augmentation, Step
from ganzoo.runs.logs import LEARNING_RATE


@dataclass(frozen=True, kw_only=True)
class TrainerSettings:
    """How a trainer applies a recipe.

    `batch` is the number of images that all processes draw together. `half_life` is that of the averaged weights, in
    images; 0 keeps no average. `clip_gradients` is the largest norm of a step's gradient; 0 does not clip. `crop` is
    the size of the crops to train on; None takes the images whole.
    """

    batch: int
    seed: int = 0
    precision: str = "fp32"
    half_life: float = 0.0
    clip_gradients: float = 0.0
    compile: bool = False
    crop: Size | None = None


class Trainer:
    """The state of a training: networks, optimisers, average, randomness and counters.

    `rounds` counts finished rounds of all steps, `images_seen` the real images that all processes have drawn from the
    data.
    """

    def __init__(
        self,
        gan: GAN,
        data: TrainingData,
        settings: TrainerSettings,
        device: torch.device,
        *,
        augment: Augmentation | None = None,
        processes: Processes | None = None,
    ) -> None:
        self.gan = gan.to(device=device, memory_format=gan.layout(device))  # type: ignore[call-overload]  # stub gap
        self.data = data
        self.settings = settings
        self.device = device
        self.processes = processes or Processes()
        self.batches = Batches(
            gan,
            data,
            device,
            size=settings.batch,
            seed=settings.seed,
            augment=augment,
            processes=self.processes,
            crop=settings.crop,
        )
        self.steps = _checked_steps(gan)
        # What a recipe has frozen, such as a pretrained body, stays frozen.
        self._parameters = {step.name: [p for p in step.trains.parameters() if p.requires_grad] for step in self.steps}
        trained = frozenset(p for parameters in self._parameters.values() for p in parameters)
        self._frozen = {name: trained.difference(parameters) for name, parameters in self._parameters.items()}
        self.optimisers = {step.name: gan.optimiser(step) for step in self.steps}
        self._rates = {optimiser: _rates_of(optimiser) for optimiser in self.optimisers.values()}
        self.average = Average(gan.averaged, settings.half_life) if settings.half_life else None
        self.lr_scale = 1.0
        """A factor on all learning rates, for checks of a recipe that have few steps."""
        self.rollbacks = 0
        """How often the training has diverged and gone back. Each time halves all learning rates from then on."""
        self.diverged_batch: Batch | None = None
        """The batch on which the training diverged last."""
        self.rounds = 0
        self.images_seen = 0
        self.score_due = False
        """Whether a score of the latest round is due. A run that was killed meanwhile takes it when it resumes."""
        self._earlier: dict[str, float] = {}
        self.within_round = False
        """Whether the latest round has drawn a batch. Until then the state is that after the round before."""
        self._values: dict[str, Tensor] = {}
        if settings.compile:
            # In place and after the copy for the average, so that names of weights stay as they are.
            for child in gan.children():
                if not isinstance(child, Augmentation):  # its random numbers are drawn outside of any graph
                    child.compile()

    def round(self, progress: float) -> None:
        """Applies all steps once, with their repetitions."""
        self.gan.train()
        self.within_round = False
        seen = self.images_seen
        batch: Batch | None = None
        for step in self.steps:
            repetitions = step.repetitions(self.rounds)
            for left in reversed(range(repetitions)):
                if batch is None or left < repetitions - 1:
                    batch = self._draw(progress)
                    self.within_round = True
                batch.keep_graph = left == 0 and step is not self.steps[-1]
                self._apply(step, batch)
        self.rounds += 1
        if self.average is not None:
            self.average.update(self.images_seen, self.images_seen - seen)

    def play(self, step: Step, progress: float) -> None:
        """Applies one repetition of a step, on its own batch and outside of any round: for checks of a recipe."""
        batch = self._draw(progress)
        batch.keep_graph = False
        self._apply(step, batch)

    def scalars(self) -> dict[str, float]:
        """The terms and records of the latest repetition of each step. Only this waits for the device.

        A term that is not computed in every round keeps its latest value, also from before a resume.
        """
        names = list(self._values)
        values = torch.stack([self._values[name].float() for name in names]).tolist() if names else []
        return self._earlier | dict(zip(names, values, strict=True))

    def restore_scalars(self, earlier: Mapping[str, float]) -> None:
        """Replaces all values by those of a checkpoint."""
        self._earlier, self._values = dict(earlier), {}

    def learning_rates(self) -> dict[str, float]:
        """The rate of each step's latest update; the largest where the optimiser has several."""
        rates = {name: map(float, (group["lr"] for group in o.param_groups)) for name, o in self.optimisers.items()}
        return {f"{LEARNING_RATE}{name}": max(rate) for name, rate in rates.items()}

    @torch.no_grad()
    def draw(self, batch: Batch) -> Tensor:
        """Images B C H W in [-1, 1] as users see them: from averaged weights, in evaluation mode."""
        self.gan.eval()
        with self.average.in_use() if self.average is not None else nullcontext():
            images: Tensor = self.gan(batch)
        return images

    def _draw(self, progress: float) -> Batch:
        batch = self.batches.draw(self.images_seen, progress=progress, number=self.rounds)
        self.images_seen += self.settings.batch
        return batch

    def _apply(self, step: Step, batch: Batch) -> None:
        parameters = self._parameters[step.name]
        freeze_all_but(self.gan, parameters)
        batch.frozen = self._frozen[step.name]
        call_without_gradients(step.before)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.precision == "bf16"):
            terms = step.loss(batch)
        self._check_terms(step, terms, batch)
        # Gradients go to the parameters of this step only, whatever the graph of the loss contains.
        total = torch.stack([term.float() for term in terms.values()]).sum()
        torch.autograd.backward(total, inputs=parameters)
        self.processes.average_gradients(parameters)
        if self.settings.clip_gradients:
            torch.nn.utils.clip_grad_norm_(parameters, self.settings.clip_gradients)
        optimiser = self.optimisers[step.name]
        factor = self.lr_scale * 0.5**self.rollbacks * self.gan.rate(batch.progress)
        rates = self._rates.setdefault(optimiser, _rates_of(optimiser))
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        set_betas(optimiser, self.gan.betas(batch.progress))
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        call_without_gradients(step.after)
        batch.forget(step.trains)
        self._values |= {f"{step.name}.{name}": term.detach() for name, term in terms.items()} | batch.recorded

    def _check_terms(self, step: Step, terms: Mapping[str, Tensor], batch: Batch) -> None:
        """Raises DivergedError on all processes when a term is not finite, before it has changed any weight.

        Only on a CPU, where reading the terms costs nothing. On other devices logs and checkpoints check the values.
        """
        if self.device.type != "cpu":
            return
        values = {name: float(term.detach()) for name, term in terms.items()}
        bad = next((name for name, value in values.items() if not math.isfinite(value)), "")
        if self.processes.any(bool(bad)):
            self.diverged_batch = batch
            found = self.processes.first_message(f"'{step.name}.{bad}' is {values[bad]}" if bad else "")
            raise DivergedError(diverged(found, self.rounds + 1))


def diverged(what: str, step: int) -> str:
    """The message of a DivergedError."""
    return f"training diverged: {what} at step {step}"


def _rates_of(optimiser: torch.optim.Optimizer) -> list[float]:
    """The learning rates that the recipe chose, before any factor."""
    return [float(group["lr"]) for group in optimiser.param_groups]


def set_betas(optimiser: torch.optim.Optimizer, betas: tuple[float, float] | None) -> None:
    """Sets the betas of an Adam, unless there are none to set; other optimisers have none."""
    for group in optimiser.param_groups:
        if betas is not None and "betas" in group:
            group["betas"] = betas


def freeze_all_but(gan: nn.Module, trained: Iterable[nn.Parameter]) -> None:
    """Lets gradients reach the parameters in `trained` only."""
    gan.requires_grad_(False)
    for parameter in trained:
        parameter.requires_grad_(True)


def call_without_gradients(action: Callable[[], None] | None) -> None:
    """Calls the action, if there is one, without recording gradients."""
    if action is not None:
        with torch.no_grad():
            action()


def _checked_steps(gan: GAN) -> tuple[Step, ...]:
    steps = tuple(gan.steps())
    names = [step.name for step in steps]
    if not steps or len(set(names)) < len(names):
        raise PluginError(f"{type(gan).__name__}.steps() gave steps named {_list(names)}: give each its own name")
    return steps


def _list(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "nothing"
