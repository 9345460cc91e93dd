"""Several processes train one run, as torchrun starts them: they end alike, whatever happens to one of them."""

import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import distributed

from ganzoo import api
from ganzoo.batch import SharedGenerator
from ganzoo.engine import checkpoint, crashes
from ganzoo.engine.processes import LostError, Processes
from ganzoo.errors import DataError
from ganzoo.runs.logs import recorded_scores
from tests.runs.test_parent import ends

PATCHED = """
import os, signal, sys, time
from ganzoo.cli import run_command
from ganzoo.engine import checkpoint, outputs
from ganzoo.errors import StorageError

FIRST = os.environ["RANK"] == "0"
{patch}
sys.exit(run_command(sys.argv[1:]))
"""
SIGNAL_WHILE_IT_DRAWS = """
draw = outputs.Outputs.sample
def sample(self):
    if FIRST and self.trainer.rounds == 10:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.5)
    draw(self)
outputs.Outputs.sample = sample
"""
FULL_FOR_A_WHILE = """
save = checkpoint.save
def full_once(folder, step, *rest):
    if step == 10 and not os.path.exists("full"):
        open("full", "w").close()
        raise StorageError("can't write the checkpoint: no space left")
    return save(folder, step, *rest)
checkpoint.save = full_once
"""
COMMAND = ["-m", "ganzoo", "run", "dcgan", "--tiny", "--device", "cpu", "--log-every", "5steps"]


def start(folder: Path, *arguments: str, count: int = 2, patch: str = "") -> "list[subprocess.Popen[str]]":
    """The processes of one run, by the variables that torchrun sets; `patch` is code that goes before."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    begin = ["-c", PATCHED.format(patch=patch), *COMMAND[2:]] if patch else COMMAND
    command = [sys.executable, *begin, "--out", str(folder), *arguments]
    return [
        subprocess.Popen(
            command,
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(count)
    ]


def ended(processes: "list[subprocess.Popen[str]]", seconds: float = 120) -> list[tuple[int, str]]:
    """Exit code and output of each."""
    with ThreadPoolExecutor(len(processes)) as pool:
        outputs = list(pool.map(lambda process: process.communicate(timeout=seconds)[0], processes))
    return [(process.returncode, output) for process, output in zip(processes, outputs, strict=True)]


def wait_for(there: Callable[[], bool], processes: "list[subprocess.Popen[str]]") -> None:
    deadline = time.monotonic() + 120
    while not there():
        assert time.monotonic() < deadline
        assert all(process.poll() is None for process in processes), ended(processes)
        time.sleep(0.02)


def test_one_writes_for_all_and_another_number_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (first, said), (second, silent) = ended(start(folder, "--budget", "10steps"))
    assert (first, second, silent) == (0, 0, "") and "done after 10 steps, 80 images" in said
    content = json.loads((folder / "run.json").read_text())
    assert content["hardware"]["processes"] == "2"
    assert len((folder / "scalars.jsonl").read_text().splitlines()) == 2
    again = api.resume(folder, budget="12steps")
    assert again.outcome == "done" and again.progress.images == 96


@pytest.mark.slow
def test_parts_of_shards_need_as_many_processes_to_the_end(tmp_path: Path) -> None:
    folder, tar = tmp_path / "run", tmp_path / "photos.tar"
    with tarfile.open(tar, "w") as shard:
        for number in range(40):
            picture = tmp_path / f"{number:02d}.png"
            Image.new("RGB", (20, 20), (6 * number, 100, 0)).save(picture)
            shard.add(picture, picture.name)
    options = ["--data", "shards", "--set", f"data.path={tar}", "--set", "data.share=auto", "--continue"]
    assert [code for code, _ in ended(start(folder, *options, "--budget", "2steps"))] == [0, 0]
    assert json.loads((folder / "run.json").read_text())["data"]["images"] == 20
    assert [code for code, _ in ended(start(folder, *options, "--budget", "4steps"))] == [0, 0]
    with pytest.raises(DataError, match=r"by 2 processes: with data\.share=auto .*\(now 1\)"):
        api.resume(folder, budget="6steps")


def test_a_signal_to_one_ends_all_at_the_same_step(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    processes = start(folder, "--budget", "1h")
    wait_for((folder / "scalars.jsonl").is_file, processes)
    processes[1].send_signal(signal.SIGTERM)
    assert [code for code, _ in ended(processes)] == [143, 143]
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["outcome"] == "terminated"
    assert summary["checkpoint"] == summary["steps"] == checkpoint.steps_in(folder / "checkpoints")[-1] > 0


@pytest.mark.slow
def test_a_signal_to_the_first_while_it_alone_draws_ends_all(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    processes = start(folder, "--budget", "1h", "--sample-every", "10steps", patch=SIGNAL_WHILE_IT_DRAWS)
    assert [code for code, _ in ended(processes)] == [143, 143]
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["steps"] == summary["checkpoint"] == checkpoint.steps_in(folder / "checkpoints")[-1] >= 10


@pytest.mark.slow
def test_a_disk_that_is_full_for_the_first_keeps_all_in_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failed step is the last one, which is saved once more at the end."""
    monkeypatch.chdir(tmp_path)
    options = ["--budget", "10steps", "--checkpoint-every", "5steps"]
    (first, said), (second, _) = ended(start(tmp_path / "run", *options, patch=FULL_FOR_A_WHILE))
    assert (first, second) == (0, 0), said
    assert "training continues" in said and checkpoint.steps_in(tmp_path / "run" / "checkpoints") == [0, 5, 10]


