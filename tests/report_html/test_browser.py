"""Reports in headless Chromium: the sliders move, nothing is requested, and hostile text does nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ganzoo
from ganzoo.report_html import write_report
from tests.report_html.folders import HARMLESS, HOSTILE, comparison

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium, headless; playwright downloads none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra 'dev')")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


class Visit:
    """A page in the browser, with its requests, dialogs, console messages and errors."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(file.resolve().as_uri())

    def shown(self) -> list[str]:
        """The labels of the visible images."""
        return self.page.eval_on_selector_all(
            "img", "all => all.filter(i => i.checkVisibility() && i.naturalWidth).map(i => i.dataset.label)"
        )

    def slide(self, value: float) -> None:
        self.page.locator("input[type=range]").fill(str(value))

    def outside(self) -> list[str]:
        """Requests for anything but the page itself."""
        return [url for url in self.requests if not url.startswith("data:")][1:]


def test_in_a_browser_the_slider_moves_and_nothing_is_requested(folder: Path, browser: Any) -> None:
    visit = Visit(browser, write_report(folder))
    assert visit.shown()[0].startswith("step 20")
    visit.slide(0)
    assert visit.shown() == ["step 0"] and visit.page.locator("output").inner_text() == "step 0"
    visit.page.locator("input[type=range]").press("ArrowRight")
    assert visit.shown()[0].startswith("step 10")
    visit.page.locator("[data-play]").click()
    visit.page.locator("[data-play][aria-label=Pause]").wait_for()
    visit.page.locator("[data-play][aria-label=Play]").wait_for()
    assert visit.shown()[0].startswith("step 20")
    assert not visit.outside() and not visit.complaints
    visit.context.close()


def test_in_a_browser_one_slider_moves_all_runs(folder: Path, tmp_path: Path, browser: Any) -> None:
    visit = Visit(browser, write_report(comparison(tmp_path / "compared", "x", [folder, folder])))
    visit.slide(60)
    assert [label.split(",")[0] for label in visit.shown()] == ["step 10", "step 10"]
    assert visit.page.locator("[data-moment]").first.inner_text().startswith("step 10")
    assert not visit.outside() and not visit.complaints
    visit.context.close()


def test_in_a_browser_hostile_names_are_text(hostile: Path, tmp_path: Path, browser: Any) -> None:
    for place in (hostile, comparison(tmp_path / "compared", HOSTILE, [hostile])):
        visit = Visit(browser, write_report(place))
        visit.slide(0)
        visit.page.wait_for_timeout(200)
        assert HARMLESS in visit.page.locator("body").text_content()
        assert not visit.outside() and not visit.complaints
        visit.context.close()


def test_in_a_browser_a_script_that_slipped_in_does_not_run(folder: Path, browser: Any) -> None:
    path = write_report(folder)
    evil = "<script>alert(1)</script><img src='https://127.0.0.1:9/x' onerror='alert(2)'></body>"
    path.write_text(path.read_text(encoding="utf-8").replace("</body>", evil), encoding="utf-8")
    visit = Visit(browser, path)
    visit.page.wait_for_timeout(200)
    assert not {"1", "2"} & set(visit.complaints) and any("Content Security Policy" in c for c in visit.complaints)
    visit.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_in_a_browser_a_page_is_no_wider_than_the_window(
    hostile: Path, tmp_path: Path, browser: Any, scheme: str, width: int
) -> None:
    for place in (hostile, comparison(tmp_path / "compared", HOSTILE, [hostile])):
        visit = Visit(browser, write_report(place), viewport={"width": width, "height": 844}, color_scheme=scheme)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        dark = visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"
        assert dark is (scheme == "dark")
        visit.context.close()


def test_in_a_browser_a_slider_turns_photos_into_paintings(tmp_path: Path, browser: Any) -> None:
    run = ganzoo.run("fastcut", tiny=True, options={"device": "cpu"}, out=tmp_path / "cut")
    page = browser.new_page()
    page.goto((run.folder / "report.html").as_uri())
    after = page.locator(".sides .after")
    assert "50%" in after.evaluate("image => image.style.clipPath")
    page.locator("[data-sides] input").fill("100")
    assert "0%" in after.evaluate("image => getComputedStyle(image).clipPath")
    sides = page.locator(".sides img")
    assert sides.count() == 2 and sides.nth(0).bounding_box() == sides.nth(1).bounding_box()
