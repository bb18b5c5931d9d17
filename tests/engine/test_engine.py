"""The engine: order, gate, skip, goto, errors; with steps made for the test."""

from types import SimpleNamespace

import pytest
import torch

from recipe.core.budget import Budget, Meter
from recipe.core.clock import TimeUp
from recipe.core.errors import UsageError
from recipe.core.events import Crash, Message, StepStarted
from recipe.core.evidence import Evidence
from recipe.core.findings import Finding, status_of
from recipe.core.settings import Settings
from recipe.engine.engine import MAX_ROUNDS, Engine
from recipe.notebook.journal import Journal
from recipe.plugin.registry import Plugin
from recipe.plugin.rules import finding, rule
from recipe.plugin.step import Goto, UnaffordableError, summary_of


@rule("fail")
def too_much(evidence: Evidence) -> Finding | None:
    """What: it is.

    Why: because.

    Fix: less.
    """
    value = evidence.number("value")
    return finding("fail", "too much", "less") if value is not None and value > 1 else None


class Made:
    title, version, rules = "Made", 1, (too_much,)

    def __init__(self, name, value=0.0, goto=None):
        self.name, self.value, self.wanted = name, value, goto
        self.requires, self.calls = frozenset(), 0

    def measure(self, ctx):
        self.calls += 1
        if isinstance(self.value, Exception):
            raise self.value
        return Evidence({"value": self.value, "round": ctx.round, "plan": str(dict(ctx.plan))})

    def goto(self, evidence, findings, ctx):
        return self.wanted


class Marked(Meter):
    """A meter that is heard when trainings begin."""

    def __init__(self, events, budget):
        super().__init__(budget)
        self.events = events

    def mark(self):
        self.events.append("marked")


@pytest.fixture
def engine(tmp_path):
    journals = []

    def make(*steps, gate=None, **settings):
        for earlier in journals:
            earlier.close()
        journals.clear()
        journal = Journal(tmp_path)
        journals.append(journal)
        events = []
        ctx = SimpleNamespace(
            settings=Settings(**settings), plan={}, measured={}, trials=[], step="", round=1,
            emit=events.append, device=torch.device("cpu"), seed=0, baseline_trial=None, events=events, chosen=None,
            meter=Marked(events, settings.get("budget")),
            decide=lambda _, make: make(),
            runner=SimpleNamespace(fingerprint="f", find_mode=lambda: None, idle=""),
            experiment=SimpleNamespace(params={}, clip_norm=None, shuffle=True, augment=None,
                                       epochs=10, accumulate=1, parallel=None),
            epochs_left=None, pace=None, lasts=lambda _: 0.0, best_trial=None,
        )  # fmt: skip
        return Engine([Plugin(step, "pack") for step in steps], ctx, journal, gate)

    yield make
    for journal in journals:
        journal.close()


def statuses(engine):
    engine.run()
    return {(r.name, r.round): r.status for r in engine.results}


def test_a_failed_step_stops_the_rest_with_a_reason(engine):
    later = Made("b")
    run = engine(Made("a", 2.0), later)
    assert statuses(run) == {("a", 1): "fail", ("b", 1): "skip"}
    assert later.calls == 0
    assert "a ended with 'fail'" in run.results[1].reason


def test_a_gate_may_let_it_go_on(engine):
    asked = []
    run = engine(Made("a", 2.0), Made("b"), gate=lambda result: asked.append(result.name) or True)
    assert statuses(run) == {("a", 1): "fail", ("b", 1): "pass"}
    assert asked == ["a"]


def test_until_only_and_skip(engine):
    assert statuses(engine(Made("a"), Made("b"), until="a")) == {("a", 1): "pass", ("b", 1): "skip"}


def test_only(engine):
    assert statuses(engine(Made("a"), Made("b"), only=("b",))) == {
        ("a", 1): "skip", ("b", 1): "pass",
    }  # fmt: skip


def test_skip(engine):
    run = engine(Made("a"), Made("b"), skip=("a",))
    assert statuses(run) == {("a", 1): "skip", ("b", 1): "pass"}
    assert "--skip a" in run.results[0].reason


def test_a_crash_is_an_error_that_names_the_package_never_a_pass(engine):
    run = engine(Made("a", RuntimeError("boom")), Made("b"))
    assert statuses(run) == {("a", 1): "error", ("b", 1): "skip"}
    assert "'a' of package 'pack' crashed with RuntimeError: boom" in run.results[0].reason
    (crash,) = [event for event in run.ctx.events if isinstance(event, Crash)]
    assert "Traceback" in crash.log


def test_what_is_no_evidence_is_an_error(engine):
    step = Made("a")
    step.measure = lambda _: {"value": 1}
    assert statuses(engine(step)) == {("a", 1): "error"}


def test_an_unusable_experiment_is_kept_for_the_exit_code(engine):
    run = engine(Made("a", UsageError("bad shape")))
    assert statuses(run) == {("a", 1): "error"}
    assert str(run.usage_error) == "bad shape"


def test_goto_runs_again_with_the_plan_in_a_bounded_number_of_rounds(engine):
    first, last = Made("a"), Made("b", goto=Goto("a", "try more", {"epochs": 9}))
    run = engine(first, last)
    assert statuses(run) == {
        (name, round_): "pass" for round_ in range(1, MAX_ROUNDS + 1) for name in "ab"
    }
    assert run.results[2].evidence.text("plan") == "{'epochs': 9}"
    assert run.results[2].hypothesis == "try more"


def test_a_spent_budget_ends_the_rounds(engine):
    run = engine(Made("a"), Made("b", goto=Goto("a", "again", {})))
    run.ctx.meter.budget = Budget(1, "epochs")
    run.ctx.meter.spend(1)
    assert len(statuses(run)) == 2


