"""100,000 small JPEGs in a folder and in tar shards: the time of the first and the second start, and the memory."""

import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

COUNT = 100_000
FOLDERS = 10
SIZE = 64
DISTINCT = 64
BATCH = 64
STAGES = ("imports", "index", "images", "batch", "all")


def main() -> None:
    """Prints one line per measurement. Each runs in its own process."""
    with tempfile.TemporaryDirectory() as work:
        folder, shards = Path(work, "photos"), Path(work, "shards")
        started = time.perf_counter()
        write_folder(folder)
        write_shards(shards)
        print(
            f"{COUNT:,} JPEGs of {SIZE} px made twice in {time.perf_counter() - started:.0f} s, {os.cpu_count()} cores"
        )
        for name, data in (("folder", folder), ("shards", shards)):
            for task in ("first", "again", "again", "epoch"):
                report(f"{name}, {task}", measured(task, name, data, Path(work, f"cache-{name}")))


def report(title: str, facts: dict[str, list[float]]) -> None:
    """Prints one line. Wall-clock seconds depend on what else runs, seconds of processor time hardly do."""
    stages = ", ".join(f"{stage} {facts[stage][0]:.2f} ({facts[stage][1]:.2f})" for stage in STAGES)
    seen, peak, own = facts["seen"][0], facts["peak"][0], facts["own"][0]
    print(
        f"{title}: wall-clock seconds (processor time): {stages}; {seen:,.0f} images seen;"
        f" peak memory {peak:.0f} MB, of which {own:.0f} MB are private"
    )


def measured(task: str, name: str, data: Path, cache: Path) -> dict[str, list[float]]:
    """The figures from one child process."""
    command = [sys.executable, "-m", "tests.benchmarks.many_images", task, name, str(data), str(time.time())]
    done = subprocess.run(
        command, env={**os.environ, "GANZOO_CACHE": str(cache)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    facts: dict[str, list[float]] = json.loads(done.stdout)
    return facts


def child(task: str, name: str, data: str, born: float) -> dict[str, list[float]]:
    """Measures the imports, the index, the images from or into the cache, and a batch; for "epoch" all batches."""
    marks = [(born, 0.0)]
    from ganzoo.catalog.discovery import discover
    from ganzoo.catalog.lookup import Catalog
    from ganzoo.catalog.registry import Registry
    from ganzoo.config.units import Size
    from ganzoo.data.cache import prepare
    from ganzoo.data.order import Order
    from ganzoo.specs import load_target

    spec = Catalog(discover(third_party=False), Registry()).part("dataset", name).spec
    target = load_target(spec.target)
    marks.append((time.time(), time.process_time()))
    source = target(spec.options(path=data))
    marks.append((time.time(), time.process_time()))
    images = prepare(source, Size(SIZE, SIZE))
    marks.append((time.time(), time.process_time()))
    assert len(images) == COUNT and not images.skipped, (len(images), images.skipped[:1])
    order = Order(COUNT, seed=0)
    seen = len(images.take(order.indices(0, BATCH))[0])
    marks.append((time.time(), time.process_time()))
    if task == "epoch":
        seen += sum(len(images.take(order.indices(at, BATCH))[0]) for at in range(BATCH, COUNT, BATCH))
    spans = zip([*pairwise(marks), (marks[0], marks[-1])], STAGES, strict=True)
    return {
        **{stage: [end[0] - start[0], end[1] - start[1]] for (start, end), stage in spans},
        "seen": [seen],
        "peak": [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024],
        "own": [own_memory()],
    }


def own_memory() -> float:
    """Megabytes of the process without mapped files, which the system can drop when it needs memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))


def jpegs() -> Iterator[bytes]:
    """A few pictures, repeated. A number in a comment makes each file different."""
    generator = np.random.default_rng(0)
    encoded = []
    for _ in range(DISTINCT):
        coarse = Image.fromarray(generator.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        file = io.BytesIO()
        coarse.resize((SIZE, SIZE), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
        encoded.append(file.getvalue())
    for number in range(COUNT):
        data = encoded[number % DISTINCT]
        yield data[:2] + b"\xff\xfe\x00\x0a" + number.to_bytes(8, "big") + data[2:]


def write_folder(folder: Path) -> None:
    """Writes the files, a tenth into each subfolder."""
    for number in range(FOLDERS):
        (folder / f"part-{number}").mkdir(parents=True)
    for number, data in enumerate(jpegs()):
        (folder / f"part-{number % FOLDERS}" / f"{number:06d}.jpg").write_bytes(data)


def write_shards(folder: Path) -> None:
    """Writes the files, a tenth into each shard."""
    folder.mkdir()
    files = enumerate(jpegs())
    for shard in range(FOLDERS):
        with tarfile.open(folder / f"{shard:03d}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for _ in range(COUNT // FOLDERS):
                number, data = next(files)
                member = tarfile.TarInfo(f"{number:06d}.jpg")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


if __name__ == "__main__":
    print(json.dumps(child(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))))
