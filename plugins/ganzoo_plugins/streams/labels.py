"""Numbers for the values of a label, which are given or found while reading."""

from collections.abc import Mapping, Sequence

from ganzoo import DataError, UsageError
from ganzoo_plugins.streams.share import Share

MAX_VALUES = 10_000
MAX_LENGTH = 100


class Labels:
    """The values of one attribute, or of none when `attribute` is empty.

    Raises UsageError when a part of the data is read and the values aren't known: every process would number them by
    itself.
    """

    def __init__(self, attribute: str, names: Sequence[str], share: Share) -> None:
        if attribute and not names and not share.whole:
            raise UsageError(
                f"each of {share.parts} processes reads its own part, so name the values of '{attribute}' in order:"
                " --set data.values=a;b;c, or their number"
            )
        self.attribute = attribute
        self._given = tuple(names)
        self._numbers = {name: number for number, name in enumerate(names)}

    def numbers(self, text: str | None) -> tuple[int, ...]:
        """The number of a value as a picture's labels; raises ValueError when it can't be one."""
        if not self.attribute:
            return ()
        if not text:
            raise ValueError(f"no label '{self.attribute}'")
        if text not in self._numbers:
            self._add(text)
        return (self._numbers[text],)

    def meaning(self, text: str | None) -> str:
        """Everything that the numbers of a value depend on."""
        return repr((self.attribute, text, self.numbers(text), self._given)) if self.attribute else ""

    def attributes(self) -> Mapping[str, tuple[str, ...]]:
        """The attribute with the names of all values so far."""
        return {self.attribute: tuple(self._numbers)} if self.attribute else {}

    def _add(self, text: str) -> None:
        if self._given:
            raise ValueError(f"label '{self.attribute}' is {text[:MAX_LENGTH]!r}, which is not among the values")
        if len(text) > MAX_LENGTH:
            raise ValueError(f"label '{self.attribute}' has {len(text)} letters, at most {MAX_LENGTH} are read")
        if len(self._numbers) == MAX_VALUES:
            raise DataError(
                f"'{self.attribute}' has more than {MAX_VALUES} values, so it can't be a class: choose another"
            )
        self._numbers[text] = len(self._numbers)


def split_values(values: str) -> tuple[str, ...]:
    """The option "a;b;c" as names; a number alone is that many values, "0", "1" ….

    Raises UsageError when one is there twice.
    """
    if values.isdecimal():
        if int(values) > MAX_VALUES:
            raise UsageError(f"data.values={values}: at most {MAX_VALUES}")
        return tuple(map(str, range(int(values))))
    names = tuple(name.strip() for name in values.split(";") if name.strip())
    if len(set(names)) < len(names):
        raise UsageError(f"data.values={values!r}: a value is there twice")
    return names
