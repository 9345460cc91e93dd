"""The script that reads a pickled file for `ganzoo.weights.foreign`. It imports nothing of ganzoo.

Its argument is a JSON object: `file`, `draft`, `key`, and the limits `memory` and `largest` (bytes) and `seconds`. When
it fails it prints the reason as a JSON text.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

WRONG_KEY, REFUSED = 2, 6
"""Exit codes: `key` is wrong or missing; the file can't be read here."""
_FORBIDDEN = ("os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.system", "pty.", "subprocess.")
_NETWORK = ("ftplib.", "http.", "socket.", "urllib.")
_DEPTH = 5
_MOST_TENSORS = 100_000
_LONGEST = 500
_NAMED = 3


class Refused(Exception):
    """A reason to stop, with the exit code."""

    def __init__(self, reason: str, code: int = REFUSED) -> None:
        super().__init__(reason)
        self.code = code


def main(asked: Mapping[str, Any]) -> None:
    """Reads the file and writes its tensors. Raises Refused."""
    from safetensors.torch import save_file  # which imports torch

    # The limits are set after torch is imported, which itself maps gigabytes.
    limit(asked["memory"], asked["largest"], asked["seconds"])
    forbid()
    try:
        content = load(asked["file"])
        tensors = chosen(content, asked["key"])
        check(tensors, asked["largest"])
        plain = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
        save_file(plain, asked["draft"])
    except Refused:
        raise
    except MemoryError:
        raise Refused("it needs far more memory than its size explains, so reading was stopped") from None
    except Exception as error:  # torch and its unpickler raise dozens of types for what they refuse
        if "memory" in str(error).lower():
            raise Refused("it needs far more memory than its size explains, so reading was stopped") from None
        raise Refused(reason_of(error)) from None


def limit(memory: int, largest: int, seconds: int) -> None:
    """Limits what this process may use. Where the system has no such limits, the parent still stops it by time."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": largest, "RLIMIT_CPU": seconds}
    try:
        with open("/proc/self/statm", encoding="utf-8") as file:
            limits["RLIMIT_AS"] = memory + int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # only Linux has the file, and only Linux enforces the limit
        pass
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))


def forbid() -> None:
    """Forbids other programs and the network from here on, in case the loader has a hole."""

    def hook(event: str, _: object) -> None:
        if event.startswith(_FORBIDDEN + _NETWORK):
            raise RuntimeError(f"it tried to use {event}")

    sys.addaudithook(hook)


def load(file: str) -> Any:
    """What the restricted loader makes of the file. A zip file is mapped, which saves memory."""
    import torch

    with open(file, "rb") as stream:
        zipped = stream.read(4) == b"PK\x03\x04"
    return torch.load(file, map_location="cpu", weights_only=True, mmap=zipped)


def chosen(content: Any, key: str) -> Mapping[str, Any]:
    """The dictionary at `key`, or the only one that holds tensors. Raises Refused without one, or for several."""
    found = dict(dictionaries(content))
    if key:
        if key not in found:
            raise Refused(f"there are no tensors at '{key}', but at: {_list(found)}", WRONG_KEY)
        return found[key]
    if not found:
        raise Refused("it holds no dictionary of tensors by name")
    if len(found) > 1:
        raise Refused(f"it has several dictionaries of tensors; choose one by --key: {_list(found)}", WRONG_KEY)
    return next(iter(found.values()))


def dictionaries(content: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every dictionary that holds a tensor, with the keys that lead to it."""
    import torch

    if not isinstance(content, dict) or depth > _DEPTH:
        return
    if any(isinstance(value, torch.Tensor) for value in content.values()):
        yield path, content
        return
    for key, value in content.items():
        if isinstance(key, str):
            yield from dictionaries(value, f"{path}.{key}" if path else key, depth + 1)


def check(tensors: Mapping[str, Any], largest: int) -> None:
    """Raises Refused unless all are plain tensors by plain names, and take no more memory than the file explains."""
    import torch

    if len(tensors) > _MOST_TENSORS:
        raise Refused(f"it has {len(tensors)} tensors, at most {_MOST_TENSORS} are read")
    names = [name for name in tensors if not isinstance(name, str) or not 0 < len(name) <= _LONGEST]
    if names or "__metadata__" in tensors:
        raise Refused(f"names must be texts of at most {_LONGEST} letters: {_list(names or ['__metadata__'])}")
    others = [f"{n} is {type(t).__name__}" for n, t in tensors.items() if not isinstance(t, torch.Tensor)]
    odd = [n for n, t in tensors.items() if isinstance(t, torch.Tensor) and (t.layout != torch.strided or t.is_meta)]
    odd += [n for n, t in tensors.items() if isinstance(t, torch.Tensor) and t.is_quantized]
    if others or odd:
        raise Refused(f"it holds other things than plain tensors: {_list([*others, *odd])}")
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    if total > largest:  # a view can repeat one number a billion times
        raise Refused(f"its tensors would take {total} bytes, far more than the file has")


def reason_of(error: Exception) -> str:
    """The loader's message, without its advice to load the file in a way that runs code."""
    text = " ".join(str(error).split())
    for mark in ("GLOBAL ", "Unsupported ", "Trying to "):
        if mark in text:
            text = f"the file would run code or build objects: {text[text.index(mark) :].split('. ')[0]}"
            return text[:300]
    return f"damaged, or no file of tensors ({type(error).__name__}: {text[:200]})"


def _list(names: Any) -> str:
    texts = [str(name)[:80] or "the top" for name in names]
    return ", ".join(texts[: _NAMED * 4]) + (", …" if len(texts) > _NAMED * 4 else "")


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except Refused as refused:
        sys.stdout.write(json.dumps(str(refused)))
        sys.exit(refused.code)
