"""The view of a command whose output is for programs."""

from ganzoo.report import complain
from ganzoo.view import View


class Aside(View):
    """Notices on the error stream, so that the output is nothing but rows."""

    def notice(self, text: str) -> None:
        """The sentence."""
        complain(text)
