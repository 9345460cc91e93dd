"""Says in words what torch's errors mean when a loss raises one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ganzoo.errors import one_line
from ganzoo.testing.outcome import CheckFailed, NotApplicable, fail

_CAUSES = {
    "backward through the graph a second time": (
        "uses a graph that an earlier step or round has already used up: keep values between steps with batch.stash(),"
        " or detach them"
    ),
    "leaf Variable that requires grad": (
        "changes weights in place: clip or overwrite them in Step.before or Step.after, which run without gradients"
    ),
    "modified by an inplace operation": (
        "changes in place what its gradient still needs (clamp_(), mul_(), +=): work on a copy, and change weights in"
        " Step.before or Step.after only"
    ),
    "does not require grad": (
        "gives terms without a gradient for what the step trains: is something detached, or computed under"
        " torch.no_grad()?"
    ),
}
"""What a message of torch says, and what it means in a loss."""
_MOST = 100
"""Characters of torch's own message, which is long."""


@contextmanager
def blamed(step: str | Callable[[], str]) -> Iterator[None]:
    """An error inside fails the check. The message names the step, which may be known only then, and what to do."""
    try:
        yield
    except (CheckFailed, NotApplicable):
        raise
    except Exception as error:
        name = step() if callable(step) else step
        cause = next((meaning for text, meaning in _CAUSES.items() if text in str(error)), "")
        text = one_line(error)
        fail(f"step '{name}' {cause} ({text[:_MOST]}…)" if cause else f"step '{name}' raised {text}")
