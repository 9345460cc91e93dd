"""Tar shards: read whole or not at all, shared without overlap, and never a program started."""

import gzip
import http.server
import io
import os
import sys
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from ganzoo_plugins.streams import ShardsOptions, labels
from ganzoo_plugins.streams.members import Endings
from ganzoo_plugins.streams.shards import Shards, expanded, samples
from PIL import Image
from pydantic import ValidationError

from ganzoo.cli import run_command
from ganzoo.config.units import Size
from ganzoo.data.cache import prepare
from ganzoo.data.folder import FolderSource
from ganzoo.errors import DataError, UsageError
from ganzoo.runs.run_file import read_run_file

SIZE = Size(8, 8)
KINDS = ("sea", "wood", "hill")
Files = Sequence[tuple[str, bytes]]


def jpeg(number: int) -> bytes:
    """A picture whose grey is its number."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (number,) * 3).save(file, "JPEG", quality=95)
    return file.getvalue()


def tar(path: Path, files: Files) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz" if path.suffix in (".gz", ".tgz") else "w") as archive:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def labelled(numbers: Sequence[int]) -> Files:
    """Each picture with its label and with a member that nobody asks for."""
    return [
        (f"{number:03d}.{ending}", data)
        for number in numbers
        for ending, data in (("JPG", jpeg(number)), ("cls", KINDS[number % 3].encode()), ("json", b"{}"))
    ]


def shards(**options: object) -> Shards:
    return Shards(ShardsOptions(**{key: str(value) for key, value in options.items()}))  # type: ignore[arg-type]


def greys(source: Shards) -> list[int]:
    """The numbers of the pictures that can be read."""
    pictures = [picture.pixels for picture in source.pictures(SIZE)]
    return [round(float(pixels.mean())) for pixels in pictures if pixels is not None]


@pytest.fixture
def four(tmp_path: Path) -> Path:
    """Forty pictures in four shards."""
    for shard in range(4):
        tar(tmp_path / "set" / f"part-{shard}.tar", labelled(range(10 * shard, 10 * shard + 10)))
    return tmp_path / "set"


def test_pictures_come_in_order_with_labels_and_names(four: Path) -> None:
    source = shards(path=four, label="cls")
    assert source.count() is None
    pictures = list(source.pictures(SIZE))
    assert [picture.name for picture in pictures[:2]] == ["part-0.tar: 000", "part-0.tar: 001"]
    assert [picture.labels for picture in pictures] == [(number % 3,) for number in range(40)]
    assert source.attributes == {"cls": KINDS}
    assert len({picture.digest for picture in pictures}) == 40
    assert greys(source) == list(range(40)) == greys(source)


@pytest.mark.parametrize("pattern", ["", "part-{0..3}.tar", "*.tar", "part-{0..1}.tar::{}part-[23].tar"])
def test_a_folder_and_patterns_name_the_same_shards(four: Path, pattern: str) -> None:
    (four / "._part-0.tar").write_bytes(b"what macOS leaves behind")
    assert greys(shards(path=f"{four}/{pattern}".replace("{}", f"{four}/"))) == list(range(40))


def test_brackets_and_braces_in_names_are_no_patterns(tmp_path: Path) -> None:
    file = tar(tmp_path / "my {old} [shards]" / "x.tar", labelled([7]))
    assert greys(shards(path=file)) == greys(shards(path=file.parent)) == [7]


def test_packed_shards_and_limits(tmp_path: Path) -> None:
    tar(tmp_path / "a.tar.gz", labelled(range(5)))
    tar(tmp_path / "deep" / "b.tgz", labelled(range(5, 9)))
    assert greys(shards(path=tmp_path)) == list(range(9))
    assert greys(shards(path=tmp_path, limit=3)) == [0, 1, 2]


def test_reading_is_lazy(tmp_path: Path) -> None:
    for shard in range(2):
        tar(tmp_path / f"{shard}.tar", labelled(range(40)))
    source = shards(path=tmp_path)
    (tmp_path / "1.tar").unlink()
    pictures = source.pictures(SIZE)
    assert next(pictures).name == "0.tar: 000"
    with pytest.raises(DataError, match=r"1\.tar' can't be read: No such file"):
        list(pictures)


@pytest.mark.parametrize("parts", [1, 2, 3, 4, 5, 11])
def test_shares_are_disjoint_and_complete(four: Path, parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [greys(shards(path=four, share=f"{number}/{parts}")) for number in range(1, parts + 1)]
    assert sorted(chain.from_iterable(found)) == list(range(40))
    if parts != 3:  # 4 shards by 3
        assert max(map(len, found)) - min(map(len, found)) <= 1
    monkeypatch.setenv("WORLD_SIZE", str(parts))
    for rank, numbers in enumerate(found):
        monkeypatch.setenv("RANK", str(rank))
        assert greys(shards(path=four, share="auto")) == numbers
        assert greys(shards(path=four)) == list(range(40)), "unless asked for, every process of a run reads all"


@pytest.mark.parametrize(("rank", "size"), [("2", "2"), ("x", "2"), ("-1", "2"), ("0", "")])
def test_a_rank_that_does_not_fit_is_refused(four: Path, rank: str, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", size)
    with pytest.raises(UsageError, match=r"set data\.share"):
        shards(path=four, share="auto")


@pytest.mark.parametrize("share", ["0/2", "3/2", "1", "1/0", "all", "1/2/3"])
def test_a_share_that_is_none_is_refused(four: Path, share: str) -> None:
    with pytest.raises(ValidationError):
        shards(path=four, share=share)


def test_shares_agree_on_the_numbers_of_labels(four: Path) -> None:
    with pytest.raises(UsageError, match=r"data\.values"):
        shards(path=four, label="cls", share="1/2")
    for share in ("1/2", "2/2"):
        source = shards(path=four, label="cls", share=share, values="hill;sea;wood")
        assert all(picture.name[-2:].isdigit() for picture in source.pictures(SIZE))
        for picture in source.pictures(SIZE):
            assert picture.labels == ((int(picture.name[-3:]) + 1) % 3,)
        assert source.attributes == {"cls": ("hill", "sea", "wood")}


def test_a_cache_without_labels_is_not_taken_for_one_with(
    four: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    assert prepare(shards(path=four), SIZE).attributes == {}
    for values in ("", "sea;wood;hill;lake"):
        images = prepare(shards(path=four, label="cls", values=values), SIZE)
        assert images.attributes == {"cls": tuple(values.split(";")) if values else KINDS}
        assert images.labels[:4, 0].tolist() == [0, 1, 2, 0]


def test_what_is_wrong_with_a_member_is_told(tmp_path: Path) -> None:
    files = [*labelled([5]), ("a.jpg", b"no picture"), ("a.cls", b"sea"), ("b.jpg", jpeg(9)), ("c.cls", b"sea")]
    files += [("d.jpg", jpeg(9)), ("d.cls", b"\xff\xfe"), ("e.jpg", jpeg(9)), ("e.cls", b"lake")]
    pictures = list(shards(path=tar(tmp_path / "x.tar", files), label="cls", values=";".join(KINDS)).pictures(SIZE))
    assert [bool(picture.problem) for picture in pictures] == [False, True, True, True, True, True]
    for picture, words in zip(
        pictures[1:], ["not an image", "no label 'cls'", "no member ends in jpg", "utf-8", "'lake'"], strict=True
    ):
        assert words in picture.problem and picture.pixels is None


def test_a_text_is_no_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tar(tmp_path / "x.tar", [*labelled(range(3)), ("d.jpg", jpeg(9)), ("d.cls", b"a" * 101)])
    assert "101 letters" in list(shards(path=file, label="cls").pictures(SIZE))[-1].problem
    monkeypatch.setattr(labels, "MAX_VALUES", 2)
    with pytest.raises(DataError, match="be a class"):
        list(shards(path=file, label="cls").pictures(SIZE))
    with pytest.raises(UsageError, match="twice"):
        shards(path=file, label="cls", values="a;a")


@pytest.mark.parametrize("packed", [False, True])
def test_a_shard_cut_off_anywhere_is_an_error(tmp_path: Path, packed: bool) -> None:
    whole = tar(tmp_path / ("x.tar.gz" if packed else "x.tar"), labelled(range(3)))
    data = whole.read_bytes()
    end = len(data) if packed else len(data.rstrip(b"\0")) // 512 * 512 + 512
    cuts = sorted({*range(0, end, 97 if packed else 512), *range(100, end, 700), end - 1})
    for cut in cuts:
        whole.write_bytes(data[:cut])
        with pytest.raises(DataError, match=r"x\.tar.*' can't be read"):
            list(shards(path=whole).pictures(SIZE))
    whole.write_bytes(data)
    assert greys(shards(path=whole)) == [0, 1, 2]


def damaged(data: bytes) -> bytes:
    """With one letter of the fourth member's header changed."""
    at = data.index(b"001.JPG") + 1
    return data[:at] + b"X" + data[at + 1 :]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda data: damaged(data), "cut off or damaged"),
        (lambda data: data + data, "joined"),
        (lambda data: b"", "empty file"),
        (lambda data: b"no tar" * 1000, ""),
        (lambda data: gzip.compress(data)[:-4] + b"oops", "CRC|length"),
    ],
    ids=["damaged", "joined", "empty", "text", "checksum"],
)
def test_a_damaged_shard_is_an_error(tmp_path: Path, content: "partial[bytes]", words: str) -> None:
    file = tar(tmp_path / "x.tar", labelled(range(3)))
    file.write_bytes(content(file.read_bytes()))
    with pytest.raises(DataError, match=rf"shard '.*x\.tar' can't be read: .*{words}"):
        list(shards(path=file).pictures(SIZE))


