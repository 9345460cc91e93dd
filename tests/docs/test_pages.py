"""The docs are whole and true: links lead somewhere, snippets run, commands parse, and all that is public is there."""

import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import torch

import ganzoo
from ganzoo import hooks
from ganzoo.batch import Batch
from ganzoo.catalog.lookup import Catalog
from ganzoo.cli.app import app
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape
from tests.docs.scripts import load

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
WRITTEN = [page for page in WRITTEN if not {"_build", "reference"} & set(page.relative_to(ROOT).parts)]
FOLLOWED = {"tutorial.md", *(f"howto/{page.name}" for page in (DOCS / "howto").glob("*.md"))}
NOT_RUN = re.compile(r"<!-- not run: (.+?) -->\s*\Z")
HOOKS = [name for name in vars(hooks) if name.startswith("ganzoo_")]


def generator() -> ModuleType:
    """What writes the reference."""
    return load("generate")


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return generator().pages()


def anchors(text: str) -> set[str]:
    """What headings are called in links."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(text: str) -> list[str]:
    """Links and pictures to files of ours."""
    found = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [link for link in found if not re.match(r"\w+:", link)]


def resolved(page: Path, link: str, generated: dict[str, str]) -> bool:
    """Whether the file and the heading are there."""
    place, _, anchor = link.partition("#")
    target = (page.parent / place).resolve() if place else page.resolve()
    if target.is_relative_to(DOCS) and (text := generated.get(str(target.relative_to(DOCS)))):
        return not anchor or anchor in anchors(text)
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text())


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path, generated: dict[str, str]) -> None:
    assert [link for link in links(page.read_text()) if not resolved(page, link, generated)] == []


def test_every_link_of_the_reference_leads_somewhere(generated: dict[str, str]) -> None:
    for name, text in generated.items():
        assert [link for link in links(text) if not resolved(DOCS / name, link, generated)] == [], name


def test_a_dead_link_is_noticed(generated: dict[str, str]) -> None:
    page = DOCS / "index.md"
    assert not resolved(page, "nowhere.md", generated) and not resolved(page, "runs.md#nothing", generated)
    assert resolved(page, "runs.md#exit-codes", generated) and resolved(page, "reference/hooks.md", generated)


@pytest.mark.parametrize("name", HOOKS)
def test_each_hook_has_a_heading_with_its_signature_and_a_test(name: str, generated: dict[str, str]) -> None:
    signature = generator().signature(getattr(hooks, name))
    assert f"## `{name}{signature}`" in generated["reference/hooks.md"]
    assert signature.startswith("(") and "->" in signature
    tried = [*(ROOT / "tests" / "plugins").rglob("*.py"), DOCS / "howto" / "tracker.md"]  # which a test follows
    assert f"def {name}(" in "\n".join(path.read_text() for path in tried)


def test_each_public_name_is_in_the_reference(generated: dict[str, str]) -> None:
    for name in ganzoo.__all__:
        assert re.search(rf"^### `?{name}\b", generated["reference/interfaces.md"], re.MULTILINE), name


def test_the_modules_of_the_interface_are_in_the_reference_and_in_the_promise(generated: dict[str, str]) -> None:
    modules = load("interface").MODULES
    promise = (DOCS / "api-stability.md").read_text()
    assert [name for name in modules if f"## {name}\n" not in generated["reference/interfaces.md"]] == []
    assert [name for name in modules if f"`{name}" not in promise] == []
    methods = ("generator_loss(self, batch: Batch)", "trained_modules", "size_multiple", "betas(self, progress: float)")
    assert [name for name in methods if f"- `{name}" not in generated["reference/interfaces.md"]] == []


def test_the_example_of_a_loss_computes_what_it_says(catalog: Catalog) -> None:
    (code,) = (code for _, code in snippets(DOCS / "plugins.md") if "class BrightGAN" in code)
    namespace: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(code, "plugins.md", "exec"), namespace)
    configuration = configure_run("dcgan", catalog, tiny=True)
    shape = ImageShape(channels=3, height=32, width=32)
    gan = namespace["BrightGAN"](configuration.options, shape=shape, parts=Parts(configuration.parts))
    batch = Batch(torch.ones(4, 3, 32, 32), torch.Generator().manual_seed(0))
    terms = gan.generator_loss(batch)
    assert list(terms)[-1] == "brightness" and len(terms) == 2
    assert terms["brightness"].item() == pytest.approx(10 * (1 - gan.fake(batch).mean().item()) ** 2, rel=1e-4)
    assert gan.betas(0.5) == (gan.options.beta1 / 2, gan.options.beta2)


def test_each_option_is_in_the_reference(generated: dict[str, str]) -> None:
    catalog = open_catalog(third_party=False)
    for part in catalog.parts:
        assert f"## {part.spec.kind} `{part.spec.name}`" in generated["reference/options.md"]
        for option in part.spec.options.model_fields:
            assert f"| `{option}` |" in generated["reference/options.md"]
    for model in catalog.models:
        page = generated[f"reference/models/{model.spec.name}.md"]
        assert all(f"| `{option}` |" in page for option in model.spec.options.model_fields)
        assert model.spec.paper in page and "deviates" in page


def test_each_commands_help_is_current(generated: dict[str, str]) -> None:
    text, made = generated["reference/commands.md"], generator()
    commands = made.commands()
    assert {"run", "check", "new", "compare", "data inspect", "registry write"} <= set(commands)
    for name, command in commands.items():
        context = click.Context(command, info_name=f"ganzoo {name}".strip(), max_content_width=100)
        assert f"```text\n{made.help_of(command, context)}\n```" in text


def snippets(page: Path) -> list[tuple[str, str]]:
    """Python blocks with what is said before each."""
    text = page.read_text()
    return [(text[: found.start()], found[1]) for found in re.finditer(r"```python\n(.*?)```", text, re.DOTALL)]


RUN = [page for page in WRITTEN if str(page.relative_to(DOCS) if page.is_relative_to(DOCS) else page) not in FOLLOWED]


SHORT = [page for page in RUN if snippets(page) and page.name != "compare.md"]


@pytest.mark.parametrize(
    "page", [*SHORT, pytest.param(DOCS / "compare.md", marks=pytest.mark.slow)], ids=lambda page: page.name
)
def test_every_snippet_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "snippet"}
    for before, code in snippets(page):
        if not NOT_RUN.search(before):
            exec(compile(code, f"{page.name}", "exec"), namespace)


def test_few_snippets_are_not_run() -> None:
    assert sum(bool(NOT_RUN.search(before)) for page in RUN for before, _ in snippets(page)) <= 2


def shown_commands() -> list[tuple[str, str]]:
    """Every line of a console block that calls ganzoo, with the page it is on."""
    found = []
    for page in RUN:
        for block in re.findall(r"```(?:console|bash|sh)\n(.*?)```", page.read_text(), re.DOTALL):
            for line in block.splitlines():
                text = line.strip().removeprefix("$ ").split("  #")[0]
                if re.match(r"ganzoo\b", text):
                    found.append((page.name, text))
    return found


@pytest.mark.parametrize(("page", "line"), shown_commands())
def test_every_shown_command_is_understood(page: str, line: str) -> None:
    """Its options and arguments, as click parses them; nothing is run."""
    _, *arguments = shlex.split(line)
    command: click.Command = app
    while isinstance(command, click.Group):
        name = arguments.pop(0)
        inner = command.get_command(click.Context(command), name)
        assert inner is not None, f"no command '{name}'"
        command = inner
    command.make_context(command.name, arguments)
