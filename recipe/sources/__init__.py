"""Data and models by name: image folders, tables, texts, masks and boxes, data sets and
models of torchvision, timm and Hugging Face.

from recipe.sources import image_folder

data = image_folder("photos")
experiment = Experiment(model=..., train=data.train, val=data.val, test=data.test)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recipe.sources.csv_data import csv_table
    from recipe.sources.detection import detection_folder
    from recipe.sources.hf_data import hf_images, hf_set
    from recipe.sources.image_folders import image_folder
    from recipe.sources.image_format import ImageFormat
    from recipe.sources.image_format import ImageFormat as Look
    from recipe.sources.kinds import column_kinds
    from recipe.sources.segmentation import segmentation_folder
    from recipe.sources.source import Source
    from recipe.sources.text_files import text_file
    from recipe.sources.text_models import BagOfEmbeddings
    from recipe.sources.torchvision_data import torchvision_set

__all__ = [
    "BagOfEmbeddings",
    "ImageFormat",
    "Look",
    "Source",
    "column_kinds",
    "csv_table",
    "detection_folder",
    "hf_images",
    "hf_set",
    "image_folder",
    "segmentation_folder",
    "text_file",
    "torchvision_set",
]

_HOMES = {
    "BagOfEmbeddings": "text_models",
    "ImageFormat": "image_format",
    "Look": "image_format",
    "Source": "source",
    "column_kinds": "kinds",
    "csv_table": "csv_data",
    "detection_folder": "detection",
    "hf_images": "hf_data",
    "hf_set": "hf_data",
    "image_folder": "image_folders",
    "segmentation_folder": "segmentation",
    "text_file": "text_files",
    "torchvision_set": "torchvision_data",
}
"""Where each is defined: torchvision, which only pictures need, takes seconds to import."""
_EARLIER = {"Look": "ImageFormat"}
"""Earlier names: files that `recipe init` wrote import them."""


def __getattr__(name: str) -> Any:
    """Import the module that defines a name."""
    if name not in _HOMES:
        raise AttributeError(f"module 'recipe.sources' has no attribute {name!r}")
    module = import_module(f"recipe.sources.{_HOMES[name]}")
    return getattr(module, _EARLIER.get(name, name))
