"""Writes the package of a plugin: all it needs to be installed, checked, trained and published."""

import keyword
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.plugin import HOME
from ganzoo.config.configuration import fields_of
from ganzoo.errors import UsageError, one_line
from ganzoo.io.files import draft_beside
from ganzoo.io.installed import distribution, version
from ganzoo.scaffold.kinds import KINDS, Kind, with_article

__all__ = ["KINDS", "Kind", "Plan", "plan", "write"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
_PACKAGE = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "gitignore": ".gitignore",
    "test.yml": ".github/workflows/test.yml",
    "test.py": "tests/test_{module}.py",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to write: a plugin `name` of that kind (and task, for a model) in `folder`."""

    name: str
    kind: str
    task: str
    folder: Path

    @property
    def package(self) -> str:
        """The name of the package that is imported."""
        return f"ganzoo_{self.name.replace('-', '_')}"

    @property
    def attempt(self) -> str:
        """The command that tries it in seconds."""
        return KINDS[self.kind].attempt(self.name)

    @property
    def style(self) -> str:
        """The folder of templates for its code."""
        return self.task if self.kind == "model" else self.kind


def plan(name: str, catalog: Catalog, *, kind: str, task: str, out: Path | None) -> Plan:
    """Checks what was asked.

    Raises UsageError for a name that is none, or belongs to something installed, and for a folder that is not empty.
    """
    _check_name(name)
    if kind != "model" and task != "generate":
        raise UsageError(f"--task is of models; {with_article(kind)} has none")
    _check_not_taken(name, kind, catalog)
    folder = out or Path(f"ganzoo-{name}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"'{folder}' is there and not empty: give another --out")
    return Plan(name=name, kind=kind, task=task, folder=folder)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise UsageError(
            f"name '{name}': write lower-case words joined by '-', such as 'my-gan', at most {_LONGEST} long"
        )
    if keyword.iskeyword(name) or name.startswith("ganzoo"):
        raise UsageError(f"name '{name}': choose another, the package will be called ganzoo-NAME")


def _check_not_taken(name: str, kind: str, catalog: Catalog) -> None:
    taken = {part.spec.name for part in catalog.parts if part.spec.kind in (kind, "loss" if kind == "model" else "")}
    if kind == "model":
        taken |= {model.spec.name for model in catalog.models}
    if name in taken:
        raise UsageError(f"name '{name}': there is {with_article(kind)} of that name; all of them: ganzoo plugins")
    # Options of such a part are written with its name: lr.weight would be one of the learning rate.
    of = [one.spec.name for one in catalog.models if name in fields_of(one.spec)]
    if of and KINDS[kind].one_of_several:
        raise UsageError(f"name '{name}': {of[0]} has an option of that name")
    if name in {plugin.name for plugin in catalog.plugins}:
        raise UsageError(f"name '{name}': a plugin of that name is installed; all of them: ganzoo plugins")


def write(plan: Plan) -> list[str]:
    """Writes the package at once or not at all, and gives its files; raises UsageError where that can't be done."""
    draft = draft_beside(plan.folder.absolute())
    files = _files(plan)
    try:
        draft.mkdir(parents=True)
        for name, text in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        draft.replace(plan.folder)  # over an empty folder at most
    except OSError as error:
        raise UsageError(f"can't write to '{plan.folder}': {one_line(error)}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return sorted(files)


def _files(plan: Plan) -> dict[str, str]:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # only writing needs it, not the list of kinds

    kind = KINDS[plan.kind]
    environment = Environment(
        loader=PackageLoader("ganzoo.scaffold"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # source code, not a page
    )
    words = [word.capitalize() for word in plan.name.split("-")]
    module = plan.name.replace("-", "_")
    values = {
        "name": plan.name,
        "what": with_article(plan.kind),
        "task": plan.task,
        "package": plan.package,
        "module": module,
        "code": kind.module,
        "use": kind.use(plan.name),
        "camel": "".join(words),
        "title": " ".join(words),
        "version": version(HOME),
        "next_version": _next_minor(version(HOME)),
    }

    def render(template: str) -> str:
        return environment.get_template(f"{template}.j2").render(values)

    source = f"src/{plan.package}"
    files = {place.format(module=module): render(f"package/{name}") for name, place in _PACKAGE.items()}
    files |= {
        f"{source}/__init__.py": render(f"{plan.style}/declaration.py"),
        f"{source}/{kind.module}.py": render(f"{plan.style}/code.py"),
        f"{source}/py.typed": "",
    }
    if (home := distribution(HOME)) and (licence := home.read_text("licenses/LICENSE")):
        files["LICENSE"] = licence
    return files


def _next_minor(of: str) -> str:
    """The first version that may be incompatible with this one."""
    major, minor = of.split(".")[:2] if "." in of else ("0", "0")
    return f"{major}.{int(minor) + 1}"
