"""What plugin authors test with: the checks of `ganzoo check`, for pytest."""

from ganzoo.testing.conform import conformance
from ganzoo.testing.outcome import Report, Result

__all__ = ["Report", "Result", "conformance"]
