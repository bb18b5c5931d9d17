import re

import pytest

from recipe.core.evidence import Evidence
from recipe.core.findings import Finding, RemedyOutcome
from recipe.core.results import Cost, RunResult, StepResult
from recipe.core.trials import Best
from recipe.report.markdown import LONGEST_MESSAGE, key_message, render, render_values, summary
from recipe.report.plots import Plot
from report_samples import full_run, initial_step, trial

FOUND = "What was found, and what it brought"


def section(text: str, title: str) -> str:
    return re.split(r"^## ", text.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


def tables(text: str) -> list[list[str]]:
    return [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_title_and_summary():
    text = render(full_run())
    assert text.startswith("# digits: failed\n\nThe recipe failed. ")
    told = " ".join(summary(full_run()))
    assert "The main cause is `softmax-before-loss`" in told
    assert "Its remedy is proved by retraining: val score 0.71 → 0.784. 1 more cause" in told
    assert "1 more cause below." in told
    assert "lr 0.03, weight decay 0.0001, schedule cosine, dropout 0.2" in told
    assert "a validation accuracy of **0.53**, reached in epoch 1." in told
    assert "Beside the baseline (0.5) it is +0.03" in told
    assert "1 min 33 s: 3 trials with 10 epochs, as much work as 2.4 full trainings." in told


def test_every_table_is_rectangular():
    found = tables(render(full_run()))
    assert len(found) == 5
    for rows in found:
        assert len({len(cells(row)) for row in rows}) == 1, rows


def test_checklist():
    rows = tables(section(render(full_run()), "Checklist"))[0][2:]
    assert [cells(row)[:3] for row in rows] == [
        ["✗ fail", "Check the initial loss", "1"],
        ["✓ pass", "Coarse grid", "1"],
        ["✓ pass", "Coarse grid", "2"],
        ["! warn", "Look at the learning curves", "1"],
        ["○ skip", "Finish", "1"],
    ]
    assert cells(rows[0])[3] == "The model returns &lt;probabilities> \\| not logits. (and 1 more)"
    assert cells(rows[4])[3:] == ["a gate failed", "—"]
    assert cells(rows[1])[4] == "1 min 01 s"


def test_a_checklist_of_one_round_has_no_column_for_it():
    rows = tables(section(render(RunResult("x", steps=(initial_step(),))), "Checklist"))[0]
    assert cells(rows[0]) == ["status", "step", "what it says", "time"]


def test_a_long_message_is_shortened_in_the_checklist_and_stands_whole_below():
    reason = (
        "RuntimeError: mat1 and mat2 cannot be multiplied\n(2x3 | 4x5) " + "again " * 50 + "end"
    )
    step = StepResult("a", "Step A", 2, "error", reason=reason)
    text = section(render(RunResult("x", steps=(step,))), "Checklist")
    (rows,) = tables(text)
    assert cells(rows[2])[3].startswith("RuntimeError: mat1")
    assert cells(rows[2])[3].endswith(" again…")
    assert len(cells(rows[2])[3]) <= LONGEST_MESSAGE + 1, "and a backslash before the pipe"
    assert "- **Step A (round 2)**, in full: RuntimeError: mat1" in text
    assert text.rstrip().endswith("again end.")
    assert "in full" not in render(full_run())


def test_the_parts_stand_in_the_order_of_a_reader():
    heads = re.findall(r"^## (.*)", render(full_run()), re.MULTILINE)
    assert heads == [
        FOUND,
        "Checklist",
        "Step by step",
        "Laboratory notebook",
        "Cost",
        "Environment",
        "How to reproduce",
        "Glossary",
    ]


def test_causes_stand_with_what_their_remedy_brought():
    text = section(render(full_run()), FOUND)
    assert [cells(row) for row in tables(text)[0][2:]] == [
        ["`softmax-before-loss`", "return-logits", "val score 0.71 → 0.784", "better", "no"],
        ["`still-improving`", "longer", "val score 0.8 → 0.79", "not better", "no"],
    ]
    assert re.findall(r"^### (.*)", text, re.MULTILINE) == ["What to do", "Notes", "Ignored"]
    assert "It explains `loss-off` (The loss is 3.1, not 2.303)." in text
    assert "`recipe explain softmax-before-loss`" in text
    assert "Ignored because: we | know." in text
    assert "- `small-data`: Only 100 samples. Expect noise." in text


def test_advice_is_numbered():
    lines = section(render(full_run()), FOUND).splitlines()
    numbered = [line for line in lines if re.match(r"\d+\. ", line)]
    assert [line.split(":")[0] for line in numbered] == [
        "1. `softmax-before-loss` (fail)",
        "2. `still-improving` (warn)",
    ]
    assert "   **Return logits.**" in lines
    assert "   **Train longer.**" in lines


def test_a_remedy_that_the_run_went_on_with_is_said_where_the_weights_are():
    assert "repaired" not in render(full_run()).split("## Glossary")[0]
    found = Finding(
        "bare-softmax", "warn", "m", "a", remedy=RemedyOutcome("cut it", None, applied=True)
    )
    step = StepResult("a", "A", 2, "warn", findings=(found,))
    text = render(full_run(steps=(*full_run().steps, step)))
    assert "The run went on with `bare-softmax` repaired." in text.split("## ")[0]
    assert "| `bare-softmax` | cut it | — | not tested | yes |" in section(text, FOUND)
    told = section(text, "How to reproduce").split("### How to load the model")[1]
    assert "`bare-softmax` repaired (cut it): the weights belong to the model with these" in told
    assert "which are applied again when it is loaded" in told


def test_steps_have_their_plots_and_numbers():
    plots = (
        Plot("plots/g-r2.png", "Grid", "A grid.", "coarse_grid", 2),
        Plot("plots/s.png", "Schedules", "Shapes.", about="schedules"),
    )
    text = section(render(full_run(), plots), "Step by step")
    first, second = text.split("### Coarse grid (round 2)\n")
    assert "plots/g-r2.png" not in first
    assert "![Grid](plots/g-r2.png)\n*A grid.*\n" in second
    assert "*This round tests:* Lower rates | were cut off." in second
    assert "initial loss" not in text  # inner values stand in values.md
    assert "[values.md](values.md)" in text
    assert "### Finish" not in text
    assert text.rstrip().endswith("![Schedules](plots/s.png)\n*Shapes.*")


def test_what_was_measured_stands_in_a_page_of_its_own():
    text = render_values(full_run())
    assert "| initial loss | 3.142 |" in text
    assert "| exact | yes |" in text
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == 4


def test_notebook_command_and_loading():
    text = render(full_run())
    book = section(text, "Laboratory notebook")
    assert "loss is nan \\| inf" in book
    assert "The same in every trial: weight decay 0.0001, schedule cosine." in book
    assert "recipe run 'my exp.py:net' --seed 1" in section(text, "How to reproduce")
    assert "recipe.load(" in section(text, "How to reproduce")
    assert "| threads | 2 |" in section(text, "Environment")
    assert "| full trainings | 2.4 |" in section(text, "Cost")


def test_no_blank_line_is_doubled():
    assert "\n\n\n" not in render(full_run())


@pytest.mark.parametrize("interrupted", [True, False])
def test_an_empty_run(interrupted):
    text = render(RunResult("x", interrupted=interrupted))
    assert "# x: failed" in text
    assert ("was interrupted" in text) is interrupted
    assert "No step ran." in text
    assert "No trial was trained." in text
    assert "No fault was found." in text
    assert "recipe run TARGET" in text
    assert "How to load" not in text
    assert "Nothing was found" not in text
    assert "\n\n\n" not in text


def test_a_clean_run_without_trials():
    step = StepResult("a", "A", 1, "pass", evidence=Evidence({"zero": 0}))
    told = " ".join(summary(RunResult("x", steps=(step,), cost=Cost(seconds=3.0))))
    assert told == "The recipe passed. No fault was found. The run took 3.0 s."
    assert "| zero | 0 |" in render_values(RunResult("x", steps=(step,)))


def test_a_crash_is_named():
    step = StepResult("a", "Step A", 1, "error", reason="KeyError: 'x'")
    assert "“Step A” crashed: KeyError: 'x'." in " ".join(summary(RunResult("x", steps=(step,))))


@pytest.mark.parametrize(
    ("best", "baseline", "said"),
    [
        (Best({}, 0.5), Best({}, 0.5), "The baseline scores the same (0.5)"),
        (Best({}, 0.5), Best({}, None), "The baseline has no score"),
        (Best({}, None), Best({}, 0.5), "no known validation score"),
        (None, None, "No best setting: no trial ended with a score."),
    ],
)
def test_best_and_baseline(best, baseline, said):
    result = RunResult("x", trials=(trial(1),), best=best, baseline=baseline)
    assert said in " ".join(summary(result))


def test_key_message_prefers_the_reason_then_causes():
    effect = Finding("e", "fail", "effect", "", because="c")
    cause = Finding("c", "warn", "cause", "")
    note = Finding("n", "note", "note", "")
    assert key_message(StepResult("a", "A", 1, "fail", findings=(effect, cause))) == (
        "cause (and 1 more)"
    )
    assert key_message(StepResult("a", "A", 1, "skip", "why", findings=(cause,))) == "why"
    assert key_message(StepResult("a", "A", 1, "pass", findings=(note,))) == "note"
    assert key_message(StepResult("a", "A", 1, "pass")) == "as expected"
    assert key_message(StepResult("a", "A", 1, "pass", says="loss 2.3")) == "loss 2.3"


@pytest.mark.parametrize("verified", [False, None])
def test_the_summary_claims_no_proof_that_failed_or_was_not_sought(verified):
    found = Finding("r", "fail", "m", "a", remedy=RemedyOutcome("x", verified, "s", 0.1, 0.2))
    step = StepResult("a", "A", 1, "fail", findings=(found,))
    assert "proved" not in " ".join(summary(RunResult("x", ("r",), (step,))))