def test_what_is_no_shard_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.tar")
    for path, words in (("empty", "no tar file in it"), ("no.tar", "no such file"), ("{0..2}.tar", "no such file")):
        with pytest.raises(DataError, match=words):
            shards(path=tmp_path / path)
    with pytest.raises(DataError, match="not an ordinary file"):
        list(shards(path=tmp_path / "pipe.tar").pictures(SIZE))
    other = tar(tmp_path / "tiff.tar", [("a.tiff", jpeg(0)), ("b.seg.gif", jpeg(0))])
    with pytest.raises(DataError, match=r"no member ending in jpeg, jpg, png, webp, but in tiff, seg\.gif"):
        list(shards(path=other).pictures(SIZE))
    assert len(list(shards(path=other, image="seg.gif;tiff").pictures(SIZE))) == 2


@pytest.mark.parametrize(
    "pattern", ["{0..99999999}", "{0..999999}" * 50, "{a,{5..999999999999999999999}}", "{-9999999..0}", "{0..9}" * 7]
)
def test_a_pattern_of_too_many_shards_is_refused_before_they_are_named(tmp_path: Path, pattern: str) -> None:
    started = time.monotonic()
    with pytest.raises(UsageError, match="more than 1,000,000"):
        shards(path=tmp_path / f"{pattern}.tar")
    assert time.monotonic() - started < 20


