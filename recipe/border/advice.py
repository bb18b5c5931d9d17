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
    "print the shapes of what meets in this line, and make them fit each other and the data"
)  # fmt: skip
_DEVICES = (
    "make tensors where the input is, such as torch.zeros(3, device=x.device), and keep constants "
    "with register_buffer"
)
_TYPES = "bring both to one type, such as x.float() for numbers and y.long() for labels"
_MEMORY = "take a smaller batch_size, or a smaller model"
_SPARSE = (
    "{optimizer} does not take sparse gradients: pass optimizer=lambda params, lr, weight_decay: "
    "torch.optim.SparseAdam(params, lr) or plain torch.optim.SGD(params, lr), or make the "
    "embedding with sparse=False"
)
_COMPLEX = "turn complex values into two real ones with torch.view_as_real, or take x.abs()"

_BY_MESSAGE: tuple[tuple[str, str], ...] = (
    (r"leaf Variable that requires grad .*in-place",
     "change weights inside of torch.no_grad(), or make a new tensor instead of writing into one"),
    (r"[Ss]parse", _SPARSE),
    (r"[Cc]omplex", _COMPLEX),
    (r"Expected more than 1 value per channel",
     ("batch normalisation cannot train on batches of one: set batch_size to 2 or more, or take "
     "nn.GroupNorm or nn.LayerNorm")),
    (r"backward through the graph a second time",
     ("what forward keeps from one batch to the next still has the graph of the earlier batch: "
     "keep it with h.detach(), and call backward() once for each forward pass")),
    (r"Expected hidden(\[\d\])? size",
     ("forward begins with the hidden state of a batch of another size: begin with a fresh one, as "
      "nn.LSTM does where none is given")),
    (r"does not require grad and does not have a grad_fn",
     ("the loss has no gradient: compute it from the outputs without detach, no_grad, .item(), "
     ".data or argmax")),
    (r"same device|found at least two devices|on the meta device|Input type .*cuda", _DEVICES),
    (r"out of memory|can't allocate memory|DefaultCPUAllocator", _MEMORY),
    (r"device-side assert",
     "run once more with --device cpu, which says which index is out of range"),
    (r"view size is not compatible", "write reshape where it says view"),
    ((r"mat1 and mat2 must have the same dtype|expected scalar type|[Ff]ound dtype|"
     r"Input type .*and (weight|bias) type|should be the same|expected .*but (got|found) .*"
     r"(Float|Double|Long|Int|Half|dtype)"), _TYPES),
    ((r"cannot be multiplied|size of tensor|must match|size mismatch|is invalid for input of size|"
     r"expected .*channels|Expected .*batch_size|shape .*invalid|Sizes of tensors|too many "
     r"indices|Dimension out of range|inconsistent tensor|Expected \d-?D|broadcast|"
     r"selected index k out of range|not enough values to unpack|doesn't match"), SHAPES),
    (r"index out of range in self",
     ("an index is not below num_embeddings: enlarge the embedding, or look for indices that start "
     "at 1")),
    (r"Target \S+ is out of bounds", "labels have to be 0 to C-1 for a model with C outputs"),
    (r'missing the required "forward" function',
     "write a method forward(self, x) in the class of the model, at the indentation of __init__"),
    (r"missing 1 required positional argument: 'closure'",
     "this optimizer evaluates the loss itself: give its step a closure"),
    (r"generator raised StopIteration", "return from a generator, and do not raise StopIteration"),
)  # fmt: skip

_BY_KIND: tuple[tuple[type[BaseException], str], ...] = (
    (MemoryError, _MEMORY),
    (RecursionError, "it calls itself without an end: look for what it should call instead"),
    (ModuleNotFoundError, "install the package, or mend the import"),
    (FileNotFoundError, ("look at the path, which counts from the folder that recipe was started "
     "in")),
    (PermissionError, "look at the rights of that file"),
    (StopIteration, "return from it, and do not let StopIteration escape: next(it, None) helps"),
    (Warning, ("warnings are errors here: mend what it warns of, or leave out "
     "warnings.simplefilter('error') and -W error")),
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
            f"did not come to an end within {error}",
            "look for a loop without an end, or give it longer with --call-limit",
        )
    if isinstance(error, SystemExit):
        return "ended the program with SystemExit", "leave out sys.exit() and exit() there"
    if isinstance(error, KeyboardInterrupt):
        return "raised KeyboardInterrupt itself", "raise another error there"
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
        (r"([\w.]+)\.(\w+[a-z])_\((.*)\)", lambda m: f"{m[1]} = {m[1]}.{m[2]}({m[3]})"),
    )
    for pattern, instead in rewritten:
        if found := re.fullmatch(pattern, code.strip()):
            return (
                f"{code.strip()!r} writes over what the backward pass needs: write "
                f"{instead(found)!r}"
            )
    if code:
        return (
            f"{code.strip()!r} writes over what the backward pass needs: make a new tensor "
            "instead, such as h = h + 1 for h += 1"
        )
    return (
        "something writes over what the backward pass needs: make new tensors, such as h = h + 1 "
        "for h += 1, leave out inplace=True, and step the optimizer after backward()"
    )
