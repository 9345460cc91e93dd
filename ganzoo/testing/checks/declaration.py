"""Checks of the declaration, which is all that users see before anything is computed."""

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

from annotated_types import Ge, Gt, Le, Len, Lt, MaxLen, MinLen
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ganzoo.catalog.discovery import HEAVY
from ganzoo.config.resolve import TINY
from ganzoo.errors import one_line
from ganzoo.options import ModelOptions, part_kind
from ganzoo.specs import ModelSpec, load_target
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import Declared, names

_LIMITS = (Ge, Gt, Le, Lt, Len, MinLen, MaxLen)
_IMPORT = (
    "import json, sys\nfrom ganzoo.io.installed import forgive\nforgive()\n"
    "for name in json.loads(sys.argv[1]): __import__(name)\n"
    "print(json.dumps([name for name in json.loads(sys.argv[2]) if name in sys.modules]))"
)
_SECONDS = 60


def declaration_light(subject: Declared) -> None:
    """Importing the declaration imports neither torch, timm, kornia nor numpy."""
    modules = {subject.spec.options.__module__}
    if subject.plugin.module is not None:
        modules.add(subject.plugin.module.__name__)
    heavy, problem = imported_alone(tuple(sorted(modules)))
    if problem:
        fail(f"{names(modules)} can't be imported in a process of its own: {problem}")
    if heavy:
        fail(f"importing {names(modules)} imports {', '.join(heavy)}: move what computes to the module of `target`")


@functools.cache
def imported_alone(modules: tuple[str, ...]) -> tuple[list[str], str]:
    """The heavy modules that a new process imports with these, and the last line of its error if it fails.

    What is remembered is forgotten before each report (`cache_clear`), as the files may have changed.
    """
    arguments = [json.dumps(modules), json.dumps(HEAVY)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    found = subprocess.run(
        [sys.executable, "-c", _IMPORT, *arguments], env=environment, capture_output=True, text=True, timeout=_SECONDS
    )
    if found.returncode:
        return [], (found.stderr.strip().splitlines() or ["it ended without a message"])[-1]
    return json.loads(found.stdout.splitlines()[-1]), ""


def target_imported(subject: Declared) -> None:
    """The target can be imported."""
    try:
        load_target(subject.spec.target)
    except Exception as error:
        fail(f"target '{subject.spec.target}': {one_line(error)}")


def declaration_complete(subject: Declared) -> None:
    """A model names its licence, and its tiny budget is some steps."""
    spec = subject.spec
    if isinstance(spec, ModelSpec):
        if not spec.license:
            fail("license is empty: give the SPDX id of the code, such as 'Apache-2.0'")
        budget = str(spec.tiny.get("budget", TINY[spec.task]["budget"]))
        if not re.fullmatch(r"[1-9]\d{0,2}steps", budget):
            fail(f"tiny has the budget {budget!r}: with it, a run on a CPU must take seconds; write at most 999steps")


def paper_well_formed(subject: Declared) -> None:
    """The paper, if one is named, is an arXiv id or a DOI."""
    paper = subject.spec.paper
    if not paper:
        skip("no paper is named")
    if not re.fullmatch(r"\d{4}\.\d{4,5}(v\d+)?|[a-z-]+(\.[A-Z]{2})?/\d{7}|10\.\d{4,9}/\S+", paper):
        fail(f"paper {paper!r}: write an arXiv id as '1511.06434' or a DOI as '10.1145/3422622'")


def options_frozen(subject: Declared) -> None:
    """Options can't be changed after they were checked, and an unknown one is refused."""
    kind = subject.spec.options
    if isinstance(subject.spec, ModelSpec) and not issubclass(kind, ModelOptions):
        fail(f"{kind.__name__} is no subclass of ganzoo.ModelOptions, which holds the options of every model")
    if not kind.model_config.get("frozen"):
        fail(f"{kind.__name__} is not frozen: make it a subclass of ganzoo.Options")
    if kind.model_config.get("extra") != "forbid":
        fail(f"{kind.__name__} accepts unknown options: make it a subclass of ganzoo.Options")


def options_described(subject: Declared) -> None:
    """Every option has a description, which `ganzoo show` prints."""
    if bare := [name for name, field in _own_fields(subject.spec.options) if not (field.description or "").strip()]:
        fail(f"without a description: {names(bare)}; write Field(…, description='…')")


def options_bounded(subject: Declared) -> None:
    """Every number has a lower bound, and none accepts infinity."""
    open_ended = [
        name
        for name, field in _own_fields(subject.spec.options)
        if field.annotation in (int, float) and not any(isinstance(limit, Ge | Gt) for limit in field.metadata)
    ]
    if open_ended:
        fail(f"without a lower bound: {names(open_ended)}; write Field(…, ge=0) or the like")
    endless = [
        name
        for name, field in _own_fields(subject.spec.options)
        if field.annotation is float and not any(isinstance(limit, Le | Lt) for limit in field.metadata)
    ]
    if endless:
        fail(f"accepts infinity: {names(endless)}; write Field(…, le=…) or the like")


def options_default(subject: Declared) -> None:
    """Every option has a default, and the defaults are within their bounds."""
    needed = [name for name, field in _own_fields(subject.spec.options) if field.is_required()]
    if needed and subject.plugin.builtin is False:
        fail(f"without a default: {names(needed)}")
    if needed:
        skip(f"{names(needed)} must be given")
    try:
        subject.spec.options()
    except ValidationError as error:
        fail(f"the defaults are refused: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}")


def _own_fields(kind: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The options that do not choose a part."""
    return ((name, field) for name, field in kind.model_fields.items() if not part_kind(field))
