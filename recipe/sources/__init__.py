"""Data and models by name: image folders, tables, torchvision's data sets and models, text.

from recipe.sources import image_folder

data = image_folder("photos")
experiment = Experiment(model=..., train=data.train, val=data.val, test=data.test)
"""

from recipe.sources.folders import image_folder
from recipe.sources.images import Look
from recipe.sources.source import Source
from recipe.sources.tables import csv_table
from recipe.sources.texts import text_file
from recipe.sources.vision import torchvision_set

__all__ = ["Look", "Source", "csv_table", "image_folder", "text_file", "torchvision_set"]
