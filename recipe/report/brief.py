"""A run on one short Markdown page, as CI systems show it beside a job."""

from collections.abc import Iterator

from recipe.core.results import RunResult
from recipe.report import finding_texts, wording
from recipe.report.finding_texts import Located
from recipe.report.markdown import (
    SIGNS,
    about_best,
    about_cost,
    consequences,
    key_message,
    said_verdict,
)

LONGEST = 300
"""Characters of a cell; a crash may have a long story."""
CUT = "\n\nThe rest is left out: report.md has all of it.\n"


def brief(result: RunResult, limit: int | None = None) -> str:
    """Verdict, steps, causes with advice and proved gains, best setting, comparison, cost.

    Args:
        result: of the run.
        limit: bytes of UTF-8 that it may have; whole lines are left out at the end.

    """
    text = "\n".join(_lines(result)) + "\n"
    if limit is None or len(text.encode()) <= limit:
        return text
    room = text.encode()[: max(0, limit - len(CUT.encode()))].decode(errors="ignore")
    whole = room[: room.rfind("\n") + 1].rstrip()
    return whole + CUT if whole else ""


def _lines(result: RunResult) -> Iterator[str]:
    yield f"## {SIGNS[result.verdict]} {wording.prose(result.name)}: {said_verdict(result)}"
    if result.interrupted:
        yield from ("", "It was interrupted; everything finished is kept.")
    if result.steps:
        yield from ("", "| | step | what it says | time |", "|---|---|---|---|")
    for step in result.latest_steps:
        message = wording.cell(_short(key_message(step)))
        seconds = wording.duration(step.seconds)
        yield f"| {SIGNS[step.status]} | {wording.cell(step.title)} | {message} | {seconds} |"
    causes = finding_texts.causes(result)
    if causes:
        yield from ("", "### What was found", "")
    for number, cause in enumerate(causes, 1):
        yield f"{number}. {_cause(cause)}"
    against = [wording.sentence(result.against.message)] if result.against else []
    for said in (about_best(result), against, about_cost(result)):
        if said:
            yield from ("", " ".join(said))


def _cause(cause: Located) -> str:
    found = cause.finding
    behind = f" (with {wording.code(found.behind)} repaired)" if found.behind else ""
    head = f"**{wording.code(found.rule)}** ({found.severity}){behind}"
    parts = [f"{head}: {wording.sentence(found.message)}"]
    if found.advice.strip():
        parts.append(f"**What to do:** {wording.sentence(found.advice)}")
    if found.remedy is not None:
        gain = finding_texts.gain_of(found) or " Not tested."
        parts.append(f"Remedy: {wording.sentence(found.remedy.name)}{gain}")
    if cause.consequences:
        parts.append(f"It explains: {consequences(cause.consequences)}.")
    return " ".join(parts)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