def test_a_long_range_in_large_steps_is_short(tmp_path: Path) -> None:
    (tmp_path / "0.tar").touch()
    with pytest.raises(DataError, match=r"50000000\.tar"):
        shards(path=tmp_path / "{0..99999999..50000000}.tar")
    with pytest.raises(UsageError, match=r"data\.path"):
        shards(path=tmp_path / f"{{0..{'9' * 5000}}}.tar")


@pytest.mark.parametrize(
    "text", ["pipe:touch canary", "PIPE:touch canary", "a.tar::pipe:touch canary", "file:///x.tar"]
)
def test_commands_are_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValidationError, match="is not read"):
        shards(path=text)
    # Nor would the reader run one that came by another way.
    monkeypatch.setenv("GOPEN_REWRITE", "x=pipe:touch canary")
    for place in (text, "x", "pipe:touch canary"):
        with pytest.raises(DataError):
            list(samples(place, Endings(["jpg"], "")))
    assert not (tmp_path / "canary").exists()


def test_nothing_is_extracted(tmp_path: Path) -> None:
    names = ("../up.jpg", "/abs.jpg", "deep/er/x.jpg")
    file = tar(tmp_path / "inner" / "x.tar", [(name, jpeg(3)) for name in names])
    before = sorted(tmp_path.rglob("*"))
    pictures = list(shards(path=file).pictures(SIZE))
    assert [picture.name for picture in pictures] == ["x.tar: ../up", "x.tar: /abs", "x.tar: deep/er/x"]
    assert sorted(tmp_path.rglob("*")) == before and not Path("/abs.jpg").exists()


def test_links_and_devices_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(jpeg(9))
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for number, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)):
            member = tarfile.TarInfo(f"{number}.jpg")
            member.type, member.linkname = kind, str(tmp_path / "secret.jpg")
            archive.addfile(member)
        member = tarfile.TarInfo("5.jpg")
        member.size = len(jpeg(5))
        archive.addfile(member, io.BytesIO(jpeg(5)))
    assert greys(shards(path=tmp_path / "x.tar")) == [5]


def bomb(kind: str, size: int) -> bytes:
    """An archive of a few bytes whose member or header has that size."""
    member = tarfile.TarInfo("a.jpg" if kind != "name" else "x" * 120)
    member.size = 0 if kind == "sparse" else size
    if kind == "sparse":
        member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(size)}
        member.size, data = 512, b"0\n".ljust(512, b"\0")
        return member.tobuf(tarfile.PAX_FORMAT) + data + bytes(1024)
    if kind == "header":
        member.type = tarfile.XHDTYPE
    return gzip.compress(member.tobuf() + bytes(size) + bytes(1024), 1)


