"""Tasks by name: what a loss, a score and a fresh model's loss mean for each."""

from recipe.tasks.base import Task
from recipe.tasks.binary import Binary, Multilabel
from recipe.tasks.classification import Classification
from recipe.tasks.language_modelling import LanguageModel
from recipe.tasks.regression import Regression

TASKS: dict[str, Task] = {
    task.name: task
    for task in (Classification(), Binary(), Multilabel(), Regression(), LanguageModel())
}

__all__ = [
    "TASKS",
    "Binary",
    "Classification",
    "LanguageModel",
    "Multilabel",
    "Regression",
    "Task",
]
