"""The order of faults by what their repairs bring, on scores that are known."""

from dataclasses import dataclass, field

import pytest

from recipe.core.evidence import Evidence
from recipe.core.findings import Finding, RemedyOutcome
from recipe.engine.court import Attempt, Case, decide
from recipe.engine.score_gain import Result
from recipe.plugin.remedy import Remedy

NOISE = 0.02


def case(rule, severity="fail", *, exact=True):
    remedy = Remedy(f"mend {rule}", lambda subject: subject.experiment)
    return Case(Finding(rule, severity, "m", "a"), remedy, Evidence(), exact)


@dataclass
class Scores:
    """Trials whose scores stand in a table: by the set of what is repaired."""

    table: dict[frozenset[str], float]
    trials: int = 99
    taken: tuple[str, ...] = ()
    said: list[str] = field(default_factory=list)
    cost: str = "a trial takes about 3 s"

    def of(self, *rules):
        return self.table[frozenset(rules)]

    @property
    def spent(self):
        return self.trials <= 0

    def attempt(self, each):
        self.trials -= 1
        before, after = self.of(*self.taken), self.of(*self.taken, each.rule)
        gained = after - before
        outcome = RemedyOutcome(each.remedy.name, gained > NOISE, "score", before, after)
        return Attempt(each, outcome, None, None, Result(before, None), Result(after, None),
                       (gained, gained), gained > 2 * NOISE)  # fmt: skip

    def take(self, attempt):
        self.taken = (*self.taken, attempt.case.rule)

    def without(self, cases, left_out):
        others = tuple(each.rule for each in cases if each is not left_out)
        return Scores(self.table, taken=others).attempt(left_out)

    def learns(self, reached):
        return reached.score > 0.2

    def acquits(self, attempt):
        return not (attempt.case.exact or attempt.certain) and self.learns(attempt.before)

    def progress(self, done, total, rule):
        pass

    def say(self, text):
        self.said.append(text)


def table(**scores):
    return {
        frozenset(rules.replace("none", "").split("_")) - {""}: s for rules, s in scores.items()
    }


def places(verdict):
    return {rule: outcome.place for rule, outcome in verdict.outcomes.items() if outcome.place}


def test_the_repair_that_brings_most_leads():
    scores = Scores(table(none=0.3, a=0.4, b=0.8, a_b=0.95))
    verdict = decide(scores, [case("a"), case("b")])
    assert places(verdict) == {"b": 1, "a": 2}
    assert verdict.outcomes["a"].before == 0.8


def test_what_a_repair_leaves_nothing_to_bring_is_folded_under_it():
    scores = Scores(table(none=0.3, a=0.5, b=0.9, a_b=0.9))
    verdict = decide(scores, [case("a", "warn", exact=False), case("b")])
    assert verdict.outcomes["a"].superseded_by == "b"
    assert verdict.outcomes["a"].verified


def test_an_exact_mark_is_not_folded():
    scores = Scores(table(none=0.3, a=0.5, b=0.9, a_b=0.9))
    verdict = decide(scores, [case("a"), case("b")])
    assert verdict.outcomes["a"].superseded_by is None
    assert (verdict.outcomes["a"].before, verdict.outcomes["a"].after) == (0.3, 0.5)


def test_two_that_keep_each_other_from_helping_are_both_needed():
    scores = Scores(table(none=0.1, a=0.1, b=0.1, a_b=0.9))
    verdict = decide(scores, [case("a"), case("b")])
    assert places(verdict) == {"a": 1, "b": 2}
    assert (verdict.outcomes["a"].before, verdict.outcomes["a"].after) == (0.1, 0.9)


def test_what_the_step_back_finds_idle_has_no_place():
    scores = Scores(table(none=0.1, a=0.1, b=0.1, a_b=0.1, c=0.1, a_c=0.1, b_c=0.9, a_b_c=0.9))
    verdict = decide(scores, [case("a"), case("b"), case("c")])
    assert set(places(verdict)) == {"b", "c"}
    assert verdict.outcomes["a"].verified is False


def test_a_repair_that_does_not_make_it_learn_has_no_place():
    scores = Scores(table(none=-3.0, a=0.05))
    verdict = decide(scores, [case("a")])
    assert verdict.outcomes["a"].verified
    assert not places(verdict)


@pytest.mark.parametrize(("exact", "acquitted"), [(True, set()), (False, {"a"})])
def test_what_costs_nothing_is_acquitted_unless_it_is_exact(exact, acquitted):
    verdict = decide(Scores(table(none=0.9, a=0.9)), [case("a", "warn", exact=exact)])
    assert verdict.acquitted == acquitted


def test_without_learning_nothing_is_acquitted():
    verdict = decide(Scores(table(none=0.1, a=0.1)), [case("a", exact=False)])
    assert not verdict.acquitted


def test_a_suspicion_that_nobody_could_try_says_what_a_trial_would_take():
    scores = Scores(table(none=0.3, a=0.5, b=0.5, a_b=0.5), trials=1)
    verdict = decide(scores, [case("a"), case("b", "warn", exact=False), case("c", "warn")])
    assert verdict.outcomes["b"].undecided == (
        "The budget of proofs was spent; a trial takes about 3 s."
    )
    assert verdict.acquitted == {"b"}
