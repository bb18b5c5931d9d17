"""Which tokens the outputs of a language model depend on, and which ones they are asked for."""

from dataclasses import dataclass

import torch
from torch import Tensor

from recipe.plugin import Context, Scalar, Values, shifts_labels
from recipe_steps.inspect import sequence_data as data
from recipe_steps.inspect.passes import Passes
from recipe_steps.inspect.sequence_loss import loss_shift
from recipe_steps.rows import parts

SURE, MOSTLY = 0.95, 0.5
"""Share of the targets that are a token behind, from which the task is to say what comes; and where
it is declared to be that, of inputs that may be noisy."""
LEAST_COMPARED = 50
"""Targets."""
ITEMS = 4
"""Whose tokens are changed."""
SEEN_STEPS = 64
"""Steps that are looked at where sequences may be cut: one token among a thousand hardly tells."""
FAINT = 0.01
"""Of the largest change, what does not count beside it."""


def shift_marks(
    passed: Passes, x: Values, y: Tensor, known: list[data.Padding]
) -> dict[str, Scalar]:
    """Scalars about targets [n, T] that are tokens of the inputs: by how many steps they are moved,
    and what the outputs depend on. None where they are something else.
    """
    ctx = passed.ctx
    found, outputs = _compared(ctx, x, y, known), passed(x[:2])
    if found is None or outputs is None or outputs.ndim != 3 or found.compared < LEAST_COMPARED:
        return {}
    in_loss = loss_shift(ctx, outputs, y)
    if in_loss is None:
        return {}
    shift, share = found.best + in_loss, found.shares[found.best]
    declared = ctx.task.name == "language_model" or shifts_labels(passed.model)
    # Whoever moves in the loss what items have moved already means the next token, and once.
    declared |= in_loss >= 1 and found.best >= 1 and share >= SURE
    says_what_comes = shift >= 1 and share >= (MOSTLY if declared else SURE)
    if not (says_what_comes or declared):
        return {}
    look = _look(passed, x, y, found.part, known)
    seen: dict[str, Scalar] = look.ahead() if look and says_what_comes else {}
    if not declared:
        return seen
    return {
        "token_shift": shift,
        "token_shift_share": share,
        "token_shift_right": found.shares.get(1 - in_loss, 0.0),
        "token_shift_in_loss": in_loss,
        **(look.asked(shift) if look and shift <= 0 else {}),
        **seen,
    }


def _compared(ctx: Context, x: Values, y: Tensor, known: list[data.Padding]) -> data.Moved | None:
    """The tokens that the targets are, most of all; of a translation's parts one that the decoder
    is given: the source is seen as a whole.
    """
    counted, every = ctx.task.counted(y), data.token_parts(x)
    fitting = [name for name, part in every.items() if part.shape == y.shape]
    if ctx.task.name == "sequence_to_sequence":
        fitting = [name for name in fitting if name != next(iter(every))]
    found = [
        data.moved(every[name], y, counted & _real(known, name, counted), name) for name in fitting
    ]
    return max(
        (each for each in found if each is not None),
        key=lambda each: each.shares[each.best],
        default=None,
    )


def _real(known: list[data.Padding], part: str, like: Tensor) -> Tensor:
    """Which steps of a part are no padding."""
    real = (padding.real for padding in known if padding.part == part)
    return next(real, torch.ones_like(like))


def _look(
    passed: Passes, x: Values, y: Tensor, part: str, known: list[data.Padding]
) -> "_Look | None":
    """A look at the longest items; None where outputs are not the same twice, or all the same."""
    counted = passed.ctx.task.counted(y)
    real = _real(known, part, counted)
    rows = real.sum(1).argsort(descending=True, stable=True)[:ITEMS]
    x, counted, real = x[rows], counted[rows], real[rows]
    whole = None
    if real.shape[1] > SEEN_STEPS:
        short = data.cut(x, part, SEEN_STEPS)
        whole = passed.steady(short)
        if whole is not None:
            x, counted, real = short, counted[:, :SEEN_STEPS], real[:, :SEEN_STEPS]
    if whole is None:
        whole = passed.steady(x)
    if whole is None or real.shape[1] not in whole.shape[1:] or not float(whole.std()) > 0:
        return None
    return _Look(passed, x, part, whole, counted, real)


@dataclass(frozen=True)
class _Look:
    """Outputs [n, T, ...] of a few items, beside those for other tokens."""

    passed: Passes
    x: Values
    part: str
    whole: Tensor
    counted: Tensor
    real: Tensor

    @property
    def places(self) -> Tensor:
        """The steps."""
        return torch.arange(self.real.shape[1], device=self.real.device)

    def changes(self, places: Tensor) -> Tensor:
        """Of the outputs of every step [n, T] the largest change when the tokens at some places [T]
        are others, relative to the spread of all.
        """
        tokens = data.token_parts(self.x)[self.part]
        known = torch.unique(tokens[self.real])
        source = torch.Generator().manual_seed(0)
        draw = torch.randint(1, max(2, len(known)), tokens.shape, generator=source)
        rank = torch.searchsorted(known, tokens.contiguous()).clamp(max=len(known) - 1)
        others = known[(rank + draw.to(rank.device)) % len(known)]
        others = torch.where(places & self.real, others, tokens)
        others = data.written_like(parts(self.x)[self.part], others)
        new = self.passed(data.replaced(self.x, self.part, others))
        if new is None or new.shape != self.whole.shape:
            return torch.zeros(self.real.shape, device=self.real.device)
        steps_first = new.shape[1] == self.real.shape[1]
        moved = (new - self.whole).abs().amax(2 if steps_first else 1)
        return moved / self.whole.std()

    def ahead(self) -> dict[str, Scalar]:
        """How far outputs that count change with the tokens behind them."""
        steps = self.real.shape[1]
        largest, at = 0.0, 0
        for last in sorted({0, steps // 4, steps // 2, 3 * steps // 4, steps - 2}):
            change = float(self._before(last, self.places > last).max())
            if change > largest:
                largest, at = change, last
        if not largest:
            return {"future_change": 0.0}
        alone = self._before(at, self.places == at + 1).amax(0)
        change = float(alone.max())
        if change < FAINT * largest:  # no single token shows it
            step = int(self._before(at, self.places > at).amax(0).argmax())
            return {"future_change": largest, "future_step": step}
        seen = (alone > FAINT * change).nonzero().flatten()
        return {
            "future_change": change,
            "future_step": int(seen[-1]),
            "future_token": at + 1,
            "future_reach": at + 1 - int(seen[0]),
        }

    def _before(self, last: int, places: Tensor) -> Tensor:
        """Changes of outputs that count up to a step, [n, T]."""
        return self.changes(places) * (self.counted & (self.places <= last))

    def asked(self, shift: int) -> dict[str, Scalar]:
        """How far an output changes with the token at or before its step that it is asked for."""
        place = self.real.shape[1] // 2
        if place - shift >= self.real.shape[1]:
            return {}
        return {"asked_change": float(self.changes(self.places == place)[:, place - shift].max())}
