"""The picture and the sentences at the top of a report."""

import json
from dataclasses import replace

from recipe.core.column_facts import ColumnFacts
from recipe.core.evidence import Evidence, Sheet
from recipe.core.results import RunResult, StepResult
from recipe.core.trials import Best
from recipe.report.markdown import render
from recipe.report.plots import RESULTS, draw_plots
from recipe.report.quality_words import about_quality, by_class, class_counts, item_counts
from recipe.report.results_view import results_panel
from recipe.report.write import write_report

LABELS = {"trivial_score": 0.25, "trivial_answer": "always 'cat'", "chosen_score": 0.7,
          "val_low": 0.6, "val_high": 0.79, "val_items": 80,
          "shown_classes": json.dumps(["cat", "dog", "owl"])}  # fmt: skip
CONFUSION = {
    "confusion": (30, 5, 5, 4, 16, 0, 6, 4, 10), "class_items": (40, 20, 20),
    "class_recall": (0.75, 0.8, 0.5), "class_precision": (0.75, 0.64, 0.67),
    "class_f1": (0.75, 0.71, 0.57), "train_by_class": (160, 80, 80), "val_by_class": (40, 20, 20),
}  # fmt: skip


def run(scalars, curves, sheets=None, metric="accuracy", columns=()):
    step = StepResult("finish", "Finish", 1, "pass",
                      evidence=Evidence(scalars, curves, sheets or {}))  # fmt: skip
    return RunResult("pets", steps=(step,), metric=metric, best=Best({}, 0.7),
                     baseline=Best({}, 0.65), columns=columns)  # fmt: skip


def test_the_score_stands_beside_the_trivial_one():
    told = " ".join(about_quality(run(LABELS, CONFUSION)))
    assert "validation accuracy of **0.7** (95 % interval 0.6 to 0.79, 80 validation" in told
    assert "A trivial answer (always 'cat') scores 0.25, and the model is better." in told
    assert "It knows dog best (80% of them found) and owl least (50%)." in told
    assert "optimistic" in told


def test_a_score_that_no_item_separates_from_the_trivial_one():
    near = LABELS | {"trivial_score": 0.66}
    told = " ".join(about_quality(run(near, {})))
    assert "scores 0.66; whether the model is any better is too close to call." in told


def test_amounts_are_told_in_the_unit_of_the_target():
    scalars = {"trivial_score": 0.0, "mean_absolute_error": 2.1, "median_absolute_error": 1.5,
               "trivial_absolute_error": 6.5}  # fmt: skip
    column = ColumnFacts("MPG", "number", "target", "")
    found = run(scalars, {"true_value": (1.0, 2.0), "predicted_value": (1.1, 1.9)}, metric="r2",
                columns=(column,))  # fmt: skip
    told = " ".join(about_quality(found))
    assert "On average it is off by **2.1** MPG, half of the time by 1.5 or less" in told
    assert "always saying the mean is off by 6.5." in told
    assert results_panel(found).points == ((1.0, 1.1), (2.0, 1.9))
    assert results_panel(found).unit == "MPG"


def test_a_text_has_a_perplexity():
    told = " ".join(about_quality(run({"perplexity": 4.0, "bits_per_character": 2.0}, {})))
    assert "Its perplexity is **4**, which is 2 bits per character." in told


def test_the_panel_holds_what_was_measured():
    sheet = Sheet(("cat (0.9)\nis owl, #3",), rows=(("1", "x"),), header=("a", "b"))
    shown = results_panel(run(LABELS, CONFUSION, {"mistakes": sheet}))
    labels = [bar.label for bar in shown.bars]
    assert labels == ["trivial (always 'cat')", "as declared", "this run, validation"]
    assert shown.bars[-1].ends == (0.6, 0.79)
    assert shown.confusion.names == ("cat", "dog", "owl")
    assert shown.confusion.counts[1] == (4, 16, 0)
    assert shown.worst.rows == (("1", "x"),)


def test_tables_by_class_and_counts():
    found = run(LABELS | {"counted_classes": json.dumps(["cat", "dog", "owl"]),
                          "train_items": 320}, CONFUSION)  # fmt: skip
    assert by_class(found)[2] == ("owl", "20", "0.50", "0.67", "0.57")
    assert class_counts(found)[0] == ("cat", "160", "40")
    assert item_counts(found) == "320 items to train, 80 to validate."


def test_without_a_score_there_is_no_picture(tmp_path):
    found = replace(run({}, {}), best=None)
    assert results_panel(found) is None
    assert about_quality(found) == []
    assert RESULTS not in [plot.link for plot in draw_plots(found, tmp_path)]


def test_every_part_alone_can_be_drawn(tmp_path):
    for number, curves in enumerate(
        ({}, CONFUSION, {"true_value": (1.0, 2.0), "predicted_value": (1.0, 3.0)})
    ):
        for rows in ({}, {"mistakes": Sheet(("a",), lines=((1.0, 2.0),))},
                     {"mistakes": Sheet(("a",), rows=(("x",),), header=("h",))}):  # fmt: skip
            plots = draw_plots(run(LABELS, curves, rows), tmp_path / f"{number}-{len(rows)}")
            assert plots[0].link == RESULTS


def test_the_report_begins_with_them(tmp_path):
    scalars = LABELS | {"train_items": 320}
    text = write_report(run(scalars, CONFUSION), tmp_path).read_text("utf-8")
    assert text.index("](results.png)") < text.index("## What was found")
    assert text.index("Each class by itself") < text.index("## Your data")


def test_a_language_model_shows_what_it_writes():
    result = run({"sample_begins": "To be\nor not", "sample_goes_on": " to be | *that*"}, {})
    report = render(result)
    assert "    To be\n    or not\n" in report
    assert "     to be | *that*\n" in report
    assert "### What it writes" not in render(run({}, {}))
