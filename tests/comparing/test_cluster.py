"""Runs of a comparison as tasks of Ray: with a fake Ray, and with Ray itself where it is installed."""

import json
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from ganzoo.cli import run_command
from ganzoo.comparing import cluster
from ganzoo.comparing.plan import Entry, Settings, settings_of

TINY = ["--tiny", "--budget", "4steps", "--score-images", "50", "--set", "held_out=0.4", "--set", "device=cpu"]


class FakeRay(ModuleType):
    """The part of Ray that is used, in this process. A task runs when `wait` is called."""

    def __init__(self, run: Callable[..., object] | None = None, gpus: int = 0) -> None:
        super().__init__("ray")
        self.__spec__ = ModuleSpec("ray", None)
        self.up = False
        self.needs: dict[str, object] = {}
        self.results: dict[int, object] = {}
        self.cancelled: list[tuple[int, bool]] = []
        self._run, self._gpus = run, gpus
        self._tasks: list[Callable[[], object]] = []

    def is_initialized(self) -> bool:
        return self.up

    def init(self, **_: object) -> None:
        self.up = True

    def shutdown(self) -> None:
        self.up = False

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0, **({"GPU": float(self._gpus)} if self._gpus else {})}

    def remote(self, **needs: object) -> Callable[..., SimpleNamespace]:
        self.needs = needs

        def submit(function: Callable[..., object], *arguments: object) -> int:
            sent = pickle.loads(pickle.dumps(arguments))  # as another machine receives them
            self._tasks.append(lambda: (self._run or function)(*sent))
            return len(self._tasks) - 1

        return lambda function: SimpleNamespace(remote=lambda *arguments: submit(function, *arguments))

    def wait(self, tasks: list[int], *, num_returns: int, timeout: float) -> tuple[list[int], list[int]]:
        for task in tasks:
            try:
                self.results[task] = self._tasks[task]()
            except Exception as error:
                self.results[task] = error
        return tasks, []

    def get(self, task: int) -> object:
        if isinstance(result := self.results[task], Exception):
            raise result
        return result

    def cancel(self, task: int, *, force: bool = False) -> None:
        self.cancelled.append((task, force))


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def use(monkeypatch: pytest.MonkeyPatch, ray: FakeRay) -> FakeRay:
    monkeypatch.setitem(sys.modules, "ray", ray)
    return ray


def rows() -> list[dict[str, object]]:
    return json.loads(Path("out/comparison.json").read_text())["rows"]


def test_a_task_trains_a_model_as_a_local_job_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ray = use(monkeypatch, FakeRay())
    assert run_command(["compare", "dcgan", *TINY, "--jobs", "ray", "--out", "out"]) == 0
    assert "dcgan, seed 0: is queued\ndcgan, seed 0: done" in capsys.readouterr().out
    assert [(row["status"], row["steps"]) for row in rows()] == [("done", 4)]
    assert ray.needs == {"num_cpus": 1, "num_gpus": 0} and not ray.up
    assert run_command(["compare", "dcgan", *TINY, "--jobs", "ray", "--out", "out"]) == 0
    assert "queued" not in capsys.readouterr().out, "nothing is trained twice"


