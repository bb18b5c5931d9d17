"""Tasks by name: what a loss, a score and a fresh model's loss mean for each."""

from recipe.tasks.base import Task
from recipe.tasks.binary import Binary, Multilabel
from recipe.tasks.classification import Classification
from recipe.tasks.detection import Detection
from recipe.tasks.embedding import Embedding
from recipe.tasks.forecasting import Forecasting
from recipe.tasks.language_modelling import LanguageModel
from recipe.tasks.regression import Regression
from recipe.tasks.segmentation import BinarySegmentation, Segmentation
from recipe.tasks.sequence_to_sequence import SequenceToSequence
from recipe.tasks.token_classification import TokenClassification

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Classification(), Binary(), Multilabel(), Regression(), LanguageModel(), Segmentation(),
        BinarySegmentation(), TokenClassification(), Forecasting(), Embedding(),
        SequenceToSequence(), Detection(),
    )
}  # fmt: skip
TASKS["ranking"] = TASKS["embedding"]  # what is ranked is how near others lie

__all__ = [
    "TASKS",
    "Binary",
    "BinarySegmentation",
    "Classification",
    "Detection",
    "Embedding",
    "Forecasting",
    "LanguageModel",
    "Multilabel",
    "Regression",
    "Segmentation",
    "SequenceToSequence",
    "Task",
    "TokenClassification",
]
