"""The rule about update steps that pass a batch in parts."""

from typing import Literal

from recipe.plugin import Evidence, Finding, Remedy, finding, rule
from recipe_steps.symptoms import NOT_LEARNING, OVERSHOOTING
from recipe_steps.usual_update import usual_update

Severity = Literal["fail", "warn", "note"]
NUMBERS = ("parts", "items", "steps", "missing", "counted", "low", "high")


KNOWN: dict[str, tuple[Severity, str, str]] = {
    "a step for each part": (
        "fail",
        (
            "The update step calls optimizer.step() {steps:.0f} times for a batch of "
            "{items:.0f}, each time for a part of it: it trains with smaller batches than "
            "declared."
        ),
        "Call optimizer.step() once, after backward() of the last part.",
    ),
    "rates": (
        "warn",
        (
            "The learning rate changes {steps:.0f} times in one update: a scheduler "
            "steps for each part of a batch."
        ),
        "Step the scheduler once for each call of optimizer.step(), or declare schedule=.",
    ),
    "items left out": (
        "fail",
        (
            "Of a batch that goes through the model in {parts:.0f} parts, "
            "{missing:.0f} items are left out: the last part is dropped."
        ),
        "Let the last part be smaller than the others, as torch.split does.",
    ),
    "padding": (
        "warn",
        (
            "The loss of the update step is averaged over targets that do not count: of all of "
            "them {counted:.0%} count, so padding changes the size of the update."
        ),
        "Divide the sum of the losses by the number of targets that count.",
    ),
    "cleared": (
        "fail",
        "Of {parts:.0f} parts of a batch only some count: gradients are cleared between them.",
        "Call optimizer.zero_grad() once for each step, not before every backward().",
    ),
    "clipped apart": (
        "warn",
        (
            "Gradients are clipped before all parts of the batch are added up, so that parts count "
            "unequally."
        ),
        "Clip once, after backward() of the last part and before optimizer.step().",
    ),
    "clipped before unscaling": (
        "fail",
        (
            "Gradients are clipped while the loss's scale is still in them, and divided by it "
            "afterwards: the limit acts as one that is far smaller."
        ),
        "Unscale first (scaler.unscale_(optimizer)), then clip.",
    ),
    "mean of means": (
        "warn",
        (
            "Parts of a batch with different numbers of targets that count are averaged as if they "
            "had the same: an item counts {low:.3g} to {high:.3g} times."
        ),
        (
            "Divide the sum of all losses by the number of targets that count in the whole batch, "
            "or leave parts to accumulate=."
        ),
    ),
    "not divided": (
        "fail",
        (
            "The mean losses of {parts:.0f} parts are added up without being divided: each update "
            "is {parts:.0f} times as large."
        ),
        "Weigh each part's mean loss by its share of the batch, here 1/{parts:.0f}.",
    ),
    "seed": (
        "warn",
        (
            "Each call of the update step sets the seed: dropout leaves out the same units in "
            "every update."
        ),
        "Set the seed once, before training.",
    ),
    "batch norm": (
        "note",
        (
            "Batch normalisation sees {parts:.0f} parts of a batch one by one: training differs "
            "from that with whole batches."
        ),
        "Use GroupNorm or LayerNorm where parts get small.",
    ),
}
"""Severity, what is wrong, and what to do, by cause."""


@rule(
    "fail",
    exact=True,
    explains=[*NOT_LEARNING, *OVERSHOOTING],
    remedy=Remedy("update on the whole batch in the usual way", usual_update),
)
def update_differs_from_batch(evidence: Evidence) -> Finding | None:
    """What: an update step of your own that splits a batch into parts, or collects several batches,
    does not make the same update as the whole batch at once.

    Why: a mean of means is not the mean; gradients that are not divided are too large; and what is
    cleared, clipped or stepped between two parts is lost. Each item's gradient is compared with the
    one that the declared loss gives it, and the difference is far beyond rounding.

    Fix: weigh each part's loss by its share of what counts, then clip, step and clear once; or
    leave out the update step and declare accumulate=.
    """
    known = KNOWN.get(evidence.text("accumulation_fault") or "")
    if known is None:
        return None
    severity, what, advice = known
    numbers = {name: evidence.number(f"accumulation_{name}") or 0.0 for name in NUMBERS}
    return finding(severity, what.format(**numbers), advice.format(**numbers))


RULES = (update_differs_from_batch,)
