"""Errors: one tree, drawn at the top of errors.py, with the exit codes of the design."""

import re
from inspect import isclass

import pytest

from ganzoo import errors
from ganzoo.errors import GanzooError, nearest, one_line

CODES = {
    "GanzooError": 1,
    "UsageError": 2,
    "DataError": 3,
    "PluginError": 4,
    "DivergedError": 5,
    "StorageError": 6,
}
CLASSES = {name: value for name, value in vars(errors).items() if isclass(value) and issubclass(value, Exception)}


def test_exit_codes_are_those_of_the_design():
    assert {name: error.exit_code for name, error in CLASSES.items()} == CODES


def test_all_errors_stand_directly_below_one_root():
    assert {error.__base__ for error in CLASSES.values()} == {Exception, GanzooError}


def test_the_tree_in_the_docstring_is_true():
    drawn = re.findall(r"^([├└]── )?(\w+Error) +(\d) ", errors.__doc__ or "", re.MULTILINE)
    assert [(bool(branch), name, int(code)) for branch, name, code in drawn] == [
        (error is not GanzooError, name, error.exit_code) for name, error in CLASSES.items()
    ]


@pytest.mark.parametrize(
    ("given", "clause"), [("lrr", " Did you mean 'lr'?"), ("bacth", " Did you mean 'batch'?"), ("zzz", ""), ("", "")]
)
def test_the_nearest_name_is_suggested_when_it_is_close(given, clause):
    assert nearest(given, ["lr", "batch"]) == clause


@pytest.mark.parametrize(
    ("error", "line"),
    [(ValueError("a\n  b"), "ValueError: a b"), (KeyError(), "KeyError"), (SystemExit(3), "SystemExit: 3")],
)
def test_one_line_is_one_line(error, line):
    assert one_line(error) == line
