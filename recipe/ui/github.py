"""What GitHub Actions shows of a run: annotations and the job summary."""

import os
from pathlib import Path

from recipe.results import RunResult

LEVELS = {"fail": "error", "warn": "warning", "note": "notice"}


def annotations(result: RunResult) -> list[str]:
    """Workflow commands, one per finding that counts and is no consequence of another."""
    return [
        f"::{LEVELS[f.severity]} title={_escape(f.rule)}::{_escape(f'{f.message} {f.advice}')}"
        for f in result.findings
        if f.because is None
    ]


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def job_summary(result: RunResult) -> None:
    """Append the report, without its plots, to the job summary when there is one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path or result.folder is None:
        return
    from recipe.report.markdown import render

    with Path(path).open("a", encoding="utf-8") as file:
        file.write(render(result))
