"""Renders the templates. All text is escaped, control characters are replaced, and only our own script may run."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from ganzoo.config.units import duration
from ganzoo.errors import StorageError, one_line
from ganzoo.io.files import write_atomically
from ganzoo.report_html import formatting
from ganzoo.runs.paths import file_name

REPORT = "report.html"
_ENDING = ".html.j2"
_DAMAGE = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError, TemplateError)


def render(template: str, **content: object) -> str:
    """Renders a template with its content. Names in charts and in joined texts are made visible here as well."""
    return str(visible(_environment().get_template(f"{template}{_ENDING}").render(content)))


def write(path: Path, text: str) -> Path:
    """Writes the page and returns its path. Raises StorageError when it can't be written."""
    try:
        write_atomically(path, text)
    except OSError as error:
        raise StorageError(f"can't write '{file_name(path)}': {one_line(error)}") from None
    return path


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    """Raises StorageError for the file when a value that the page needs is missing from it or has another type."""
    try:
        yield
    except _DAMAGE as error:
        raise StorageError(f"'{file_name(path)}' is damaged: {one_line(error)}") from None


def visible(value: object) -> object:
    """Text without characters that control a terminal, change the writing direction or can't be encoded.

    Each becomes U+FFFD. Markup stays as it is.
    """
    if isinstance(value, Markup):
        return value
    text = str(value)
    if text.replace("\n", "").isprintable():  # a page has megabytes
        return text
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ganzoo.report_html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=visible,
    )
    script = resources.files("ganzoo.report_html").joinpath("templates/script.js").read_text(encoding="utf-8")
    # Browsers run a script only if its hash is this one, so a script that slipped into the page as text does nothing.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    style = resources.files("ganzoo.report_html").joinpath("templates/style.css").read_text(encoding="utf-8")
    environment.globals.update(script=Markup(script), script_hash=digest, style=Markup(style))
    environment.filters.update(
        count=formatting.count,
        duration=duration,
        score=formatting.score,
        between=formatting.between,
        value=formatting.value,
    )
    return environment
