"""The status page: strict HTML, nothing from outside, nothing unescaped, legible in any colours."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace  # noqa: TID251 - of these very dataclasses
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from status_samples import NOW, assessed, daily, run, stack

from cjob.runs import page_style
from cjob.runs.page import MARKS, POLICY, page
from cjob.runs.status import Status

VOID = frozenset({"meta", "wbr"})
EVIL = "<script>alert('1')</script>\"&amp;'><img src=x onerror=y>\x1b[31m\u202e"


class Page(HTMLParser):
    """The elements of a page, read strictly: each must be closed in the order it was opened."""

    def __init__(self, text: str) -> None:
        """Read it."""
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, Mapping[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element, whose attributes have one value each."""
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that it is the last one that was opened."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep a text that people see."""
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    def of(self, tag: str) -> Iterator[Mapping[str, str | None]]:
        """Yield the attributes of each element of a name."""
        return (attributes for name, attributes in self.elements if name == tag)

    @property
    def text(self) -> str:
        """Return all that people see, in order."""
        return "".join(self.texts)


def sample(name: str = "report", reason: str = "no space left") -> list[Status]:
    """Return jobs of all kinds."""
    failed = replace(run(13.16, "FAILED", job=name), attempts=(), error="Broken", message=reason)
    going = run(0.1, "RUNNING", seconds=None)
    return [
        assessed(stack(days=1, reason=reason), [failed], name),
        assessed(stack(days=2.6), [going, *daily("SUCCEEDED", "ABORTED", "TIMED_OUT")]),
        assessed(stack(days=1.6), daily("SUCCEEDED", "UNKNOWN"), "cleanup"),
        assessed(stack("none", "UPDATE_ROLLBACK_COMPLETE", reason=reason), (), "migrate"),
        assessed(stack("rate(1 hour)", days=0.01), (), "hourly"),
        assessed(stack(rule="DISABLED"), None, "mailer"),
        assessed(None, (), "search"),
    ]


def test_the_page_shows_each_job_with_what_is_wrong_and_what_comes_next() -> None:
    """Those with problems are first."""
    text = Page(page(sample(), "acme", "prod", NOW)).text
    for shown in (
        "acme / prod",
        "the last run failed: Broken no space left",
        "acme/report@1a2b3c4",
        "Sat 28 Nov, 09:00",
        "in 10h, cron(0 9 * * ? *)",
        "UPDATE_ROLLBACK_COMPLETE",
        "2026-11-27 09:00 UTC: failed, took 1m00s: Broken no space left",
        "not deployed",
        "within 1h00m",
    ):
        assert shown in text
    assert text.index("mailer") < text.index("cleanup")


def test_the_page_needs_nothing_from_outside() -> None:
    """No script, link, image, form, address or handler; it works under the strictest policy."""
    text = page(sample(), "acme", "prod", NOW)
    found = Page(text)
    tags = {tag for tag, _ in found.elements}
    assert not tags & {"script", "link", "img", "image", "use", "iframe", "form", "a", "base"}
    names = {name for _, attributes in found.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"src", "href", "style", "action", "srcset", "data", "xlink:href"}
    assert not re.search(r"url\(|@import|https?:|//", text)
    policies = [a for a in found.of("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert [a["content"] for a in policies] == [POLICY]


def test_whatever_aws_reports_is_escaped() -> None:
    """Names, reasons and images add no element, and no control character."""
    plain = Page(page(sample(), "acme", "prod", NOW))
    text = page(sample(EVIL, EVIL), EVIL, EVIL, NOW)
    found = Page(text)
    assert [tag for tag, _ in found.elements] == [tag for tag, _ in plain.elements]
    assert "<script>alert('1')</script>" in found.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)


@settings(max_examples=30, deadline=None)
@given(st.text())
def test_no_text_changes_the_structure(text: str) -> None:
    """Whatever a job is called, and whatever it failed with."""
    plain = [tag for tag, _ in Page(page(sample(), "acme", "prod", NOW)).elements]
    found = Page(page(sample(text, text), "acme", "prod", NOW))
    assert [tag for tag, _ in found.elements if tag != "wbr"] == [t for t in plain if t != "wbr"]


def test_graphs_and_tables_can_be_heard() -> None:
    """Each drawing is named or hidden, each table has heads, and roles survive the cards."""
    found = Page(page(sample(), "acme", "prod", NOW))
    for drawing in found.of("svg"):
        named = drawing.get("role") == "img" and drawing.get("aria-label")
        assert named or drawing.get("aria-hidden") == "true"
    labels = [drawing.get("aria-label") for drawing in found.of("svg")]
    assert "Last 4 runs of report: 1 running, 1 succeeded, 1 stopped, 1 timed out" in labels
    assert all("scope" in head for head in found.of("th"))
    roles = {attributes.get("role") for _, attributes in found.elements}
    assert roles >= {"table", "rowgroup", "row", "cell", "rowheader", "columnheader"}
    assert next(found.of("html"))["lang"] == "en"


def test_the_keyboard_reaches_the_runs_in_the_order_of_the_page() -> None:
    """By elements that are focused by themselves; nothing changes their order."""
    found = Page(page(sample(), "acme", "prod", NOW))
    assert len(list(found.of("summary"))) == sum(bool(one.runs) for one in sample())
    assert not any("tabindex" in attributes for _, attributes in found.elements)
    assert ":focus-visible{outline:" in page_style.STYLE


def test_no_status_is_told_by_its_colour_alone() -> None:
    """Statuses of one colour are one mark, and no two colours share a mark."""
    shapes = {
        colour: {shape for c, shape in MARKS.values() if c == colour}
        for colour, _ in MARKS.values()
    }
    assert all(len(of_colour) == 1 for of_colour in shapes.values())
    assert len(set().union(*shapes.values())) == len(shapes)


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", [page_style.LIGHT, page_style.DARK], ids=["light", "dark"])
def test_text_has_a_contrast_of_4_5_to_1(palette: page_style.Palette) -> None:
    """In light and dark, on whatever it may be."""
    for ground, colours in page_style.TEXT_ON.items():
        for colour in colours:
            values = sorted((_luminance(palette[ground]), _luminance(palette[colour])))
            contrast = (values[1] + 0.05) / (values[0] + 0.05)
            assert contrast >= 4.5, f"{colour} on {ground}: {contrast:.2f}"


def test_the_style_sheet_has_no_colours_but_those_of_the_palettes() -> None:
    """So that the contrasts are those that were checked."""
    rules = page_style.STYLE.split("\n", 2)[2]
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", rules)
    assert set(re.findall(r"var\(--([\w-]+)\)", rules)) <= set(page_style.LIGHT)
    assert set(page_style.LIGHT) == set(page_style.DARK)


def test_a_page_without_jobs_says_so() -> None:
    """It is no empty table."""
    found = Page(page([], "acme", "prod", NOW))
    assert "There are no jobs here." in found.text
    assert list(found.of("table")) == []


@pytest.mark.parametrize(
    ("statuses", "title"),
    [
        ([], "acme/prod: no jobs"),
        (sample()[2:3], "acme/prod: all jobs are fine"),
        (sample(), "acme/prod: 4 of 7 jobs with problems"),
    ],
)
def test_the_title_says_how_things_are(statuses: list[Status], title: str) -> None:
    """It is what a tab of a browser shows."""
    assert f"<title>{title}</title>" in page(statuses, "acme", "prod", NOW)