def test_a_task_that_fails_is_a_row(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(entry: Entry, *_: object) -> int:
        if entry.name == "wgan":
            return 1
        error = RuntimeError("a traceback of forty lines")
        error.cause = FileNotFoundError("no such folder: '/photos'")  # type: ignore[attr-defined]
        raise error

    use(monkeypatch, FakeRay(fails))
    assert run_command(["compare", "dcgan", "wgan", *TINY, "--jobs", "ray", "--out", "out"]) == 1
    found = {row["name"]: (row["status"], row["reason"]) for row in rows()}
    assert found["dcgan"][0] == found["wgan"][0] == "failed"
    assert found["dcgan"][1] == "its Ray task failed: FileNotFoundError: no such folder: '/photos'"
    assert "forty lines" not in capsys.readouterr().err


def test_ctrl_c_cancels_waiting_tasks_and_gives_running_ones_time_to_save(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ray = use(monkeypatch, FakeRay())
    timeouts: list[float] = []

    def wait(tasks: list[int], *, num_returns: int, timeout: float) -> tuple[list[int], list[int]]:
        timeouts.append(timeout)
        if len(timeouts) == 1:
            raise KeyboardInterrupt
        return tasks[:1], tasks[1:]

    monkeypatch.setattr(ray, "wait", wait)
    assert run_command(["compare", "dcgan", "wgan", *TINY, "--jobs", "ray", "--out", "out"]) == 130
    assert ray.cancelled == [(0, False), (1, False), (1, True)] and timeouts == [0, cluster.GRACE]
    assert "the same --out resumes" in capsys.readouterr().err and not ray.up


def test_a_cancelled_task_ends_its_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "start", lambda *_: started)
    monkeypatch.setattr(cluster, "time", SimpleNamespace(sleep=interrupted))
    entry = Entry(name="dcgan", seed=0, folder=tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        cluster.train(entry, Settings(names=("dcgan",)), [], str(tmp_path), {})
    assert started.poll() == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="needs a system call of Linux")
def test_a_run_ends_when_its_task_is_killed() -> None:
    code = """if True:
        import os, signal, subprocess, sys
        from ganzoo.comparing.cluster import _end_with_parent
        command = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
        run = subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=_end_with_parent)
        run.stdout.readline()
        print(run.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    deadline = time.monotonic() + 10
    while _alive(int(killed.stdout)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(int(killed.stdout))


def _alive(pid: int) -> bool:
    """Whether the process runs. A zombie, which has ended but was not waited for, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("device", "gpus", "asked"), [("auto", 0, 0), ("auto", 4, 1), ("cpu", 4, 0), ("cuda", 0, 1), ("cuda:0", 4, 1)]
)
def test_a_task_asks_for_a_gpu_if_its_run_uses_one(device: str, gpus: int, asked: int) -> None:
    options = {"device": device}
    settings = settings_of(["dcgan"], budget="1min", seeds=1, options=options, jobs=1, threads=3, tiny=False)
    ray = FakeRay(gpus=gpus)
    cluster.Cluster(ray, settings, [])
    assert ray.needs == {"num_cpus": 3, "num_gpus": asked}


def test_a_cluster_that_the_user_started_is_left_running(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = use(monkeypatch, FakeRay())
    ray.up = True
    with cluster.cluster(Settings(names=("dcgan",), threads=1), []) as workers:
        assert workers.busy == 0 and workers.ended() == []
    assert ray.up


def test_without_ray_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run_command(["compare", "dcgan", *TINY, "--jobs", "ray"]) == 2
    assert "pip install 'ganzoo-core[ray]'" in capsys.readouterr().err and not Path("comparisons").exists()


def test_a_cluster_that_does_not_answer_is_an_error_of_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ray = use(monkeypatch, FakeRay())

    def refused(**_: object) -> None:
        raise ConnectionError("nobody at 10.0.0.1:6379")

    monkeypatch.setattr(ray, "init", refused)
    assert run_command(["compare", "dcgan", *TINY, "--jobs", "ray", "--out", "out"]) == 2
    assert "nobody at 10.0.0.1:6379" in capsys.readouterr().err


@pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")
def test_with_ray_itself(workplace: Path) -> None:
    command = [sys.executable, "-m", "ganzoo", "compare", "dcgan", "wgan", *TINY, "--jobs", "ray", "--out", "out"]
    started = time.monotonic()
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, (time.monotonic() - started, done.stdout, done.stderr)
    assert [(row["name"], row["status"], row["steps"]) for row in rows()] == [("dcgan", "done", 4), ("wgan", "done", 4)]
