"""What GitHub Actions shows of a run: annotations and the job summary."""

import os
from pathlib import Path

from recipe.core.findings import Finding
from recipe.core.plain_text import visible
from recipe.core.results import RunResult

LEVELS = {"fail": "error", "warn": "warning", "note": "notice"}
MOST_BYTES = 1024 * 1024
"""Of all that a step writes into its job summary: with more, GitHub shows none of it."""


def annotations(result: RunResult) -> list[str]:
    """Workflow commands, one per finding that counts and is no consequence of another, and one of
    `--against`; a warning is an error where the run is strict.
    """
    levels = LEVELS | ({"warn": "error"} if result.settings.get("strict") is True else {})
    lines = [
        _command(levels[f.severity], f.rule, f"{f.message} {f.advice}")
        for f in result.findings
        if f.because is None
    ]
    if result.against is not None:
        level = LEVELS["note" if result.against.passed else "fail"]
        lines.append(_command(level, "against", result.against.message))
    return lines


def of_file(finding: Finding, file: str, *, strict: bool = False) -> str:
    """The workflow command of a finding in a file."""
    level = "error" if strict and finding.counts else LEVELS[finding.severity]
    message = f"{finding.message} {finding.advice}"
    return _command(level, finding.rule, message, file=file)


def _command(level: str, title: str, message: str, *, file: str = "") -> str:
    """As the runner reads it: https://docs.github.com/actions, workflow commands."""
    where = f"file={_property(file)}," if file else ""
    return f"::{level} {where}title={_property(title)}::{_escape(message)}"


def _property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")


def _escape(text: str) -> str:
    return visible(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def job_summary(result: RunResult) -> None:
    """Append the run in brief to the job summary, where there is one.

    Raises:
        OSError: it cannot be written, as in a container that does not see its folder.

    """
    from recipe.report.brief import brief

    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    path = Path(name)
    written = path.stat().st_size if path.exists() else 0
    apart = "\n" if written else ""  # a heading behind an unfinished line would be none
    with path.open("a", encoding="utf-8") as file:
        file.write(apart + brief(result, MOST_BYTES - written - len(apart)))