@pytest.mark.parametrize(
    ("kind", "size", "words"),
    [("sparse", 10**12, "at most"), ("member", 600_000_000, "at most"), ("header", 100_000_000, "header of more than")],
)
def test_a_bomb_in_a_shard_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, size: int, words: str
) -> None:
    if kind == "member":  # the limit, made small as the bomb
        monkeypatch.setattr("ganzoo_plugins.streams.tar.MAX_MEMBER", 1_000_000)
        size //= 100
    (tmp_path / "x.tar").write_bytes(bomb(kind, size))
    with pytest.raises(DataError, match=rf"x\.tar' can't be read: .*{words}"):
        list(shards(path=tmp_path / "x.tar").pictures(SIZE))


@pytest.fixture
def server(four: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serves the shards; one of them is cut off on its way."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            if self.path == "/cut.tar":
                self.send_response(200)
                self.send_header("Content-Length", "40960")
                self.end_headers()
                self.wfile.write((four / "part-0.tar").read_bytes()[:9216])
            else:
                super().do_GET()

    monkeypatch.setenv("no_proxy", "*")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(four))) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()
        thread.join()


def test_shards_come_over_http(server: str) -> None:
    source = shards(path=server + "/part-{0..3}.tar", label="cls")
    assert greys(source) == list(range(40))
    assert source.fingerprint() == shards(path=server + "/part-{0..3}.tar", label="cls").fingerprint()


@pytest.mark.parametrize(("name", "words"), [("no.tar", "answers 404"), ("cut.tar", "cut off|unexpected end")])
def test_a_bad_url_is_an_error(server: str, name: str, words: str) -> None:
    with pytest.raises(DataError, match=f"shard '{server}/{name}' can't be read: .*({words})"):
        list(shards(path=f"{server}/{name}").pictures(SIZE))


def test_an_unreachable_url_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(DataError, match=r"shard 'http://127\.0\.0\.1:9/x\.tar' can't be read: .*refused"):
        list(shards(path="http://127.0.0.1:9/x.tar").pictures(SIZE))


def test_the_stamp_follows_files_options_and_share(four: Path) -> None:
    def stamp(**options: object) -> str:
        return shards(path=four, **options).fingerprint()

    stamps = [stamp(), stamp(label="cls"), stamp(limit=1), stamp(image="png"), stamp(share="1/2"), stamp(share="2/2")]
    stamps += [stamp(share="1/5"), stamp(share="2/5"), stamp(label="cls", values="sea;wood;hill")]
    assert len(set(stamps)) == len(stamps)
    assert stamp() == stamps[0]
    os.utime(four / "part-3.tar", ns=(1, 1))
    assert stamp() != stamps[0] and stamp(share="1/2") == stamps[4]


def test_the_stamp_follows_a_shard_that_was_written_again_in_place(tmp_path: Path) -> None:
    """Tar files have few sizes, and tools set times."""
    stamps = []
    for number in (1, 2):
        file = tar(tmp_path / "x.tar", [("a.jpg", jpeg(number))])
        assert file.stat().st_size == 10240
        os.utime(file, ns=(1, 1))
        stamps.append(shards(path=file).fingerprint())
    assert stamps[0] != stamps[1]


@pytest.mark.parametrize("package", ["webdataset", "braceexpand"])
def test_a_missing_package_says_what_to_install(four: Path, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (package, f"{package}.tariterators"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match=r"pip install 'ganzoo-core\[shards\]'"):
        list(shards(path=four / "part-{0..1}.tar").pictures(SIZE))


def test_a_run_on_shards_is_resumed_elsewhere_and_draws(
    four: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ["--tiny", "--device", "cpu", "--set", "data.path=set", "--set", "data.label=cls"]
    monkeypatch.chdir(tmp_path)
    assert run_command(["run", "dcgan", "--data", "shards", *settings, "--out", "run", "--budget", "4steps"]) == 0
    facts: Mapping[str, object] = read_run_file(tmp_path / "run")["data"]
    assert (facts["images"], facts["attributes"]) == (40, {"cls": list(KINDS)})
    monkeypatch.chdir(four)
    assert run_command(["run", "--resume", "../run", "--budget", "6steps"]) == 0
    assert run_command(["sample", "../run", "-n", "4", "--out", "drawn.png"]) == 0
    assert np.asarray(Image.open("drawn.png")).std() > 0


def test_a_folder_of_shards_says_which_data_set_reads_it(four: Path) -> None:
    from ganzoo.catalog.lookup import FolderOptions

    with pytest.raises(DataError, match=f"--data shards --set data.path={four}"):
        FolderSource(FolderOptions(path=str(four)))


def test_shards_of_a_folder_are_the_users(tmp_path: Path) -> None:
    for name in ("b.tar", "a/x.TAR.GZ", "a/y.tgz", "@eaDir/b.tar", ".hidden/c.tar", "._b.tar", "notes.gz", "run/d.tar"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "run/run.json").touch()
    assert expanded(str(tmp_path)) == [str(tmp_path / name) for name in ("a/x.TAR.GZ", "a/y.tgz", "b.tar")]
