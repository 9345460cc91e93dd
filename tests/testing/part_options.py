"""Options of the parts with planted bugs; light, like every declaration."""

from pydantic import Field

from ganzoo import Options


class CountOptions(Options):
    """How many pictures."""

    count: int = Field(100, ge=1, le=1000, description="number of pictures")


class BrightOptions(CountOptions):
    """How many, and how bright."""

    brightness: int = Field(40, ge=0, le=255, description="added to the brightness of all")