@pytest.mark.slow
def test_one_that_is_killed_ends_the_others_with_its_number(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    processes = start(folder, "--budget", "1h")
    wait_for((folder / "scalars.jsonl").is_file, processes)
    processes[1].kill()
    began = time.monotonic()
    (code, said), (killed, _) = ended(processes)
    assert killed == -signal.SIGKILL and code == 1 and time.monotonic() - began < 60
    assert "no answer from process 1" in said and "Traceback" not in said


@pytest.mark.slow
def test_a_batch_that_can_not_be_shared_is_a_usage_error_on_all(tmp_path: Path) -> None:
    assert [code for code, _ in ended(start(tmp_path / "run", "--batch", "9"))] == [2, 2]


@pytest.mark.slow
def test_a_folder_that_is_taken_ends_those_that_wait_for_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "mine.txt").touch()
    (first, said), (second, heard) = ended(start(folder))
    assert (first, second) == (2, 1) and "is not empty" in said
    assert "the main process" in heard and "Traceback" not in heard


@pytest.mark.slow
def test_torchrun_starts_what_was_killed_again_and_it_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    elastic = ["--nproc-per-node", "2", "--max-restarts", "1", "--standalone"]
    options = ["--budget", "150steps", "--checkpoint-every", "5steps", "--continue", "--out", str(folder)]
    agent = subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *elastic, *COMMAND, *options],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    owner = folder / ".owner.json"
    wait_for(lambda: owner.is_file() and len(checkpoint.steps_in(folder / "checkpoints")) > 1, [agent])
    os.kill(json.loads(owner.read_text())["pid"], signal.SIGKILL)
    output = agent.communicate(timeout=180)[0]
    assert agent.returncode == 0, output
    assert "ended without a word" in output and "resuming" in output
    assert checkpoint.steps_in(folder / "checkpoints")[-1] == 150


@pytest.mark.slow
def test_no_process_outlives_torchrun(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    elastic = ["--nproc-per-node", "2", "--standalone"]
    agent = subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *elastic, *COMMAND, "--budget", "1h", "--out", str(folder)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    wait_for((folder / "scalars.jsonl").is_file, [agent])
    first = json.loads((folder / ".owner.json").read_text())["pid"]
    agent.kill()
    agent.wait()
    assert ends(first)
    assert json.loads((folder / "summary.json").read_text())["outcome"] == "terminated"


@pytest.mark.slow
def test_a_score_that_a_kill_broke_off_is_taken_by_all_when_they_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    scores = ["--score-every", "2steps", "--set", "score_images=50", "--set", "held_out=0.4"]
    options = [*scores, "--budget", "5steps", "--continue"]
    monkeypatch.setenv(crashes.VARIABLE, "during-score:2")
    assert [code for code, _ in ended(start(folder, *options))] == [-signal.SIGKILL, 1]
    assert [score.step for score in recorded_scores(folder)] == [2]
    monkeypatch.delenv(crashes.VARIABLE)
    assert [code for code, _ in ended(start(folder, *options))] == [0, 0]
    assert [score.step for score in recorded_scores(folder)] == [2, 4, 5]


@pytest.fixture
def pair() -> Iterator[list[Processes]]:
    """Two processes, for which threads stand, joined by gloo."""
    store = distributed.HashStore()  # type: ignore[attr-defined]  # not in the stubs

    def join(rank: int) -> Processes:
        group = distributed.ProcessGroup(store, rank, 2)
        gloo = distributed.ProcessGroupGloo(store, rank, 2, timedelta(seconds=20))
        group._register_backend(torch.device("cpu"), distributed.ProcessGroup.BackendType.GLOO, gloo)
        return Processes(rank, 2, group)

    with ThreadPoolExecutor(2) as pool:
        yield list(pool.map(join, range(2)))


def on_both(pair: list[Processes], action: Callable[[Processes], object]) -> list[object]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(action, pair))


