"""The run in brief: what a job summary shows."""

import pytest
from markdown_it import MarkdownIt

from recipe.core.findings import Finding
from recipe.core.results import Against, RunResult, StepResult
from recipe.report.brief import CUT, brief
from recipe.report.markdown import render
from report_samples import full_run


def table(text: str) -> list[list[str]]:
    tokens = MarkdownIt().enable("table").parse(text)
    cells = [
        t.children for k, t in enumerate(tokens) if tokens[k - 1].type in ("td_open", "th_open")
    ]
    texts = ["".join(c.content for c in cell) for cell in cells]
    return [texts[k : k + 4] for k in range(0, len(texts), 4)]


def test_it_says_verdict_steps_causes_best_and_cost():
    result = full_run(against=Against("main", False, "It fell by 0.1, more than 0.02"))
    text = brief(result)
    assert text.startswith("## ✗ digits: failed\n")
    rows = table(text)
    assert rows[0] == ["", "step", "what it says", "time"]
    assert [row[1] for row in rows[1:]] == [step.title for step in result.latest_steps]
    assert "<probabilities> | not logits." in rows[1][2]
    assert "1. **`softmax-before-loss`** (fail): The model returns" in text
    assert "**What to do:** Return logits." in text
    assert "Proved: val_score 0.71 -> 0.784" in text
    assert "It explains: `loss-off`" in text
    assert "2. **`still-improving`** (warn)" in text
    assert "not better" in text
    assert "validation accuracy of **0.53**" in text
    assert "It fell by 0.1, more than 0.02." in text
    assert "3 trials with 10 epochs" in text


def test_it_is_short_and_has_no_plot():
    result = full_run()
    assert "![" not in brief(result)
    assert len(brief(result)) < len(render(result)) / 2


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (RunResult("x"), "## ✗ x: failed"),
        (RunResult("x", interrupted=True), "It was interrupted"),
        (RunResult("<b>x", steps=(StepResult("a", "A", 1, "pass"),)), "## ✓ &lt;b>x: passed"),
    ],
)
def test_runs_of_little(result, words):
    text = brief(result)
    assert words in text
    assert "What was found" not in text


def test_a_long_story_stays_in_its_cell():
    crash = StepResult("a", "A", 1, "error", reason="boom | " * 400)
    rows = table(brief(RunResult("x", steps=(crash,))))
    assert len(rows) == 2
    assert rows[1][2].endswith("…")
    assert 290 < len(rows[1][2]) <= 300


@pytest.mark.parametrize("limit", [0, 10, 200, 400, 1000, 5000, 10**6])
def test_it_keeps_to_the_limit_in_whole_lines(limit):
    many = tuple(Finding(f"rule-{k}", "warn", "Größer als 2 → 3.", "Mend it.") for k in range(50))
    result = RunResult("x", steps=(StepResult("a", "A", 1, "warn", findings=many),))
    whole, text = brief(result), brief(result, limit)
    assert len(text.encode()) <= limit
    if text and text != whole:
        assert text.endswith(CUT)
        lines = text.removesuffix(CUT).splitlines()
        assert lines == whole.splitlines()[: len(lines)]
    assert (text == whole) is (len(whole.encode()) <= limit)


def test_earlier_rounds_are_no_rows():
    result = full_run()
    assert len([step for step in result.steps if step.name == "coarse_grid"]) == 2
    assert [row[1] for row in table(brief(result))].count("Coarse grid") == 1
