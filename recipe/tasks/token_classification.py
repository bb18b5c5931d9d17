"""A class for every token: names, parts of speech; and entities, which are runs of tokens."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.tasks.base import SummedMetric, wide
from recipe.tasks.tokens import TokenTask

OUTSIDE = "O"
ENDS_ALONE, BEGINS_ALONE = "ES", "BS"
"""Letters of a tag behind which an entity ends, and before which another one does."""
LETTERS = ("B", "I", "E", "S")


class TokenClassification(TokenTask):
    """Outputs [N, T, C], targets [N, T]; -100 marks what is no token, or not the first of a word.

    The score is the share of tokens that are right. With the names of the labels, `metric=
    "entity_f1"` judges whole entities.
    """

    name = "token_classification"
    tolerance = 0.005
    counts_by: ClassVar[str] = "tokens"

    def __init__(self, labels: Sequence[str] = ()) -> None:
        """`labels`: their names in the order of their numbers, such as O, B-PER, I-PER.

        Raises:
            UsageError: a name is none of a tag.

        """
        self.labels = tuple(labels)
        for label in self.labels:
            if label != OUTSIDE and not (label[:1] in LETTERS and label[1:2] in ("", "-")):
                raise UsageError(
                    f"TokenClassification(labels=...) has the label {label!r}: name tags O, B-... "
                    "and I-..., with S-... and E-... where there are such."
                )

    def own_metrics(self) -> Mapping[str, SummedMetric]:
        """`entity_f1`."""
        problem = None if self.labels else (
            "needs the names of the labels: pass "
            'task=TokenClassification(labels=["O", "B-PER", "I-PER", ...])'
        )  # fmt: skip
        return {"entity_f1": SummedMetric(self.entity_counts, entity_f1, problem)}

    def entity_counts(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[entities found, said, and there to be found], over sequences that add up.

        An entity is found when its first and last token and its type are right. Tokens that do not
        count are left out of both sequences before entities are looked for.
        """
        found = said = true = 0
        counted = self.counted(targets)
        for one, other, counts in zip(outputs.argmax(-1), targets, counted, strict=True):
            given, wanted = (
                set(entities([self.labels[index] for index in tags[counts].tolist()]))
                for tags in (one, other)
            )
            found, said, true = found + len(given & wanted), said + len(given), true + len(wanted)
        return wide(torch.tensor([found, said, true], device=outputs.device))

    def shape_problem(self, outputs: Tensor, targets: Tensor) -> str | None:
        """As of every token's; and as many outputs as there are names of labels."""
        if self.labels and outputs.shape[-1] != len(self.labels):
            return f"{outputs.shape[-1]} outputs per token against {len(self.labels)} labels"
        return super().shape_problem(outputs, targets)


def entities(tags: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Type, first and last position of each entity in a sequence of tags (IOB1, IOB2 or IOBES).

    As in seqeval's default mode, which follows conlleval of CoNLL 2000 (Tjong Kim Sang, Buchholz):
    an I- that follows nothing of its type begins an entity too.
    """
    first, before = 0, OUTSIDE
    for position, tag in enumerate([*tags, OUTSIDE]):
        if before != OUTSIDE and _parted(before, tag):
            yield before[2:] or "_", first, position - 1
        if tag != OUTSIDE and (before == OUTSIDE or _parted(before, tag)):
            first = position
        before = tag


def _parted(before: str, tag: str) -> bool:
    """Whether an entity ends between two tags, of which the first is in one."""
    return (
        tag == OUTSIDE or before[0] in ENDS_ALONE or tag[0] in BEGINS_ALONE or before[2:] != tag[2:]
    )


def entity_f1(counts: Tensor) -> float:
    """Of the added-up `entity_counts`: micro-averaged F1, and 0 where there is no entity at all, as
    in seqeval.
    """
    found, said, true = counts.tolist()
    return 2 * found / (said + true) if said + true else 0.0
