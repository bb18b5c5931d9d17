"""Which faults can stand in one experiment: those that touch different parts of it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from functools import cache
from itertools import combinations

import torch
from bases import Base
from catalogue import FAULTS, Fault
from torch import Tensor, nn

from recipe import Experiment

QUICK = ("digits-mlp", "cancer-table", "diabetes-table", "wine-table", "friedman-table",
         "shapes-cnn", "counting-transformer")  # fmt: skip
EXACT = frozenset((
    "softmax-before-loss", "sigmoid-before-loss", "output-activation-limits-range",
    "nll-on-probabilities", "nll-on-logits", "wrong-loss-for-task", "loss-sign-flipped",
    "loss-summed-over-batch", "loss-averaged-over-classes", "single-unit-softmax",
    "outputs-do-not-match-targets", "symmetric-initialization", "nondeterministic-evaluation",
    "batch-mixing", "unregistered-parameters", "parameters-without-gradient", "frozen-parameters",
    "model-is-linear", "inputs-ignored", "inputs-not-scaled", "inputs-not-finite",
    "targets-out-of-range", "single-class-labels", "constant-inputs",
    "validation-missing-classes", "validation-preprocessing-differs", "train-validation-overlap",
    "data-not-shuffled", "targets-not-scaled", "optimizer-misses-parameters",
    "gradients-not-cleared", "evaluation-mode-in-training",
))  # fmt: skip
"""What is told by a mark and not by how a training ends."""
THREES = 40


def exact() -> list[Fault]:
    return [f for f in FAULTS if f.causes[0] in EXACT]


def _place(parts: frozenset[str]) -> int:
    """First what may put another model in place, last the update step, which reads the loss."""
    return 0 if "modules" in parts else 2 if "update" in parts else 1


def combined(base: Base, *faults: Fault) -> Callable[[int], Experiment]:
    """The base with all of them."""

    def make(seed: int) -> Experiment:
        e = base.make(seed)
        order = faults
        if len(faults) > 1:
            order = sorted(faults, key=lambda f: _place(touched(base, f)))
        for fault in order:
            e = fault.inject(e)
        return e

    return make


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a.nan_to_num(7e7), b.nan_to_num(7e7))


def _built(e: Experiment) -> nn.Module:
    torch.manual_seed(0)
    return e.model()


def _of_model(sound: nn.Module, faulty: nn.Module) -> Iterator[str]:
    before, after = list(sound.parameters()), list(faulty.parameters())
    if [p.requires_grad for p in before] != [p.requires_grad for p in after]:
        yield "gradients"
    if len(before) != len(after) or not all(map(_same, before, after)):
        yield "weights"
    if repr(sound) == repr(faulty):
        return
    inner = [repr(child) for child in faulty.children()]
    if inner[:1] == [repr(sound)]:
        yield "outputs"
    elif inner[-1:] == [repr(sound)]:
        yield "inputs of the model"
    else:
        yield "modules"


@cache
def touched(base: Base, fault: Fault) -> frozenset[str]:
    """The parts of the experiment that the fault changes: data by side and part, what the model is
    given, its modules, weights, gradients and outputs, and every other field. A loss and what the
    model ends with are one part: each is right or wrong by the other.
    """
    sound = base.make(0)
    faulty = fault.inject(sound)
    parts = set()
    for side in ("train", "val"):
        pairs_of = zip(getattr(sound, side), getattr(faulty, side), strict=True)
        parts |= {f"{side} {i}" for i, (a, b) in enumerate(pairs_of) if not _same(a, b)}
    own = {"model", "train", "val", "batch_size"}
    parts |= {f.name for f in fields(sound)
              if f.name not in own and getattr(sound, f.name) is not getattr(faulty, f.name)
              and getattr(sound, f.name) != getattr(faulty, f.name)}  # fmt: skip
    if sound.model is not faulty.model:
        parts |= set(_of_model(_built(sound), _built(faulty))) or {"modules"}
    if "loss" in parts:
        parts.add("outputs")
    return frozenset(parts)


def stand_together(base: Base, faults: Iterable[Fault]) -> bool:
    """Whether no two of them touch the same part."""
    return not any(touched(base, a) & touched(base, b) for a, b in combinations(faults, 2))


def _turn(faults: Iterable[Fault]) -> int:
    return int(hashlib.sha256("".join(f.name for f in faults).encode()).hexdigest(), 16)


def _where(known: Iterable[Base], faults: tuple[Fault, ...]) -> Base | None:
    fitting = [b for b in known if b.name in QUICK and all(f.applies(b) for f in faults)]
    fitting = [b for b in fitting if stand_together(b, faults)]
    return fitting[_turn(faults) % len(fitting)] if fitting else None


def pairs(known: Iterable[Base]) -> Iterator[tuple[Base, tuple[Fault, Fault]]]:
    """All that can stand together and have different causes, each on one of the quick bases."""
    for two in combinations(exact(), 2):
        base = _where(known, two) if two[0].causes != two[1].causes else None
        if base is not None:
            yield base, two


def threes(known: Iterable[Base]) -> Iterator[tuple[Base, tuple[Fault, Fault, Fault]]]:
    """Some that can stand together: those with the smallest hashes."""
    found = 0
    for three in sorted(combinations(exact(), 3), key=_turn):
        base = _where(known, three) if len({f.causes for f in three}) == 3 else None
        if base is not None:
            yield base, three
            found += 1
        if found == THREES:
            return
