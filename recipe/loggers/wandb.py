"""Offline files of Weights & Biases: one run, which `wandb sync` may send later."""

from collections.abc import Mapping
from pathlib import Path

import wandb

from recipe.core.evidence import Scalar
from recipe.core.files import make_folder
from recipe.loggers.one_run import OneRun


class WandB(OneRun):
    """Writes `FOLDER/wandb/offline-run-*`; nothing is sent anywhere."""

    def __init__(self, folder: Path, name: str) -> None:
        """Begin the run."""
        make_folder(folder)
        settings = wandb.Settings(console="off", silent=True, x_disable_stats=True)
        self._begun = wandb.init(
            project="recipe", name=name, dir=str(folder), mode="offline", settings=settings,
        )  # fmt: skip
        super().__init__(self._begun)

    def begin(self, name: str, params: Mapping[str, Scalar]) -> None:
        """See `Logger`."""
        self._begun.define_metric(f"{name}/*", step_metric=f"{name}/epoch")
        self._begun.config.update({name: dict(params)}, allow_val_change=True)
        super().begin(name, {})

    def close(self) -> None:
        """See `Logger`."""
        self._begun.summary["findings"] = "\n".join(self.said)
        super().close()
