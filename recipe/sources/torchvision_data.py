"""Classification data sets of torchvision by name, downloaded when they are not there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipe.core.cache_folder import cache_folder
from recipe.core.errors import UsageError
from recipe.core.names import unknown
from recipe.sources.augment import augmentation
from recipe.sources.image_format import (
    LOOKED_AT,
    MEASURED,
    ImageFormat,
    described,
    evenly_spread,
    reader_for,
)
from recipe.sources.source import Source

VAL_SHARE, VAL_SHARE_OF_MANY, MANY = 0.2, 0.1, 20_000
Options = Mapping[str, Any]


@dataclass(frozen=True)
class _Set:
    """How a data set's class in torchvision is asked for its parts."""

    cls: str
    train: Options = field(default_factory=dict)
    val: Options | None = None
    """None: a share of the training part is held out."""
    test: Options | None = None
    grey: bool = False
    task: str = "classification"


def _by_flag(cls: str, *, grey: bool = False, **more: Any) -> _Set:
    return _Set(cls, {"train": True, **more}, None, {"train": False, **more}, grey)


def _by_split(cls: str, train: str = "train", val: str | None = None, test: str | None = "test",
              *, grey: bool = False, task: str = "classification", key: str = "split") -> _Set:  # fmt: skip # noqa: E501
    parts = [{key: name} if name else None for name in (train, val, test)]
    return _Set(cls, parts[0] or {}, parts[1], parts[2], grey, task)


SETS: Mapping[str, _Set] = {
    "caltech101": _Set("Caltech101"),
    "caltech256": _Set("Caltech256"),
    "celeba": _by_split("CelebA", val="valid", task="multilabel"),
    "cifar10": _by_flag("CIFAR10"),
    "cifar100": _by_flag("CIFAR100"),
    "clevr": _by_split("CLEVRClassification", val="val", test=None),
    "country211": _by_split("Country211", val="valid"),
    "dtd": _by_split("DTD", val="val"),
    "emnist": _Set("EMNIST", {"split": "balanced", "train": True}, None,
                   {"split": "balanced", "train": False}, grey=True),
    "eurosat": _Set("EuroSAT"),
    "fake": _Set("FakeData", {"image_size": (3, 32, 32)}, None,
                 {"image_size": (3, 32, 32), "random_offset": 1000}),
    "fashionmnist": _by_flag("FashionMNIST", grey=True),
    "fer2013": _by_split("FER2013", grey=True),
    "fgvcaircraft": _by_split("FGVCAircraft", val="val"),
    "flowers102": _by_split("Flowers102", val="val"),
    "food101": _by_split("Food101"),
    "gtsrb": _by_split("GTSRB"),
    "imagenet": _by_split("ImageNet", val="val", test=None),
    "imagenette": _by_split("Imagenette", val="val", test=None),
    "inaturalist": _by_split("INaturalist", "2021_train_mini", "2021_valid", None, key="version"),
    "kmnist": _by_flag("KMNIST", grey=True),
    "lfwpeople": _by_split("LFWPeople"),
    "mnist": _by_flag("MNIST", grey=True),
    "omniglot": _Set("Omniglot", {"background": True}, grey=True),
    "oxfordiiitpet": _by_split("OxfordIIITPet", "trainval"),
    "pcam": _by_split("PCAM", val="val"),
    "places365": _Set("Places365", {"split": "train-standard", "small": True},
                      {"split": "val", "small": True}),
    "qmnist": _by_flag("QMNIST", grey=True),
    "renderedsst2": _by_split("RenderedSST2", val="val"),
    "semeion": _Set("SEMEION", grey=True),
    "stanfordcars": _by_split("StanfordCars"),
    "stl10": _by_split("STL10"),
    "sun397": _Set("SUN397"),
    "svhn": _by_split("SVHN"),
    "usps": _by_flag("USPS", grey=True),
}  # fmt: skip
"""Every data set of torchvision with a class, or yes and no, per image. `fake` is noise: nothing is
learnt from it, and nothing downloaded."""


def data_folder() -> Path:
    """Where downloaded data sets are kept, unless another place is named."""
    return cache_folder() / "data"


