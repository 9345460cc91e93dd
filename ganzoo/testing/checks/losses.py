"""Checks of the losses of each step, on batches made here."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganzoo.batch import Batch
from ganzoo.encoders import Encoder
from ganzoo.model import GAN, Augmentation, NoAugmentation
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import BATCH, Subject, draws, losses, names, play_round, steps_of, total, trained
from ganzoo.translator import Translator

_CLOSE, _ROUNDING = 1e-4, 1e-6
_ROUNDS = 3
_STEEP = 3.0
"""The factor on all weights that makes a critic steep."""
_STATISTICS = (nn.modules.batchnorm._BatchNorm,)


class _Twice(Batch):
    """Each image twice, with the same noise: a mean over the batch equals the mean over half of it."""

    def _own(self, numbers: Tensor) -> Tensor:
        return super()._own(numbers).repeat_interleave(2, 0)


def losses_named_scalars(subject: Subject) -> None:
    """Every loss is a mapping from names to finite scalars, early in the run and late."""
    gan = subject.gan()
    for progress in (0.0, 1.0):

        def batch(progress: float = progress) -> Batch:
            made = subject.batch()
            made.progress = progress
            return made

        for step, terms in losses(gan, batch):
            if not terms:
                fail(f"step '{step.name}' gives no term")
            for name, value in terms.items():
                if not isinstance(name, str) or not isinstance(value, Tensor) or value.dim():
                    shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
                    fail(f"step '{step.name}': term {name!r} is {shape}, expected a tensor without dimensions: .mean()")
                if not bool(torch.isfinite(value)):
                    fail(f"step '{step.name}': term '{name}' is {float(value.detach())}")


def terms_have_gradients(subject: Subject) -> None:
    """Every term of a loss has a gradient for a parameter that its step trains."""
    trainer = subject.trainer()
    reached: set[tuple[str, str]] = set()
    seen: set[tuple[str, str]] = set()
    for _ in range(_ROUNDS):
        found = _gradients_of_terms(trainer.gan, subject)
        seen |= found.keys()
        reached |= {term for term, moves in found.items() if moves}
        play_round(trainer)
    if seen - reached:
        # A one-sided penalty is zero while the critic is flat: look again where it is steep.
        with torch.no_grad():
            for parameter in trainer.gan.parameters():
                parameter.mul_(_STEEP)
        reached |= {term for term, moves in _gradients_of_terms(trainer.gan, subject).items() if moves}
    if dead := seen - reached:
        step_name, term = sorted(dead)[0]
        fail(
            f"term '{term}' of step '{step_name}' has no gradient for the parameters that the step trains: is something"
            " detached, or a penalty computed without create_graph? Pass values that are only logged to batch.record()"
        )


def _gradients_of_terms(gan: GAN, subject: Subject) -> dict[tuple[str, str], bool]:
    """Whether the gradient of each term is not zero, by step and term."""
    found = {}
    for step, terms in losses(gan, subject.batch):
        parameters = list(trained(step).values())
        for name, value in terms.items():
            found[step.name, name] = value.requires_grad and _any(
                torch.autograd.grad(value, parameters, retain_graph=True, allow_unused=True)
            )
    return found


def every_parameter_gets_a_gradient(subject: Subject) -> None:
    """Every trained parameter gets a finite gradient, which is not zero in at least one of three rounds."""
    trainer = subject.trainer()
    waiting: dict[int, str] = {}
    reached: set[int] = set()
    for _ in range(_ROUNDS):
        known = {id(parameter): name for name, parameter in trainer.gan.named_parameters()}
        for step, terms in losses(trainer.gan, subject.batch):
            parameters = list(trained(step).values())
            waiting |= {id(p): known.get(id(p), step.name) for p in parameters}
            gradients = torch.autograd.grad(total(terms), parameters, allow_unused=True)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                if gradient is None:
                    continue
                if not bool(torch.isfinite(gradient).all()):
                    fail(f"the gradient of '{waiting[id(parameter)]}' in step '{step.name}' is not finite")
                if bool(gradient.any()) or _is_bias(waiting[id(parameter)]):
                    reached.add(id(parameter))
        play_round(trainer)
    if idle := {name for key, name in waiting.items() if key not in reached}:
        fail(f"no gradient reaches {names(idle)}: is it unused in the loss, or behind a detach?")


def _is_bias(name: str) -> bool:
    """Whether a gradient of exactly zero is no fault.

    The pushes of real and fake images on the last bias cancel out under hinge, a softmax cancels the bias of its keys,
    and a norm the bias before it. Were the whole layer dead, its weight would show it.
    """
    return name.rpartition(".")[2].endswith("bias")


def losses_are_means(subject: Subject) -> None:
    """A loss is a mean over the batch: with each image twice it is the same."""
    if changes_at_random(subject.gan()):
        skip("an augmentation changes each image at random")
    for index in range(len(steps_of(subject.gan()))):
        once, twice = _terms(subject, index, subject.batch()), _terms(subject, index, _doubled(subject))
        for name, value in once.items():
            other = float(twice[name])
            if abs(other - float(value)) > _CLOSE * abs(float(value)) + _ROUNDING:
                fail(
                    f"term '{name}' is {float(value):.4g}, but {other:.4g} with each image of the batch twice:"
                    " take the mean over the batch, not the sum, and random numbers from batch.noise() or"
                    " batch.uniform(), as the number of images must not change them"
                )


def losses_unpaired(subject: Subject) -> None:
    """Unless a translator is `paired`, its generator's loss does not depend on which target is beside which source."""
    if subject.task != "translate":
        skip("the model draws from noise")
    gan = subject.gan()
    if gan.paired:
        skip("the model is paired")
    if isinstance(gan, Translator) and gan.takes_style:
        skip("each photo is painted in the style of the target beside it")
    # Critics may mix the two, as gradient penalties do.
    for index in [number for number, step in enumerate(steps_of(gan)) if draws(step, gan)]:
        values = []
        for shift in (0, 1):
            batch = subject.batch()
            batch.target = batch.target.roll(shift, 0)
            values.append(_terms(subject, index, batch))
        for name, value in values[0].items():
            if abs(float(values[1][name]) - float(value)) > _CLOSE * abs(float(value)) + _ROUNDING:
                fail(
                    f"term '{name}' changes when the targets are reordered: it compares a source with the target beside"
                    " it, which shows another scene. Compare the output with its own source, or set `paired = True`"
                )


