"""Disks that fill up, folders that go away, locks that were left: a run goes on while it can, and says so."""

import json
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from ganzoo import api
from ganzoo.config import resolve
from ganzoo.engine import checkpoint, outputs
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import StorageError, UsageError
from ganzoo.io.files import draft_beside
from ganzoo.runs import folder
from ganzoo.runs.claim import locked
from ganzoo.runs.folder import Run
from ganzoo.runs.paths import LOCK, OWNER
from ganzoo.runs.view import View

Train = Callable[..., Run]


class Heard(View):
    """Keeps the notices; calls `then` after a number of steps."""

    def __init__(self, after: int = 0, then: Callable[[Run], None] = lambda run: None) -> None:
        self.notices: list[str] = []
        self._after, self._then = after, then

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def stepped(self, run: Run) -> None:
        if run.progress.steps == self._after:
            self._then(run)


@contextmanager
def limit_put_back() -> Iterator[None]:
    """Inside, the size that no file may exceed is changed: what a full disk is to whoever writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_for_a_while_costs_nothing_but_the_checkpoints_of_that_while(train: Train) -> None:
    class Filling(Heard):
        def stepped(self, run: Run) -> None:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            if run.progress.steps in (3, 7):
                resource.setrlimit(resource.RLIMIT_FSIZE, (2000 if run.progress.steps == 3 else hard, hard))

    view = Filling()
    with limit_put_back():
        run = train(view=view, budget="9steps", checkpoint_every="2steps", log_every="1000steps", keep=9)
    assert checkpoint.steps_in(run.checkpoints) == [0, 2, 8, 9]
    told = [text for text in view.notices if "can't write the checkpoint" in text]
    assert len(told) == 2 and "MB are free" in told[0] and "training continues" in told[0]
    assert not list(run.checkpoints.glob(".*"))


def test_a_disk_that_stays_full_ends_the_run_and_keeps_the_last_good_one(train: Train, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="can't write the checkpoint"), limit_put_back():
        view = Heard(3, lambda run: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY)))
        train(view=view, budget="1000steps", checkpoint_every="1steps", log_every="1000steps")
    assert len([text for text in view.notices if "training continues" in text]) == outputs.ATTEMPTS - 1
    step, _, problems = checkpoint.load(tmp_path / "run" / "checkpoints", ("weights",))
    assert (step, problems) == (2, ())


def test_logs_and_pictures_that_can_not_be_written_are_told_once(train: Train) -> None:
    def block(run: Run) -> None:
        (run.folder / "scalars.jsonl").unlink()
        (run.folder / "scalars.jsonl").mkdir()

    view = Heard(2, block)
    assert train(view=view, budget="6steps", log_every="1steps").outcome == "done"
    assert len([text for text in view.notices if "scalars.jsonl" in text]) == 1


def test_half_a_line_on_a_full_disk_does_not_spoil_the_next_one(train: Train) -> None:
    run = train(budget="1steps", log_every="1steps")
    before = run.scalar_lines()
    size = (run.folder / "scalars.jsonl").stat().st_size
    with limit_put_back():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, resource.RLIM_INFINITY))
        with pytest.raises(StorageError):
            run.log({"step": 2, "lost": 1.0})
    run.log({"step": 3, "kept": 1.0})
    assert run.scalar_lines() == [*before, {"step": 3, "kept": 1.0}]


def test_a_run_folder_that_is_removed_meanwhile_ends_the_run_and_is_not_made_again(
    train: Train, tmp_path: Path
) -> None:
    with pytest.raises(StorageError):
        train(view=Heard(3, lambda run: shutil.rmtree(run.folder)), budget="9steps", checkpoint_every="2steps")
    assert not (tmp_path / "run").exists()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond three bytes."""
    with limit_put_back():
        resource.setrlimit(resource.RLIMIT_FSIZE, (3, resource.RLIM_INFINITY))
        yield


def test_a_disk_that_is_full_at_the_start_leaves_the_folder_free(train: Train, tmp_path: Path) -> None:
    train(name="other", budget="1steps")  # the images are in the cache
    with pytest.raises(StorageError, match=r"can't write '.*run\.json'"), full_disk():
        train(budget="1steps")
    assert not (tmp_path / "run").exists()
    assert train(budget="1steps").outcome == "done"


def test_a_draft_of_run_json_is_no_run(train: Train, tmp_path: Path) -> None:
    """What one that was killed at its very start leaves, and left before drafts had names of their own."""
    (tmp_path / "run").mkdir()
    for draft in (draft_beside(tmp_path / "run" / "run.json"), tmp_path / "run" / ".run.json.part"):
        draft.write_text("{")
    assert train(budget="1steps").outcome == "done"


def test_drafts_of_a_killed_process_go_when_the_run_is_resumed(train: Train) -> None:
    run = train(budget="1steps")
    drafts = [draft_beside(folder / "a") for folder in (run.folder, run.checkpoints)]
    for draft in drafts:
        draft.write_text("{")
    api.resume(run.folder, budget="2steps")
    assert not any(draft.exists() for draft in drafts)


def test_a_disk_that_is_full_when_a_run_is_resumed_is_told(train: Train) -> None:
    run = train(budget="2steps", checkpoint_every="1steps", log_every="1steps")
    shutil.rmtree(run.checkpoints / "step-000002")  # so that there is something to put back
    before = (run.folder / "scalars.jsonl").read_text()
    with pytest.raises(StorageError, match=r"can't (roll|write)"), full_disk():
        api.resume(run.folder, budget="3steps")
    assert (run.folder / "scalars.jsonl").read_text() == before and not list(run.folder.glob(".*.part"))
    assert api.resume(run.folder, budget="3steps").outcome == "done"


