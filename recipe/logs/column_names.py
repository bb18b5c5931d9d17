"""What the columns of a log hold, by the usual names."""

import re
from collections.abc import Mapping

CURVES = ("train_loss", "val_loss", "train_score", "val_score", "lr")
_VALIDATION = ("val", "valid", "validation", "test", "dev", "eval", "evaluation",
               "metrics", "v", "va", "vl", "vld")  # fmt: skip
_TRAINING = ("train", "training", "tr", "trn")
_LOSSES = ("loss", "nll", "crossentropy", "xent", "ce", "bce", "ppl", "perplexity", "mse", "rmse",
           "mae", "mape", "error", "err", "wer", "cer")  # fmt: skip
"""What is lower for better models, the likeliest to be trained for first."""
PERPLEXITIES = frozenset({"ppl", "perplexity"})
_SCORES = ("acc", "accuracy", "score", "f1", "auc", "auroc", "r2", "top1", "map", "ap", "ap50",
           "map50", "miou", "iou", "dice", "bleu", "precision", "recall")  # fmt: skip
"""The last two only where there is nothing better: each can be had at the cost of the other."""
_RATES = ("lr", "learning_rate", "learningrate", "rate")
_ORDER = ("epoch", "step", "iteration", "iter", "batch", "time", "wall_time", "global_step")
_STEPS = ("step", "iteration", "iter", "batch")
_PARTS = ("box", "cls", "obj", "dfl", "mask", "kl", "recon", "rpn", "pose", "kobj")
"""Losses that are summed, where there is no total."""
_DERIVED = ("best", "std", "min", "max")
"""Said of a curve that is no course of its own: only where there is nothing else."""
_PLURALS = {
    "accs": "acc", "accuracies": "accuracy", "epochs": "epoch", "errs": "err",
    "iterations": "iteration", "lrs": "lr", "steps": "step", "perplexities": "perplexity",
    "rates": "rate",
}  # fmt: skip
_GLUED = re.compile(
    rf"({'|'.join(sorted((*_VALIDATION, *_TRAINING, 't'), key=len, reverse=True))})"
    rf"((?:{'|'.join((*_LOSSES, *_SCORES))})(?:e?s)?|accuracies)"
)


def guess(header: list[str]) -> dict[str, str]:
    """Curve -> column, by the usual names."""
    return {curve: names[0] for curve, names in guess_all(header).items()}


def guess_all(header: list[str], filled: Mapping[str, int] | None = None) -> dict[str, list[str]]:
    """Curve -> columns, by the usual names: one, or the parts of a loss that has no total.

    Of several candidates the best known name counts, then the one with more values (`filled`):
    a summary of the whole run, written once at its end, is no curve.
    """
    words = {name: words_of(name) for name in header}
    explicit = any(set(w) & set(_TRAINING) and "loss" in w for w in words.values())
    found: dict[str, list[tuple[int, int, int, str]]] = {}
    for place, name in enumerate(header):
        curve = curve_of(words[name], unmarked_is_val=explicit)
        if curve is not None:
            worth = -(filled or {}).get(name, 0)
            found.setdefault(curve, []).append((_order(words[name], curve), worth, place, name))
    return {curve: _best(candidates, words) for curve, candidates in found.items()}


def _best(candidates: list[tuple[int, int, int, str]], words: Mapping[str, list[str]]) -> list[str]:
    parts = [name for *_, name in candidates if set(words[name]) & set(_PARTS)]
    if len(parts) == len(candidates) > 1:
        return parts
    whole = [c for c in candidates if c[-1] not in parts]
    return [min(whole or candidates)[-1]]


def curve_of(words: list[str], *, unmarked_is_val: bool = False) -> str | None:
    """The curve a column holds, by the words of its name.

    Args:
        words: see `words_of`.
        unmarked_is_val: beside a loss that is called that of training, a measure without a mark
            is of validation.

    """
    if not words or "_".join(words) in _ORDER:
        return None
    val = any(word in _VALIDATION for word in words)
    if "_".join(words) in _RATES or words[0] == "lr":
        return "lr"
    unmarked = unmarked_is_val and not any(word in _TRAINING for word in words)
    if "loss" in words:
        return "val_loss" if val else "train_loss"
    kinds = (("loss", _LOSSES), ("score", _SCORES))
    for kind, names in kinds:
        if any(word in names for word in words):
            return f"{'val' if val or unmarked else 'train'}_{kind}"
    return None


def _order(words: list[str], curve: str) -> int:
    """How well known the name is: the usual measures first, whole epochs before steps."""
    known = _SCORES if curve.endswith("score") else _LOSSES
    place = min((known.index(word) for word in words if word in known), default=0)
    place += len(known) * any(word in _DERIVED for word in words)
    return 3 * place + {"epoch": -1, "step": 1}.get(words[-1], 0)


def words_of(name: str) -> list[str]:
    """The words of a column's name: `trainLoss`, `trainloss` and `train_losses` are alike."""
    snake = re.sub(r"(?<=[a-z]{2})(?=[A-Z])", "_", name).lower()
    snake = re.sub(r"cross[ _-]entropy", "crossentropy", snake)
    return [part for word in re.split(r"[^a-z0-9]+", snake) if word for part in _parts(word)]


def _parts(word: str) -> list[str]:
    glued = _GLUED.fullmatch(word)
    return [_single(part) for part in (glued.groups() if glued else (word,))]


def _single(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    for ending in ("es", "s"):
        if word.removesuffix(ending) in (*_LOSSES, *_SCORES):
            return word.removesuffix(ending)
    return word


def is_epoch(name: str) -> bool:
    """Whether a column counts epochs."""
    return words_of(name) == ["epoch"]


def counts_steps(name: str) -> bool:
    """Whether a column counts iterations."""
    words = words_of(name)
    return bool(words) and words[-1] in _STEPS and not set(words) & {"loss", *_SCORES}
