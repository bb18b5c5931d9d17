"""Image models of timm: `timm:NAME`."""

from functools import partial
from typing import Any

from torch import nn

from recipe.core.errors import UsageError
from recipe.core.names import nearest
from recipe.sources.hub import Factory, Hub, package, why
from recipe.sources.image_format import ImageFormat
from recipe.sources.source import Kind

LEAST_SIDE = 32
"""Of images for models that take any size: most halve them five times."""


def _timm(name: str) -> Any:
    return package("timm", "timm", f"timm:{name}")


def check(name: str, kind: Kind) -> None:
    """See `Hub`."""
    timm = _timm(name)
    if kind != "images":
        raise UsageError(f"timm:{name} is a model for images, the data are {kind}: leave it out.")
    if not timm.is_model(name):
        near = nearest(name, timm.list_models())
        hint = f"did you mean 'timm:{near}'?" if near else "timm.list_models() names all."
        raise UsageError(f"Unknown model 'timm:{name}': {hint}")


def image_format(name: str, size: int | None, pretrained: bool) -> ImageFormat:
    """See `Hub`."""
    config = _config(name)
    own = config.input_size[-1]
    if not pretrained:
        return ImageFormat(
            size=size or (own if config.fixed_input_size else None), least=LEAST_SIDE
        )
    if config.fixed_input_size and size not in (None, own):
        raise UsageError(
            f"The weights of timm:{name} are for images of {own} pixels, image_size is {size}: "
            "leave it out."
        )
    return ImageFormat(size=size or own, mean=tuple(config.mean), std=tuple(config.std))


def _config(name: str) -> Any:
    timm = _timm(name)
    found = timm.models.get_pretrained_cfg(name)
    return found or timm.models.PretrainedCfg()


def factory(name: str, kind: Kind, shape: tuple[int, ...], outputs: int) -> Factory:  # noqa: ARG001
    """See `Hub`."""
    options = {"num_classes": outputs, "in_chans": shape[0]}
    config = _config(name)
    if config.fixed_input_size and config.input_size[-1] != shape[-1]:
        options["img_size"] = shape[-1]
    return partial(model, name, options)


def model(name: str, options: dict[str, Any], weights: str | None = None) -> nn.Module:
    """A fresh model, or one with timm's weights and a last layer drawn anew.

    Args:
        name: without its prefix.
        options: of `timm.create_model`.
        weights: any text for timm's weights; None: drawn anew.

    """
    made: nn.Module = _timm(name).create_model(name, pretrained=weights is not None, **options)
    return made


def check_weights(name: str, kind: Kind) -> None:  # noqa: ARG001
    """See `Hub`."""
    try:
        _timm(name).create_model(name, pretrained=True)
    except Exception as error:
        raise UsageError(
            f"The weights of timm:{name} cannot be loaded ({why(error)}): connect to the network, "
            "or leave out --pretrained."
        ) from error


TIMM = Hub(check, image_format, factory, check_weights)
