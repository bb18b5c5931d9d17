"""junit.xml: the run as a test suite, for the CI systems that show one."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from recipe.core.findings import Finding
from recipe.core.plain_text import visible
from recipe.core.results import NO_WINNER, RunResult, StepResult
from recipe.report.finding_texts import gain_of
from recipe.report.wording import duration

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KINDS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit_xml(result: RunResult) -> str:
    """One suite: a case per step and round, and one per rule of each step's last round.

    A rule that found nothing passes; one that fails is a failure, one that warns too where the run
    is strict. What is ignored, and what did not come to judge, is skipped with the reason. Earlier
    rounds are history, not verdict: their outcome is text on a case that passes. What fails the
    run beside its steps has a case of its own, so the suite fails where the exit code does.

    The layout is that of junit-10.xsd of Jenkins' xUnit plugin.
    """
    strict = result.settings.get("strict") is True
    cases = [_step_case(result, step, strict=strict) for step in result.steps]
    for step in result.latest_steps:
        cases += _rule_cases(step, strict=strict)
    cases += _run_cases(result)
    suite = ET.Element("testsuite", _attributes(result, cases))
    suite.extend(cases)
    whole = {name: value for name, value in suite.attrib.items() if name != "skipped"}
    root = ET.Element("testsuites", whole)
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _attributes(result: RunResult, cases: list[ET.Element]) -> dict[str, str]:
    counts = {
        plural: str(sum(case.find(kind) is not None for case in cases))
        for plural, kind in _KINDS.items()
    }
    seconds = sum(step.seconds for step in result.steps)
    head = {"name": legal(result.name), "tests": str(len(cases))}
    return head | counts | {"time": f"{seconds:.3f}"}


def _step_case(result: RunResult, step: StepResult, *, strict: bool) -> ET.Element:
    name = step.name if step.round == 1 else f"{step.name}.round{step.round}"
    case = _case(result.name, name, step.seconds)
    failing = [f.message for f in step.findings if _fails(f, strict=strict)]
    why = step.reason or "; ".join(failing) or step.status
    if step not in result.latest_steps:
        text = f"{step.status} after {duration(step.seconds)}, a later round replaced it: {why}"
        return _outcome(case, "system-out", text)
    kind = {"fail": "failure", "error": "error", "skip": "skipped"}.get(step.status)
    if strict and step.status == "warn":
        kind = "failure"
    return _outcome(case, kind, why) if kind else case


def _rule_cases(step: StepResult, *, strict: bool) -> Iterator[ET.Element]:
    """By the names of the step's rules, and of what was found besides."""
    found = {finding.rule: finding for finding in step.findings}
    for rule in dict.fromkeys((*step.rules, *found)):
        case = _case(step.name, rule, 0.0)
        if rule in found:
            yield _judged(case, found[rule], strict=strict)
        elif step.status in ("skip", "error"):
            what = "crashed" if step.status == "error" else "was skipped"
            yield _outcome(case, "skipped", f"The step {what}: {step.reason}")
        else:
            yield case


def _judged(case: ET.Element, finding: Finding, *, strict: bool) -> ET.Element:
    text = _text(finding)
    if finding.ignored is not None:
        return _outcome(case, "skipped", f"Ignored: {finding.ignored}", text)
    if _fails(finding, strict=strict):
        return _outcome(case, "failure", finding.message, text)
    return _outcome(case, "system-out", f"{finding.severity}: {text}")


def _fails(finding: Finding, *, strict: bool) -> bool:
    return finding.counts and (strict or finding.severity == "fail")


def _text(finding: Finding) -> str:
    lines = [finding.message, finding.advice]
    if (remedy := finding.remedy) is not None:
        went_on = " The run went on with it." if remedy.applied else ""
        lines.append(f"Remedy: {remedy.name}.{gain_of(finding)}{went_on}")
    if finding.because:
        lines.append(f"A consequence of {finding.because}.")
    if finding.behind:
        lines.append(f"Found with {finding.behind} repaired.")
    return "\n".join(lines)


def _run_cases(result: RunResult) -> Iterator[ET.Element]:
    """What bears on the verdict beside the steps."""
    if result.against is not None:
        kind = "system-out" if result.against.passed else "failure"
        yield _outcome(_case(result.name, "against", 0.0), kind, result.against.message)
    why = None
    if result.interrupted:
        why = "The run was interrupted."
    elif all(step.status == "skip" for step in result.latest_steps):
        why = "No step ran."
    elif result.without_winner:
        why = NO_WINNER
    if why is not None:
        yield _outcome(_case(result.name, "run", 0.0), "error", why)


def _case(classname: str, name: str, seconds: float) -> ET.Element:
    attributes = {"classname": legal(classname), "name": legal(name), "time": f"{seconds:.3f}"}
    return ET.Element("testcase", attributes)


def _outcome(case: ET.Element, kind: str, message: str, text: str = "") -> ET.Element:
    if kind == "system-out":
        ET.SubElement(case, kind).text = legal(message)
    else:
        child = ET.SubElement(case, kind, message=legal(message))
        child.text = legal(text) or None
    return case


def legal(text: str) -> str:
    """`text` without the characters that XML cannot hold, not even escaped."""
    return _ILLEGAL.sub("", visible(text))
