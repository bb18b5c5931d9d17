"""Remarks about what the last step brought: hardly any of them bears on the verdict."""

from recipe.plugin import Evidence, Finding, Lead, finding, rule
from recipe_steps.finish import choice_rules


@rule("note")
def ensemble_gain(evidence: Evidence) -> Finding | None:
    """What: several trainings of one setting, with their probabilities averaged, compared with one
    of them alone.

    Why: trainings from different seeds are wrong about different items, and there the others
    outvote them: about two points are usual for images (CS231n, "Model ensembles"). The less their
    errors agree, the more an ensemble brings.

    Fix: use the ensemble if its gain is worth that many times the computation; otherwise use the
    single model.
    """
    together, alone, correlation, count = (
        evidence.number(name)
        for name in ("seeds_score", "seed_mean", "error_correlation", "trainings")
    )
    if together is None or alone is None or count is None:
        return None
    lead = _lead(evidence, together - alone, "seeds_error")
    errors = "" if correlation is None else f" Their errors correlate by {correlation:.2g}."
    return finding(
        "note",
        f"{count:.0f} trainings together score {together:.4g}, one of them {alone:.4g} on average: "
        f"{lead}.{errors}",
        "Use the ensemble where the gain is worth the computation."
        if lead.better
        else "Keep the single model.",
    )


@rule("note")
def snapshot_gain(evidence: Evidence) -> Finding | None:
    """What: snapshots of one training whose rate is raised again several times, with their
    probabilities averaged, compared with a single model that cost as much.

    Why: each cycle ends in another minimum (Loshchilov, Hutter 2017; Huang et al. 2017), so that
    one training gives several models; but each of them has had only a part of the epochs.

    Fix: prefer it to the single model where it scores more; an ensemble of whole trainings, where
    they can be afforded, is usually better.
    """
    score, single, count = (
        evidence.number(name) for name in ("snapshot_score", "single_score", "snapshots")
    )
    if score is None or single is None or count is None:
        return None
    lead = _lead(evidence, score - single, "snapshot_error")
    return finding(
        "note",
        f"{count:.0f} snapshots of one training score {score:.4g} together, a single model that "
        f"cost as much to train {single:.4g}: {lead}.",
        "Use the snapshots." if lead.better else "Keep the single model.",
    )


@rule("note")
def averaging_gain(evidence: Evidence) -> Finding | None:
    """What: the running average of the weights of a training, compared with the weights themselves.

    Why: the average lies in the middle of where the last updates jumped about (Polyak, Juditsky
    1992). It helps most while the rate is still high; a rate that has fallen to zero leaves little
    to average.

    Fix: use the averaged weights if they score more: they cost nothing extra in use.
    """
    gain, error, count = (
        evidence.number(name)
        for name in ("averaging_gain", "averaging_error", "averaging_trainings")
    )
    if gain is None or count is None:
        return None
    lead = Lead(gain, error)
    over = f" over {count:.0f} trainings" if count > 1 else ""
    advice = {
        "better": "Use the averaged weights.",
        "worse": "Keep the weights as they are.",
        "too close to call": "Use either: they cost the same.",
    }
    return finding(
        "note",
        f"Averaged weights beside the last ones{over}: {lead}.",
        advice[lead.verdict],
    )


@rule("note")
def test_score(evidence: Evidence) -> Finding | None:
    """What: the score of the chosen model on the test data, which no step before has looked at.

    Why: every choice was made on the validation data, so their score flatters the winner. The test
    data say how good the model really is, as long as nobody chooses by them: a test set that is
    used twice is a validation set.

    Fix: report this score with its interval. To look once more, say `--again`, and treat the score
    as a validation score from then on.
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
    beside = (
        "" if validation is None
        else f"; on the validation items, by which it was chosen, {validation:.4g}, which is "
        "optimistic"
    )  # fmt: skip
    return finding(
        "note",
        f"On {items:.0f} test items the chosen model scores {score:.4g}{interval}{beside}.",
        "Report this score, and choose nothing by it.",
    )


def _lead(evidence: Evidence, gain: float, error: str) -> Lead:
    """On the validation items, with the standard error of that name."""
    items = evidence.number("lead_items")
    return Lead(gain, evidence.number(error), None if items is None else int(items))


@rule("note")
def distilled_gain(evidence: Evidence) -> Finding | None:
    """What: one model that learnt from the labels and from what several models say together, beside
    these and beside the single one.

    Why: what an ensemble says of an item holds more than its label, such as which other classes it
    resembles, and one model can learn much of it (Hinton, Vinyals, Dean 2015). It costs as much to
    use as the single one. It is tried where several models would be used, and the budget pays for
    one more training.

    Fix: use it if it scores as much as the several together; the run does so by itself.
    """
    score, several, single, count = (
        evidence.number(name)
        for name in ("distilled_score", "teachers_score", "single_score", "distilled_from")
    )
    if score is None or several is None or count is None:
        return None
    alone = "" if single is None else f", the single model {single:.4g}"
    lead = _lead(evidence, score - several, "distilled_error")
    taken = lead.verdict != "worse"
    return finding(
        "note",
        f"One model distilled from {count:.0f} scores {score:.4g}, these together {several:.4g}"
        f"{alone}. Beside these it is {lead}.",
        "It takes their place: it costs one model to use."
        if taken
        else "It does not take their place: use them together.",
    )


RULES = (
    ensemble_gain, snapshot_gain, averaging_gain, distilled_gain, test_score, *choice_rules.RULES,
)  # fmt: skip