def test_parameters_that_have_drifted_apart_are_named_on_all(pair: list[Processes]) -> None:
    def look(one: Processes) -> str:
        drifted = torch.ones(3)
        drifted[1] += one.rank * 1e-7
        try:
            one.check_same({"generator.a": torch.ones(2), "generator.b": drifted}, 7)
        except LostError as error:
            return str(error)
        return ""

    for said in on_both(pair, look):
        assert "at step 7 'generator.b' is not the same on process 0 and on 1" in str(said)
    assert on_both(pair, lambda one: one.check_same({"a": torch.ones(2, dtype=torch.bfloat16)}, 1)) == [None, None]


def test_what_one_knows_all_decide_on(pair: list[Processes]) -> None:
    assert on_both(pair, lambda one: one.any(one.rank == 1)) == [True, True]
    assert on_both(pair, lambda one: one.all_reduce_max([one.rank, -one.rank])) == [[1.0, 0.0], [1.0, 0.0]]


def test_all_receive_the_message_of_the_lowest_rank_that_has_one(pair: list[Processes]) -> None:
    said = "'g.fake' is nan é"
    assert on_both(pair, lambda one: one.first_message(said if one.rank else "")) == [said] * 2
    assert on_both(pair, lambda one: one.first_message(f"{one.rank}" * 999)) == ["0" * 999] * 2
    assert on_both(pair, lambda one: one.first_message("")) == ["", ""]
    assert Processes().first_message("so") == "so"


def test_what_is_logged_is_the_mean_of_all(pair: list[Processes]) -> None:
    assert on_both(pair, lambda one: one.average_scalars({"a": 2.0 * one.rank, "b": 3.0})) == [{"a": 1.0, "b": 3.0}] * 2


def test_running_statistics_become_the_mean_and_all_else_that_of_the_first(pair: list[Processes]) -> None:
    def agree(one: Processes) -> list[object]:
        network = torch.nn.Sequential(torch.nn.BatchNorm2d(2), torch.nn.Identity())
        network[1].register_buffer("pool", torch.full((2,), float(one.rank + 5)))
        network[0].running_mean.fill_(one.rank)
        network[0].num_batches_tracked.fill_(one.rank + 7)
        one.sync_buffers(network)
        return [tensor.tolist() for tensor in network.buffers()]

    assert on_both(pair, agree) == [[[0.5, 0.5], [1.0, 1.0], 7, [5.0, 5.0]]] * 2


@pytest.mark.parametrize("stacked", [1, 2])
def test_an_image_is_changed_alike_however_many_share_the_batch(stacked: int) -> None:
    """Two images each of four, or pairs of them on top of each other."""

    def draw(generator: torch.Generator) -> Callable[[int], torch.Tensor]:
        return lambda rows: torch.rand(rows, 3, generator=generator)

    alone = SharedGenerator(1, 0, 4)
    whole = alone.rows(4 * stacked, draw(alone)).view(stacked, 4, 3)
    for rank in range(2):
        own = SharedGenerator(2, rank, 2)
        found = own.rows(2 * stacked, draw(own)).view(stacked, 2, 3)
        assert torch.equal(found, whole[:, 2 * rank : 2 * rank + 2])
        assert torch.equal(own.get_state(), alone.get_state())
