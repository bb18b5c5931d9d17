"""What belongs to the user and is put back: random states, and those of loaders."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn


@contextmanager
def untouched(model: nn.Module | None = None, *loaders: Any) -> Iterator[None]:
    """Whatever is drawn within it, everybody's random numbers go on as if it had not been.

    Args:
        model: whose training or evaluation mode is put back too.
        loaders: whose generators may be drawn from.

    """
    generators = [each for loader in loaders for each in _generators(loader)]
    states = [(generator, generator.get_state()) for generator in generators]
    modes = [(module, module.training) for module in model.modules()] if model is not None else []
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the user's
    cudnn = torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    try:
        with torch.random.fork_rng(devices=list(devices)):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = cudnn
        for generator, state in states:
            generator.set_state(state)
        for module, mode in modes:
            module.training = mode


def _generators(loader: Any) -> list[torch.Generator]:
    """Of a DataLoader and its samplers."""
    places = (loader, getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None),
              getattr(getattr(loader, "batch_sampler", None), "sampler", None))  # fmt: skip
    found = [getattr(place, "generator", None) for place in places]
    return list({id(g): g for g in found if isinstance(g, torch.Generator)}.values())