def known_set(name: str) -> str | None:
    """The name by which SETS holds it, however it is spelled: FashionMNIST, fashion-mnist."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    return plain if plain in SETS else None


def torchvision_set(
    name: str,
    look: ImageFormat | None = None,
    *,
    size: int | None = None,
    augment: str = "none",
    folder: str | Path | None = None,
) -> Source:
    """A data set of torchvision, downloaded with a progress bar when it is not in `folder`.

    Args:
        name: such as cifar10.
        look: size, colours and scale of the tensors; grey where the images are grey.
        size: side of the images in pixels; see `Look.size`.
        augment: `none`, `shift`, or `flip` (and shift).
        folder: where the data is kept; default `data_folder()`.

    Raises:
        UsageError: no such data set, or it can be neither found nor downloaded.

    """
    plain = known_set(name)
    if plain is None:
        raise UsageError(unknown("data set", name, SETS))
    chosen = SETS[plain]
    look = look or ImageFormat(size=size, grey=chosen.grey)
    root = Path(folder) if folder else data_folder()
    parts: dict[str, Any] = {
        part: None if options is None else _load(plain, chosen.cls, root, options)
        for part, options in (("train", chosen.train), ("val", chosen.val), ("test", chosen.test))
    }
    train = parts["train"]
    n = len(train)
    sizes = [train[i][0].size for i in evenly_spread(n, LOOKED_AT)]
    reader, shape = reader_for(look, sizes, lambda: _images(train))
    transform = reader.transform()
    for part in parts.values():
        if part is not None:
            _set_transform(part, transform)
    classes = _classes(train, chosen.task)
    share = VAL_SHARE_OF_MANY if n >= MANY else VAL_SHARE
    return Source(
        name=plain, kind="images", task=chosen.task, train=train,
        val=share if parts["val"] is None else parts["val"], test=parts["test"],
        shape=shape, outputs=len(classes), classes=classes, augment=augmentation(augment),
        reader=reader,
        notes=(f"{described(n, len(classes), shape)}, from {str(root)!r}.",),
    )  # fmt: skip


def _load(name: str, cls: str, root: Path, options: Options) -> Any:
    """One part: as it lies there, or downloaded."""
    from torchvision import datasets

    make = getattr(datasets, cls)
    root.mkdir(parents=True, exist_ok=True)
    if cls == "FakeData":
        return make(**options)
    try:
        return make(str(root), **options, **({"download": False} if cls == "SEMEION" else {}))
    except (RuntimeError, OSError):
        pass
    except ModuleNotFoundError as error:
        raise UsageError(f"{name} needs the package {error.name!r}: install it.") from error
    try:
        return make(str(root), **options, download=True)
    except KeyboardInterrupt:
        raise
    except Exception as error:
        raise UsageError(
            f"{name} is not in {str(root)!r} and cannot be downloaded "
            f"({_why(error).rstrip('.')}): connect to the network, or put its files there."
        ) from error


def _why(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, TypeError) and "download" in text:
        return "torchvision does not download it"
    return text or type(error).__name__


def _images(train: Any) -> Iterator[Any]:
    for index in evenly_spread(len(train), MEASURED):
        yield train[index][0]


def _set_transform(part: Any, transform: Any) -> None:
    from torchvision.datasets.vision import StandardTransform

    part.transform = transform
    part.transforms = StandardTransform(transform, part.target_transform)


def _classes(train: Any, task: str) -> tuple[str, ...]:
    """Names of the classes; their numbers where the data set has no names."""
    wanted = (
        ("attr_names",) if task == "multilabel" else ("classes", "categories", "all_categories")
    )
    names = _first_of(train, *wanted)
    if names:
        return tuple(str(name) for name in names if name)
    labels = _first_of(train, "targets", "labels", "_labels")
    if labels is None:
        labels = [train[index][1] for index in range(len(train))]
    return tuple(str(index) for index in range(int(max(labels)) + 1))


def _first_of(train: Any, *attributes: str) -> Any:
    found = (getattr(train, name, None) for name in attributes)
    return next((value for value in found if value is not None), None)
