"""Models that were trained, on the same validation items: alone, together, beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recipe.plugin import (
    Chosen,
    ChosenKind,
    Context,
    Lead,
    Member,
    OutputPool,
    finite,
    model_of,
    model_outputs,
)


@dataclass
class Candidates:
    """Sets of weights in a pool of their outputs on the validation data."""

    ctx: Context
    pool: OutputPool
    members: list[Member] = field(default_factory=list)

    def add(self, params: Mapping[str, Any], weights: str, origin: str) -> int:
        """Take one in; its place."""
        ctx, member = self.ctx, Member(dict(params), weights, origin)
        model = model_of(ctx.experiment, Chosen("single", (member,)), ctx.runner.folder, ctx.device)
        self.members.append(member)
        return self.pool.add([outputs for outputs, _ in model_outputs(model, ctx.data.val)])

    def lead(self, one: Chosen, other: Chosen, doubt: float) -> Lead:
        """Of one of these models over another, on the same items; `doubt` is its standard error
        where scores cannot be compared item by item.
        """
        places = [[self.members.index(m) for m in each.members] for each in (one, other)]
        if one.val_score is None or other.val_score is None:
            return Lead(0.0, None, self.items)
        error = self.error(places[0], places[1], doubt, as_one=True)
        return Lead(one.val_score - other.val_score, error, self.items)

    def error(
        self, together: Sequence[int], alone: Sequence[int], doubt: float, *, as_one: bool = False
    ) -> float:
        """Standard error of what these score together beyond those alone, on average, or `as_one`
        model too.
        """
        paired = self.pool.lead_error(together, alone, as_one=as_one)
        return doubt if paired is None else paired

    @property
    def items(self) -> int:
        """That all of them are scored on."""
        return len(self.ctx.data.val)

    def chosen(self, kind: ChosenKind, places: Sequence[int]) -> Chosen:
        """These as one model."""
        loss, score = self.pool.loss_and_score(places)
        members = tuple(self.members[place] for place in places)
        return Chosen(kind, members, finite(score), finite(loss))
