"""The project uses the field's words: those of before don't come back in code, messages and docs."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("ganzoo", "plugins", "docs")
SUFFIXES = {".py", ".md", ".j2", ".yaml", ".toml"}
LEFT_OUT = (
    *("docs/_build/", "docs/reference/", "plugins/ganzoo_plugins/scenes/"),
    *("ganzoo/deprecated.py", "docs/api-stability.md"),
)
"""What is generated; the code of the data set `scenes`, whose fingerprint covers every byte; lists of the old names."""

NOW = {
    r"likest": "most similar",
    r"\b(is|are|was|were|be|been|being) told\b": "receives, is shown",
    r"\b(go|goes|going|gone|went) on with\b": "resumes, continues",
    r"\bof then\b": "of that run",
    r"\bas good\b(?! as\b)": "as well, intact",
    r"\b(same|one) door\b": "the same entry points, the same code",
    r"\bgames?\b": "adversarial loss, training",
    r"\bjudged(_\w+)?\b": "scored; CriticOutputs, discriminator_shape",
    r"\b_?judge(?=\(| = )": "augmented_discriminator",
    r"(?<![\w.])through\(": "run_discriminator",
    r"^(?!.*rollbacks).*(?<![\"'])\bsetbacks?\b(?![\"'])": "rollbacks (only what reads old files names the old key)",
    r"(?<![\"'])\bopening[ _]critic(_steps)?(?![\"'\w])": "warmup_critic_steps (the old option stands in quotes)",
    r"\b(short opening|opening (generator )?steps?)\b": "warm-up",
    r"\b(both|either|each|other|two|one)[ -]player('?s)?\b|\bplayers'": "network, generator and discriminator",
    r"\b(Aside|Beside)(?=\(|\])": "StderrView, ExtraMetrics",
    r"\b(Rescue|Brush)\b": "DivergenceRecovery, StylizeOptions",
    r"\bfirst_alone\b|\.tell\(": "rank_zero_first, broadcast",
    r"\bprocesses\.(word|largest|first)\b": "all_gather_object, all_reduce_max, is_main",
    r"\bto_unit\b": "from_uint8",
}
"""A pattern for each old word, and what to write instead."""


def texts() -> Iterator[tuple[str, str]]:
    """Every file that is searched, with its path below the root."""
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "registry.yaml"]
    for folder in FOLDERS:
        paths += [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in SUFFIXES]
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(LEFT_OUT):
            yield name, path.read_text(encoding="utf-8")


def found(pattern: str, texts: Iterable[tuple[str, str]]) -> list[str]:
    """Each line with a match."""
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line, re.IGNORECASE if pattern.islower() else 0)
    ]


@pytest.mark.parametrize("pattern", NOW)
def test_an_old_word_stays_away(pattern: str) -> None:
    assert found(pattern, texts()) == [], f"write instead: {NOW[pattern]}"


@pytest.mark.parametrize(
    "line",
    [
        "the training image that is likest to it",
        "the model is told how far the run is",
        "It goes on with the run",
        "the images of then",
        "the run itself is as good without it",
        "through the same door",
        "the adversarial game",
        "Judged(fake=fake)",
        "judged_shape = shape",
        "judge = self._judge(batch)",
        "scores = through(self.augment, net)",
        "self.setbacks += 1",
        "WGAN's opening critic steps",
        "a short opening and a steeper rate",
        "Adam for either player",
        "one player's update",
        "two-player losses",
        "metrics: Beside(1)",
        "rescue = Rescue(run)",
        "team.tell('folder')",
        "self.processes.largest([1.0])",
        "to_unit(pixels)",
    ],
)
def test_a_planted_word_is_found(line: str) -> None:
    assert any(found(pattern, [("planted", line)]) for pattern in NOW)


@pytest.mark.parametrize(
    "line",
    [
        "judge for yourself which is as good as the other",
        "state.get('setbacks', 0)",
        "# what 3 calls rollbacks, 2 called setbacks",
        'aliases = {"opening_critic_steps": "warmup_critic_steps"}',
        "walks go on and on, through (0, 1)",
        "Beside it stands the floor",
        "every player takes this format",
    ],
)
def test_plain_english_passes(line: str) -> None:
    assert not [pattern for pattern in NOW if found(pattern, [("allowed", line)])]
