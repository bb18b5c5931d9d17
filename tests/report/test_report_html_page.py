import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import browser
from recipe.core.evidence import Sheet
from recipe.core.findings import Finding
from recipe.core.results import RunResult, StepResult
from recipe.report.html_page import html_page
from recipe.report.markdown import render
from recipe.report.panels import LinePanel, Series
from recipe.report.plots import png
from recipe.report.sheet_plot import SheetPanel
from recipe.report.write import write_report
from report_samples import full_run

FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
VOID = {"meta", "img", "br", "hr"}
EVIL = "<script>alert('&amp;')</script> ![x](https://evil.example/a.png) | <img src=//evil.example>"


class Reader(HTMLParser):
    """What a page holds; complains of a tag that is not closed, or closed without being open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self.path: list[str] = []
        self.feed(page)
        self.close()
        assert self.path == [], "left open"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.path.append(tag)

    def handle_endtag(self, tag):
        assert self.path.pop() == tag

    def handle_data(self, data):
        self.text.setdefault(self.path[-1] if self.path else "", []).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def nasty_run() -> RunResult:
    found = Finding(EVIL, "fail", EVIL, EVIL, ignored=None)
    step = StepResult("a", EVIL, 1, "error", EVIL, findings=(found,), why=EVIL, hypothesis=EVIL)
    return full_run(
        name=EVIL,
        steps=(*full_run().steps, step),
        diagnosis=(EVIL,),
        environment={EVIL: EVIL},
        settings={"target": EVIL},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_report(full_run(), folder, html=True)
    return folder


@pytest.fixture(scope="module")
def page(folder) -> str:
    return (folder / "report.html").read_text("utf-8")


def test_the_page_holds_all_it_shows(folder, page):
    found = Reader(page)
    images = found.all("img")
    assert len(images) == 1 + len(list((folder / "plots").iterdir())) == 5  # with results.png
    for image in images:
        assert image["src"].startswith("data:image/png;base64,")
        assert image["alt"]
        assert (int(image["width"]), int(image["height"])) > (500, 300)
    assert not found.all("script")
    assert not found.all("link")
    assert {a["href"][0] for a in found.all("a")} == {"#"}
    for _, attributes in found.tags:
        assert not {"onclick", "srcset", "style"} & set(attributes)
    assert not re.search(r"https?:|url\(|@import", page)


def test_the_page_says_what_it_is(page):
    found = Reader(page)
    assert found.all("html") == [{"lang": "en"}]
    names = {meta.get("name") for meta in found.all("meta")}
    assert {"viewport", "color-scheme"} <= names
    assert found.text["title"] == ["digits: failed"]
    for wanted in ("prefers-color-scheme: dark", "@media print"):
        assert wanted in page


def test_headings_can_be_linked_to(page):
    found = Reader(page)
    anchors = [attributes["id"] for tag, attributes in found.tags if tag in {"h1", "h2", "h3"}]
    assert len(anchors) == len(set(anchors))
    assert {"checklist", "glossary", "coarse-grid-round-2"} <= set(anchors)
    assert [a["href"] for a in found.all("a")] == [f"#{anchor}" for anchor in anchors]


def test_tables_scroll_in_boxes_and_steps_are_folded(page):
    found = Reader(page)
    boxes = [div["aria-label"] for div in found.all("div") if div.get("class") == "table"]
    assert len(boxes) == len(found.all("table"))
    assert boxes[0] == "Table: What was found, and what it brought"
    assert found.text["summary"] == [
        "Coarse grid", "Coarse grid (round 2)", "Look at the learning curves",
        "Learning-rate schedules", "Laboratory notebook", "Glossary",
    ]  # fmt: skip
    assert page.count("<details") == page.count("</details>")
    assert [td["class"] for td in found.all("td") if "class" in td] == [
        "fail", "pass", "pass", "warn", "skip",
    ]  # fmt: skip


def test_text_of_users_stays_text(tmp_path):
    write_report(nasty_run(), tmp_path, html=True)
    page = (tmp_path / "report.html").read_text("utf-8")
    found = Reader(page)
    assert not found.all("script")
    assert all(image["src"].startswith("data:") for image in found.all("img"))
    assert {a["href"][0] for a in found.all("a")} == {"#"}
    assert found.text["title"] == [f"{EVIL}: failed"]
    for place in ("h1", "h3", "td", "strong", "p", "li"):
        assert EVIL in "".join(found.text[place]), place


def test_html_and_images_that_are_not_ours_are_shown_as_text(tmp_path):
    (tmp_path.parent / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    (tmp_path / "notes.txt").write_text("no picture")
    text = (
        "# A\n\n<div onclick=x>block</div>\n\n<details open onclick=x>\n\na <b>inline</b> "
        "![out](../secret.png) ![text](notes.txt) ![gone](gone.png) [link](https://a.example)\n\n# B"
    )
    page = html_page(text, tmp_path)
    found = Reader(page)
    assert not {"b", "img", "details", "div"} & {tag for tag, _ in found.tags}
    assert "a <b>inline</b> out text gone link" in "".join(found.text["p"])
    assert "<div onclick=x>block</div>" in "".join(found.text["main"])
    assert "https:" not in page


def test_a_run_of_nothing(tmp_path):
    found = Reader(html_page(render(RunResult("x")), tmp_path))
    assert found.text["title"] == ["x: failed"]
    assert Reader(html_page("", tmp_path)).text["title"] == ["Report"]


@pytest.mark.skipif(browser.find() is None, reason="no Chromium on PATH")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_a_browser_shows_it(folder, tmp_path, width, dark):
    with browser.page(browser.find(), tmp_path) as tab:
        tab.open(folder / "report.html", width, dark=dark)
        assert [url for url in tab.requests if not url.startswith("data:")] == [
            (folder / "report.html").as_uri()
        ]
        assert tab.complaints == []
        assert tab.value("[...document.images].map(i => i.naturalWidth > 0)") == [True] * 4
        assert tab.value(FITS)
        light = "rgb(255, 255, 255)"
        page = tab.value("getComputedStyle(document.body).backgroundColor")
        assert (page == light) is not dark
        plot = tab.value("getComputedStyle(document.images[0]).backgroundColor")
        assert plot == light, "plots are drawn on white"
        tab.value("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert tab.value(FITS)


def test_lines_turn_dark_with_the_page_and_photos_do_not(tmp_path):
    curve = LinePanel("a loss", "epoch", "loss", (Series("loss", (1.0, 2.0), (0.5, 0.2)),))
    photo = Sheet(("a",), rows=(("b",),), header=("words",))
    for name, shown in (("curve", curve), ("photo", SheetPanel("items", photo))):
        (tmp_path / f"{name}.png").write_bytes(png(shown))
    page = html_page("# x\n\n![a](curve.png)\n\n![b](photo.png)\n", tmp_path)
    curve_tag, photo_tag = re.findall(r"<img[^>]*>", page)
    assert 'class="lines"' in curve_tag
    assert "class=" not in photo_tag
    assert "img.lines { filter: invert" in page