def critic_sees_images(subject: Subject) -> None:
    """Critics receive images: all their inputs, also in penalties, are in [-1, 1]."""
    gan = subject.gan()
    if changes_at_random(gan):
        skip("an augmentation may leave the range")
    size = subject.configuration.settings.size
    found: list[float] = []

    def note(_: nn.Module, inputs: tuple[object, ...]) -> None:
        found.extend(
            float(value.detach().abs().max())
            for value in inputs
            if isinstance(value, Tensor) and value.shape[1:] == (3, size.height, size.width)
        )

    critics = [step.trains for step in steps_of(gan) if not draws(step, gan)]
    handles = [critic.register_forward_pre_hook(note) for critic in critics]
    for seed in range(_ROUNDS):
        for _ in losses(gan, lambda seed=seed: subject.batch(seed=seed)):  # type: ignore[misc]  # bound per turn
            pass
    for handle in handles:
        handle.remove()
    if not found:
        skip("no critic is called with whole images")
    if max(found) > 1 + 1e-5:
        fail(
            f"a critic receives values up to {max(found):.3g}: mix real and drawn images with uniform weights in [0, 1]"
        )


def in_training_mode(subject: Subject) -> None:
    """Networks that a step trains are in training mode while losses are computed; a frozen body may stay out of it."""
    gan = subject.gan()
    frozen = {id(inner) for body in gan.modules() if _is_frozen(body) for inner in body.modules()}
    own = {id(module) for step in steps_of(gan) if trained(step) for module in step.trains.modules()} - frozen
    evaluating: set[str] = set()
    known = {id(module): name for name, module in gan.named_modules()}

    def note(module: nn.Module, _: object) -> None:
        if not module.training:
            evaluating.add(known[id(module)])

    handles = [m.register_forward_pre_hook(note) for m in gan.modules() if id(m) in own]
    for _ in losses(gan, subject.batch):
        pass
    for handle in handles:
        handle.remove()
    if evaluating:
        fail(f"{names(evaluating)} is in evaluation mode in a loss: leave .train() and .eval() to the engine")


def _is_frozen(body: nn.Module) -> bool:
    """Whether the module has weights, none of which is trained."""
    weights = list(body.parameters())
    return isinstance(body, Encoder) or (bool(weights) and not any(weight.requires_grad for weight in weights))


def changes_at_random(gan: GAN) -> bool:
    """Whether critics receive augmented images."""
    return any(isinstance(module, Augmentation) and not isinstance(module, NoAugmentation) for module in gan.modules())


def has_batch_statistics(gan: GAN) -> bool:
    """Whether some layer uses statistics of the batch; one that stays in evaluation does not."""
    norms = [module for module in gan.modules() if isinstance(module, _STATISTICS)]
    return any(norm.training or norm.running_mean is None for norm in norms)


def _terms(subject: Subject, index: int, batch: Batch) -> dict[str, Tensor]:
    """The loss of one step with the same fresh weights and noise each time."""
    gan = subject.gan()
    for number, (_, terms) in enumerate(losses(gan, lambda: batch)):
        if number == index:
            return {name: value.detach() for name, value in terms.items()}
    raise AssertionError("steps() gives another number of steps at each call")


def _doubled(subject: Subject) -> Batch:
    half = subject.batch(BATCH)
    target, source, label = (
        None if part is None else part.repeat_interleave(2, 0) for part in (half.target, half.source, half.label)
    )
    assert target is not None
    return _Twice(target, half.rng, source=source, label=label, progress=half.progress, global_size=BATCH)


def _any(gradients: Sequence[Tensor | None]) -> bool:
    return any(gradient is not None and bool(gradient.any()) for gradient in gradients)
