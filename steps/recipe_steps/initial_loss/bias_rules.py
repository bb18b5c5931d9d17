"""A rule about where training begins."""

from recipe.plugin import Evidence, Finding, finding, rule

GAIN = 0.02
"""Of a constant prediction's loss: what the bias has to save in a short training."""
REACHED = 0.5
"""Share of the way from neutral outputs to the base rate that the first loss has to come: else the
layer is not the one that gives the outputs."""
LINES = {
    "class index": "torch.log(counts / counts.sum())",
    "zero or one": "torch.logit(y.float().mean(0))",
    "real": "y.mean(0)",
}


@rule("note")
def last_bias_not_at_base_rate(evidence: Evidence) -> Finding | None:
    """What: the last layer's bias starts at zero although the usual answer is far from that (rare
    classes, values with a mean far from zero), and a short training gets further if the bias is
    set.

    Why: the first updates do nothing but move the bias there: the loss falls steeply at first, in a
    curve like a hockey stick, with large gradients that say nothing about the inputs. A short
    training was run with the bias set and without it, from the same weights and with the same
    batches.

    Fix: set the bias once in the model's constructor: the logarithm of the share of each class, the
    logit of the share of ones, or the mean of values.
    """
    layer, kind = evidence.text("bias_layer"), evidence.text("target_kind")
    own, found, first, expected, floor = (
        evidence.number(name) for name in (
            "bias_own_progress", "bias_progress", "bias_first_loss", "expected", "floor",
        )
    )  # fmt: skip
    if layer is None or kind not in LINES or own is None or found is None:
        return None
    if first is None or expected is None or floor is None or expected <= floor:
        return None
    if found - own < GAIN or expected - first < REACHED * (expected - floor):
        return None
    return finding(
        "note",
        f"A model that knows nothing begins at a loss of {expected:.3g}, the base rate alone has "
        f"{floor:.3g}: with the last bias set to it, forty updates save {found - own:.0%} more "
        "of the loss of a constant prediction.",
        "In the model's constructor, within torch.no_grad(): "
        f"`{_in_code(layer)}.bias.copy_({LINES[kind]})`.",
        confidence=0.9,
    )


def _in_code(layer: str) -> str:
    """A submodule as it is written in its model's constructor."""
    parts = layer.split(".") if layer else []
    return "self" + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts)


RULES = (last_bias_not_at_base_rate,)
"""All of them."""
