"""Rules about sequences: what a model sees ahead, padding, and the shift of targets."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.inspect.model_remedies import number_tokens
from recipe_steps.symptoms import NOT_GENERALISING, NOT_LEARNING

REPEATS = 1e-4
"""Relative difference that rounding in another order may leave, with a wide margin: float32 has
seven digits."""
MASKED_PADDING, SOME_PADDING, MUCH_PADDING = 1e-3, 0.02, 0.5
AT_EDGES = 0.1
"""Change of an output by padding, in spreads between items: one that no mask lets through, one that
matters without any mask, and one that makes items into others; of answers for every step one that
is more than the edge of an item, which a convolution or the way back of a recurrent layer sees.
Attention of a fresh model is nearly the same everywhere, so that the first is small where a mask is
missing."""
COUNTED = 0.01
"""Share of the steps that count in the loss which are padding."""
SURE, UNLIKE = 0.95, 0.5
"""Share of the targets that are the token at the wrong step; and that are the one at the right step
in a text that repeats itself so much that nothing can be said."""

_TURN = "Turn the mask round: it marks padding where it should mark real steps, or the reverse."
_TAKE_A_MASK = (
    "Let forward take a mask or lengths: mask attention, pack sequences for recurrent layers, and "
    "pool over real steps only."
)


@rule(
    "fail",
    exact=True,
    explains=["initial-loss-too-low", "padding-changes-outputs", *NOT_GENERALISING],
)
def sees_the_future(evidence: Evidence) -> Finding | None:
    """What: outputs depend on later tokens, which are the ones that have to be predicted.

    Why: the answer is part of the input. The loss falls to almost nothing and the score is close to
    perfect, but when a text has to be continued there is nothing to copy from. The causal mask is
    missing, the wrong way round or one step too wide; or a recurrent layer reads in both
    directions, a convolution is padded on both sides, or a mean or normalisation covers all steps.

    Fix: give attention a causal mask (is_causal=True, or a lower triangle), let recurrent layers
    read forwards only, and pad convolutions at the left by kernel size - 1.
    """
    change = evidence.number("future_change")
    step, token = evidence.number("future_step"), evidence.number("future_token")
    if change is None or change <= REPEATS or step is None:
        return None
    behind = "the tokens behind it do" if token is None else f"token {token:.0f} does"
    reach = evidence.number("future_reach") or 1
    further = f" So do outputs up to {reach:.0f} steps before that token." if reach > 1 else ""
    return finding(
        "fail",
        f"The output at step {step:.0f} changes when {behind}, by up to {change:.1%} of the spread "
        f"of the outputs.{further}",
        "Use a causal mask (is_causal=True, or torch.tril of ones), recurrent layers that read "
        "forwards only, and convolutions padded at the left alone.",
    )


@rule("fail", exact=True, explains=["predicts-majority-class", *NOT_LEARNING, *NOT_GENERALISING])
def padding_changes_outputs(evidence: Evidence) -> Finding | None:
    """What: the answer for an item changes with the amount of padding behind its end.

    Why: padding only gives the items of a batch the same shape; it carries no information. If it
    takes part in attention, in a mean or in the last state of a recurrent layer, an item gets a
    different answer when a longer one is in its batch, and short items are swamped by padding.

    Fix: pass the mask (attention_mask, src_key_padding_mask), pack sequences
    (pack_padded_sequence), and pool over real steps only.
    """
    change, taken = evidence.number("padding_change"), evidence.number("padding_cut")
    item, mask = evidence.number("padding_item"), evidence.text("padding_mask")
    if evidence.flag("padding_mask_turned"):
        return finding(
            "fail",
            f"The {mask} of the items marks padding and leaves out real steps, so that the model "
            "sees padding alone.",
            _TURN,
        )
    filled = evidence.number("padding_refilled")
    if change is None or item is None or (taken is None and filled is None):
        return None
    what = f"{filled or 0:.0f} of its padding steps hold other values"
    if taken is not None:
        what = f"{taken:.0f} of its padding steps are cut off"
    said, advice, broken = _of_masks(evidence, mask)
    if change <= (MASKED_PADDING if broken else SOME_PADDING):
        return None
    how_far = f"by {change:.1%} of the spread between items"
    if change >= 1:
        how_far = "by more than items differ from each other"
    edge = evidence.flag("padding_by_step") and change <= AT_EDGES
    return finding(
        "fail" if broken or change >= MUCH_PADDING else "note" if edge else "warn",
        f"The answer for item {item:.0f} changes {how_far} when {what}. {said}.",
        advice,
    )


def _of_masks(evidence: Evidence, mask: str | None) -> tuple[str, str, bool]:
    """What is known of the model's mask, what to do, and whether it is certain to have no effect or
    the wrong one.
    """
    turned = evidence.number("padding_change_turned")
    if turned is not None and turned <= REPEATS and not evidence.flag("padding_mask_idle"):
        return (
            "It does not with the mask turned round",
            _TURN,
            True,
        )
    if mask is None:
        return (
            "The model's forward takes no mask and no lengths",
            _TAKE_A_MASK,
            False,
        )
    if not evidence.flag("padding_mask_given"):
        return (
            f"The model takes {mask} and is not given it",
            f"Let items be dicts that hold {mask} beside the tokens, each named as in forward.",
            True,
        )
    idle = evidence.flag("padding_mask_idle")
    advice = (
        f"Look at what forward does with {mask}: every layer needs it, and pooling too. The masks "
        "of nn.TransformerEncoder and nn.MultiheadAttention are true where a step is left out."
    )
    return f"The model is given {mask}{', which changes nothing' if idle else ''}", advice, idle


@rule(
    "fail", exact=True,
    explains=["class-imbalance", "predicts-majority-class", "metric-disagrees-with-loss",
              *NOT_LEARNING],
)  # fmt: skip
def labels_not_masked(evidence: Evidence) -> Finding | None:
    """What: padding counts in the loss.

    Why: the model is trained to predict what comes after the end of a text. That is learnt at once,
    so loss and score look better the more padding there is, and the gradients of real steps are
    watered down.

    Fix: give padding the label -100 (DataCollatorForLanguageModeling(mlm=False) does), or tell the
    loss which label to leave out (ignore_index). A loss of your own has to leave it out too.
    """
    share = evidence.number("padding_in_loss")
    if share is None or share < COUNTED:
        return None
    return finding(
        "fail",
        f"Of the labels that count in the loss {share:.0%} are those of padding.",
        "Set the labels of padding to -100, or pass a loss with ignore_index= that leaves them "
        "out.",
    )


@rule("fail", exact=True, explains=["initial-loss-too-low", *NOT_LEARNING, *NOT_GENERALISING])
def wrong_token_shift(evidence: Evidence) -> Finding | None:
    """What: a language model is trained to predict some other token than the next one.

    Why: if the targets equal the inputs, the model learns to copy its input, with a loss of almost
    nothing. If targets are shifted twice, it skips a token, and what it writes is worthless. Causal
    models of Hugging Face shift the labels themselves, so labels that were already shifted by hand
    are shifted twice.

    Fix: use tokens[:-1] as inputs and tokens[1:] as targets; for a model that shifts labels itself,
    use labels equal to input_ids.
    """
    shift, share = evidence.number("token_shift"), evidence.number("token_shift_share")
    right = evidence.number("token_shift_right")
    if shift is None or shift == 1 or share is None or share < SURE or (right or 0.0) > UNLIKE:
        return None
    if shift <= 0:
        seen = evidence.number("asked_change")
        if seen is None or seen <= REPEATS:
            return None  # the model moves its inputs itself
    where = _where(int(shift))
    return finding(
        "fail",
        f"{share:.0%} of the targets are {where}, not the next one.",
        _right_shift(int(shift), evidence),
    )


@rule(
    "note",
    explains=["labels-look-random", *NOT_LEARNING, *NOT_GENERALISING],
    remedy=number_tokens,
)
def order_ignored(evidence: Evidence) -> Finding | None:
    """What: the answer stays the same when the tokens of an item are put in another order.

    Why: attention and means see a set of tokens without an order. Such a model cannot learn what
    depends on who does what to whom, or on what comes first. If the words alone give the answer,
    that is fine: trying the remedy decides.

    Fix: add position information to the embedding of each token: a second table
    nn.Embedding(length, width), or sines and cosines (Vaswani et al. 2017).
    """
    if not evidence.flag("order_ignored"):
        return None
    what = (
        " Attention without position information sees no order." if evidence.flag("attends") else ""
    )
    return finding(
        "note",
        f"The answers do not change when the tokens of an item change places.{what}",
        "If order matters, add positional encodings to the embeddings of the tokens.",
    )


@rule(
    "warn",
    exact=True,
    explains=["contradictory-labels", "noisy-labels", "labels-look-random", *NOT_LEARNING,
              *NOT_GENERALISING],
)  # fmt: skip
def token_ids_cut(evidence: Evidence) -> Finding | None:
    """What: a large share of all tokens have the largest id, far more than any other, while the
    model's table has rows for many more ids.

    Why: ids were capped at a number that is too small (clamp, minimum, a data type with too few
    bits), such as the length of a sequence instead of the size of the vocabulary. All tokens above
    it became one and the same, and what they meant is lost.

    Fix: look up ids as they are, in an embedding with as many rows as the vocabulary has, plus one
    row for unknown words.
    """
    last, share = evidence.number("cut_at"), evidence.number("cut_share")
    rows = evidence.number("cut_table")
    if last is None or share is None or rows is None:
        return None
    return finding(
        "warn",
        f"{share:.0%} of all tokens have the id {last:.0f}, the largest one, although the model "
        f"has an embedding of {rows:.0f} rows.",
        f"Find out what limits ids to {last:.0f}, such as a clamp: it makes many tokens into one.",
        confidence=0.9,
    )


def _where(shift: int) -> str:
    if shift == 0:
        return "the very token that the model is given at that step"
    if shift < 0:
        return f"the token {-shift} before the one that the model is given at that step"
    return f"the token {shift} steps behind the one that the model is given"


def _right_shift(shift: int, evidence: Evidence) -> str:
    if evidence.flag("labels_moved"):
        return "Give labels equal to input_ids: this model moves them by one step itself."
    if evidence.number("token_shift_in_loss"):
        return "Move the targets once, in the data or in the loss: inputs x[:-1], targets x[1:]."
    if shift > 1:
        return "Move the targets by one step only: inputs x[:-1], targets x[1:]."
    return "Move the targets by one step: inputs x[:-1], targets x[1:]."


RULES = (
    sees_the_future, wrong_token_shift, labels_not_masked, padding_changes_outputs, order_ignored,
    token_ids_cut,
)  # fmt: skip
