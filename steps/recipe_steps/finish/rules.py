"""Remarks about what the last step brought: none of them bears on the verdict."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.finish import choice_rules


@rule("note")
def ensemble_gain(evidence: Evidence) -> Finding | None:
    """What: several trainings of one setting, averaged in probability, beside one of them alone.

    Why: trainings from different seeds are wrong about different items, and where they are, the
    others outvote them: about two points for images are usual (CS231n, "Model ensembles"). The less
    their errors agree, the more an ensemble brings.

    Fix: take the ensemble where its gain is worth that many times the computation in use; otherwise
    the single model.
    """
    together, alone, spread, error, count = (
        evidence.number(name)
        for name in ("seeds_score", "seed_mean", "seed_spread", "error_correlation", "trainings")
    )
    if together is None or alone is None or count is None:
        return None
    gain = together - alone
    errors = "" if error is None else f" Their errors correlate by {error:.2g}."
    return finding(
        "note",
        f"{count:.0f} trainings together score {together:.4g}, one of them {alone:.4g} on average: "
        f"{_beside(gain, spread)}.{errors}",
        "Use the ensemble where the gain is worth the computation."
        if spread is not None and gain > spread
        else "Keep the single model.",
    )


@rule("note")
def snapshot_gain(evidence: Evidence) -> Finding | None:
    """What: snapshots of one training whose rate is set back several times, averaged in
    probability, beside a single model that cost as much.

    Why: each cycle ends in another minimum (Loshchilov, Hutter 2017; Huang et al. 2017), so that
    one training gives several models; but each of them has had only a part of the epochs.

    Fix: prefer it to the single model where it scores more; an ensemble of whole trainings, where
    they can be afforded, is usually better.
    """
    score, single, spread, count = (
        evidence.number(name)
        for name in ("snapshot_score", "single_score", "seed_spread", "snapshots")
    )
    if score is None or single is None or count is None:
        return None
    return finding(
        "note",
        f"{count:.0f} snapshots of one training score {score:.4g} together, the single model of "
        f"the same cost {single:.4g}: {_beside(score - single, spread)}.",
        "Snapshots pay here." if spread is not None and score - single > spread
        else "Snapshots do not pay here: keep the single model.",
    )  # fmt: skip


@rule("note")
def averaging_gain(evidence: Evidence) -> Finding | None:
    """What: the running average of the weights of a training beside the weights themselves.

    Why: the average lies in the middle of where the last updates jumped about (Polyak, Juditsky
    1992). It helps most while the rate is still high; a rate that has fallen to zero leaves little
    to average.

    Fix: use the averaged weights where they score more: they cost nothing in use.
    """
    gain, error, count = (
        evidence.number(name)
        for name in ("averaging_gain", "averaging_error", "averaging_trainings")
    )
    if gain is None or count is None:
        return None
    sure = error is not None and abs(gain) > error
    over = f" over {count:.0f} trainings" if count > 1 else ""
    return finding(
        "note",
        f"Averaged weights change the score by {gain:+.2g}{over}"
        f"{'' if error is None else f', with a standard error of {error:.1g}'}.",
        "It makes no difference here."
        if not sure
        else "Use the averaged weights."
        if gain > 0
        else "Keep the weights as they are.",
    )


@rule("note")
def test_score(evidence: Evidence) -> Finding | None:
    """What: the score of the chosen model on the test data, which no step before has looked at.

    Why: every choice was made on the validation data, so their score flatters the winner. The test
    data say how good the model is, as long as nobody chooses by them: a test set that is used twice
    is a validation set.

    Fix: report this score with its interval. To look once more, say `--again`, and take it for a
    validation score then.
    """
    score, low, high, items, validation = (
        evidence.number(name)
        for name in ("test_score", "test_low", "test_high", "test_items", "chosen_score")
    )
    withheld = evidence.text("test_withheld")
    if withheld:
        return finding(
            "note",
            f"The test data were not used: {withheld}.",
            "Say --again to use them once more." if "used the test data" in withheld
            else "Fix the data in the experiment, and run the recipe again.",
        )  # fmt: skip
    if score is None or items is None:
        return None
    interval = "" if low is None or high is None else f" (95 % interval {low:.4g} to {high:.4g})"
    beside = "" if validation is None else f"; in validation it had {validation:.4g}"
    return finding(
        "note",
        f"On {items:.0f} test items the chosen model scores {score:.4g}{interval}{beside}.",
        "Report this score, and choose nothing by it.",
    )


def _beside(gain: float, spread: float | None) -> str:
    """A gain, and whether it exceeds what differs between seeds."""
    if not spread:
        return f"a gain of {gain:+.2g}"
    more = "more" if gain > spread else "no more"
    return f"a gain of {gain:+.2g}, {more} than scores differ between seeds ({spread:.2g})"


@rule("note")
def distilled_gain(evidence: Evidence) -> Finding | None:
    """What: one model that learnt from the labels and from what several models say together, beside
    these and beside the single one.

    Why: what an ensemble says of an item holds more than its label, such as which other classes it
    resembles, and one model can learn much of it (Hinton, Vinyals, Dean 2015). It costs as much to
    use as the single one. It is tried where several models would be used, and the budget pays for
    one more training.

    Fix: take it where it scores as much as the several; the run does so by itself.
    """
    score, several, single, count, noise = (
        evidence.number(name) for name in (
            "distilled_score", "teachers_score", "single_score", "distilled_from",
            "distilled_noise",
        )
    )  # fmt: skip
    if score is None or several is None or count is None:
        return None
    alone = "" if single is None else f", the single model {single:.4g}"
    taken = score >= several - (noise or 0.0)
    return finding(
        "note",
        f"One model distilled from {count:.0f} scores {score:.4g}, these together {several:.4g}"
        f"{alone}.",
        "It takes their place: it costs one model to use."
        if taken
        else "It does not take their place: use them together.",
    )


RULES = (
    ensemble_gain, snapshot_gain, averaging_gain, distilled_gain, test_score, *choice_rules.RULES,
)  # fmt: skip
