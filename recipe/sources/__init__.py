"""Data and models by name: image folders, tables, texts, masks and boxes, data sets and
models of torchvision, timm and Hugging Face.

from recipe.sources import image_folder

data = image_folder("photos")
experiment = Experiment(model=..., train=data.train, val=data.val, test=data.test)
"""

from recipe.sources.csv_data import csv_table
from recipe.sources.detection import detection_folder
from recipe.sources.hf_data import hf_images, hf_set
from recipe.sources.image_folders import image_folder
from recipe.sources.image_format import ImageFormat
from recipe.sources.kinds import column_kinds
from recipe.sources.segmentation import segmentation_folder
from recipe.sources.source import Source
from recipe.sources.text_files import text_file
from recipe.sources.text_models import BagOfEmbeddings
from recipe.sources.torchvision_data import torchvision_set

Look = ImageFormat
"""Its earlier name: files that `recipe init` wrote import it."""

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
