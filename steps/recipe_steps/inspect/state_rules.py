"""Rules about what a model does beside computing outputs."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.symptoms import NOT_GENERALISING

APART = 1e-4
"""Relative difference of outputs that rounding does not leave, see `model_rules.REPEATS`."""


@rule("warn", exact=True, explains=["nondeterministic-evaluation", *NOT_GENERALISING])
def mode_switched_in_forward(evidence: Evidence) -> Finding | None:
    """What: forward puts dropout or batch norm into another mode than the training loop did.

    Why: `self.eval()` in forward switches dropout off for good and makes batch norm use statistics
    that never change; `self.train()` there keeps dropout on while the model is evaluated.

    Fix: leave the mode to the training loop, which calls train() and eval(). Declare a frozen part
    that has to stay in evaluation mode with `freeze=`, or keep it there in the model's own train().
    """
    count, mode = evidence.number("switched_layers"), evidence.text("switched_to")
    if not count or mode is None:
        return None
    names = evidence.text("switched_names")
    layers = "1 layer" if count == 1 else f"{count:.0f} layers"
    effect = (
        "dropout never acts and batch norm does not learn its statistics"
        if mode == "evaluation"
        else "dropout still acts when the model is judged"
    )
    return finding(
        "warn",
        f"Forward switches {layers} ({names}) to {mode} mode: {effect}.",
        "Leave out self.eval() and self.train() in forward.",
    )


@rule(
    "warn", exact=True,
    explains=["nondeterministic-evaluation", "batch-mixing", "state-outside-state-dict",
              *NOT_GENERALISING],
)  # fmt: skip
def state_kept_between_batches(evidence: Evidence) -> Finding | None:
    """What: forward keeps something from one batch, and the outputs for the next depend on it.

    Why: batches are drawn at random, so the hidden state or cache of one has nothing to do with the
    next. Scores then depend on the order of the items, training leaks into validation, and a graph
    that is kept makes the second backward pass fail.

    Fix: begin every forward pass with a fresh state, or pass the state in with the batch.
    """
    difference = evidence.number("carried_difference")
    if difference is None or difference <= APART:
        return None
    names = evidence.text("carried_names")
    what = f"in {names}" if names else "somewhere"
    return finding(
        "warn",
        f"Forward keeps state {what} from one batch to the next: the same batch gives outputs that "
        f"differ by {difference:.1%} when it comes again.",
        "Make the state anew in each forward pass, as in h = torch.zeros(...), and keep nothing "
        "in self.",
    )


@rule("warn", exact=True, explains=["nondeterministic-evaluation"])
def state_outside_state_dict(evidence: Evidence) -> Finding | None:
    """What: training changes something in the model that its `state_dict` does not hold, and the
    outputs depend on it.

    Why: what is saved of a model is its `state_dict`. Running means, counters or prototypes in
    plain attributes are lost when the process ends: the model you load is not the one that was
    evaluated. They are not moved to another device either.

    Fix: register_buffer for tensors, also for a counter.
    """
    difference = evidence.number("lost_difference")
    if difference is None or difference <= APART:
        return None
    names = evidence.text("lost_names")
    what = f"{names} changes" if names else "Something changes"
    return finding(
        "warn",
        f"{what} in training and is not in the state_dict: loaded into a fresh model, it gives "
        f"outputs that differ by {difference:.1%}.",
        "Keep it with `self.register_buffer(name, tensor)`, and change it in place.",
    )


RULES = (mode_switched_in_forward, state_kept_between_batches, state_outside_state_dict)
