"""How an example is cut out of the evidence of a run."""

from pathlib import Path

from faults.rule_examples import example, read_by, shortened, written
from recipe.core.evidence import Evidence
from recipe.plugin import registry
from recipe.plugin.rules import finding, rule
from recipe.plugin.step import examples_of

EVIDENCE = Evidence(
    {"loss": 3.14159265, "limit": 2.0, "task": "classification", "unread": 7, "vetoed": False},
    {"curve": (1.00004, 0.5), "other": (1.0,)},
)


@rule("warn")
def too_high(evidence):
    """What: a loss above a limit.

    Why: a test.

    Fix: none.
    """
    loss, limit = evidence.number("loss"), evidence.number("limit")
    if loss is None or limit is None or loss <= limit or evidence.flag("vetoed"):
        return None
    at = f" after {evidence.curve('curve')[0]:.3g}" if "curve" in evidence.curves else ""
    return finding("warn", f"{loss:.3g} for {evidence.text('task')}{at}.", "Lower it.")


def test_what_a_rule_reads_is_watched():
    read = read_by(too_high, EVIDENCE)
    assert list(read.scalars) == ["loss", "limit", "vetoed", "task"]
    assert list(read.curves) == ["curve"]


def test_an_example_keeps_what_the_finding_needs_and_four_digits():
    least = shortened(too_high, EVIDENCE)
    assert least.scalars == {"loss": 3.142, "limit": 2.0, "task": "classification"}
    assert least.curves == {"curve": (1.0, 0.5)}
    assert too_high(least) == too_high(EVIDENCE)


def made(name):
    steps = [plugin.step for plugin in registry.load()]
    judges = [step for step in steps if name in {each.name for each in step.rules}]
    (judged,) = {each for step in judges for each in step.rules if each.name == name}
    return example(judged, judges)


def test_a_rule_that_no_fault_brings_about_gets_the_case_of_its_tests():
    step, evidence, source = made("gain-within-noise")
    assert (step.name, source) == ("refine_grid", "of_unit_tests")
    assert evidence == examples_of(step)["gain-within-noise"]


def test_the_example_of_a_fault_is_that_of_a_run_with_it(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    step, evidence, source = made("softmax-before-loss")
    assert (step.name, source) == ("initial_loss", "of_corpus")
    assert evidence == examples_of(step)["softmax-before-loss"]


def test_the_file_has_a_line_per_rule():
    text = written({"a": EVIDENCE, "b": EVIDENCE})
    assert [line[:4].strip() for line in text.splitlines()] == ["{", '"a":', '"b":', "}"]
