"""junit.xml: what is a case, what fails, and that others can read it."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from recipe.core.exit_codes import exit_code
from recipe.core.findings import Finding, RemedyOutcome
from recipe.core.results import NO_WINNER, Against, RunResult, StepResult
from recipe.report.junit import junit_xml
from report_samples import full_run

TEXT = {"type": None, "message": None}
TIME = r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?"
XSD = {
    "testsuites": ({"name": None, "time": TIME, "tests": None, "failures": None, "errors": None},
                   set(), {"testsuite"}),
    "testsuite": (
        {"name": None, "tests": None, "failures": None, "errors": None, "group": None, "time": TIME,
         "skipped": None, "timestamp": None, "hostname": None, "id": None, "package": None,
         "file": None, "log": None, "url": None},
        {"name", "tests", "failures", "errors"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": ({"name": None, "time": None, "classname": None, "group": None}, {"name"},
                 {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": (TEXT, set(), set()), "error": (TEXT, set(), set()),
    "skipped": (TEXT, set(), set()), "system-out": ({}, set(), set()),
}  # fmt: skip
"""The parts of junit-10.xsd (Jenkins' xUnit plugin) that we use: by element its attributes with
their patterns, those that are required, and the elements in it, in any order and number."""
WORDY = {"failure", "error", "skipped", "system-out"}


def breaches(node: ET.Element) -> list[str]:
    """Where an element, or one within, is not as the schema says."""
    if node.tag not in XSD:
        return [f"unknown element {node.tag}"]
    attributes, required, inner = XSD[node.tag]
    found = [f"{node.tag} has {name}" for name in node.attrib if name not in attributes]
    found += [f"{node.tag} lacks {name}" for name in required - node.attrib.keys()]
    found += [
        f"{node.tag} {name} is {node.get(name)}"
        for name, pattern in attributes.items()
        if pattern and name in node.attrib and not re.fullmatch(pattern, node.get(name))
    ]
    found += [f"{child.tag} in {node.tag}" for child in node if child.tag not in inner]
    texts = [node.text, *(child.tail for child in node)]
    if node.tag not in WORDY and any(text and text.strip() for text in texts):
        found.append(f"text in {node.tag}")
    return found + [each for child in node for each in breaches(child)]


def suite(result: RunResult) -> ET.Element:
    root = ET.fromstring(junit_xml(result).encode())  # written above
    (found,) = root
    assert root.tag == "testsuites"
    assert breaches(root) == []
    assert root.attrib == {k: v for k, v in found.attrib.items() if k != "skipped"}
    return found


def case(result: RunResult, name: str) -> ET.Element:
    return next(each for each in suite(result) if each.get("name") == name)


def test_counts_and_time():
    found = suite(full_run())
    assert found.attrib == {
        "name": "digits", "tests": "10", "failures": "2", "errors": "0", "skipped": "2",
        "time": "124.500",
    }  # fmt: skip
    assert len(found) == 10


def test_steps_and_findings_are_cases():
    result = full_run()
    step = case(result, "initial_loss")
    assert step.get("classname") == "digits"
    assert step.find("failure").get("message") == (
        "The model returns <probabilities> | not\nlogits."
    )
    rule = case(result, "softmax-before-loss")
    assert rule.get("classname") == "initial_loss"
    assert "Return logits" in rule.find("failure").text
    warned = case(result, "still-improving")
    assert warned.find("failure") is None
    assert "The loss still falls." in warned.find("system-out").text
    assert "consequence of softmax" in case(result, "loss-off").find("system-out").text
    assert case(result, "finish").find("skipped").get("message") == "a gate failed"
    assert case(result, "data-order").find("skipped").get("message") == "Ignored: we | know"
    assert case(result, "small-data").find("system-out").text.startswith("note: Only 100 samples.")


def test_a_failed_round_that_was_replaced_does_not_fail():
    old = StepResult("a", "A", 1, "fail", findings=(Finding("r", "fail", "bad", ""),))
    result = RunResult("x", steps=(old, StepResult("a", "A", 2, "pass")))
    assert suite(result).get("failures") == "0"
    assert "fail" in case(result, "a").find("system-out").text
    assert case(result, "a.round2") is not None


def test_a_crash_is_an_error_with_characters_that_xml_can_hold():
    crash = StepResult("a", "A", 1, "error", reason="\x1b[31mkaputt\x00 \ud800 & <x> \U0001f642")
    found = suite(RunResult("x", steps=(crash,)))
    assert found.get("errors") == "1"
    assert found[0].find("error").get("message") == "\\x1b[31mkaputt\\x00 \\ud800 & <x> \U0001f642"


def test_a_run_that_failed_without_a_failed_step_is_not_green():
    assert suite(RunResult("x")).get("errors") == "1"
    passed = StepResult("a", "A", 1, "pass")
    stopped = RunResult("x", steps=(passed,), interrupted=True)
    assert case(stopped, "run").find("error").get("message") == "The run was interrupted."
    assert suite(RunResult("x", steps=(passed,))).get("errors") == "0"


def judged(*findings, status="pass", **more) -> RunResult:
    step = StepResult("a", "A", 1, status, findings=findings, rules=("r", "silent"), **more)
    return RunResult("x", steps=(step,))


def test_every_rule_is_a_case_and_a_silent_one_passes():
    result = judged(Finding("r", "warn", "Odd.", "Mend it."), status="warn")
    assert [(c.get("classname"), c.get("name")) for c in suite(result)] == [
        ("x", "a"), ("a", "r"), ("a", "silent")
    ]  # fmt: skip
    assert list(case(result, "silent")) == []
    assert [child.tag for child in case(result, "r")] == ["system-out"]


def test_rules_that_did_not_come_to_judge_are_skipped_with_the_reason():
    skipped = judged(status="skip", reason="b ended with 'fail'")
    crashed = judged(status="error", reason="boom")
    for result, words in ((skipped, "skipped: b ended"), (crashed, "crashed: boom")):
        for name in ("r", "silent"):
            assert words in case(result, name).find("skipped").get("message")
    assert suite(crashed).get("errors") == "1"


def test_a_warning_is_a_failure_where_the_run_is_strict():
    warned = judged(Finding("r", "warn", "Odd.", "Mend it."), status="warn")
    strict = replace(warned, settings={"strict": True})
    assert case(strict, "r").find("failure").get("message") == "Odd."
    assert case(strict, "a").find("failure").get("message") == "Odd."
    noted = judged(Finding("r", "note", "Odd.", ""), Finding("i", "warn", "", "", ignored="known"))
    assert suite(replace(noted, settings={"strict": True})).get("failures") == "0"


def test_remedies_and_what_they_brought_are_said():
    remedy = RemedyOutcome("return logits", True, "val_accuracy", 0.5, 0.75, applied=True)
    found = Finding("r", "warn", "Odd.", "Mend it.", remedy=remedy, behind="other")
    text = case(judged(found, status="warn"), "r").find("system-out").text
    assert (
        "return logits. Proved: val_accuracy 0.5 -> 0.75, better. The run went on with it." in text
    )
    assert "Found with other repaired." in text
    untested = replace(found, remedy=RemedyOutcome("return logits"))
    assert "went on" not in case(judged(untested, status="warn"), "r").find("system-out").text


PASSED = StepResult("a", "A", 1, "pass")
FAILED = StepResult("a", "A", 1, "fail", findings=(Finding("r", "fail", "bad", ""),))
WARNED = StepResult("a", "A", 1, "warn", findings=(Finding("r", "warn", "odd", "", because="q"),))
BLOCKED = replace(FAILED, findings=(Finding("r", "fail", "bad", "", blocks=True),))
RUNS = {
    "passed": RunResult("x", steps=(PASSED,)),
    "warned": RunResult("x", steps=(WARNED,)),
    "failed": RunResult("x", steps=(FAILED,)),
    "unusable": RunResult("x", steps=(BLOCKED,)),
    "crashed": RunResult("x", steps=(replace(PASSED, status="error", reason="boom"),)),
    "replaced": RunResult("x", steps=(FAILED, replace(PASSED, round=2))),
    "skipped": RunResult("x", steps=(replace(PASSED, status="skip", reason="--skip"),)),
    "empty": RunResult("x"),
    "interrupted": RunResult("x", steps=(PASSED,), interrupted=True),
    "no winner": replace(full_run(), steps=(PASSED,), best=None),
    "fell": RunResult("x", steps=(PASSED,), against=Against("main", False, "It fell.")),
    "held": RunResult("x", steps=(PASSED,), against=Against("main", True, "It held.")),
    "full": full_run(),
}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", RUNS)
def test_the_suite_fails_where_the_exit_code_does(name, strict):
    result = replace(RUNS[name], settings={"strict": True} if strict else {})
    found = suite(result)
    failed = found.get("failures") != "0" or found.get("errors") != "0"
    assert failed == (exit_code(result, strict=strict) != 0)


def test_what_fails_a_run_beside_its_steps_has_its_own_case():
    assert case(RUNS["no winner"], "run").find("error").get("message") == NO_WINNER
    assert case(RUNS["empty"], "run").find("error").get("message") == "No step ran."
    assert case(RUNS["fell"], "against").find("failure").get("message") == "It fell."
    assert case(RUNS["held"], "against").find("system-out").text == "It held."
    assert not [c for c in suite(RUNS["passed"]) if c.get("name") == "run"]


def test_the_checker_of_the_schema_sees_what_is_wrong():
    for broken, words in (
        ("<testsuites skipped='1'/>", "testsuites has skipped"),
        ("<testsuites time='1 s'/>", "testsuites time is 1 s"),
        ("<testsuites><testsuite name='a' tests='1' failures='0'/></testsuites>", "lacks errors"),
        ("<testsuites><testcase name='a'/></testsuites>", "testcase in testsuites"),
        ("<testsuites>text</testsuites>", "text in testsuites"),
    ):
        assert words in "; ".join(breaches(ET.fromstring(broken)))


@pytest.mark.parametrize("name", RUNS)
def test_a_public_parser_reads_all_of_it(name, tmp_path):
    from junitparser import JUnitXml

    path = tmp_path / "junit.xml"
    path.write_text(junit_xml(RUNS[name]), "utf-8")
    (read,) = JUnitXml.fromfile(str(path))
    written = suite(RUNS[name])
    for count in ("tests", "failures", "errors", "skipped"):
        assert getattr(read, count) == int(written.get(count))
    assert read.time == float(written.get("time"))
    for ours, theirs in zip(written, read, strict=True):
        assert (ours.get("classname"), ours.get("name")) == (theirs.classname, theirs.name)
        kinds = [child for child in ours if child.tag != "system-out"]
        assert [(c.tag, c.get("message"), c.text) for c in kinds] == [
            (r._tag, r.message, r.text) for r in theirs.result
        ]
        assert theirs.system_out == (ours.findtext("system-out") or None)
    counts = [(s.tests, s.failures, s.errors, s.skipped) for s in [read]]
    read.update_statistics()
    assert counts == [(read.tests, read.failures, read.errors, read.skipped)]
