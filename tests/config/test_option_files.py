"""Options in YAML files: names stay as they are written, and what is wrong is named with its line."""

from pathlib import Path

import pytest

from ganzoo import DataError, UsageError
from ganzoo.config.resolve import configure_run


@pytest.mark.parametrize("name", ["no", "007", "1e3", "2024-01-01", "1.10", "on", "12:30"])
def test_a_folder_in_a_file_has_the_name_that_is_written(catalog, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(f"batch: 8\ndata: {name}")
    with pytest.raises(DataError, match=rf"no folder '{name}', .* \(file own\.yaml, line 2\)$"):
        configure_run("dcgan", catalog, config="own.yaml")
    Path(name).mkdir()
    assert configure_run("dcgan", catalog, config="own.yaml").parts["data"].options.path == str(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data: null", r"null is no name: write a text \(in YAML in quotes.* \(file own\.yaml, line 1\)"),
        ("lr: 0.1\nbatch: no", r"batch='no' \(file own\.yaml, line 2\): "),
        ("lr: 0.1\nlrr: 1", r"unknown option 'lrr' for dcgan \(file own\.yaml, line 2\)\. Did you mean 'lr'\?"),
        ("data: scenes\n\ndata.cuont: 3", r"unknown option 'data\.cuont' .*line 3\)"),
        ("metrics: 3", r"metrics=3 \(file own\.yaml, line 1\): give a text: in a file, write it in quotes"),
        ("loss:\n  name: wgan-gp\n  wieght: 3", r"loss\.wieght=3 \(file own\.yaml, line 3\)"),
        ("batch: 12:30", "batch='12:30'"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_line(catalog, tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(text)
    with pytest.raises(UsageError, match=message):
        configure_run("dcgan", catalog, config="own.yaml")


def test_a_number_with_zeros_in_front_is_no_octal_number(catalog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text("batch: 010\ncompile: no\nstop_when_flat: on\nscore_every: null\nlr: 2.0e-4")
    configuration = configure_run("dcgan", catalog, config="own.yaml")
    settings = configuration.settings
    assert (configuration.options.batch, settings.compile, settings.stop_when_flat) == (10, False, True)
    assert (settings.score_every, configuration.options.lr) == (None, 2e-4)
