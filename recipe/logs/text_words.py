"""Words of text logs: splits, counters, and what names a number."""

import re

from recipe.logs.column_names import in_english

TRAIN = frozenset({"train", "training", "trn", "tr", "learn", "trains", "trained", "train_set"})
VALID = frozenset({
    "val", "valid", "validation", "validate", "validating", "dev", "devset", "eval", "evaluation",
    "evaluating", "evaluate", "crossval", "cv", "holdout", "heldout", "vali", "crossvalidation",
})  # fmt: skip
TEST = frozenset({"test", "testing", "tst", "testset"})
SPLITS = {**dict.fromkeys(TRAIN, "train"), **dict.fromkeys(VALID, "val"),
          **dict.fromkeys(TEST, "test")}  # fmt: skip
EPOCHS = frozenset({"epoch", "epochs", "ep", "epoches"})
STEPS = frozenset({
    "step", "steps", "iter", "iters", "iteration", "iterations", "batch", "batches", "update",
    "updates", "up", "it", "minibatch", "round", "it_num", "itr", "mb", "batchs",
})  # fmt: skip
NO_COUNTER = frozenset({
    "best", "num", "number", "total", "max", "n", "per", "time", "size", "loss", "sec", "speed",
    "rate", "every", "since", "patience", "warmup", "last", "skipped", "lr", "epochs_per", "for",
    "early", "samples", "interval", "ms", "memory", "from", "saving", "save", "saved", "until",
})  # fmt: skip
"""Words beside which `epoch` or `step` is no place in the training."""
NO_HEADING = re.compile(
    r"load|sav|number|num_|dataset|data\b|images|samples|size|path|best|improv|checkpoint|file|dir|"
    r"worker|param|split|skip|found|using|=\s*\S|cache|finish|complet|done",
    re.IGNORECASE,
)
"""In lines that speak of a split and open none."""
_CAMEL = re.compile(r"(?<=[a-z]{2})(?=[A-Z])")
_WORD = re.compile(r"[a-z0-9#]+")


def lower_words(text: str) -> list[str]:
    """The words of a phrase, `trainLoss` taken apart."""
    return _WORD.findall(_CAMEL.sub(" ", in_english(text)).lower())


def split_in(words: list[str]) -> str:
    """The split that a phrase names: `train`, `val`, `test`, or empty for none and for several."""
    found = {SPLITS[word] for word in words if word in SPLITS}
    return found.pop() if len(found) == 1 else ""


def heading_in(line: str) -> str:
    """The split that a phrase opens, as `Validation:` does."""
    words = lower_words(line)
    if not 0 < len(words) <= 6 or NO_HEADING.search(line):
        return ""
    return split_in(words)


def counts(words: list[str], name: str) -> str:
    """`epoch`, `step`, or empty: what a number of this name counts."""
    if not words or len(words) > 5 or NO_COUNTER.intersection(words):
        return ""
    core = [word for word in words if word not in SPLITS]
    last = core[-1] if core else ""
    first = core[0] if core else ""
    if last in EPOCHS or (first == "epoch" and name.rstrip().endswith(")")) or core == ["e"]:
        return "epoch"
    if last in STEPS or core in (["#"], ["global", "step"], ["num", "updates"]):
        return "step"
    return ""
