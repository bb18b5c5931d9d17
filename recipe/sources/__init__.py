"""Data and models by name: image folders, tables, torchvision's data sets and models, text.

from recipe.sources import image_folder

data = image_folder("photos")
experiment = Experiment(model=..., train=data.train, val=data.val, test=data.test)
"""

from recipe.sources.csv_data import csv_table
from recipe.sources.image_folders import image_folder
from recipe.sources.image_format import ImageFormat
from recipe.sources.source import Source
from recipe.sources.text_files import text_file
from recipe.sources.torchvision_data import torchvision_set

Look = ImageFormat
"""Its earlier name: files that `recipe init` wrote import it."""

__all__ = [
    "ImageFormat",
    "Look",
    "Source",
    "csv_table",
    "image_folder",
    "text_file",
    "torchvision_set",
]
