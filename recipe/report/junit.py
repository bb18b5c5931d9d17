"""junit.xml: the run as a test suite, for the CI systems that show one."""

import re
from xml.etree import ElementTree as ET

from recipe.report.words import duration
from recipe.results import Finding, RunResult, StepResult

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KINDS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit_xml(result: RunResult) -> str:
    """One suite: a case per step and round, and one per finding that counts.

    Earlier rounds are history, not verdict: their outcome is text on a case that passes. A run
    that failed without a failed step (interrupted, or nothing ran) has a case that says so.
    """
    cases = [_step_case(result, step, step in result.latest_steps) for step in result.steps]
    cases += [
        _finding_case(step, finding)
        for step in result.latest_steps
        for finding in step.findings
        if finding.counts
    ]
    bad = any(case.find("failure") is not None or case.find("error") is not None for case in cases)
    if result.interrupted or (result.verdict == "fail" and not bad):
        why = "The run was interrupted." if result.interrupted else "No step ran."
        cases.append(_outcome(_case(result.name, "run", 0.0), "error", why))
    suite = ET.Element("testsuite", _attributes(result, cases))
    suite.extend(cases)
    root = ET.Element("testsuites", _attributes(result, cases))
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


def _step_case(result: RunResult, step: StepResult, is_latest: bool) -> ET.Element:
    name = step.name if step.round == 1 else f"{step.name}.round{step.round}"
    case = _case(result.name, name, step.seconds)
    failing = [f.message for f in step.findings if f.counts and f.severity == "fail"]
    why = step.reason or "; ".join(failing) or step.status
    if not is_latest:
        text = f"{step.status} after {duration(step.seconds)}, a later round replaced it: {why}"
        return _outcome(case, "system-out", text)
    kind = {"fail": "failure", "error": "error", "skip": "skipped"}.get(step.status)
    return _outcome(case, kind, why) if kind else case


def _finding_case(step: StepResult, finding: Finding) -> ET.Element:
    case = _case(step.name, finding.rule, 0.0)
    cause = f"\nA consequence of {finding.because}." if finding.because else ""
    if finding.behind:
        cause = f"\nFound with {finding.behind} mended."
    text = f"{finding.message}\n{finding.advice}{cause}"
    if finding.severity == "fail":
        return _outcome(case, "failure", finding.message, text)
    return _outcome(case, "system-out", text)


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
    return _ILLEGAL.sub("", text)
