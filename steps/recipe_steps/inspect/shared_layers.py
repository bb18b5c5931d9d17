"""One layer in several places of a list."""

from collections import Counter

from torch import nn

from recipe.plugin import Scalar

LISTS = (nn.ModuleList, nn.ModuleDict, nn.Sequential)


def shared_layers(model: nn.Module) -> dict[str, Scalar]:
    """Of the list in which one layer with weights stands most often: `shared_times`, and its
    name and kind; nothing where each stands once.
    """
    most: dict[str, Scalar] = {}
    for name, container in model.named_modules():
        if not isinstance(container, LISTS):
            continue
        layers = list(container.values() if isinstance(container, nn.ModuleDict) else container)
        times = Counter(id(layer) for layer in layers if any(True for _ in layer.parameters()))
        if not times or (count := max(times.values())) <= int(most.get("shared_times") or 1):
            continue
        kind = next(type(each).__name__ for each in layers if times[id(each)] == count)
        most = {"shared_times": count, "shared_in": name or "the model", "shared_kind": kind}
    return most
