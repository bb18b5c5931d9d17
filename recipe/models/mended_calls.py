"""Models whose forward does something that it should not: the same without it."""

import copy
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from recipe.models.dropout import NoDropout

_CUTS = frozenset({Tensor.detach, torch.detach, Tensor.data.__get__})  # type: ignore[attr-defined]
"""What cuts a tensor off its gradient."""
_ITS_OWN = frozenset(vars(nn.Module()))
"""Attributes that every module has."""
Factory = Callable[..., nn.Module]


class _KeptGradients(TorchFunctionMode):
    """Tensors stay in the graph, whatever takes them out of it."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _CUTS:
            return args[0] if args else (kwargs or {})["input"]
        return func(*args, **(kwargs or {}))


class Around(nn.Module):
    """The model, its forward inside of a context."""

    def __init__(
        self, model: nn.Module, context: Callable[[nn.Module], AbstractContextManager[Any] | None]
    ) -> None:
        """`context` is asked with this module before each forward; None leaves it as it is."""
        super().__init__()
        self.model, self.context = model, context

    def forward(self, *given: Any, **named: Any) -> Any:
        """The outputs of the model."""
        context = self.context(self)
        if context is None:
            return self.model(*given, **named)
        with context:
            return self.model(*given, **named)


def dropout_by_mode(make: Factory) -> Factory:
    """Models that drop nothing in evaluation mode, by functional calls either."""

    def made(**given: Any) -> nn.Module:
        return Around(make(**given), lambda module: None if module.training else NoDropout())

    return made


def gradients_kept(make: Factory) -> Factory:
    """Models in whose forward nothing is detached."""

    def made(**given: Any) -> nn.Module:
        return Around(make(**given), lambda _: _KeptGradients())

    return made


def tokens_numbered(make: Factory) -> Factory:
    """Models whose first table of embeddings adds to each token [n, T, width] a code of its place:
    sines and cosines (Vaswani et al. 2017), as long as an embedding is on average.
    """

    def made(**given: Any) -> nn.Module:
        model = make(**given)
        for table in model.modules():
            if isinstance(table, nn.Embedding):
                table.register_forward_hook(_numbered)
                break
        return model

    return made


def _numbered(_: nn.Module, tokens: tuple[Any, ...], embedded: Tensor) -> Tensor:
    if not tokens or not isinstance(tokens[0], Tensor) or tokens[0].ndim != 2:
        return embedded
    steps, width = embedded.shape[1:]
    place = torch.arange(steps, device=embedded.device)[:, None]
    pair = torch.arange(width, device=embedded.device) // 2
    angle = place / 10_000 ** (2 * pair / width)
    code = torch.where(
        torch.arange(width, device=embedded.device) % 2 == 0, angle.sin(), angle.cos()
    )
    size = embedded.detach().square().mean().sqrt()
    return embedded + size * math.sqrt(2) * code


def layers_apart(make: Factory) -> Factory:
    """Models in whose lists each place has a layer of its own: where one stands several times, the
    later places get copies, drawn anew where a layer can be.
    """

    def made(**given: Any) -> nn.Module:
        model = make(**given)
        for container in list(model.modules()):
            if isinstance(container, nn.ModuleList | nn.ModuleDict | nn.Sequential):
                seen: set[int] = set()
                places: Any = list(range(len(container)))
                if isinstance(container, nn.ModuleDict):
                    places = list(container)
                for place in places:
                    if id(container[place]) in seen:
                        container[place] = _drawn_anew(container[place])
                    seen.add(id(container[place]))
        return model

    return made


def _drawn_anew(layer: nn.Module) -> nn.Module:
    fresh = copy.deepcopy(layer)
    for part in fresh.modules():
        for name in ("reset_parameters", "_reset_parameters"):
            if callable(draw := getattr(part, name, None)):
                draw()
    return fresh


def registered(make: Factory) -> Factory:
    """Models that know the layers and tensors which they keep in lists, dicts and plain attributes.

    What is kept elsewhere, such as in a closure, stays unknown.
    """

    def made(**given: Any) -> nn.Module:
        model = make(**given)
        todo = [model]
        seen: set[int] = set()
        while todo:
            module = todo.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            for name, value in list(vars(module).items()):
                known = None if name in _ITS_OWN else _known(value)
                if known is not None:
                    setattr(module, name, known)
            todo.extend(module.children())
        return model

    return made


def _known(value: Any) -> nn.Module | nn.Parameter | None:
    """What PyTorch would have known a plain attribute by; None for what holds nothing to train."""
    if isinstance(value, Tensor):
        return nn.Parameter(value.detach()) if value.requires_grad and value.is_leaf else None
    if isinstance(value, list | tuple) and value:
        if all(isinstance(each, nn.Module) for each in value):
            return nn.ModuleList(value)
        if all(isinstance(each, Tensor) and each.requires_grad for each in value):
            return nn.ParameterList(value)
    if isinstance(value, dict) and value and all(isinstance(k, str) for k in value):
        if all(isinstance(each, nn.Module) for each in value.values()):
            return nn.ModuleDict(value)
        if all(isinstance(each, Tensor) and each.requires_grad for each in value.values()):
            return nn.ParameterDict(value)
    return None
