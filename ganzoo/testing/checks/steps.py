"""Checks of the steps: which step trains which parameters."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from ganzoo.batch import Batch
from ganzoo.engine.trainer import Trainer, call_without_gradients
from ganzoo.model import Step, Terms
from ganzoo.testing.blame import blamed
from ganzoo.testing.outcome import fail
from ganzoo.testing.subject import Subject, draws, names, steps_of, tensors, trained

_ROUNDS = 3


def steps_well_formed(subject: Subject) -> None:
    """There are steps with unique names, the same at every call, and one of them trains the generator."""
    gan = subject.gan()
    steps = steps_of(gan)
    listed = [step.name for step in steps]
    if not steps or len(set(listed)) < len(listed):
        fail(f"steps() returns steps named {listed}: give each a unique name")
    if listed != [step.name for step in steps_of(gan)]:
        fail("steps() returns other steps at the second call")
    if idle := [step.name for step in steps if not trained(step)]:
        fail(f"step {names(idle)} trains nothing: its module has no parameter that may change")
    if not any(draws(step, gan) for step in steps):
        fail("no step trains the network that draws the images (`averaged`)")


def every_parameter_is_trained(subject: Subject) -> None:
    """Every parameter is trained by a step, or frozen with requires_grad_(False)."""
    gan = subject.gan()
    own = {key for step in steps_of(gan) for key in trained(step)}
    left = [name for name, parameter in gan.named_parameters() if parameter.requires_grad and id(parameter) not in own]
    if left:
        fail(f"no step trains {names(left)}: freeze them with requires_grad_(False), or add a step")
    outside = own - {id(parameter) for parameter in gan.parameters()}
    if outside:
        fail(f"{len(outside)} trained parameters are in no module of the model: they would not be saved")


def optimisers_cover(subject: Subject) -> None:
    """The optimiser of a step holds exactly the parameters that the step trains."""
    gan = subject.gan()
    for step in steps_of(gan):
        optimiser = gan.optimiser(step)
        held = {id(parameter) for group in optimiser.param_groups for parameter in group["params"]}
        own = set(trained(step))
        known = {id(parameter): name for name, parameter in gan.named_parameters()}
        if missing := own - held:
            fail(f"the optimiser of step '{step.name}' leaves out {names({known.get(key, '?') for key in missing})}")
        if extra := held - {id(parameter) for parameter in step.trains.parameters()}:
            fail(f"the optimiser of step '{step.name}' also holds {names({known.get(key, '?') for key in extra})}")


def rounds_run(subject: Subject) -> None:
    """The engine trains three rounds: no loss uses a graph twice, or changes in place what its gradient needs."""
    trainer = subject.trainer()
    current = [""]

    def noting(step: Step) -> Step:
        def loss(batch: Batch) -> Terms:
            current.append(step.name)
            return step.loss(batch)

        return replace(step, loss=loss)

    trainer.steps = tuple(noting(step) for step in trainer.steps)
    with blamed(lambda: current[-1]):
        for _ in range(_ROUNDS):
            trainer.round(0.0)


def step_moves_only_its_own(subject: Subject) -> None:
    """A step changes no parameter that another step trains, `before` and `after` included."""
    trainer = subject.trainer()
    known = {id(parameter): name for name, parameter in trainer.gan.named_parameters()}
    # What the recipe has frozen, such as a teacher that follows the generator, is its own to change.
    of_steps = {known.get(key, "") for step in trainer.steps for key in trained(step)}
    for _ in range(_ROUNDS):
        for step in trainer.steps:
            own = {known[id(parameter)] for parameter in step.trains.parameters() if id(parameter) in known}
            before = {name: p.detach().clone() for name, p in trainer.gan.named_parameters()}
            trainer.gan.train()
            trainer.play(step, 0.0)
            moved = _changed(before, {name: p.detach() for name, p in trainer.gan.named_parameters()})
            if outside := moved & of_steps - own:
                fail(f"step '{step.name}' changes {names(outside)}, which it does not train")


def every_parameter_moves(subject: Subject) -> None:
    """Training changes every parameter that a step trains, and all stay finite."""
    trainer = subject.trainer()
    before = tensors(trainer.gan)
    own = {step.name: trained(step) for step in trainer.steps}
    known = {id(parameter): name for name, parameter in trainer.gan.named_parameters()}
    for _ in range(_ROUNDS):
        trainer.round(0.0)
    after = tensors(trainer.gan)
    if broken := [name for name, value in after.items() if not bool(torch.isfinite(value).all())]:
        fail(f"{names(broken)} is not finite after {_ROUNDS} rounds")
    moved = _changed(before, after)
    for step in trainer.steps:
        idle = {known[key]: value for key, value in own[step.name].items() if known.get(key, "") not in moved}
        if still := {name for name in idle if name not in _pushed(trainer, step, idle)}:
            fail(f"{names(still)} never changes in {_ROUNDS} rounds: is it in the optimiser, with a learning rate?")


def _pushed(trainer: Trainer, step: Step, idle: Mapping[str, nn.Parameter]) -> set[str]:
    """Which of them an update changes when their gradient is not zero, as that of a last bias under hinge may be."""
    before = {name: parameter.detach().clone() for name, parameter in idle.items()}
    optimiser = trainer.optimisers[step.name]
    call_without_gradients(step.before)
    for parameter in idle.values():
        parameter.grad = torch.ones_like(parameter)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    call_without_gradients(step.after)
    return _changed(before, {name: parameter.detach() for name, parameter in idle.items()})


def bf16_finite(subject: Subject) -> None:
    """Training with forward passes in bfloat16 keeps losses, weights and images finite."""
    trainer = subject.trainer(precision="bf16")
    for _ in range(2):
        trainer.round(0.0)
    values = trainer.scalars()
    if wrong := [name for name, value in values.items() if not torch.isfinite(torch.tensor(value))]:
        fail(f"{names(wrong)} is not finite in bfloat16: compute it in float32")
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        images = trainer.gan.eval()(subject.batch())
    if not bool(torch.isfinite(images).all()):
        fail("images drawn in bfloat16 are not finite")


def _changed(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name, value in before.items() if not torch.equal(value, after[name])}
