"""Trains on two network namespaces that stand for machines. One is killed, comes back, and the run resumes to its end.

Run `python -m tests.benchmarks.two_nodes` as root on Linux. It removes the namespaces at the end.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganzoo.engine import checkpoint

NODES = {"ganzoo-a": "10.77.0.1", "ganzoo-b": "10.77.0.2"}
STEPS = 300
LONGEST = 600.0
# Without the first one, torchrun keeps the old meeting point of the workers, and a worker that comes back never
# learns of it (torch 2.14).
ENVIRONMENT = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "GLOO_SOCKET_IFNAME": "gz0", "OMP_NUM_THREADS": "1"}
OPTIONS = ["--tiny", "--device", "cpu", "--threads", "1", "--budget", f"{STEPS}steps", "--checkpoint-every", "10steps"]


def run(*command: str) -> None:
    subprocess.run(command, check=True)


@contextmanager
def nodes() -> Iterator[None]:
    """Creates the namespaces and connects them by a virtual cable."""
    (one, address), (other, away) = NODES.items()
    try:
        for name in NODES:
            run("ip", "netns", "add", name)
        run("ip", "link", "add", "gz0", "netns", one, "type", "veth", "peer", "name", "gz0", "netns", other)
        for name, own in ((one, address), (other, away)):
            run("ip", "-n", name, "addr", "add", f"{own}/24", "dev", "gz0")
            run("ip", "-n", name, "link", "set", "gz0", "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
        yield
    finally:
        for name in NODES:
            subprocess.run(["ip", "netns", "del", name], check=False)


def started(node: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Starts torchrun in a namespace."""
    meeting = f"{next(iter(NODES.values()))}:29400"
    elastic = ["--nnodes", "2", "--nproc-per-node", "1", "--max-restarts", "3"]
    rendezvous = ["--rdzv-backend", "c10d", "--rdzv-endpoint", meeting, "--local-addr", NODES[node]]
    # Without a name service, a machine does not recognise the meeting point as itself.
    rendezvous += ["--rdzv-conf", f"is_host={str(meeting.startswith(NODES[node])).lower()}"]
    command = [sys.executable, "-m", "torch.distributed.run", *elastic, *rendezvous]
    training = ["-m", "ganzoo", "run", "dcgan", *OPTIONS, "--out", str(folder), "--continue"]
    with Path(f"{folder}-{node}.log").open("ab") as log:
        return subprocess.Popen(
            ["ip", "netns", "exec", node, *command, *training],
            env={**os.environ, **ENVIRONMENT},
            stdout=log,
            stderr=log,
        )


def pull_the_plug(node: str) -> None:
    """Kills every process of the machine, since torchrun starts its workers in sessions of their own."""
    alive = subprocess.run(["ip", "netns", "pids", node], check=True, capture_output=True, text=True).stdout
    for process in alive.split():
        os.kill(int(process), signal.SIGKILL)


def newest(folder: Path) -> int:
    return max(checkpoint.steps_in(folder / "checkpoints"), default=-1)


def wait(folder: Path, step: int) -> float:
    began = time.monotonic()
    while newest(folder) < step:
        if time.monotonic() - began > LONGEST:
            raise SystemExit(f"no step {step} within {LONGEST:.0f} s: see {folder}-*.log")
        time.sleep(0.1)
    return time.monotonic() - began


def main() -> None:
    place = Path(tempfile.mkdtemp())
    folder = place / "run"
    with nodes():
        there = list(NODES)[1]
        agents = {node: started(node, folder) for node in NODES}
        wait(folder, 50)
        at = newest(folder)
        pull_the_plug(there)
        print(f"{there} killed with all its processes, checkpoint of step {at} there")
        agents[there].wait()
        time.sleep(5)
        agents[there] = started(there, folder)
        print(f"{there} started again: step {at + 20} after {wait(folder, at + 20):.0f} s")
        codes = {node: agent.wait(LONGEST) for node, agent in agents.items()}
    outcome = json.loads((folder / "summary.json").read_text())
    print(f"exit codes {codes}; {outcome['outcome']} after {outcome['steps']} steps; logs: {place}")


if __name__ == "__main__":
    main()
