from xml.etree import ElementTree as ET

from report_samples import full_run

from recipe.report.junit import junit_xml
from recipe.results import Finding, RunResult, StepResult


def suite(result: RunResult) -> ET.Element:
    root = ET.fromstring(junit_xml(result).encode())  # written above
    (found,) = root
    assert root.tag == "testsuites"
    assert root.attrib == found.attrib
    return found


def case(result: RunResult, name: str) -> ET.Element:
    return next(each for each in suite(result) if each.get("name") == name)


def test_counts_and_time():
    found = suite(full_run())
    assert found.attrib == {
        "name": "digits", "tests": "8", "failures": "2", "errors": "0", "skipped": "1",
        "time": "124.500",
    }  # fmt: skip
    assert len(found) == 8


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
    names = {each.get("name") for each in suite(result)}
    assert not names & {"data-order", "small-data"}


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
    assert found[0].find("error").get("message") == "[31mkaputt  & <x> \U0001f642"


def test_a_run_that_failed_without_a_failed_step_is_not_green():
    assert suite(RunResult("x")).get("errors") == "1"
    passed = StepResult("a", "A", 1, "pass")
    stopped = RunResult("x", steps=(passed,), interrupted=True)
    assert case(stopped, "run").find("error").get("message") == "The run was interrupted."
    assert suite(RunResult("x", steps=(passed,))).get("errors") == "0"
