from dataclasses import replace
from pathlib import Path

import pytest

from recipe.core.evidence import Evidence
from recipe.core.trials import Best
from recipe.report.compare import comparison, names, table_lines, verdict
from report_samples import full_run, initial_step


def counted(name, score, items=400, **more):
    """A run with this best score, measured on so many validation items."""
    step = replace(initial_step(), evidence=Evidence({"val_items": items}))
    best = Best({"lr": 0.1}, score)
    return full_run(**{"folder": Path(name), "steps": (step,), "best": best, **more})


def rows(*results):
    return {row[0]: row[1:] for row in comparison(results)}


def test_what_differs_is_shown_and_what_does_not_is_left_out():
    first = counted("a", 0.9)
    other = counted("b", 0.8, best=Best({"lr": 0.3, "dropout": 0.2}, 0.8, 1.5, 6),
                    settings={**first.settings, "seed": 2}, diagnosis=())  # fmt: skip
    found = rows(first, other)
    assert found[""] == ("a", "b")
    assert found["best val accuracy"] == ("0.9", "0.8")
    assert found["best epoch"] == ("-", "7")
    assert found["best: lr"] == ("0.1", "0.3")
    assert found["best: dropout"] == ("-", "0.2")
    assert found["setting: seed"] == ("1", "2")
    assert found["diagnosis"] == ("softmax-before-loss, still-improving", "nothing")
    assert not [name for name in found if "budget" in name or "torch" in name]


def test_a_run_without_a_best_trial_has_dashes():
    found = rows(counted("a", 0.9), counted("b", 0.9, best=None, baseline=None))
    assert found["best val accuracy"] == ("0.9", "-")
    assert found["declared val accuracy"] == ("0.5", "-")


@pytest.mark.parametrize(
    ("score", "items", "says"),
    [
        (0.82, 400, "a scores 0.8, b scores 0.82: the second is"),
        (0.82, 400, "too close to call on 400 items (+0.02"),
        (0.86, 400, "better (+0.06"),
        (0.74, 400, "the second is worse (-0.0600, 95 % interval -0.1182 to -0.0018, 400 items)"),
        (0.8, 400, "Both score 0.8."),
        (0.82, 0, "is not known"),
    ],
)  # fmt: skip
def test_a_difference_is_judged_by_its_interval(score, items, says):
    assert says in verdict(counted("a", 0.8, items), counted("b", score, items))


def test_scores_that_cannot_be_compared_are_not():
    first = counted("a", 0.8)
    assert "b has no score" in verdict(first, counted("b", 0.8, best=None))
    assert "cannot be compared" in verdict(first, counted("b", 0.8, metric="r2"))
    own = [counted(name, score, metric="my_score") for name, score in (("a", 0.8), ("b", 0.9))]
    assert "is not known" in verdict(*own)


def test_columns_are_cut_to_the_width_and_names_keep_their_ends():
    table = [("", f"digits-{'0' * 30}-1", f"digits-{'0' * 30}-2"), ("best", "1", "2")]
    found = table_lines(table, 40)
    assert max(map(len, found)) <= 40
    assert "..." in found[0]
    assert [name[-2:] for name in found[0].split()] == ["-1", "-2"]
    assert found[1].split() == ["best", "1", "2"]
    assert table_lines(table)[0].split() == list(table[0][1:])  # into a file: whole


def test_runs_of_one_name_are_told_apart_by_the_folder_above():
    assert names([counted("a/run", 0.9), counted("b/run", 0.9)]) == ["a/run", "b/run"]
    assert names([counted("a/run", 0.9), counted("a/other", 0.9)]) == ["run", "other"]
    assert names([counted(".", 0.9)]) == [Path.cwd().name]


def test_a_score_of_tokens_is_of_many_answers():
    step = replace(initial_step(), evidence=Evidence({"val_items": 100, "best_answers": 10_000}))
    one, two = (counted(n, s, steps=(step,)) for n, s in (("a", 0.80), ("b", 0.83)))
    assert "better (" in verdict(one, two)
