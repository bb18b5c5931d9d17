"""--against: the score of a run beside that of a stored one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.core.evidence import Evidence
from recipe.core.exit_codes import exit_code
from recipe.core.leads import ERRORS
from recipe.core.results import RunResult, StepResult
from recipe.core.settings import Settings
from recipe.core.trials import Best, Trial
from recipe.engine.run_execution import execute
from recipe.engine.stored_run import Earlier, stored
from recipe.report.score_words import answers
from tiny import experiment, network

pytestmark = pytest.mark.usefixtures("without_plots")
TARGET = Path(__file__).parents[1] / "helpers" / "tiny.py"
SHORT = "initial_loss"


def scored(score, *, items=400, metric="accuracy", baseline=None, numbers=(0, 1), curve=()):
    """A finished run with this best score, made by hand."""
    trials = tuple(
        Trial(
            "k", "s", 1, number, {}, 0, "finished", 1, 1, 1.0, metric,
            score if number == numbers[-1] else baseline, curves={"val_score": curve},
        )
        for number in numbers
    )  # fmt: skip
    return RunResult(
        "x",
        steps=(StepResult("inspect", "I", 1, "pass", evidence=Evidence({"val_items": items})),),
        trials=trials,
        metric=metric,
        baseline=None if baseline is None else Best({}, baseline),
        best=None if score is None else Best({}, score),
    )


def compare(before, after, declared=experiment):
    items = int(answers(after) or answers(before) or 0)
    return Earlier(before, "main").compare(after, declared.resolved(None), items)


@pytest.mark.parametrize(
    ("before", "after", "passed", "words"),
    [
        (0.9, 0.9, True, "too close to call on 400 items (+0.00,"),
        (0.9, 0.95, True, "it is better (+0.05, 95 % interval"),
        (0.9, 0.87, True, "too close to call on 400 items (-0.03"),
        (0.9, 0.8, False, "it is worse (-0.10"),
    ],
)
def test_a_fall_beyond_its_interval_fails(before, after, passed, words):
    found = compare(scored(before), scored(after))
    assert found.passed is passed
    assert words in found.message
    assert (found.before, found.after, found.metric) == (before, after, "accuracy")
    assert f"{before:g}" in found.message
    assert f"{after:g}" in found.message
    assert "95 % interval" in found.message


def test_the_noise_is_that_of_the_difference():
    variance = sum(share * (1 - share) / 400 for share in (0.9, 0.8))
    assert compare(scored(0.9), scored(0.8)).noise == pytest.approx(ERRORS * variance**0.5)
    assert compare(scored(0.9, items=40000), scored(0.89, items=40000)).passed is False
    assert compare(scored(0.9, items=100), scored(0.83, items=100)).passed is True


def test_where_a_stored_run_does_not_say_its_items_they_are_as_many():
    unsaid = replace(scored(0.9), steps=())
    assert compare(unsaid, scored(0.85)) == compare(scored(0.9), scored(0.85))


def test_the_noise_of_sequences_is_that_of_their_tokens_whatever_steps_ran(tmp_path):
    """A score of 60 sequences is one of 60 * 15 tokens that count: the last one is padding."""
    source = torch.Generator().manual_seed(3)
    walks = (torch.randint(0, 5, (240, 1), generator=source) + torch.arange(17)) % 5
    walks[torch.rand(walks.shape, generator=source) < 0.2] = 0
    x, y = walks[:, :-1], walks[:, 1:].clone()
    y[:, -1] = -100
    declared = Experiment(
        model=lambda: nn.Sequential(nn.Embedding(5, 8), nn.Linear(8, 5)), train=(x[:180], y[:180]),
        val=(x[180:], y[180:]), task="language_model", lr=0.5, epochs=2, batch_size=32,
    )  # fmt: skip
    first = execute(declared, Settings(out=tmp_path, only=("coarse_grid",)))
    for number, only in enumerate(("coarse_grid", "inspect")):
        settings = Settings(out=tmp_path / str(number), only=(only,), against=first.folder)
        result = execute(declared, settings)
        score = result.against.after
        expected = ERRORS * (2 * score * (1 - score) / 900) ** 0.5
        assert 0 < score < 1
        assert result.against.before == score
        assert result.against.noise == pytest.approx(expected)
        assert result.against.passed
    assert answers(result) == 900


def test_a_score_of_ones_own_may_fall_by_as_much_as_it_wandered():
    def dice(outputs, targets):
        return 0.5

    own = replace(experiment, metric=dice)
    calm, restless = [0.5] * 8, [0.5, 0.6] * 4
    runs = {c: [scored(s, metric="dice", curve=v) for s in (0.6, 0.5)]
            for c, v in (("calm", calm), ("restless", restless))}  # fmt: skip
    assert not compare(*runs["calm"], own).passed
    assert compare(*runs["restless"], own).passed


def test_declared_settings_are_compared_where_one_run_trained_nothing_else():
    searched, only = scored(0.95, baseline=0.8), scored(0.8, baseline=0.8, numbers=(0,))
    assert compare(searched, only).before == 0.8
    assert compare(only, searched).after == 0.8
    assert "declared setting" in compare(searched, only).message
    assert compare(searched, scored(0.94, baseline=0.2)).passed
    assert "best setting" in compare(searched, searched).message


def test_what_cannot_be_compared_fails_and_says_why():
    other = compare(scored(0.9, metric="f1"), scored(0.9))
    assert not other.passed
    assert "accuracy here and f1 in main" in other.message
    none = compare(scored(0.9), scored(None, numbers=()))
    assert not none.passed
    assert none.message == "This run has no score, so it cannot be compared with main."
    failed = compare(scored(0.9), scored(None)).message
    assert failed == "This run failed before it had a score to compare with that of main."
    half = compare(scored(None, baseline=0.8), scored(0.9))
    assert half.message == "main has no score, so it cannot be compared with this run."


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """A run that trained the declared setting alone."""
    out = tmp_path_factory.mktemp("reference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recipe.report.write.draw_plots", lambda *_, **__: ())
        first = execute(experiment, Settings(out=out, only=("inspect", "coarse_grid")))
    return first.folder


@pytest.mark.parametrize("name", ["", "result.json"])
def test_a_short_run_trains_the_declared_setting_once(tmp_path, reference, name):
    result = execute(experiment, Settings(out=tmp_path, until=SHORT, against=reference / name))
    (trial,) = result.trials
    assert (trial.number, trial.step) == (0, "against")
    assert result.against.passed
    assert result.against.after == result.best.val_score == result.baseline.val_score
    assert exit_code(result) == 0
    report = (result.folder / "report.md").read_text()
    assert result.against.message in report
    assert "The declared setting (lr 0.05" in report
    content = json.loads((result.folder / "result.json").read_text())
    assert content["against"]["passed"] is True
    assert stored(result.folder).result == replace(result, folder=result.folder)


def test_a_worse_model_fails(tmp_path, reference):
    class Blind(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = network()

        def forward(self, x):
            return self.net(x * x.new_tensor([0.0, 1.0]))

    settings = Settings(out=tmp_path, until=SHORT, against=reference)
    result = execute(replace(experiment, model=Blind), settings)
    assert result.against.passed is False
    assert result.against.after < result.against.before
    assert result.verdict == "fail"
    assert exit_code(result) == 1


def test_a_failed_run_is_not_trained_for_the_comparison(tmp_path, reference):
    softmax = replace(experiment, model=lambda: nn.Sequential(network(), nn.Softmax(1)))
    result = execute(softmax, Settings(out=tmp_path, until=SHORT, against=reference))
    assert not result.trials
    assert "This run failed before it had a score" in result.against.message


def test_an_interrupted_run_says_nothing_and_goes_on_with_or_without(tmp_path, reference):
    def interrupt(event):
        if type(event).__name__ == "StepFinished":
            raise KeyboardInterrupt

    settings = Settings(out=tmp_path, until=SHORT)
    partial = execute(experiment, settings, observe=interrupt)
    assert partial.against is None
    again = execute(experiment, replace(settings, against=reference), observe=interrupt)
    assert again.folder == partial.folder
    assert again.against is None
    last = execute(experiment, replace(settings, against=reference))
    assert last.folder == partial.folder
    assert last.against.passed


REFUSED = {
    "missing": (None, "there is no"),
    "no json": ("{", "cannot be read as a result"),
    "a list": ("[]", "cannot be read as a result"),
    "another schema": ('{"schema": 7}', "its schema is 7, expected 1"),
    "no score": (json.dumps(RunResult("x").to_json()), "has no score"),
    "a score in words": (
        json.dumps({**RunResult("x").to_json(), "best": {"params": {}, "val_score": "high"}}),
        "cannot be read as a result",
    ),
    "another metric": (json.dumps(scored(0.9, metric="f1").to_json()), "accuracy here and f1 in"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_known_before_is_refused_before_and_nothing_is_written(tmp_path, recipe, case):
    text, words = REFUSED[case]
    path, out = tmp_path / "stored.json", tmp_path / "out"
    if text is not None:
        path.write_text(text)
    code, _, err = recipe("check", TARGET, "--until", SHORT, "--out", out, "--against", path)
    assert code == 2
    assert words in err
    assert err.startswith("Error: --against: ")
    assert str(path) in err
    assert len(err.strip().splitlines()) == 1
    assert not list(out.glob("*"))


def test_steps_without_a_score_and_an_experiment_without_a_setting(tmp_path, reference):
    bare = replace(experiment, lr=None)
    with pytest.raises(UsageError, match="give it lr="):
        execute(bare, Settings(out=tmp_path, until=SHORT, against=reference))
    assert not list(tmp_path.iterdir())


def test_the_terminal_and_the_file_say_it(tmp_path, recipe, reference):
    code, out, _ = recipe(
        "check", TARGET, "--until", SHORT, "--out", tmp_path, "--against", reference
    )
    assert code == 0
    (line,) = (line for line in out.splitlines() if line.startswith("Compared: "))
    assert "The declared setting has accuracy" in line