def test_a_goto_to_an_unknown_step_is_ignored(engine):
    assert len(statuses(engine(Made("a", goto=Goto("nowhere", "?", {}))))) == 1


def test_a_known_step_is_not_measured_again_but_judged_anew(engine):
    step = Made("a", 2.0)
    assert statuses(engine(step)) == {("a", 1): "fail"}
    assert statuses(engine(step)) == {("a", 1): "fail"}
    assert step.calls == 1
    assert statuses(engine(step, ignore={"too-much": "known"})) == {("a", 1): "pass"}
    assert step.calls == 1
    step.version = 2
    assert statuses(engine(step)) == {("a", 1): "fail"}
    assert step.calls == 2


class Training(Made):
    """A step that says what it is going to train."""

    def __init__(self, name, epochs=5.0, **more):
        self.title = name
        super().__init__(name, **more)
        self.epochs = epochs

    def expects(self, ctx, left):
        if self.epochs is None:
            raise ValueError("nobody knows")
        return self.epochs


def plans(run):
    run.run()
    return [e.text for e in run.ctx.events if isinstance(e, Message) and "Plan:" in e.text]


def test_the_plan_is_told_once_before_the_first_step_that_trains(engine):
    run = engine(Made("a"), Training("b"), Training("c", goto=Goto("b", "again", {})), Made("d"))
    (plan,) = plans(run)
    assert (
        "Plan: 10 epochs of training, as many as 1 full training (epochs: 5 to b, 5 to c)." in plan
    )
    order = [e for e in run.ctx.events if isinstance(e, StepStarted | Message)]
    assert [getattr(e, "name", "plan") for e in order[:3]] == ["a", "plan", "b"]
    assert run.ctx.events.count("marked") == 1


@pytest.mark.parametrize(
    ("settings", "plan"),
    [({"until": "b"}, "(epochs: 5 to b)"), ({"skip": ("b",)}, "(epochs: 5 to c)")],
)
def test_the_plan_is_of_the_steps_that_run(engine, settings, plan):
    assert plan in plans(engine(Training("b"), Training("c"), **settings))[0]


def test_short_steps_alone_need_no_plan(engine):
    step = Training("b")
    step.short = True
    assert plans(engine(step)) == []


def test_a_plan_that_cannot_be_made_stops_nothing(engine):
    run = engine(Training("b", epochs=None), Made("c"))
    assert plans(run) == []
    assert [r.status for r in run.results] == ["pass", "pass"]


@pytest.mark.parametrize(
    ("severities", "status"),
    [((), "pass"), (("note",), "pass"), (("note", "warn"), "warn"), (("warn", "fail"), "fail")],
)
def test_status_is_the_worst_severity_that_counts(severities, status):
    assert status_of([Finding("r", s, "m", "a") for s in severities]) == status
    assert status_of([Finding("r", s, "m", "a", ignored="why") for s in severities]) == "pass"


def test_a_result_names_the_rules_it_was_judged_by_also_where_nothing_was_found(engine):
    made = engine(Made("a"), Made("b", ValueError("boom")), Made("c"))
    assert statuses(made) == {("a", 1): "pass", ("b", 1): "error", ("c", 1): "skip"}
    assert [r.rules for r in made.results] == [("too-much",)] * 3
    again = engine(Made("a"), Made("b", ValueError("boom")), Made("c"))
    again.run()
    assert again.results[0].rules == ("too-much",)


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ("{value} of\n  {round}", "0.3333 of 2"),
        ("nothing measured", "nothing measured"),
        ("{value} and {missing}", ""),
        ("{value} and {nothing}", ""),
        ("", ""),
    ],
)
def test_a_step_says_in_brief_what_it_measured(says, said):
    step = Made("one")
    step.says = says
    assert summary_of(step, Evidence({"value": 1 / 3, "round": 2, "nothing": None})) == said


@pytest.mark.parametrize("says", ["{value", "{value:d}", 3])
def test_a_step_that_cannot_say_it_is_broken(engine, says):
    step = Made("one")
    step.says = says
    run = engine(step)
    run.run()
    assert run.results[0].status == "error"
    assert "says=" in run.results[0].reason


def test_what_it_says_stands_in_its_result(engine):
    step = Made("one", 0.25)
    step.says = "value {value}"
    run = engine(step)
    run.run()
    assert run.results[0].says == "value 0.25"
    assert engine(Made("two")).results == []


class Slow(Made):
    """A step that is cut off, or does not begin."""

    def __init__(self, name, error):
        super().__init__(name)
        self.error = error

    def measure(self, ctx):
        raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [(TimeUp(), "9s were used up"), (UnaffordableError("it takes 8 s"), "it takes 8 s")],
)
def test_a_step_that_the_time_does_not_suffice_for_is_left_out_and_said(engine, error, said):
    run = engine(Made("a"), Slow("b", error), Made("c"), budget=Budget(9, "seconds"))
    assert list(statuses(run).values()) == ["pass", "skip", "pass"]
    assert run.results[1].reason == said
    assert [(left.what, left.why) for left in run.ctx.meter.left_out] == [("b", said)]


def test_a_resumed_run_leaves_out_the_same(engine):
    first = engine(Slow("b", UnaffordableError("it takes 8 s")), budget=Budget(9, "seconds"))
    first.run()
    again = engine(Made("b"), budget=Budget(9, "seconds"))  # the journal is that of the folder
    again.run()
    assert again.results[0].status == "skip"
    assert again.ctx.meter.left_out == first.ctx.meter.left_out
