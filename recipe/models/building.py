"""Fresh models from the user's factory, and models with their regularisation switched off."""

import inspect
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from recipe.core.errors import UsageError
from recipe.experiment import Experiment
from recipe.models.blocks import check_head, find_blocks, freeze
from recipe.models.pretrained import SCRATCH, file_of, load_start, load_weights, reset_weights


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Random numbers that depend on `seed` alone; the caller's generators are put back."""
    devices = [torch.cuda.current_device()] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        # Not torch.manual_seed: before CUDA is used, each of its calls is kept with a traceback.
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            torch.cuda.manual_seed(seed)
        elif device.type == "mps":
            torch.mps.manual_seed(seed)
        yield


class Noise:
    """The random numbers of an epoch that may pause: each `running` goes on where the last one
    left off, whatever drew numbers in between.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.seed, self.device = seed, device
        self._states: tuple[Tensor, ...] = ()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Draw from them; the caller's generators are put back."""
        with seeded(self.seed, self.device):
            for (_, put_back), state in zip(_generators(self.device), self._states, strict=False):
                put_back(state)
            yield
            self._states = tuple(read() for read, _ in _generators(self.device))


def _generators(
    device: torch.device,
) -> list[tuple[Callable[[], Tensor], Callable[[Tensor], None]]]:
    """How to read and to set the state of each generator that `seeded` seeds."""
    found: list[tuple[Callable[[], Tensor], Callable[[Tensor], None]]] = [
        (torch.get_rng_state, torch.set_rng_state)
    ]
    if device.type == "cuda":
        found.append((torch.cuda.get_rng_state, torch.cuda.set_rng_state))
    elif device.type == "mps":
        found.append((torch.mps.get_rng_state, torch.mps.set_rng_state))
    return found


def build_model(experiment: Experiment, seed: int, device: torch.device) -> nn.Module:
    """A fresh model, its initial weights a function of `seed`, or those that the experiment names;
    its lower blocks are frozen where the experiment says so.

    Raises:
        UsageError: the factory raised, or returned something other than a module; head or weights
            do not fit it.

    """
    with seeded(seed, device):
        model = construct(experiment)
    if experiment.freeze:
        blocks = experiment.blocks or find_blocks(model, experiment.head)
        freeze(model, blocks, experiment.freeze, experiment.head)
    return model.to(device)


def construct(experiment: Experiment) -> nn.Module:
    """A fresh model with the weights that it is to begin with, nothing frozen; drawn from the
    random numbers of the caller.

    Raises:
        UsageError: see `build_model`.

    """
    model = _made(experiment)
    if experiment.head is not None:
        check_head(model, experiment.head)
    _begin(model, experiment)
    return model


def _made(experiment: Experiment) -> nn.Module:
    """What the factory returns."""
    given = {**experiment.model_args, **_named_weights(experiment)}
    try:
        model = experiment.model(**given)
    except UsageError:
        raise
    except Exception as error:
        args = ", ".join(f"{k}={v!r}" for k, v in given.items())
        raise UsageError(
            f"The model factory raised {type(error).__name__}: {error} "
            f"({error_location(error)}, called with ({args})); fix it and run again."
        ) from error
    if not isinstance(model, nn.Module):
        raise UsageError(
            f"The model factory returned {type(model).__name__}: "
            "return a torch.nn.Module, freshly made at every call."
        )
    return model


def _named_weights(experiment: Experiment) -> dict[str, str | None]:
    """Weights that the factory loads by their name.

    Raises:
        UsageError: it does not take any.

    """
    name = experiment.weights
    if name is None or file_of(name) is not None:
        return {}
    if not accepts_argument(experiment.model, "weights"):
        raise UsageError(
            f"weights={str(name)!r} is no file, and the model factory takes no `weights`: name an "
            "existing file, or write the factory with an argument of that name."
        )
    return {"weights": None if experiment.begin_from == SCRATCH else str(name)}


def accepts_argument(factory: Callable[..., object], name: str) -> bool:
    """Whether a callable has an argument of this name; one that does not tell is taken to."""
    try:
        known = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(p.name == name or p.kind is p.VAR_KEYWORD for p in known)


def _begin(model: nn.Module, experiment: Experiment) -> None:
    """Give the model the weights that it is to begin with."""
    file, start = file_of(experiment.weights), experiment.begin_from
    if start == SCRATCH:
        if experiment.weights is None:
            reset_weights(model, experiment.head)
        return
    if file is not None:
        load_weights(model, file, experiment.head)
    if start is not None:
        load_start(model, experiment.starts, start)


_LIBRARIES = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]))


def error_location(error: BaseException) -> str:
    """File and line where an error of the user's code was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown place"
    own = [f for f in frames if not f.filename.startswith(_LIBRARIES)] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}"


_DROPOUTS = frozenset(
    {F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout,
     F.feature_alpha_dropout, torch.dropout}
)  # fmt: skip


class _NoDropout(TorchFunctionMode):
    """Dropout returns its input, also where it is called as a function."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _DROPOUTS:
            given: Tensor = args[0] if args else kwargs["input"]
            return given
        if func is F.scaled_dot_product_attention:
            if len(args) > 4:  # query, key, value, mask, dropout_p
                args = (*args[:4], 0.0, *args[5:])
            elif "dropout_p" in kwargs:
                kwargs = {**kwargs, "dropout_p": 0.0}
        return func(*args, **kwargs)


@contextmanager
def no_dropout(model: nn.Module) -> Iterator[None]:
    """Switch dropout off in a model of our own, in modules and in functional calls."""
    for module in model.modules():
        if hasattr(module, "p") and "Dropout" in type(module).__name__:
            setattr(module, "p", 0.0)  # noqa: B010 - a plain number, not a parameter
        if isinstance(getattr(module, "dropout", None), float):
            setattr(module, "dropout", 0.0)  # noqa: B010 - attention and recurrent layers keep a number
    with _NoDropout():
        yield


def batch_norms(model: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """Its layers that normalise by batch."""
    kind = nn.modules.batchnorm._BatchNorm  # noqa: SLF001 - the base of all of them
    return [module for module in model.modules() if isinstance(module, kind)]


def channels_last_works(model: nn.Module, x: Tensor) -> bool:
    """Whether `model` runs on channels-last images: convolutions are faster there.

    A `view` on features of this layout raises, so it is tried on a copy of one small batch.
    """
    if x.ndim != 4 or not any(isinstance(m, nn.Conv2d) for m in model.modules()):
        return False
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(x[:2].contiguous(memory_format=torch.channels_last))
    except Exception:  # noqa: BLE001 - the step that uses the plain layout will say what is wrong
        return False
    finally:
        model.train(was_training)
    return True
