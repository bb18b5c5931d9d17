"""What an operation that made a NaN or an infinity was given, and what probably caused it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import torch
from torch import Tensor

from recipe.border.faults import Place
from recipe.core.evidence import Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

HALF = (torch.float16,)
"""Types that end where values still may be."""
GROWN = 1e12
"""A value above it, in float32, is none that a sound model has: weights or activations grew."""
SHOWN = 8
"""Items that are named."""
Phase = Literal["batch", "weights", "forward", "backward", "growth"]

_LOGS = ("log", "log_", "log2", "log10", "log1p", "xlogy", "logit", "binary_cross_entropy")
_ROOTS = ("sqrt", "sqrt_", "rsqrt", "rsqrt_", "pow", "pow_")
_DIVISIONS = ("div", "div_", "reciprocal", "reciprocal_", "true_divide", "remainder")
_NORMS = ("linalg_vector_norm", "norm", "sqrt", "rsqrt", "std", "var", "var_mean", "std_mean",
          "frobenius_norm", "_weight_norm_interface")  # fmt: skip
ON_PURPOSE = ("masked_fill", "masked_fill_", "full", "full_like", "fill", "fill_", "scalar_tensor",
              "new_full", "where", "lift_fresh", "copy_", "triu", "tril")  # fmt: skip
"""Operations that put a value where somebody wants it."""
_EXPONENTIALS = ("exp", "exp_", "expm1", "exp2", "cosh", "sinh")


@dataclass(frozen=True)
class Given:
    """One input of an operation, in a few numbers."""

    low: float
    high: float
    zeros: int
    negative: int
    dtype: torch.dtype

    @classmethod
    def of(cls, tensor: Tensor) -> Self:
        """Look at a tensor whose values are finite."""
        if not tensor.numel():
            return cls(0.0, 0.0, 0, 0, tensor.dtype)
        values = tensor.detach()
        low, high = values.aminmax()
        return cls(low.item(), high.item(), int((values == 0).sum()), int((values < 0).sum()),
                   tensor.dtype)  # fmt: skip

    @property
    def size(self) -> float:
        """The largest value, whatever its sign."""
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True)
class Born:
    """An operation that was given finite values and returned others."""

    operation: str
    node: str
    """Of the backward pass, such as SqrtBackward0; empty in the forward pass."""
    module: str
    place: Place | None
    given: tuple[Given, ...]
    kin: tuple[str, ...]
    """For each input what kind of operation it came from."""
    dtype: torch.dtype
    nan: bool
    items: tuple[int, ...]


@dataclass(frozen=True)
class Origin:
    """Where the first value that is not finite came from."""

    phase: Phase
    module: str = ""
    """Its name in the model; empty outside of it, as in a loss function."""
    operation: str = ""
    cause: str = ""
    """A key of the causes that the rule knows."""
    before: str = ""
    """What the operation was given, in words."""
    items: tuple[int, ...] = ()
    place: str = ""
    """File and line of the user's."""

    def scalars(self, prefix: str = "nan_") -> dict[str, Scalar]:
        """As evidence."""
        items = ", ".join(map(str, self.items[:SHOWN]))
        more = f" and {len(self.items) - SHOWN} more" if len(self.items) > SHOWN else ""
        told: Mapping[str, Scalar] = {
            "phase": self.phase, "module": self.module, "operation": self.operation,
            "cause": self.cause, "before": self.before, "items": items + more, "place": self.place,
        }  # fmt: skip
        return {f"{prefix}{name}": value for name, value in told.items() if value}


def as_origin(phase: Phase, born: Born) -> Origin:
    """A birth as it is told."""
    operation = born.node.rstrip("0123456789").removesuffix("Backward") or born.operation
    cause, before = cause_of(born)
    place = f"{Path(born.place.file).name}:{born.place.line}" if born.place else ""
    items = () if cause == "masked" else born.items
    named = operation.strip("_").lower()
    return Origin(phase, born.module, named, cause, before, items, place)


def cause_of(born: Born) -> tuple[str, str]:
    """A likely cause by its key, and what the operation was given in words."""
    return _of_backward(born) if born.node else _of_forward(born)


def _of_backward(born: Born) -> tuple[str, str]:
    name = born.node.lower()
    zero = "the value before is 0"
    if born.dtype in HALF and not any(g.zeros for g in born.given):
        return "half-overflow", _largest(born)
    if name.startswith(("sqrt", "rsqrt", "pow")):
        return "root-at-zero", zero
    if name.startswith(("norm", "linalgvectornorm", "std", "var")):
        return "norm-of-zero", zero
    if name.startswith("log"):
        return "log-of-zero", zero
    if name.startswith(("div", "reciprocal")):
        return ("norm-of-zero" if set(born.kin) & set(_NORMS) else "division-by-zero"), zero
    if name.startswith(("acos", "asin", "atanh")):
        return "edge-of-arc", "the value before is 1 or -1"
    return _grown(born)


def _of_forward(born: Born) -> tuple[str, str]:
    name, given = born.operation, born.given
    first = given[0] if given else None
    if name in ON_PURPOSE:
        return "masked", "infinities that mask values"
    if first is not None and name in _LOGS:
        low = next((g for g in given if g.low <= 0), first)
        kind = "log-of-negative" if low.low < 0 and name != "log1p" else "log-of-zero"
        return kind, f"the smallest value before is {low.low:.4g}"
    if first is not None and name in _ROOTS and (first.negative or first.zeros):
        if first.negative and born.nan:
            return "root-of-negative", f"the smallest value before is {first.low:.4g}"
        return "root-at-zero", "the value before is 0"
    if name in _DIVISIONS and given and given[-1].zeros:
        what = "norm-of-zero" if born.kin[-1] in _NORMS else "division-by-zero"
        return what, f"{given[-1].zeros} of the values to divide by are 0"
    if born.dtype in HALF:
        return "half-overflow", _largest(born)
    if name in _EXPONENTIALS and first is not None:
        return "exponential", f"the largest value before is {first.high:.4g}"
    return _grown(born)


def _largest(born: Born) -> str:
    size = max((g.size for g in born.given), default=0.0)
    limit = torch.finfo(born.dtype).max
    return f"the largest value before is {size:.4g}; {str(born.dtype)[6:]} ends at {limit:.4g}"


def _grown(born: Born) -> tuple[str, str]:
    size = max((g.size for g in born.given), default=0.0)
    told = f"the largest value before is {size:.4g}" if born.given else ""
    return ("growth" if size > GROWN else "other"), told
