"""`python -m ganzoo.testing.child`: builds what each line of standard input describes, and answers what became of it.

Both are JSON.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from itertools import islice
from types import SimpleNamespace
from typing import Any, cast

from pydantic import BaseModel

from ganzoo.config.units import Size
from ganzoo.data.source import ImageSource, PictureStream
from ganzoo.errors import one_line
from ganzoo.specs import load_target

_PICTURES = 3
_SIDE = 32


def described(options: BaseModel) -> dict[str, object]:
    """Options as JSON, with the class that can be imported: one with other defaults exists in its own process only."""
    kind = next(one for one in type(options).__mro__ if _importable(one))
    return {"module": kind.__module__, "class": kind.__qualname__, "values": options.model_dump(mode="json")}


def model_state(content: Mapping[str, Any]) -> list[list[str]]:
    """The names and hashes of the fresh weights, in their order."""
    from ganzoo.config.configuration import Configuration
    from ganzoo.engine.build import build_gan

    def part(one: Mapping[str, Any]) -> SimpleNamespace:
        spec = SimpleNamespace(kind=one["kind"], name=one["name"], target=one["target"])
        return SimpleNamespace(spec=spec, name=one["name"], options=_options(one["options"]))

    model = SimpleNamespace(**{key: content[key] for key in ("name", "target", "task")})
    configuration = SimpleNamespace(
        model=SimpleNamespace(spec=model),
        options=_options(content["options"]),
        settings=SimpleNamespace(size=Size(*content["size"]), seed=content["seed"]),
        parts={field: part(one) for field, one in content["parts"].items()},
    )
    attributes = {name: tuple(values) for name, values in content["attributes"].items()}
    return state_of(build_gan(cast(Configuration, configuration), attributes))


def state_of(network: Any) -> list[list[str]]:
    """The name and the hash of each tensor of a module, in their order."""
    return [[name, _hash(_bytes(value))] for name, value in network.state_dict().items()]


def _bytes(value: Any) -> Any:
    """The bytes of a tensor of any type; numpy has no bfloat16."""
    import torch

    return value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()


def source_state(source: PictureStream) -> dict[str, object]:
    """Attributes, fingerprint and first pictures of a data set."""
    size = Size(_SIDE, _SIDE)
    if isinstance(source, ImageSource):
        pictures = source.read(range(min(_PICTURES, len(source))), size)
    else:
        pictures = islice(source.pictures(size), _PICTURES)
    found = list(pictures)
    return {
        "attributes": [[name, list(values)] for name, values in source.attributes.items()],
        "fingerprint": source.fingerprint(),
        "labels": [list(map(int, one.labels)) for one in found],
        "pictures": [_hash(one.pixels) for one in found],
    }


def main() -> None:
    """Answers each description with the state of what it describes, or with an error."""
    # What is built may print: that goes where its errors go.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            try:
                answer: dict[str, object] = {"state": _state(json.loads(line))}
            except Exception as error:
                answer = {"error": one_line(error)}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


def _state(content: Mapping[str, Any]) -> object:
    if content["what"] == "dataset":
        return source_state(load_target(content["target"])(_options(content["options"])))
    return model_state(content)


def _options(content: Mapping[str, Any]) -> BaseModel:
    kind: Any = import_module(content["module"])
    for name in content["class"].split("."):
        kind = getattr(kind, name)
    made: BaseModel = kind.model_validate(content["values"])
    return made


def _importable(kind: type) -> bool:
    return getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is kind


def _hash(values: Any) -> str:
    return "" if values is None else hashlib.sha256(values.tobytes()).hexdigest()


if __name__ == "__main__":
    main()