def test_what_is_kept_of_a_diverged_batch_is_of_that_time(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    """A weight that is not finite came from no batch that is still known."""
    from ganzoo_plugins.dcgan.model import NonSaturating

    calls = 0

    def generator(self: object, fake: torch.Tensor, real: object) -> dict[str, torch.Tensor]:
        nonlocal calls
        calls += 1
        return {"fake": fake.mean() * (float("nan") if calls == 3 else 1.0)}

    def spoil(run: Run) -> None:
        if run.progress.steps == 5 and not spoilt:
            spoilt.append(run)
            next(trainers[0].gan.parameters()).data.fill_(float("inf"))

    spoilt: list[Run] = []
    trainers: list[Trainer] = []
    built = Trainer.__init__
    monkeypatch.setattr(Trainer, "__init__", lambda self, *a, **k: (trainers.append(self), built(self, *a, **k))[1])
    monkeypatch.setattr(NonSaturating, "generator", generator)
    view = Heard(5, spoil)
    run = train(view=view, budget="8steps", checkpoint_every="1steps", log_every="1000steps")
    assert run.outcome == "done" and len(spoilt) == 1
    assert [file.name for file in (run.folder / "diverged").iterdir()] == ["step-000003-process-0.safetensors"]


def test_a_disk_that_will_not_take_all_that_is_to_be_kept_is_told_at_the_start(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(outputs.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    view = Heard()
    train(view=view, budget="1steps", keep=7)
    (told,) = [text for text in view.notices if "nearly full" in text]
    assert "7 checkpoints" in told and "--keep" in told


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/dev/shm").is_dir(), reason="mounting needs root")
def test_a_small_disk_that_is_really_full(train: Train, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this system allows no mount")
    try:
        with pytest.raises(StorageError, match="No space left"):
            train(name="disk/run", budget="50steps", checkpoint_every="1steps", keep=100)
        step, _, problems = checkpoint.load(disk / "run" / "checkpoints", ("weights", "ema", "train"))
        assert step >= 0 and problems == () and not list((disk / "run" / "checkpoints").glob(".*.part"))
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_the_lock_names_who_holds_it(tmp_path: Path) -> None:
    refused = pytest.raises(UsageError, match=rf"in use by another process \({os.getpid()} on ")
    with locked(tmp_path), refused, locked(tmp_path):
        pass
    assert not (tmp_path / OWNER).exists()


def test_a_holder_that_was_killed_is_noticed_and_in_nobodys_way(train: Train) -> None:
    run = train(budget="1steps")
    (run.folder / OWNER).write_text(json.dumps({"pid": 4711, "host": "elsewhere"}))
    (run.folder / LOCK).touch()
    view = Heard()
    api.resume(run.folder, budget="2steps", view=view)
    assert any("4711 on elsewhere" in text and "without a word" in text for text in view.notices)


def test_other_versions_are_told_when_a_run_is_resumed(train: Train) -> None:
    run = train(budget="1steps")
    file = run.folder / "run.json"
    content = json.loads(file.read_text())
    now = content["versions"]["torch"]
    content["versions"] |= {"torch": "2.10.0", "commit": "0" * 12}
    file.write_text(json.dumps(content))
    view = Heard()
    api.resume(run.folder, budget="2steps", view=view)
    assert any(f"torch 2.10.0 (now {now}):" in text for text in view.notices)
    api.resume(run.folder, budget="3steps", view=(silent := Heard()))
    assert not any("trained so far" in text for text in silent.notices)


def test_a_command_that_is_started_again_goes_on_with_its_run(tmp_path: Path, catalog: object) -> None:
    catalog = resolve.open_catalog(third_party=False)

    def command(budget: str, **options: object) -> Run:
        settings = {"budget": budget, "device": "cpu"}
        wanted = resolve.configure_run("dcgan", catalog, tiny=True, options=options, settings=settings)
        return api.continue_run(wanted, catalog, View(), out=tmp_path / "run")

    command("2steps")
    again = command("4steps")
    assert checkpoint.steps_in(again.checkpoints) == [0, 2, 4]
    with pytest.raises(UsageError, match="another lr"):
        command("4steps", lr=0.5)
    shutil.rmtree(again.checkpoints)  # killed before the first checkpoint
    assert checkpoint.steps_in(command("2steps").checkpoints) == [0, 2]


def test_lines_are_on_disk_before_the_checkpoint_after_which_they_are_not_written_again(
    train: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, int]] = []
    real = folder.sync_file

    def noted(path: Path) -> None:
        synced.append((path.name, len(checkpoint.steps_in(path.parent / "checkpoints"))))
        real(path)

    monkeypatch.setattr(folder, "sync_file", noted)
    train(budget="2steps", log_every="1steps")
    assert [(name, saved) for name, saved in synced if name == "scalars.jsonl"] == [("scalars.jsonl", 1)]
    assert ("timeline.jsonl", 1) in synced


def test_a_checkpoint_has_the_time_of_its_step(train: Callable[..., Run]) -> None:
    """A later one could lie behind the end of an interval, which would never be due again."""

    class Slow(View):
        def logged(self, run: Run, scalars: Mapping[str, float]) -> None:
            time.sleep(0.1)

    run = train(view=Slow(), budget="2steps", log_every="1steps")
    state = json.loads((run.checkpoints / "step-000002" / "state.json").read_text())
    assert state["seconds"] == pytest.approx(run.scalar_lines()[-1]["seconds"], abs=1e-3)
