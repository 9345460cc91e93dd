"""Paths as users write them: `~` is the home folder, and where no file can be is said before hours of work."""

import os
import sys
from pathlib import Path

from ganzoo.errors import UsageError

LONGEST = 255
"""Bytes that common file systems allow in one name."""


def user_path(text: str | os.PathLike[str]) -> Path:
    """The path with a leading ~ replaced by the home folder, or as it is where none is known.

    No shell replaces the ~ of --out=~/runs, of a file or of a call in Python.
    """
    return Path(os.path.expanduser(text))


def unusable(text: str, *, as_text: bool = True) -> str:
    """Why no file can be at this path, or nothing if one can. The path need not exist.

    With `as_text` the path must be UTF-8, as for all that is written down in a run: JSON, YAML and safetensors hold
    no other names.
    """
    if not text:
        return "the name is empty"
    if "\0" in text:
        return "no name holds the character NUL"
    if text.startswith("~") and not os.path.lexists(Path(text).parts[0]) and os.path.expanduser(text) == text:
        return f"no home folder is known for '{Path(text).parts[0]}': write it out, or ./{text} for a name with ~"
    try:
        if as_text:
            text.encode()
        if any(len(os.fsencode(part)) > LONGEST for part in Path(text).parts):
            return f"a name in it is longer than {LONGEST} bytes"
        os.stat(text)
    except FileNotFoundError:
        return _dangling(text)
    except UnicodeEncodeError:
        return _unspelt(text)
    except NotADirectoryError:
        return "a part of it is a file, and no folder"
    except OSError as error:  # a loop of links, a folder that may not be searched
        return (error.strerror or type(error).__name__).lower()
    return ""


def usable(path: str | Path) -> Path:
    """The path. Raises UsageError when no file can be there."""
    if problem := unusable(str(path)):
        raise UsageError(f"'{path}': {problem}")
    return Path(path)


def _unspelt(text: str) -> str:
    """Why a name is no text: its bytes are not, or they are, and the locale has no such letters."""
    try:
        os.fsencode(text).decode()
    except UnicodeError:
        return "its name is not UTF-8 text: rename it"
    return f"this locale ({sys.getfilesystemencoding()}) can't spell it: set PYTHONUTF8=1"


def _dangling(text: str) -> str:
    return f"it is a link to '{os.readlink(text)}', which is not there" if os.path.islink(text) else ""
