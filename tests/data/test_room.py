"""The memory of all decoding threads together is bounded."""

import io
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from ganzoo.config.units import Size
from ganzoo.data import decode as rules
from ganzoo.data.room import Room


def test_no_more_is_taken_than_there_is_and_each_gets_its_turn() -> None:
    room, lock = Room(100), threading.Lock()
    inside, most, done = 0, 0, []

    def enter(pixels: int) -> None:
        nonlocal inside, most
        with room.taken(pixels):
            with lock:
                inside += min(pixels, 100)
                most = max(most, inside)
            time.sleep(0.001)
            with lock:
                inside -= min(pixels, 100)
                done.append(pixels)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, [10, 1000, 60, 60, 1, 100, 30, 30, 30, 30] * 5))
    assert most <= 100 and len(done) == 50


def test_room_comes_back_when_a_picture_is_broken() -> None:
    file = io.BytesIO()
    Image.effect_noise((300, 300), 50).save(file, "PNG")
    for _ in range(2 * rules.MAX_PIXELS // 90_000 // 100):
        with pytest.raises(ValueError, match="truncated"):
            rules.decode(file.getvalue()[:9000], Size(8, 8))
    assert rules._ROOM._free == rules.MAX_PIXELS


_PEAK = """
import sys
from concurrent.futures import ThreadPoolExecutor
from ganzoo.config.units import Size
from ganzoo.data.decode import decode
data = open(sys.argv[1], "rb").read()
with ThreadPoolExecutor(4) as pool:
    list(pool.map(lambda _: decode(data, Size(16, 16)), range(4)))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.slow  # a large picture is decoded four times
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc says the peak")
def test_four_threads_with_large_pictures_take_the_memory_of_one(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "large.webp")
    Image.new("RGB", (7900, 7900), (9, 99, 9)).save(path, "WEBP", lossless=True, quality=0, method=0)
    said = subprocess.run([sys.executable, "-c", _PEAK, path], capture_output=True, text=True, check=True)
    assert int(said.stdout) < 1_500_000  # kB; it was 3.9 GB
