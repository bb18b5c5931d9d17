"""What data say of sequences: where padding is, and how far targets are moved against inputs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recipe.plugin import INVERTED_MASKS, MASKS, Padded, Values, natural
from recipe_steps.rows import parts, varied

TOKEN_TASKS = ("language_model", "token_classification", "sequence_to_sequence")
"""Those with an answer for every token."""
STEPS = "position_ids"
"""A part that counts steps, as Hugging Face calls it."""
LEAST_STEPS, LEAST_WORDS, LEAST_LETTERS = 4, 5, 3
"""Of a sequence of tokens, and of distinct ones beside the padding; the last of those that a model
looks up in a table, such as the four letters of DNA."""
FEW = 8
"""Items that show a form."""
RARE = 0.1
"""How often padding may stand elsewhere than at the end, as a share of all of it."""
OFFSETS = range(-2, 4)
"""Steps by which targets may be moved: 1 is right for a language model."""


@dataclass(frozen=True)
class Padding:
    """Which steps of a part of the inputs are real.

    Attributes:
        part: its name, see `rows.parts`.
        real: [n, T], true where a step is no padding.
        told: by lengths or a mask; else it was read off the tokens.
        mask: name of the part that is the mask.
        lengths: name of the part that holds the lengths.
        turned: whether the mask says the opposite of what masks of its name say.

    """

    part: str
    real: Tensor
    told: bool = True
    mask: str | None = None
    lengths: str | None = None
    turned: bool = False

    @property
    def certain(self) -> Tensor:
        """[n, T], true for what is padding beyond doubt: the first step behind the end of tokens
        may say that they end.
        """
        padded = ~self.real
        if self.told:
            return padded
        return padded & torch.cat([torch.zeros_like(padded[:, :1]), padded[:, :-1]], 1)


def inputs(x: Values) -> dict[str, Tensor]:
    """The tensors of the inputs by name, without targets that stand beside them."""
    beside = targets_beside(x)
    return {
        name: part for name, part in parts(x).items() if not beside or name.split(".")[0] == "0"
    }


def targets_beside(x: Values) -> bool:
    """Whether targets stand beside the inputs, for a model with a loss of its own."""
    return getattr(natural(x), "_fields", ()) == ("inputs", "targets")


def token_parts(x: Values) -> dict[str, Tensor]:
    """Whole numbers [n, T] among the inputs that are no masks, or are written as one-hot vectors
    [n, T, V].
    """
    found = {
        name: part.argmax(2) if _one_hot(part) else part for name, part in inputs(x).items()
        if _last(name) not in (*MASKS, STEPS) and part.ndim > 1 and part.shape[1] >= LEAST_STEPS
    }  # fmt: skip
    return {
        name: part for name, part in found.items()
        if part.ndim == 2 and not part.is_floating_point() and part.dtype != torch.bool
    }  # fmt: skip


def _one_hot(part: Tensor) -> bool:
    few = part[:FEW]
    return (
        part.ndim == 3
        and part.shape[2] > 1
        and bool(((few == 0) | (few == 1)).all() and (few.sum(2) == 1).all())
    )


def written_like(part: Tensor, tokens: Tensor) -> Tensor:
    """Tokens [n, T] in the form of a part of the inputs."""
    if part.ndim == tokens.ndim:
        return tokens
    return torch.nn.functional.one_hot(tokens, part.shape[2]).to(part.dtype)


def paddings(x: Values, *, words: bool) -> list[Padding]:
    """Where padding is, of every part of the inputs of which it is known.

    Args:
        x: inputs of many items.
        words: whether whole numbers are tokens: the model looks them up in a table.

    """
    found = [*_by_lengths(x), *_by_masks(x)]
    known = {each.part for each in found}
    if words:
        for name, tokens in token_parts(x).items():
            real = None if name in known else before_padding(tokens, LEAST_LETTERS)
            if real is not None:
                found.append(Padding(name, real, told=False))
    return found


def _by_lengths(x: Values) -> Iterator[Padding]:
    found = parts(x)
    for name in padded(x):
        values, lengths = found[f"{name}0"], found[f"{name}1"]
        steps = torch.arange(values.shape[1], device=values.device)
        real = steps < lengths.to(steps.device)[:, None]
        yield Padding(f"{name}0", real, lengths=f"{name}1")


def padded(x: Values) -> list[str]:
    """Names of padded sequences among the inputs, as the names of their two tensors begin."""
    return list(_padded(natural(x)))


def _padded(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, Padded):
        yield name
    elif isinstance(value, dict | tuple):
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in named:
            yield from _padded(part, f"{name}{key}.")


def _by_masks(x: Values) -> Iterator[Padding]:
    tokens = token_parts(x)
    for name, mask in inputs(x).items():
        if _last(name) not in MASKS or mask.ndim != 2:
            continue
        fitting = {key: part for key, part in tokens.items() if part.shape == mask.shape}
        if fitting:
            part = max(fitting, key=lambda key: varied(fitting[key]))
            yield from _of_mask(name, mask != 0, part, fitting[part])


def _of_mask(name: str, mask: Tensor, part: str, tokens: Tensor) -> Iterator[Padding]:
    """What a mask says; where it is the other way round, the tokens show it: padding is one and the
    same token.
    """
    usual = ~mask if _last(name) in INVERTED_MASKS else mask
    if bool(usual.all()):
        return
    alone, others = (len(torch.unique(tokens[here])) == 1 for here in (~usual, usual))
    if alone == others and _last(name) == "mask":
        return  # which value of a mask of this name means what is not agreed on
    turned = others and not alone
    yield Padding(part, ~usual if turned else usual, mask=name, turned=turned)


def before_padding(tokens: Tensor, least: int = LEAST_WORDS) -> Tensor | None:
    """[n, T], true for what stands before a run of one token at the end of rows, where these runs
    differ in length and the token hardly stands anywhere else; None where it is not so, or where
    there are fewer other tokens than `least`.
    """
    values, counts = torch.unique(tokens[:, -1], return_counts=True)
    same = tokens == values[counts.argmax()]
    behind = same.flip(1).long().cumprod(1).flip(1).bool()
    run = behind.sum(1)
    lengths = torch.unique(run[(run > 1) & (run < tokens.shape[1])])
    elsewhere = int(same.sum() - run.sum())
    if len(lengths) < 2 or elsewhere > RARE * int(run.sum()):
        return None
    return ~behind if len(torch.unique(tokens[~same])) >= least else None


@dataclass(frozen=True)
class Moved:
    """How targets are moved against the tokens of the inputs."""

    part: str
    """Name of the tokens."""
    shares: dict[int, float]
    """By offset d, the share of the targets y[t] that are the token x[t + d]."""
    compared: int
    """Targets that count."""

    @property
    def best(self) -> int:
        """The offset at which most targets are tokens; of several the one nearest to 1."""
        return max(self.shares, key=lambda offset: (self.shares[offset], -abs(offset - 1)))


def moved(tokens: Tensor, y: Tensor, counted: Tensor, part: str) -> Moved | None:
    """Compare targets [n, T] that count with the tokens some steps before and behind."""
    steps, shares = y.shape[1], {}
    for offset in OFFSETS:
        first, end = max(0, -offset), min(steps, steps - offset)
        here = counted[:, first:end]
        equal = y[:, first:end] == tokens[:, first + offset : end + offset]
        if bool(here.any()):
            shares[offset] = float(equal[here].float().mean())
    return Moved(part, shares, int(counted.sum())) if shares else None


def _last(name: str) -> str:
    return name.rsplit(".", maxsplit=1)[-1]


def replaced(x: Values, name: str, new: Tensor) -> Values:
    """Inputs with another tensor in place of one."""
    if isinstance(x, Tensor):
        return new
    old = parts(x)[name]
    return x.mapped(lambda leaf: new if leaf is old else leaf)


def cut(x: Values, part: str, length: int) -> Values:
    """Sequences cut off behind so many steps: those of a part, and what stands beside them if it
    is the same everywhere behind, as a mask is.
    """
    if isinstance(x, Tensor):
        return x[:, :length]
    named = parts(x)
    full = named[part].shape[1]
    for name, values in named.items():
        if values.ndim < 2 or values.shape[1] != full:
            continue
        behind = values[:, length:]
        beside = _last(name) == STEPS or bool((behind == behind.flatten()[0]).all())
        if name == part or beside:
            x = replaced(x, name, values[:, :length])
    return x
