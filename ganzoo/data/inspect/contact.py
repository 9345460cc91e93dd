"""The contact sheet: one image that shows the findings, with duplicates side by side and borders marked."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ganzoo.config.units import Size
from ganzoo.data.decode import decode
from ganzoo.data.folder import read_file
from ganzoo.data.inspect.duplicates import KINDS
from ganzoo.data.inspect.facts import Facts, printable
from ganzoo.data.inspect.summary import Inspection, Summary

COLUMNS = 8
_CELL = 160
_GAP = 10
_LINE = 15
_CAPTION = 2 * _LINE + 4
_HEADING = 40
_ROWS = 3
"""Rows of a section. Its heading counts the pictures that do not fit."""
_ROW_HEIGHT = _CELL + _CAPTION + _GAP
_PAPER, _INK, _FAINT, _BAND, _MARK = "#f4f4f2", "#1b1b1b", "#6b6b6b", "#dcdcd6", "#e0202c"
_NAMES = {"data": "data", "style": "style", "held-out": "held out"}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One picture on the sheet, with `text` as the second line below its name.

    A band connects a `joined` cell with the next one. A `marked` cell shows the picture's border in red.
    """

    number: int
    text: str
    joined: bool = False
    marked: bool = False


@dataclass(frozen=True, kw_only=True)
class Section:
    """Pictures under one heading. `hidden` counts those that are not shown."""

    heading: str
    cells: tuple[Cell, ...]
    hidden: int = 0

    @property
    def rows(self) -> int:
        """The number of rows that the pictures take."""
        return -(-len(self.cells) // COLUMNS)


def contact_sheet(inspection: Inspection) -> Image.Image:
    """Draws the sheet: files that can't be used, duplicates, borders, grey pictures, and some pictures of each side."""
    sections = [section for section in _sections(inspection) if section.cells]
    height = _GAP + sum(_HEADING + section.rows * _ROW_HEIGHT for section in sections)
    sheet = Image.new("RGB", (_GAP + COLUMNS * (_CELL + _GAP), height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    top = _GAP
    for section in sections:
        more = f"  (and {section.hidden} more)" if section.hidden else ""
        draw.text((_GAP, top + 8), section.heading + more, fill=_INK, font=_font(18))
        top += _HEADING
        for number, cell in enumerate(section.cells):
            row, column = divmod(number, COLUMNS)
            _draw_cell(sheet, draw, inspection, cell, (_GAP + column * (_CELL + _GAP), top + row * _ROW_HEIGHT))
        top += section.rows * _ROW_HEIGHT
    return sheet


def _sections(inspection: Inspection) -> Iterator[Section]:
    facts = inspection.facts
    broken = [n for n, fact in enumerate(facts) if not fact.usable]
    yield _section("Can't be used", [Cell(number=n, text=_NAMES[facts[n].side]) for n in broken])
    yield from _pair_sections(inspection)
    framed = [n for n, fact in enumerate(facts) if fact.border]
    yield _section("Borders", [Cell(number=n, text=_border(facts[n]), marked=True) for n in framed])
    grey = [n for n, fact in enumerate(facts) if fact.usable and (fact.grey or fact.blank)]
    yield _section("Grey or of one colour", [Cell(number=n, text=_NAMES[facts[n].side]) for n in grey])
    for summary in inspection.summaries:
        yield _sample(inspection, summary)


def _pair_sections(inspection: Inspection) -> Iterator[Section]:
    """Exact, near and mirrored pairs. Pairs between two sides do the most harm, so they come first."""
    facts = inspection.facts
    for kind, heading in zip(KINDS, ("Exact copies", "Nearly the same", "Mirrored"), strict=True):
        pairs = [pair for pair in inspection.pairs if pair.kind == kind]
        pairs.sort(key=lambda pair: facts[pair.first].side == facts[pair.second].side)
        cells = [
            Cell(number=number, text=f"{_NAMES[facts[number].side]}, {_alike(pair.similarity)}", joined=first)
            for pair in pairs
            for number, first in ((pair.first, True), (pair.second, False))
        ]
        yield _section(heading, cells, "pairs", 2)


def _sample(inspection: Inspection, summary: Summary) -> Section:
    """Usable pictures of one side, evenly spread."""
    facts = inspection.facts
    side = [n for n, fact in enumerate(facts) if fact.side == summary.side and fact.usable]
    some = [side[place] for place in np.linspace(0, len(side) - 1, min(len(side), COLUMNS * _ROWS)).astype(int)]
    heading = f"{_NAMES[summary.side].capitalize()}: {len(some)} of {summary.usable} usable pictures"
    return Section(heading=heading, cells=tuple(Cell(number=n, text=_size(facts[n])) for n in some))


def _section(heading: str, cells: list[Cell], unit: str = "pictures", each: int = 1) -> Section:
    """The first cells under a heading that counts all. `each` is the number of cells that make up one `unit`."""
    shown = cells[: COLUMNS * _ROWS]
    hidden = (len(cells) - len(shown)) // each
    return Section(heading=f"{heading}: {len(cells) // each} {unit}", cells=tuple(shown), hidden=hidden)


def _alike(similarity: float) -> str:
    return f"{100 * similarity:.0f} % alike"


def _border(fact: Facts) -> str:
    return ", ".join(f"{side} {width}" for side, width in fact.border.sides().items())


def _size(fact: Facts) -> str:
    return f"{fact.width} x {fact.height} {fact.format}" if fact.width else ""


def _draw_cell(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, inspection: Inspection, cell: Cell, corner: tuple[int, int]
) -> None:
    left, top = corner
    fact = inspection.facts[cell.number]
    if cell.joined:
        draw.rectangle((left - 3, top - 4, left + 2 * _CELL + _GAP + 3, top + _CELL + _CAPTION + 2), fill=_BAND)
    image = _picture(inspection, cell.number)
    if image is None:
        draw.rectangle((left, top, left + _CELL - 1, top + _CELL - 1), fill=_BAND, outline=_MARK)
        draw.text((left + 8, top + 8), _wrapped(fact.problem or "the file is gone"), fill=_INK, font=_font(12))
    else:
        x, y = left + (_CELL - image.width) // 2, top + (_CELL - image.height) // 2
        sheet.paste(image, (x, y))
        if cell.marked and fact.width:
            draw.rectangle(_inside(fact, image.width / fact.width, x, y), None, _MARK, 2)
    draw.text((left, top + _CELL + 2), _fitting(printable(fact.name), end=True), fill=_INK, font=_font(12))
    draw.text((left, top + _CELL + 2 + _LINE), _fitting(cell.text), fill=_FAINT, font=_font(12))


def _inside(fact: Facts, scale: float, x: int, y: int) -> list[float]:
    """The box inside the border of a picture that lies scaled at x, y on the sheet."""
    border = fact.border
    box = (border.left, border.top, fact.width - border.right, fact.height - border.bottom)
    return [round(edge * scale) + offset for edge, offset in zip(box, (x, y, x - 1, y - 1), strict=True)]


def _picture(inspection: Inspection, number: int) -> Image.Image | None:
    """The picture at the size of a cell: read again from its file, or its small copy if there is no file."""
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
    except (OSError, ValueError):  # the file is gone or has changed since the inspection
        return None


def _fitting(text: str, *, end: bool = False) -> str:
    """The beginning of the text, or its `end`, cut to the width of a cell. Control characters become question marks."""
    text = _visible(text)
    font = _font(12)
    if font.getlength(text) <= _CELL:
        return text
    while len(text) > 1 and font.getlength(f"…{text}") > _CELL:
        text = text[1:] if end else text[:-1]
    return f"…{text}" if end else f"{text}…"


def _wrapped(text: str) -> str:
    """The text in as many lines as fit into a cell."""
    return "\n".join(textwrap.wrap(_visible(text), _CELL // 7)[: _CELL // _LINE - 1])


def _visible(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
