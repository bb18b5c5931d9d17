"""Annotations and the job summary of GitHub Actions."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from recipe.core.findings import Finding
from recipe.core.results import Against, RunResult, StepResult
from recipe.ui.github import MOST_BYTES, annotations, job_summary


def run(*findings, **more) -> RunResult:
    status = "fail" if any(f.severity == "fail" for f in findings) else "warn"
    return RunResult("x", steps=(StepResult("a", "A", 1, status, findings=findings),), **more)


def read_by_the_runner(line: str) -> tuple[str, str, str]:
    """Level, title and message, read as GitHub's runner does (ActionCommand.TryParseV2)."""
    head, _, data = line.removeprefix("::").partition("::")
    level, _, properties = head.partition(" ")
    values = dict(pair.partition("=")[::2] for pair in properties.split(",") if pair)
    marks = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}

    def plain(text: str, known: str) -> str:
        return re.sub(known, lambda found: marks[found[0]], text)

    return (level, plain(values["title"], "%0D|%0A|%3A|%2C|%25"), plain(data, "%0D|%0A|%25"))


@pytest.mark.parametrize(
    "text",
    ["plain", "a: b, c = d", "50 %\r\nand ::error title=x::y", "%0A %3A %25 %2C", "::", "ü →"],
)
def test_what_is_written_is_what_is_read(text):
    (line,) = annotations(run(Finding(text, "fail", text, text)))
    assert "\n" not in line
    assert read_by_the_runner(line) == ("error", text, f"{text} {text}")


def test_one_per_cause_and_the_level_is_the_severity():
    found = (
        Finding("a", "warn", "A.", "Do."),
        Finding("b", "fail", "B.", "Do.", because="a"),
        Finding("c", "fail", "C.", "Do.", ignored="known"),
        Finding("d", "note", "D.", "Do."),
    )
    assert annotations(run(*found)) == ["::warning title=a::A. Do."]
    assert annotations(run(*found, settings={"strict": True})) == ["::error title=a::A. Do."]


def test_a_score_that_fell_is_an_error_and_one_that_held_a_notice():
    fell = Against("main", False, "It fell: 0.9, then 0.8.")
    assert annotations(run(against=fell)) == ["::error title=against::It fell: 0.9, then 0.8."]
    held = replace(fell, passed=True, message="100 %\nof it")
    assert annotations(run(against=held)) == ["::notice title=against::100 %25%0Aof it"]


def test_the_summary_is_appended_and_stays_below_what_github_takes(tmp_path, monkeypatch):
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    job_summary(run(Finding("a", "warn", "A.", "Do.")))
    assert path.read_text("utf-8").startswith("## ! x: passed with warnings")
    first = path.read_bytes()
    job_summary(run(*(Finding(f"r{k}", "warn", "ü" * 5000, "Do.") for k in range(200))))
    assert path.read_bytes().startswith(first)
    assert MOST_BYTES - 20000 < path.stat().st_size <= MOST_BYTES
    job_summary(run(Finding("a", "warn", "A." * 10000, "Do.")))
    assert path.stat().st_size <= MOST_BYTES


def test_the_summary_is_a_page_also_behind_an_unfinished_line(tmp_path, monkeypatch):
    path = tmp_path / "summary.md"
    path.write_text("done")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    job_summary(run(Finding("a", "warn", "A.", "Do.")))
    assert path.read_text("utf-8").splitlines()[:2] == ["done", "## ! x: passed with warnings"]


def test_a_summary_that_cannot_be_written_changes_no_exit_code(tmp_path, monkeypatch, recipe):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "nowhere" / "summary.md"))
    target = Path(__file__).parents[1] / "helpers" / "tiny.py"
    code, out, err = recipe("check", target, "--ci", "--until", "inspect", "--out", tmp_path)
    assert (code, out.count("Verdict: pass")) == (0, 1)
    assert "The job summary cannot be written" in err


def test_no_summary_without_a_place_for_it(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    job_summary(run())
    assert not list(tmp_path.iterdir())
