"""Options of the parts with planted bugs; light, like every declaration."""

from pydantic import Field

from ganzoo import Options


class CountOptions(Options):
    """How many pictures."""

    count: int = Field(100, ge=1, le=1000, description="number of pictures")
