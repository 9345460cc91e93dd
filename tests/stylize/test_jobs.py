"""Which files are painted, and where each result goes."""

import os
from pathlib import Path

import pytest

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.data.folder import FolderSource
from ganzoo.errors import UsageError
from ganzoo.stylize.jobs import jobs_of


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def results(*inputs: Path | str, out: Path, said: list[str] | None = None) -> list[str]:
    tell = (lambda _: None) if said is None else said.append
    return [job.target.relative_to(out).as_posix() for job in jobs_of([str(one) for one in inputs], out, tell)]


def test_the_same_files_are_painted_as_are_trained_on(tmp_path: Path) -> None:
    trip = tmp_path / "trip"
    put(trip, "a.jpg", "deep/B.JPG", "@eaDir/a.jpg/x.jpg", "#recycle/z.jpg", ".thumbnails/a.png", "__MACOSX/._a.jpg")
    put(trip, "._a.jpg", "run/run.json", "run/samples/s.png", "$RECYCLE.BIN/q.bmp")
    put(tmp_path, "elsewhere/c.png")
    (trip / "far").symlink_to("../elsewhere")
    (trip / "loop").symlink_to(".")
    said: list[str] = []
    painted = results(trip, out=tmp_path / "out", said=said)
    assert painted == FolderSource(FolderOptions(path=str(trip))).files == ["a.jpg", "deep/B.JPG", "far/c.png"]
    assert len(said) == 1 and "@eaDir (1)" in said[0] and "hidden files (1)" in said[0]


@pytest.mark.parametrize("where", ["painted", "deep/painted", "./painted/../painted"])
def test_results_below_the_input_are_not_painted_again(tmp_path: Path, where: str) -> None:
    link = tmp_path / "link"
    link.symlink_to("trip")
    tmp_path /= "trip"
    put(tmp_path, "a.jpg", "deep/b.jpg", "earlier/e.jpg")
    out = tmp_path / where
    wanted = ["a.jpg", "deep/b.jpg", "earlier/e.jpg"]
    assert results(tmp_path, out=out) == wanted
    put(out, *wanted)
    assert results(tmp_path, out=out) == wanted
    assert results(f"{tmp_path}/", out=out) == wanted
    assert sorted(results(tmp_path / "*", out=out)) == ["a.jpg", "b.jpg", "e.jpg"]
    assert sorted(results(tmp_path / "**/*.jpg", out=out)) == ["a.jpg", "b.jpg", "e.jpg"]
    assert results(link, out=out) == wanted


def test_an_input_inside_the_folder_of_the_results_is_painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "trip/a.jpg", "b.jp2")
    monkeypatch.chdir(tmp_path)
    assert results("trip", out=Path(".")) == ["a.jpg"]
    assert results("trip/*.jpg", out=Path(".")) == ["a.jpg"]
    assert results("b.jp2", out=Path(".")) == ["b.png"]
    with pytest.raises(UsageError, match="would be overwritten"):
        results("trip", out=Path("trip"))


def test_a_pattern_does_not_match_what_a_system_keeps(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "@eaDir/b.jpg", "x/__MACOSX/c.jpg", "x/d.jpg", "run/run.json", "run/e.jpg", ".f.jpg")
    said: list[str] = []
    assert sorted(results(tmp_path / "*", out=tmp_path / "out", said=said)) == ["a.jpg", "d.jpg"]
    assert any("@eaDir (1), folders of runs (1)" in one for one in said)
    assert sorted(results(tmp_path / "**/*.jpg", out=tmp_path / "out")) == ["a.jpg", "d.jpg", "e.jpg"]
    assert results(tmp_path / "@eaDir/*.jpg", out=tmp_path / "out") == ["b.jpg"]
    assert results(tmp_path / ".f.jpg", out=tmp_path / "out") == [".f.jpg"]


def test_pictures_that_would_get_one_name_keep_their_endings(tmp_path: Path) -> None:
    put(tmp_path, "x.avif", "x.jp2", "y.jp2", "z.png", "z.ppm", "z.ppm.png")
    said: list[str] = []
    found = results(tmp_path, out=tmp_path / "out", said=said)
    assert found == ["x.avif.png", "x.jp2.png", "y.png", "z.png", "z.ppm-2.png", "z.ppm.png"]
    assert len(said) == 1 and "'x.avif.png', since another file would have the same name (2 more likewise)" in said[0]


def test_videos_that_would_get_one_name_keep_their_endings_and_stay_videos(tmp_path: Path) -> None:
    put(tmp_path, "a.mpg", "a.WMV", "b.ogv", "c.mkv", "c.vob")
    said: list[str] = []
    found = results(tmp_path, out=tmp_path / "out", said=said)
    assert found == ["a.WMV.mkv", "a.mpg.mkv", "b.mkv", "c.mkv", "c.vob.mkv"] and len(said) == 1


def test_a_script_is_no_video(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "empty.ts")
    (tmp_path / "Gallery.ts").write_text("Gallery.show({ photos: 'ö' });\n" * 400)
    video = b"\x47\x40\x00\x10\x00" + b"\xff" * 183
    (tmp_path / "film.ts").write_bytes(video)
    (tmp_path / "middle.ts").write_bytes(video[90:] + video)
    (tmp_path / "empty.ts").write_bytes(b"")
    said: list[str] = []
    wanted = ["a.jpg", "film.ts", "middle.ts"]
    assert results(tmp_path, out=tmp_path / "out", said=said) == wanted
    assert results(tmp_path / "*", out=tmp_path / "out", said=said) == wanted and said == []
    with pytest.raises(UsageError, match=r"Gallery.ts': it is text, not a video"):
        results(tmp_path / "Gallery.ts", out=tmp_path / "out")


def test_a_file_that_is_named_twice_is_painted_once(tmp_path: Path) -> None:
    put(tmp_path, "trip/deep/a.jpg")
    assert results(tmp_path / "trip", tmp_path / "trip/deep/a.jpg", out=tmp_path / "out") == ["deep/a.jpg"]


def test_pipes_dead_links_and_long_names_are_one_line_each(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.jpg")
    (tmp_path / "self.jpg").symlink_to("self.jpg")
    put(tmp_path, "a.jpg")
    said: list[str] = []
    # A link that leads nowhere is reported when it is read.
    assert results(tmp_path, out=tmp_path / "out", said=said) == ["a.jpg", "self.jpg"]
    assert "pipes and devices (1)" in said[0]
    assert results(tmp_path / "*.jpg", out=tmp_path / "out") == ["a.jpg", "self.jpg"]
    with pytest.raises(UsageError, match="not an ordinary file"):
        results(tmp_path / "p.jpg", out=tmp_path / "out")
    for name in ("self.jpg", "x" * 300, "a\0b", "gone"):
        with pytest.raises(UsageError, match="no such file or folder"):
            results(tmp_path / name, out=tmp_path / "out")


def test_a_leading_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "trip/a.jpg")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert results("~/trip", out=tmp_path / "out") == results("~/trip/*.jpg", out=tmp_path / "out") == ["a.jpg"]
    with pytest.raises(UsageError, match="no such file"):
        results("~nobody-of-this-name/a.jpg", out=tmp_path / "out")
