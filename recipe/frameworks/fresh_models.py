"""Fresh models where an object was given: made anew by its class, or copies of it."""

import hashlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

Finish = Callable[[nn.Module], nn.Module]


class Remade:
    """Makes a model by its class, from the arguments that it was made with; others may be
    searched.
    """

    def __init__(
        self, kind: Callable[..., nn.Module], given: Mapping[str, Any], finish: Finish
    ) -> None:
        """Take a class or function and its arguments; `finish` is called with what it made."""
        self.kind, self.given, self.finish = kind, dict(given), finish
        name = getattr(kind, "__qualname__", type(kind).__qualname__)
        self.__name__ = self.__qualname__ = f"{name}({', '.join(map(_told, self.given.items()))})"

    def __call__(self, **changed: Any) -> nn.Module:
        """A fresh model."""
        return self.finish(self.kind(**{**self.given, **changed}))

    @property
    def __wrapped__(self) -> Callable[..., nn.Module]:
        """What tells the arguments that may be searched."""
        return self.kind


class Copied:
    """Makes copies of a model: each begins with the weights that the object has."""

    def __init__(self, model: nn.Module, finish: Finish) -> None:
        """Keep a copy of `model`; `finish` is called with every copy of that."""
        self.kept, self.finish = deepcopy(model), finish
        for parameter in self.kept.parameters():
            parameter.grad = None
        self.__name__ = type(model).__qualname__
        self.__qualname__ = f"{self.__name__} {digest(model)}"

    def __call__(self) -> nn.Module:
        """A copy."""
        return self.finish(deepcopy(self.kept))


def as_it_is(model: nn.Module) -> nn.Module:
    """Nothing else is to be done with a model."""
    return model


def digest(model: nn.Module) -> str:
    """Hash of the weights, which a fingerprint takes in: code alone does not tell them."""
    found = hashlib.blake2b(digest_size=8)
    for name, value in model.state_dict().items():
        found.update(name.encode())
        if isinstance(value, Tensor) and value.numel():
            content = value.detach().cpu().contiguous().reshape(-1)
            found.update(content.view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def same_shapes(a: nn.Module, b: nn.Module) -> bool:
    """Whether two models have the same parameters by name and shape, trained and frozen."""
    mine, others = (
        {name: (tuple(p.shape), p.requires_grad) for name, p in model.named_parameters()}
        for model in (a, b)
    )
    return mine == others


def _told(argument: tuple[str, Any]) -> str:
    name, value = argument
    plain = value is None or isinstance(value, str | int | float | bool | tuple | list)
    return f"{name}={value!r}" if plain else f"{name}={type(value).__name__}"
