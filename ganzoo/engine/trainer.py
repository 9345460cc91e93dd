"""Applies the steps of a recipe, round by round. Owns everything between a loss and the changed weights."""

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganzoo.batch import Batch, SharedGenerator
from ganzoo.data.cache import Images
from ganzoo.data.order import Order, balanced
from ganzoo.engine.average import Average
from ganzoo.engine.processes import Processes
from ganzoo.errors import DivergedError, PluginError
from ganzoo.model import GAN, Augmentation, NoAugmentation, Step


class Trainer:
    """The state of a training: networks, optimisers, average, randomness and counters.

    Only the images of those `numbers` are trained on. `sources` are the images that a translator starts from, of which
    it sees those of `source_numbers`; where a recipe is `paired`, `partners` has the number of its source for each
    image. `batch` is that of all processes together. `rounds` counts finished rounds of all steps, `images_seen` the
    real images drawn from the data, by all processes.
    """

    def __init__(
        self,
        gan: GAN,
        images: Images,
        *,
        batch: int,
        seed: int,
        device: torch.device,
        precision: str = "fp32",
        half_life: float = 0.0,
        clip_gradients: float = 0.0,
        compile: bool = False,
        augment: Augmentation | None = None,
        numbers: NDArray[np.int64] | None = None,
        sources: Images | None = None,
        source_numbers: NDArray[np.int64] | None = None,
        partners: NDArray[np.int64] | None = None,
        processes: Processes | None = None,
    ) -> None:
        self._layout = gan.layout(device)
        self.gan = gan.to(device=device, memory_format=self._layout)  # type: ignore[call-overload]  # stub gap
        self.device = device
        self.batch_size = batch
        self.images = images
        self.augment = None if augment is None or isinstance(augment, NoAugmentation) else augment.to(device)
        self.numbers = np.arange(len(images)) if numbers is None else numbers
        self._drawn = balanced(self.numbers, images.labels) if gan.balanced else self.numbers
        self.order = Order(len(self._drawn), seed)
        self.sources = sources
        self.source_numbers = np.arange(len(sources or ())) if source_numbers is None else source_numbers
        self.partners = np.arange(len(images)) if partners is None else partners
        self.source_order = Order(len(self.source_numbers), seed + 1)
        self.processes = processes or Processes()
        own = self.processes.share(batch)
        self.rng = SharedGenerator(self.processes.count, self.processes.rank, own.stop - own.start)
        self.rng.manual_seed(seed)
        self.steps = _checked_steps(gan)
        # What a recipe has frozen, such as a pretrained body, stays frozen.
        self._parameters = {step.name: [p for p in step.trains.parameters() if p.requires_grad] for step in self.steps}
        self.optimisers = {step.name: gan.optimiser(step) for step in self.steps}
        self._rates = {optimiser: _rates_of(optimiser) for optimiser in self.optimisers.values()}
        self.average = Average(gan.averaged, half_life) if half_life else None
        self.lr_scale = 1.0
        """How many times as fast all players learn, for checks of a recipe that have few steps."""
        self.rollbacks = 0
        """How often the training has diverged and gone back; each time all players learn half as fast from then on."""
        self.diverged_batch: Batch | None = None
        """The batch on which it diverged last."""
        self.rounds = 0
        self.images_seen = 0
        self._autocast = precision == "bf16"
        self._clip = clip_gradients
        self._values: dict[str, Tensor] = {}
        if compile:
            # In place and after the copy for the average, so that names of weights stay as they are.
            for child in gan.children():
                if not isinstance(child, Augmentation):  # its random numbers are drawn outside of any graph
                    child.compile()

    def round(self, progress: float) -> None:
        """All steps once, with their repetitions."""
        self.gan.train()
        seen = self.images_seen
        batch: Batch | None = None
        for step in self.steps:
            repetitions = step.repetitions(self.rounds)
            for left in reversed(range(repetitions)):
                if batch is None or left < repetitions - 1:
                    batch = self._draw(progress)
                batch.keep_graph = left == 0 and step is not self.steps[-1]
                self._apply(step, batch)
        self.rounds += 1
        if self.average is not None:
            self.average.update(self.images_seen, self.images_seen - seen)

    def play(self, step: Step, progress: float) -> None:
        """One repetition of one step, on a batch of its own and outside of any round: for checks of a recipe."""
        batch = self._draw(progress)
        batch.keep_graph = False
        self._apply(step, batch)

    def scalars(self) -> dict[str, float]:
        """The terms and records of the latest repetition of each step; the one place that waits for the device."""
        names = list(self._values)
        if not names:
            return {}
        return dict(zip(names, torch.stack([self._values[name].float() for name in names]).tolist(), strict=True))

    @torch.no_grad()
    def draw(self, batch: Batch) -> Tensor:
        """Images B C H W in [-1, 1] as users are to see them: averaged weights, evaluation mode."""
        self.gan.eval()
        with self.average.in_use() if self.average is not None else nullcontext():
            images: Tensor = self.gan(batch)
        return images

    def held_out_sources(self, most: int) -> Tensor | None:
        """At most so many photos that the training never sees (any, where none are held out), B 3 H W in [-1, 1]."""
        if self.sources is None:
            return None
        left = np.setdiff1d(np.arange(len(self.sources)), self.source_numbers)
        chosen = left if len(left) else self.source_numbers
        pixels, _ = self.sources.take(chosen[:most])
        return to_unit(pixels, self.device).contiguous(memory_format=self._layout)

    def _draw(self, progress: float) -> Batch:
        places = self.order.indices(self.images_seen, self.batch_size)
        share = self.processes.share(self.batch_size)
        chosen = self._drawn[places[share]]
        pixels, labels = self.images.take(chosen)
        source = self._draw_sources(chosen, share)
        self.images_seen += self.batch_size
        return Batch(
            self._changed(pixels),
            self.rng,
            source=source,
            label=labels.to(self.device) if labels.shape[1] else None,
            progress=progress,
            number=self.rounds,
            global_size=self.batch_size,
            local_slice=share,
            all_reduce_mean=self.processes.mean if self.processes.count > 1 else None,
        )

    def _draw_sources(self, chosen: NDArray[np.int64], share: slice) -> Tensor | None:
        if self.sources is None:
            return None
        if self.gan.paired:
            chosen = self.partners[chosen]
        else:
            chosen = self.source_numbers[self.source_order.indices(self.images_seen, self.batch_size)[share]]
        pixels, _ = self.sources.take(chosen)
        return self._changed(pixels)

    def _changed(self, pixels: Tensor) -> Tensor:
        images = to_unit(pixels, self.device)
        if self.augment is not None:
            with torch.no_grad():
                images = self.augment(images, self.rng).clamp(-1, 1)
        return images.contiguous(memory_format=self._layout)

    def _apply(self, step: Step, batch: Batch) -> None:
        parameters = self._parameters[step.name]
        freeze_all_but(self.gan, parameters)
        call_without_gradients(step.before)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._autocast):
            terms = step.loss(batch)
        self._check_terms(step, terms, batch)
        # Gradients go to this player's parameters only, whatever graph the loss hangs on.
        total = torch.stack([term.float() for term in terms.values()]).sum()
        torch.autograd.backward(total, inputs=parameters)
        self.processes.average_gradients(parameters)
        if self._clip:
            torch.nn.utils.clip_grad_norm_(parameters, self._clip)
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
        """Raises DivergedError before a term that is not finite has changed anything, on every process alike.

        On a CPU only, where nobody has to wait for the numbers; elsewhere the logs and checkpoints look at them.
        """
        if self.device.type != "cpu":
            return
        values = {name: float(term.detach()) for name, term in terms.items()}
        bad = next((name for name, value in values.items() if not math.isfinite(value)), "")
        if self.processes.any(bool(bad)):
            self.diverged_batch = batch
            found = self.processes.word(f"'{step.name}.{bad}' is {values[bad]}" if bad else "")
            raise DivergedError(diverged(found, self.rounds + 1))


def diverged(what: str, step: int) -> str:
    """The message of a DivergedError."""
    return f"training diverged: {what} at step {step}"


def _rates_of(optimiser: torch.optim.Optimizer) -> list[float]:
    """As the recipe chose them, before anything slows them down."""
    return [float(group["lr"]) for group in optimiser.param_groups]


def set_betas(optimiser: torch.optim.Optimizer, betas: tuple[float, float] | None) -> None:
    """Sets the betas of an Adam, unless there are none to set; other optimisers have none."""
    for group in optimiser.param_groups:
        if betas is not None and "betas" in group:
            group["betas"] = betas


def to_unit(pixels: Tensor, device: torch.device) -> Tensor:
    """uint8 B 3 H W -> float32 in [-1, 1] on the device."""
    if device.type == "cuda":
        pixels = pixels.pin_memory()
    return pixels.to(device, non_blocking=True).float().div_(127.5).sub_(1)


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
