"""The contact sheet: one picture of what was found, pictures that are the same beside each other, problems marked."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ganzoo.config.units import Size
from ganzoo.data.decode import decode
from ganzoo.data.folder import read_file
from ganzoo.data.inspect.facts import Facts, printable
from ganzoo.data.inspect.summary import Inspection

COLUMNS = 8
_CELL = 160
_GAP = 10
_LINE = 15
_CAPTION = 2 * _LINE + 4
_HEADING = 40
_ROWS = 3
"""Rows of a section; what does not fit is counted in its heading."""
_PAPER, _INK, _FAINT, _BAND, _MARK = "#f4f4f2", "#1b1b1b", "#6b6b6b", "#dcdcd6", "#e0202c"
_NAMES = {"data": "data", "style": "style", "held-out": "held out"}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One picture on the sheet with a second line below its name; `joined` to the next one by a band."""

    number: int
    text: str
    joined: bool = False
    marked: bool = False


@dataclass(frozen=True, kw_only=True)
class Section:
    """Pictures under one heading."""

    heading: str
    cells: tuple[Cell, ...]
    hidden: int = 0

    @property
    def rows(self) -> int:
        """Rows that its pictures take."""
        return -(-len(self.cells) // COLUMNS)


def contact_sheet(inspection: Inspection) -> Image.Image:
    """The sheet: files that can't be used, equal pictures, borders, grey pictures, and some of every side."""
    sections = [section for section in _sections(inspection) if section.cells]
    height = _GAP + sum(_HEADING + section.rows * (_CELL + _CAPTION + _GAP) for section in sections)
    sheet = Image.new("RGB", (_GAP + COLUMNS * (_CELL + _GAP), height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    top = _GAP
    for section in sections:
        more = f"  (and {section.hidden} more)" if section.hidden else ""
        draw.text((_GAP, top + 8), section.heading + more, fill=_INK, font=_font(18))
        top += _HEADING
        for place, cell in enumerate(section.cells):
            row, column = divmod(place, COLUMNS)
            corner = (_GAP + column * (_CELL + _GAP), top + row * (_CELL + _CAPTION + _GAP))
            _place(sheet, draw, inspection, cell, corner)
        top += section.rows * (_CELL + _CAPTION + _GAP)
    return sheet


def _sections(inspection: Inspection) -> Iterator[Section]:
    facts = inspection.facts
    broken = [n for n, fact in enumerate(facts) if not fact.usable]
    yield _section("Can't be used", [Cell(number=n, text=_NAMES[facts[n].side]) for n in broken])
    for kind, heading in (("exact", "Exact copies"), ("near", "Nearly the same"), ("mirrored", "Mirrored")):
        pairs = [pair for pair in inspection.pairs if pair.kind == kind]
        # Copies between sides do the most harm, so they come first.
        pairs.sort(key=lambda pair: facts[pair.first].side == facts[pair.second].side)
        cells = [
            Cell(number=number, text=f"{_NAMES[facts[number].side]}, {_alike(pair.likeness)}", joined=first)
            for pair in pairs
            for number, first in ((pair.first, True), (pair.second, False))
        ]
        yield _section(heading, cells, "pairs", 2)
    framed = [n for n, fact in enumerate(facts) if fact.border]
    yield _section("Borders", [Cell(number=n, text=_border(facts[n]), marked=True) for n in framed])
    grey = [n for n, fact in enumerate(facts) if fact.usable and (fact.grey or fact.blank)]
    yield _section("Grey or of one colour", [Cell(number=n, text=_NAMES[facts[n].side]) for n in grey])
    for summary in inspection.summaries:
        side = [n for n, fact in enumerate(facts) if fact.side == summary.side and fact.usable]
        some = [side[place] for place in np.linspace(0, len(side) - 1, min(len(side), COLUMNS * _ROWS)).astype(int)]
        heading = f"{_NAMES[summary.side].capitalize()}: {len(some)} of {summary.usable} usable pictures"
        yield Section(heading=heading, cells=tuple(Cell(number=n, text=_size(facts[n])) for n in some))


def _section(heading: str, cells: list[Cell], unit: str = "pictures", each: int = 1) -> Section:
    shown = cells[: COLUMNS * _ROWS]
    hidden = (len(cells) - len(shown)) // each
    return Section(heading=f"{heading}: {len(cells) // each} {unit}", cells=tuple(shown), hidden=hidden)


def _alike(likeness: float) -> str:
    return f"{100 * likeness:.0f} % alike"


def _border(fact: Facts) -> str:
    return ", ".join(f"{side} {width}" for side, width in fact.border.sides().items())


def _size(fact: Facts) -> str:
    return f"{fact.width} x {fact.height} {fact.format}" if fact.width else ""


def _place(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, inspection: Inspection, cell: Cell, corner: tuple[int, int]
) -> None:
    left, top = corner
    fact = inspection.facts[cell.number]
    if cell.joined:
        draw.rectangle((left - 3, top - 4, left + 2 * _CELL + _GAP + 3, top + _CELL + _CAPTION + 2), fill=_BAND)
    image = _picture(inspection, cell.number)
    if image is None:
        draw.rectangle((left, top, left + _CELL - 1, top + _CELL - 1), fill=_BAND, outline=_MARK)
        draw.text((left + 8, top + 8), _wrapped(fact.problem or "gone since"), fill=_INK, font=_font(12))
    else:
        x, y = left + (_CELL - image.width) // 2, top + (_CELL - image.height) // 2
        sheet.paste(image, (x, y))
        if cell.marked and fact.width:
            scale = image.width / fact.width if fact.width else 1.0
            border = fact.border
            inner = (border.left, border.top, fact.width - border.right, fact.height - border.bottom)
            draw.rectangle(
                [round(v * scale) + o for v, o in zip(inner, (x, y, x - 1, y - 1), strict=True)], None, _MARK, 2
            )
    draw.text((left, top + _CELL + 2), _fitting(printable(fact.name), end=True), fill=_INK, font=_font(12))
    draw.text((left, top + _CELL + 2 + _LINE), _fitting(cell.text), fill=_FAINT, font=_font(12))


def _inside(fact: Facts, size: tuple[int, int], corner: tuple[int, int]) -> tuple[int, int, int, int]:
    """What the picture's border surrounds, on the sheet."""
    scale = size[0] / fact.width
    left, top, right, bottom = (
        round(width * scale) for width in (fact.border.left, fact.border.top, fact.border.right, fact.border.bottom)
    )
    x, y = corner
    return x + left, y + top, x + size[0] - right - 1, y + size[1] - bottom - 1


def _picture(inspection: Inspection, number: int) -> Image.Image | None:
    """The picture at the size of a cell, from its file again; the small copy where there is no file."""
    fact = inspection.facts[number]
    if not fact.usable:
        return None
    for survey in inspection.surveys:
        if number < len(survey.facts):
            break
        number -= len(survey.facts)
    if survey.root is None:
        return Image.fromarray(survey.thumbs[number]).resize((_CELL, _CELL), Image.Resampling.BICUBIC)
    scale = _CELL / max(fact.width, fact.height)
    size = Size(max(round(fact.height * scale), 1), max(round(fact.width * scale), 1))
    try:
        return Image.fromarray(decode(read_file(Path(survey.root) / fact.name), size)[0])
    except (OSError, ValueError):  # gone since it was looked at
        return None


def _fitting(text: str, *, end: bool = False) -> str:
    """As much of the text, from its beginning or its end, as a cell is wide; control characters as question marks."""
    text = _visible(text)
    font = _font(12)
    if font.getlength(text) <= _CELL:
        return text
    while len(text) > 1 and font.getlength(f"…{text}") > _CELL:
        text = text[1:] if end else text[:-1]
    return f"…{text}" if end else f"{text}…"


def _wrapped(text: str) -> str:
    """The text in lines that fit a cell, as many as go into it."""
    return "\n".join(textwrap.wrap(_visible(text), _CELL // 7)[: _CELL // _LINE - 1])


def _visible(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
