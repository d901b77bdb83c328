"""Differences as Markdown: what is folded, fenced and cut."""

import re

from cjob.diff.markdown import LIMIT, Compared, markdown

JOB = Compared(title="report (test)", summary="1 change: 1 image", text="~ A: 1 -> 2\n")


def test_a_job_is_a_line_with_the_difference_folded_below() -> None:
    """As a pull request shows it."""
    assert markdown([JOB]) == (
        "**report (test)**: 1 change: 1 image\n"
        "\n"
        "<details><summary>difference</summary>\n"
        "\n"
        "```diff\n"
        "! A: 1 -> 2\n"
        "```\n"
        "\n"
        "</details>\n"
    )


def test_signs_stand_in_front_where_they_are_coloured() -> None:
    """Paths and what is between stay where they are."""
    text = "~ A:\n    ~ B:\n        (2 unchanged items)\n        + x: 1\n        - y: 2\n"
    assert (
        "~ A:\n    ~ B:\n        (2 unchanged items)\n+         x: 1\n-         y: 2\n"
        in markdown([Compared(title="a", summary="b", text=text)])
    )


def test_jobs_follow_one_another() -> None:
    """One that does not change has its line alone."""
    found = markdown([JOB, Compared(title="tidy (test)", summary="no changes")])
    assert found.endswith("</details>\n\n**tidy (test)**: no changes\n")


def test_notes_stand_before_the_difference() -> None:
    """They are shown as they are."""
    found = markdown([Compared(title="a", summary="b", notes=("first", "  second"), text="x\n")])
    assert found.startswith("**a**: b\n\n```text\nfirst\n  second\n```\n\n<details>")


def test_a_fence_is_longer_than_what_looks_like_one() -> None:
    """Else the difference would end there."""
    found = markdown([Compared(title="a", summary="b", text="+ x: ````` y ```\n")])
    assert found.count("`" * 6) == 2
    assert "``````diff\n" in found


def test_what_a_page_would_take_for_markup_is_not() -> None:
    """Names come from templates."""
    assert "<img" not in markdown([Compared(title="<img>", summary="replaces <img>")])
    assert markdown([Compared(title="a", summary="replaces B\n# C")]) == "**a**: replaces B # C\n"


def test_a_long_difference_is_cut_at_a_line_and_that_is_said() -> None:
    """With how much is left out."""
    lines = [f"+ line {number} \N{EURO SIGN}" for number in range(20_000)]
    found = markdown([Compared(title="a", summary="b", text="\n".join(lines) + "\n")])
    assert LIMIT - 500 < len(found.encode()) <= LIMIT
    shown = re.findall(r"^\+ line .*$", found, re.MULTILINE)
    assert shown == lines[: len(shown)]
    assert f"{20_000 - len(shown)} of 20000 lines are left out" in found
    assert found.index("</details>") < found.index("lines are left out")


def test_what_small_differences_leave_is_for_the_long_ones() -> None:
    """Each has its share at least."""
    long = Compared(title="long", summary="b", text="+ x\n" * 20_000)
    found = markdown([JOB, long, long])
    assert len(found.encode()) <= LIMIT
    cut = [int(left) for left in re.findall(r"(\d+) of 20000 lines", found)]
    assert len(cut) == 2
    assert all(20_000 - left > LIMIT / 3 / len("+ x\n") for left in cut)


def test_so_many_jobs_that_their_lines_do_not_fit_are_counted() -> None:
    """The first ones are shown, and more are named."""
    jobs = [Compared(title=f"job-{n} (test)", summary="b", text="+ x\n") for n in range(5000)]
    found = markdown(jobs)
    assert len(found.encode()) <= LIMIT
    jobs_cut, differences_cut = found.splitlines()[-3::2]
    shown = len(re.findall(r"^\*\*job-", found, re.MULTILINE))
    start = (
        f"{5000 - shown} jobs are left out, for their size: job-{shown} (test), job-{shown + 1} "
    )
    assert jobs_cut.startswith(start)
    assert re.search(r" and \d+ more\.$", jobs_cut)
    assert re.match(r"\d+ differences are left out, for their size: job-", differences_cut)


def test_each_difference_that_is_cut_is_named() -> None:
    """If there is room for their names, and for nothing else."""
    jobs = [Compared(title=f"j{n}", summary="b", text="+ x\n" * 99) for n in range(90)]
    found = markdown(jobs, limit=4500)
    assert len(found.encode()) <= 4500
    assert re.search(r"\n\d+ differences are left out, for their size: j\d+, j\d+", found)
