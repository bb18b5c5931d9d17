"""What the outputs of a model say, in words and probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.experiment import Experiment
from recipe.sources.typed_columns import spelling
from recipe.tasks import Task

MOST_CLASSES = 100
"""Of which each has its probability written down."""
HALF = 0.5


@dataclass(frozen=True)
class Answer:
    """What the model says about one item."""

    item: str
    """A file, the number of a row of a table, from 1, or the number of an input, from 0."""
    answer: str
    """A class, yes or no as 1 or 0, the next character, or numbers."""
    probability: float | None = None
    """Of this class or character; of yes, where yes and no have no names; None where answers are
    amounts."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """The probability of every class, by name; empty for amounts, and for very many classes."""
    truth: str | None = None
    """The right answer, where the data say it."""
    carried: Mapping[str, str] = field(default_factory=dict)
    """What names the item, such as the columns of a table that do."""
    warnings: tuple[str, ...] = ()
    """What is odd about the item, or why it cannot be read."""

    @property
    def right(self) -> bool | None:
        """Whether it is the right answer; None for amounts, and where that is not known."""
        if self.truth is None or not self.shares or not self.answer:
            return None
        return spelling(self.answer) == spelling(self.truth)


def class_names(experiment: Experiment) -> list[str]:
    """In the order of their numbers, where the data have names of classes."""
    kept = experiment.inputs
    known = getattr(innermost(experiment.train), "classes", None)
    found = kept.classes if kept else experiment.classes or known
    return [str(name) for name in found] if isinstance(found, list | tuple) else []


def innermost(dataset: Any) -> Any:
    """What wrappers such as a subset hold."""
    while hasattr(dataset, "dataset"):
        dataset = dataset.dataset
    return dataset


class Meaning:
    """What outputs stand for: names of classes, and the scale of amounts."""

    def __init__(self, experiment: Experiment) -> None:
        kept = experiment.inputs
        self.classes = class_names(experiment)
        mean, std = (kept and kept.scale) or (0.0, 1.0)
        self.mean, self.std = (torch.tensor(part, dtype=torch.float64) for part in (mean, std))

    def name(self, index: int) -> str:
        """Of a class; its number where it has none."""
        return self.classes[index] if index < len(self.classes) else str(index)


def read(item: str, task: Task, output: Tensor, meaning: Meaning) -> Answer:
    """An answer in words, its probability, and that of every class."""
    if task.target_kind == "class index":
        if task.name == "language_model" and output.ndim == 2:  # what comes after the last token
            output = output[-1]
        if output.ndim != 1:
            raise UsageError(
                f"The model gives outputs of shape {list(output.shape)} for an item, not one score "
                "per class: use recipe.load, and read them in Python."
            )
        shares = output.softmax(0)
        best, few = int(shares.argmax()), len(shares) <= MOST_CLASSES
        named = {meaning.name(k): share for k, share in enumerate(shares.tolist()) if few}
        return Answer(item, meaning.name(best), float(shares[best]), named)
    if task.target_kind == "zero or one":
        cut = getattr(task, "threshold", 0.0)
        shares = output.flatten() if cut else output.flatten().sigmoid()
        return _yes_or_no(item, shares, meaning)
    amounts = meaning.mean + meaning.std * output.flatten().double()
    return Answer(item, " ".join(f"{value:.6g}" for value in amounts.tolist()))


def _yes_or_no(item: str, shares: Tensor, meaning: Meaning) -> Answer:
    """Of one question, or of several with a name each."""
    names = meaning.classes
    if len(shares) == 1:
        yes = float(shares[0])
        if len(names) != len(("no", "yes")):
            return Answer(item, str(int(yes > HALF)), yes, {"0": 1 - yes, "1": yes})
        answer = meaning.name(int(yes > HALF))
        return Answer(item, answer, max(yes, 1 - yes), {names[0]: 1 - yes, names[1]: yes})
    every = names if len(names) == len(shares) else [str(k) for k in range(len(shares))]
    named = dict(zip(every, shares.tolist(), strict=True)) if len(every) <= MOST_CLASSES else {}
    if len(names) == len(shares):
        said = " ".join(n for n, y in zip(names, shares, strict=True) if y > HALF)
        return Answer(item, said, shares=named)
    return Answer(item, " ".join(str(int(share > HALF)) for share in shares), shares=named)
