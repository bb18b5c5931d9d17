"""Where a model's weights begin: as its factory draws them, from a file, or from nothing."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError  # the name of an error; nothing is unpickled
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core.checksums import is_intact
from recipe.core.errors import UsageError
from recipe.models.blocks import in_head

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
"""Of files; any other text is a name that the model's factory knows."""
SCRATCH = "scratch"
"""The start of a training without the pretrained weights."""
WRAPPED = ("state_dict", "model", "model_state_dict")
"""Under which of these a checkpoint holds the weights."""
NAMED = 3
"""Names in a message."""
COUNTERS = "num_batches_tracked"
"""A buffer of batch norm that older files do not have, and that nothing depends on."""


def file_of(weights: str | Path | None) -> Path | None:
    """The file that `weights` means; None for a name, or for nothing."""
    if weights is None:
        return None
    path = Path(weights).expanduser()
    is_file = isinstance(weights, Path) or path.suffix.lower() in SUFFIXES or path.is_file()
    return path if is_file else None


def read_weights(path: Path) -> Mapping[str, Tensor]:
    """The weights in a file by name, on the CPU and not to be changed; read once.

    Args:
        path: .safetensors, or a file of torch.save, which is read without running what it holds;
            the weights themselves, or a dict that has them under "state_dict" or "model".

    Raises:
        UsageError: there is no such file, or it holds something else.

    """
    if path.is_dir():
        inside = path / "best.safetensors"
        hint = f"did you mean {str(inside)!r}?" if inside.exists() else "name a file in it."
        raise UsageError(f"The weights {str(path)!r} are a folder: {hint}")
    try:
        stat = path.stat()
    except OSError as error:
        raise UsageError(
            f"The weights {str(path)!r} cannot be read ({error.strerror}): name an existing file."
        ) from error
    return _read(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, _size: int, _time: int) -> Mapping[str, Tensor]:
    try:
        if path.suffix.lower() == ".safetensors":
            from safetensors.torch import load

            found: Any = load(content) if is_intact(content := path.read_bytes()) else None
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # What torch proposes there is to run what the file holds.
        said = [] if isinstance(error, UnpicklingError) else str(error).splitlines()[:1]
        why = ": ".join([type(error).__name__, *said])
        raise UsageError(
            f"The weights {str(path)!r} cannot be read ({why}): save "
            "model.state_dict() with safetensors.torch.save_file or torch.save."
        ) from error
    for name in WRAPPED:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if found is None:
        raise UsageError(
            f"The weights {str(path)!r} are not what was written to them: copy or save them again."
        )
    if not isinstance(found, Mapping) or not found or not all(map(_is_entry, found.items())):
        raise UsageError(
            f"The file {str(path)!r} holds {type(found).__name__}, not weights by name: save "
            "model.state_dict()."
        )
    if all(name.startswith("module.") for name in found):  # of nn.DataParallel
        found = {name.removeprefix("module."): value for name, value in found.items()}
    return dict(found)


def _is_entry(entry: tuple[Any, Any]) -> bool:
    return isinstance(entry[0], str) and isinstance(entry[1], Tensor)


@torch.no_grad()
def load_weights(model: nn.Module, path: Path, head: str | None) -> None:
    """Put the weights of a file into a model, all but the head's: a head of the file is for other
    classes.

    Raises:
        UsageError: the file cannot be read, or its names or shapes are not the model's.

    """
    found = {n: v for n, v in read_weights(path).items() if not in_head(n, head)}
    own = {n: v for n, v in model.state_dict().items() if not in_head(n, head)}
    missing = [n for n in own if n not in found and not n.endswith(COUNTERS)]
    extra = [n for n in found if n not in own and not n.endswith(COUNTERS)]
    other = [n for n in own if n in found and own[n].shape != found[n].shape]
    parts = [
        _named(missing, "the file lacks"),
        _named(extra, "the model lacks"),
        _named(other, "of another shape in the file than in the model are"),
    ]
    said = "; ".join(part for part in parts if part)
    if said:
        hint = "name the module that is new as head=" if head is None else "build the same model"
        raise UsageError(f"The weights {str(path)!r} do not fit the model: {said}; {hint}.")
    for name, value in own.items():
        if name in found:
            value.copy_(found[name])


def _named(names: list[str], what: str) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{what} {', '.join(names[:NAMED])}{more}"


def why_not_reset(model: nn.Module, head: str | None = None) -> str | None:
    """Why weights cannot be drawn again: the first module outside the head with weights of its own
    and no `reset_parameters`; None where all have it.
    """
    for name, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        if own and not in_head(name, head) and not hasattr(module, "reset_parameters"):
            return f"{name or 'the model'} ({type(module).__name__}) has no reset_parameters()"
    return None


def reset_weights(model: nn.Module, head: str | None = None) -> None:
    """Draw the weights outside the head again.

    Raises:
        UsageError: a module does not know how.

    """
    if reason := why_not_reset(model, head):
        raise UsageError(f"The model cannot be trained from scratch: {reason}.")
    for name, module in model.named_modules():
        again = getattr(module, "reset_parameters", None)
        if again is not None and not in_head(name, head):
            again()


@torch.no_grad()
def load_start(model: nn.Module, folder: Path | None, name: str) -> None:
    """Put weights that the run kept under this name into a model.

    Raises:
        UsageError: they are not there, or are another model's.

    """
    path = start_file(folder, name)
    own = model.state_dict()
    for key, value in read_weights(path).items():
        if key not in own or own[key].shape != value.shape:
            raise UsageError(f"The weights {str(path)!r} are another model's: start with --fresh.")
        own[key].copy_(value)


def start_file(folder: Path | None, name: str) -> Path:
    """Where weights to start with are kept.

    Raises:
        UsageError: there is no folder for them, outside a run.

    """
    if folder is None:
        raise UsageError(f"begin_from={name!r} belongs to a run: leave it out.")
    return folder / f"{name}.safetensors"
