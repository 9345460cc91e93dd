"""A run folder is found, claimed and emptied, and never taken from another run by accident."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.engine.launch import start
from ganzoo.errors import DataError, UsageError
from ganzoo.runs.claim import claimed_folder, empty_folder, locked
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View

Train = Callable[..., Run]


def test_folders_are_numbered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = []
    for _ in range(3):
        with claimed_folder("dcgan", None, overwrite=False) as folder:
            (folder / "run.json").write_text("{}")
            names.append(folder.name)
    assert names == ["dcgan-1", "dcgan-2", "dcgan-3"]


def test_a_run_is_never_written_over_by_accident(
    train: Train, tiny: Callable[..., Configuration], catalog: Catalog, tmp_path: Path
) -> None:
    run = train(budget="1steps")
    (run.folder / "samples" / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="--overwrite"):
        train(budget="1steps")
    start(tiny(budget="1steps"), catalog, View(), out=run.folder, overwrite=True)
    assert not (run.folder / "samples" / "mine.txt").exists()
    other = tmp_path / "photos"
    other.mkdir()
    (other / "photo.jpg").write_text("precious")
    with pytest.raises(UsageError, match="not a run folder"):
        start(tiny(budget="1steps"), catalog, View(), out=other, overwrite=True)
    assert (other / "photo.jpg").read_text() == "precious"


def test_a_file_in_the_way_is_a_usage_error(train: Train, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        train(name="file/run")


def test_a_second_process_is_kept_out(train: Train) -> None:
    run = train(budget="1steps")
    with locked(run.folder):
        with pytest.raises(UsageError, match="in use"), locked(run.folder):
            pass
        with pytest.raises(UsageError, match="in use"), claimed_folder("x", run.folder, overwrite=True):
            pass
    with locked(run.folder):  # free again
        pass


def test_a_folder_is_held_from_before_the_images_are_read(
    train: Train, tiny: Callable[..., Configuration], catalog: Catalog, tmp_path: Path
) -> None:
    class Impatient(View):
        def reading(self, done: int, total: int, skipped: int) -> None:
            with pytest.raises(UsageError, match="in use"):
                start(tiny(budget="1steps"), catalog, View(), out=tmp_path / "run", overwrite=True)

    assert train(budget="1steps", view=Impatient(), **{"data.count": 70}).outcome == "done"


def test_a_replaced_run_can_be_replaced_again_whenever_it_was_killed(train: Train) -> None:
    run = train(budget="1steps")
    with claimed_folder("x", run.folder, overwrite=True) as folder:
        empty_folder(folder)
    with claimed_folder("x", run.folder, overwrite=True) as folder:
        held = {".lock", ".owner.json"}
        assert {entry.name for entry in folder.iterdir()} == held | {"run.json"}


def test_nothing_is_left_behind_when_the_data_fail(
    tiny: Callable[..., Configuration], catalog: Catalog, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "broken.jpg").write_bytes(b"no jpeg")
    with pytest.raises(DataError, match=r"broken\.jpg"):
        start(tiny(data=str(photos)), catalog, View(), out=tmp_path / "run", overwrite=False)
    assert not (tmp_path / "run").exists()
