"""The model card: a README.md in Markdown, with the metadata by which the hub finds and shows the model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from ganzoo.catalog.published import Published
from ganzoo.data.walk import visible
from ganzoo.pushing.pictures import Sample
from ganzoo.report_html.commands import start_from
from ganzoo.report_html.formatting import between, score
from ganzoo.report_html.sentences import explanations
from ganzoo.runs.evaluation import Evaluation, Interval
from ganzoo.runs.protocol import is_left, scale_of
from ganzoo.runs.run_file import UNSAID
from ganzoo.specs import Task
from ganzoo.trained.hub import PREFIX

PIPELINES: Mapping[Task, str] = {"translate": "image-to-image", "generate": "unconditional-image-generation"}
"""What the hub calls the tasks."""
_TAGS: Mapping[Task, tuple[str, ...]] = {"translate": ("style-transfer",), "generate": ("image-generation",)}
_LICENCES = frozenset(
    (
        *("apache-2.0", "mit", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd-2-clause", "bsd-3-clause", "cc0-1.0"),
        *("bsd-3-clause-clear", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
        *("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"),
        *("cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cdla-permissive-1.0", "cdla-permissive-2.0"),
        *("cdla-sharing-1.0", "wtfpl", "ecl-2.0", "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1", "eupl-1.2"),
        *("agpl-3.0", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0", "isc", "lppl-1.3c", "ms-pl", "mpl-2.0", "odbl"),
        *("odc-by", "openrail", "osl-3.0", "postgresql", "ofl-1.1", "ncsa", "unlicense", "zlib", "pddl"),
    )
)
"""The licences that the hub knows by its own names: SPDX ids in small letters. Any other is `other` with a name."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a card tells. `content` is the published part of run.json, `entry` what `ganzoo publish` says of the file.

    `evaluations` are recorded scores; `published` is the entry of a published model that is shared again. `revision` is
    the branch that it goes to, empty for the usual one.
    """

    repository: str
    task: Task
    content: Mapping[str, Any]
    entry: Mapping[str, Any]
    step: int
    samples: Sequence[Sample]
    revision: str = ""
    evaluations: Sequence[Evaluation] = ()
    published: Published | None = None
    bad_at: str = ""
    base: str = ""
    """The repository of the hub from which it was started, if any."""
    own_photos: bool = False

    @property
    def source(self) -> str:
        """How to name it in a command."""
        return f"{PREFIX}{self.repository}{f'@{self.revision}' if self.revision else ''}"

    @property
    def model(self) -> str:
        """The model's short name."""
        return str(self.content["model"]).rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A score as a card shows it: numbers are scaled."""

    metric: str
    name: str
    value: float
    interval: str
    floor: str = ""
    held_out: str = ""


def card(facts: Facts) -> str:
    """The text of README.md."""
    front = yaml.safe_dump(metadata(facts), sort_keys=False, allow_unicode=True, width=110)
    body = "\n\n".join(part for part in _body(facts) if part)
    return f"---\n{front}---\n\n{body}\n"


def metadata(facts: Facts) -> dict[str, Any]:
    """What stands in YAML before the text: licence, tags, task, library and scores with their intervals."""
    known = str(facts.entry["license"]).lower()
    licence = {"license": known} if known in _LICENCES else {"license": "other", "license_name": known}
    rows = _rows(facts)
    return {
        **licence,
        "library_name": "ganzoo",
        "pipeline_tag": PIPELINES[facts.task],
        "tags": list(dict.fromkeys(("ganzoo", "gan", "pytorch", *_TAGS[facts.task], facts.model))),
        **({"base_model": facts.base} if facts.base else {}),
        **({"model-index": [_index(facts, rows)]} if rows else {}),
    }


def _index(facts: Facts, rows: Sequence[_Row]) -> dict[str, Any]:
    """The scores in the form that the hub reads, one result for each set of held-out pictures."""
    results = []
    for held_out in dict.fromkeys(row.held_out for row in rows):
        data = f"{facts.entry['trained_on']}{f', held out: {held_out}' if held_out else ''}"
        metrics = [
            {
                "type": row.metric.lower(),
                "value": row.value,
                "name": f"{row.name}, lower is better (95 % interval from {row.interval}"
                f"{f'; floor {row.floor}' if row.floor else ''})",
            }
            for row in rows
            if row.held_out == held_out
        ]
        task = {"type": PIPELINES[facts.task], "name": PIPELINES[facts.task].replace("-", " ")}
        results.append({"task": task, "dataset": {"type": "images", "name": data}, "metrics": metrics})
    return {"name": facts.repository.partition("/")[2], "results": results}


def _rows(facts: Facts) -> list[_Row]:
    if not facts.evaluations and facts.published is not None:
        known = facts.published.scores.items()
        return [_row(metric, Interval(value=v, low=low, high=high)) for metric, (v, low, high) in known]
    return [
        _row(one.protocol.metric, one.score, one.floor, f"{one.protocol.held_out}, {one.protocol.name}")
        for one in facts.evaluations
    ]


def _row(metric: str, value: Interval, floor: Interval | None = None, held_out: str = "") -> _Row:
    scale = scale_of(metric)
    named = f"per cent of the photos' distance left by {metric.partition('-')[2]}" if is_left(metric) else ""
    return _Row(
        metric=visible(metric),
        name=visible(named or f"{metric} times {scale}"),
        value=round(scale * value.value, 1),
        interval=between(value, scale),
        floor=f"{score(floor.value, scale)}, from {between(floor, scale)}" if floor else "",
        held_out=visible(held_out),
    )


def _body(facts: Facts) -> Iterator[str]:
    yield f"# {facts.repository.partition('/')[2]}"
    yield visible(str(facts.entry["summary"]))
    yield _what(facts)
    yield from (f"![{one.text}]({one.file})" for one in facts.samples)
    yield _caption(facts)
    yield from _use(facts)
    yield from _trained(facts)
    yield from _scores(facts)
    if facts.bad_at:
        yield f"## What it is bad at\n\n{facts.bad_at}"
    yield f"## Licence\n\nThe weights are licensed under {visible(str(facts.entry['license']))}."


def _what(facts: Facts) -> str:
    """What it does, and which network it is."""
    size = facts.content["configuration"]["size"]["value"]
    made = f"model `{facts.content['model']}` of ganzoo, {facts.entry['size'] / 1e6:.1f} MB"
    if facts.task == "translate":
        return f"It paints photos and videos of any size ({made}); it learnt at {size} pixels."
    labels = [
        f"{visible(name)} ({', '.join(map(visible, values))})"
        for name, values in facts.content["data"]["attributes"].items()
    ]
    known = f" It knows the labels {'; '.join(labels)}." if labels else ""
    return f"It draws pictures of {size} pixels from noise ({made}).{known}"


def _caption(facts: Facts) -> str:
    if facts.task == "generate":
        return f"*{facts.samples[0].text}, none of them chosen.*"
    photos = "photos are the publisher's choice" if facts.own_photos else "landscapes are drawn by ganzoo"
    return f"*Left what it was given, right what it painted. The {photos}; no picture of the training is shown.*"


def _use(facts: Facts) -> Iterator[str]:
    source = facts.source
    draws = facts.task == "generate"
    first = f"ganzoo sample {source}" if draws else f"ganzoo stylize {source} photo.jpg --out painted"
    again = start_from(facts.content, source, UNSAID)
    again = again.replace("--data PHOTOS", "--data PICTURES") if draws else again
    yield "## How to use it"
    yield f"```console\npip install 'ganzoo-core[hub]'\n{first}\n```"
    yield "Or in Python:"
    if draws:
        code = f'model = ganzoo.load("{source}")\nmodel.to_pil(model.sample(1))[0].save("drawn.png")'
        yield f"```python\nimport ganzoo\n\n{code}\n```"
    else:
        code = f'model = ganzoo.load("{source}")\nmodel.stylize(Image.open("photo.jpg")).save("painted.jpg")'
        yield f"```python\nimport ganzoo\nfrom PIL import Image\n\n{code}\n```"
    folders = "your folder PICTURES" if draws else "your folders PHOTOS and PAINTINGS"
    yield f"To train it further on {folders}:"
    yield f"```console\n{again}\n```"
    plain = f"{PREFIX}{facts.repository}"
    yield (
        f"`{plain}@COMMIT` is always the same weights. ganzoo reads `run.json` and `model.safetensors` and nothing"
        " else: no pickle and no code. They are the averaged weights of the network that "
        f"{'draws' if draws else 'paints'}; a frozen encoder, if it has one, comes from its own package."
    )


def _trained(facts: Facts) -> Iterator[str]:
    yield "## What it was trained on"
    if "imported" in facts.content:
        form = visible(str(facts.content["imported"].get("format", "")))
        yield f"The weights were imported from a checkpoint of another program (`{form}`), not trained by ganzoo."
        return
    seed = facts.content["configuration"].get("seed", {}).get("value", 0)
    base = f" It started from [{facts.base}](https://huggingface.co/{facts.base})." if facts.base else ""
    yield f"{visible(str(facts.entry['trained_on']))}; {facts.step:,} steps with seed {seed}, by this command.{base}"
    yield f"```console\n{visible(str(facts.entry['command']))}\n```"


def _scores(facts: Facts) -> Iterator[str]:
    rows = _rows(facts)
    if not rows:
        return
    yield "## Scores"
    lines = ["| score, lower is better | value | 95 % interval | floor |", "|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row.name} | {score(row.value, 1)} | {row.interval} | {row.floor or 'not recorded'} |")
    yield "\n".join(lines)
    if facts.evaluations:
        yield "\n".join(f"- **{name}**: {visible(text)}" for name, text in explanations(facts.evaluations[0]))
        yield from _protocols(facts.evaluations)


def _protocols(evaluations: Sequence[Evaluation]) -> Iterator[str]:
    """All that must be equal for two scores to be compared."""
    yield "Two scores can be compared if nothing of this differs:"
    first = evaluations[0].protocol
    for one in evaluations:
        differing = {"metric": "", **one.protocol.differences(first)} if one.protocol != first else first.to_dict()
        fields = {name: value for name, value in one.protocol.to_dict().items() if value and name in differing}
        lines = "\n".join(f"{name}: {visible(str(value))}" for name, value in fields.items())
        yield f"```yaml\n{lines}\n```" if one.protocol == first else f"and the same but for\n\n```yaml\n{lines}\n```"
