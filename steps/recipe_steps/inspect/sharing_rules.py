"""Rules about layers that are shared, and backward passes of the user's own."""

import json

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.inspect.model_remedies import own_layers, own_norms, plain_gradient
from recipe_steps.symptoms import NOT_LEARNING, OVERSHOOTING

UNLIKE = 0.25
"""How far apart, in deviations, values are from which a trial decides: means of a batch of 16 alike
items differ by a tenth."""


@rule("note", explains=NOT_LEARNING, remedy=own_layers)
def layers_shared(evidence: Evidence) -> Finding | None:
    """What: the same layer object appears several times in a list of layers, so these places share
    their weights.

    Why: multiplying a list, as in [Linear(8, 8)] * 6, makes six references to one layer. If columns
    or stages need weights of their own, the model has a sixth of what it seems to have. Some
    networks share weights on purpose: trying the remedy decides.

    Fix: make a layer for each place, [Linear(8, 8) for place in range(6)].
    """
    times, where = evidence.number("shared_times"), evidence.text("shared_in")
    if times is None or where is None:
        return None
    kind = evidence.text("shared_kind")
    return finding(
        "note",
        f"{times:.0f} places in {where} hold one and the same {kind}: they share their weights.",
        f"If each is to learn by itself, make it anew for each place: "
        f"[{kind}(...) for place in range({times:.0f})].",
    )


@rule("note", explains=["overfitting", "evaluation-differs-from-training",
                        "simple-model-does-better", "metric-disagrees-with-loss"],
      remedy=own_norms)  # fmt: skip
def batch_norm_shared(evidence: Evidence) -> Finding | None:
    """What: one layer of batch normalisation is called at several places of the model, where the
    values have other means or deviations.

    Why: in training each place is normalised by its own batch; the running statistics, by which
    evaluation goes, become a mixture that fits none of them. The model then scores well in training
    mode and badly in evaluation. Networks that share all layers between inputs of one kind, such as
    siamese ones, are fine: their values are alike.

    Fix: make a batch norm for each place, whatever other layers are shared.
    """
    times, apart = evidence.text("norms_shared"), evidence.number("norm_apart")
    if times is None or apart is None or apart < UNLIKE:
        return None
    calls = json.loads(times)
    name = max(calls, key=lambda each: calls[each])
    return finding(
        "note",
        f"The batch norm {name!r} is called {calls[name]} times in one pass, on values that are "
        f"{apart:.2g} deviations apart: its running statistics fit none of these places.",
        "Make a batch norm for each place.",
    )


@rule("note", explains=["exploding-gradients", "vanishing-gradients", *NOT_LEARNING, *OVERSHOOTING],
      remedy=plain_gradient)  # fmt: skip
def own_backward_differs(evidence: Evidence) -> Finding | None:
    """What: a backward pass that you wrote gives another gradient than PyTorch works out for the
    same forward.

    Why: a factor that was forgotten, such as the gradient that comes in, leaves all layers below
    with gradients that have nothing to do with the loss. Some functions are meant so: those that
    round pass the gradient on as if they did not. Trying the gradient of PyTorch decides.

    Fix: compare it with torch.autograd.gradcheck; most functions need no backward of their own.
    """
    names, apart = evidence.text("own_backward"), evidence.number("own_backward_apart")
    if names is None or apart is None:
        return None
    return finding(
        "note",
        f"The backward pass of {names} gives gradients that differ from those of the forward by "
        f"{apart:.2g} times their size.",
        "Check backward with torch.autograd.gradcheck, or leave it out: it has to multiply by the "
        "gradient that comes in.",
        confidence=0.9,
    )


RULES = (layers_shared, batch_norm_shared, own_backward_differs)
"""All of them."""
