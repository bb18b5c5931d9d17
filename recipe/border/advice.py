"""What to do about an error that a model, a loss or a training raises."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recipe.core.errors import text_of

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Circumstances:
    """What ran when it was raised."""

    optimizer: str = ""
    """Name of its class, where a step raised."""
    module: str = ""
    """The same of the innermost module."""


UNKNOWN = "fix it and run again"
IN_PLACE = "has been modified by an inplace operation"
"""How autograd says that a value it needs was overwritten."""

SHAPES = (
    "print the shapes of the tensors in this line and make them match each other and the data"
)  # fmt: skip
_DEVICES = (
    "create tensors on the input's device, such as torch.zeros(3, device=x.device), and store "
    "constants with register_buffer"
)
_TYPES = "convert both to the same type, such as x.float() for numbers and y.long() for labels"
_MEMORY = "use a smaller batch_size or a smaller model"
_SPARSE = (
    "{optimizer} does not support sparse gradients: pass "
    "optimizer=lambda params, lr, weight_decay: torch.optim.SparseAdam(params, lr) or plain "
    "torch.optim.SGD(params, lr), or create the embedding with sparse=False"
)
_COMPLEX = "convert complex values to pairs of real ones with torch.view_as_real, or use x.abs()"

_BY_MESSAGE: tuple[tuple[str, str], ...] = (
    (r"leaf Variable that requires grad .*in-place",
     ("change weights inside torch.no_grad(), or create a new tensor instead of changing one in "
      "place")),
    (r"[Ss]parse", _SPARSE),
    (r"[Cc]omplex", _COMPLEX),
    (r"Expected more than 1 value per channel",
     ("batch normalisation cannot train on batches of one: set batch_size to 2 or more, or use "
     "nn.GroupNorm or nn.LayerNorm")),
    (r"backward through the graph a second time",
     ("what forward keeps from one batch to the next is still part of the earlier batch's graph: "
     "store h.detach() instead, and call backward() once for each forward pass")),
    (r"Expected hidden(\[\d\])? size",
     ("forward starts from the hidden state of a batch of another size: start each batch from a "
      "fresh one, as nn.LSTM does if you pass none")),
    (r"does not require grad and does not have a grad_fn",
     ("the loss has no gradient: compute it from the outputs without detach, no_grad, .item(), "
     ".data or argmax")),
    (r"same device|found at least two devices|on the meta device|Input type .*cuda", _DEVICES),
    (r"out of memory|can't allocate memory|DefaultCPUAllocator", _MEMORY),
    (r"device-side assert",
     "run again with --device cpu to see which index is out of range"),
    (r"view size is not compatible", "use reshape instead of view there"),
    ((r"mat1 and mat2 must have the same dtype|expected scalar type|[Ff]ound dtype|"
     r"Input type .*and (weight|bias) type|should be the same|expected .*but (got|found) .*"
     r"(Float|Double|Long|Int|Half|dtype)"), _TYPES),
    ((r"cannot be multiplied|size of tensor|must match|size mismatch|is invalid for input of size|"
     r"expected .*channels|Expected .*batch_size|shape .*invalid|Sizes of tensors|too many "
     r"indices|Dimension out of range|inconsistent tensor|Expected \d-?D|broadcast|"
     r"selected index k out of range|not enough values to unpack|doesn't match"), SHAPES),
    (r"index out of range in self",
     ("an index is negative or not below num_embeddings: make the embedding larger, or check "
      "whether your indices start at 1")),
    (r"Target \S+ is out of bounds",
     ("number the labels from 0 to C-1 for a model with C outputs, or give the model more "
      "outputs")),
    (r'missing the required "forward" function',
     "add a method forward(self, x) to the model's class, indented like __init__"),
    (r"missing 1 required positional argument: 'closure'",
     "this optimizer evaluates the loss itself: pass a closure to its step"),
    (r"generator raised StopIteration",
     "end a generator with return, not by raising StopIteration"),
)  # fmt: skip

_BY_KIND: tuple[tuple[type[BaseException], str], ...] = (
    (MemoryError, _MEMORY),
    (RecursionError, "it calls itself without end: check what it should call instead"),
    (ModuleNotFoundError, "install the package or correct the import"),
    (FileNotFoundError, ("check the path: it is relative to the folder in which recipe was "
     "started")),
    (PermissionError, "check the permissions of that file"),
    (StopIteration,
     "do not let StopIteration escape: next(it, None) returns None at the end instead"),
    (Warning, ("warnings are turned into errors here: fix what it warns about, or remove "
     "warnings.simplefilter('error') or -W error")),
)  # fmt: skip


def advice_for(error: BaseException, around: Circumstances, code: str = "") -> tuple[str, str]:
    """What the user's code did, in words where an error alone would not say it, and what to do.

    Args:
        error: that it raised.
        around: what ran.
        code: the statement that wrote over a value, where it was found.

    """
    name = type(error).__name__
    if name == "CallTooLong":
        return (
            f"did not finish within {error}",
            "look for an endless loop, or allow more time with --call-limit",
        )
    if isinstance(error, SystemExit):
        return "ended the program with SystemExit", "remove the call of sys.exit() or exit() there"
    if isinstance(error, KeyboardInterrupt):
        return (
            "raised KeyboardInterrupt itself",
            "raise a different error there, such as RuntimeError",
        )
    text = text_of(error)
    if IN_PLACE in text:
        return "", _not_in_place(code)
    for pattern, advice in _BY_MESSAGE:
        if re.search(pattern, text):
            return "", advice.format(optimizer=around.optimizer or "This optimizer")
    for kind, advice in _BY_KIND:
        if isinstance(error, kind):
            return "", advice
    return "", UNKNOWN


def _not_in_place(code: str) -> str:
    """What to write instead of a statement that overwrites what the backward pass needs."""
    rewritten: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
        (r"([\w.]+)\s*(\*\*|//|[-+*/@])=\s*(.+)", lambda m: f"{m[1]} = {m[1]} {m[2]} {m[3]}"),
        (
            r"((?:torch|F|functional)[\w.]*)\.(\w+[a-z])_\(([\w.]+)(.*)\)",
            lambda m: f"{m[3]} = {m[1]}.{m[2]}({m[3]}{m[4]})",
        ),
        (r"([\w.]+)\.(\w+[a-z])_\((.*)\)", lambda m: f"{m[1]} = {m[1]}.{m[2]}({m[3]})"),
    )
    for pattern, instead in rewritten:
        if found := re.fullmatch(pattern, code.strip()):
            return (
                f"{code.strip()!r} overwrites what the backward pass needs: write "
                f"{instead(found)!r}"
            )
    if code:
        return (
            f"{code.strip()!r} overwrites what the backward pass needs: create a new tensor "
            "instead, such as h = h + 1 rather than h += 1"
        )
    return (
        "something overwrites what the backward pass needs: create new tensors, such as h = h + 1 "
        "instead of h += 1, remove inplace=True, and call optimizer.step() after backward()"
    )
