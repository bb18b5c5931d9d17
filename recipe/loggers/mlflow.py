"""A database of MLflow in a folder: an experiment, with a run for each training."""

from collections.abc import Mapping
from pathlib import Path

from mlflow import MlflowClient

from recipe.core.evidence import Scalar
from recipe.core.files import make_folder

_STATUS = {"finished": "FINISHED", "stopped": "FINISHED", "diverged": "FAILED", "failed": "FAILED"}


class MLflow:
    """Writes `FOLDER/mlflow.db`; `mlflow ui --backend-store-uri sqlite:///FOLDER/mlflow.db` shows
    it.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Open the database and begin the experiment."""
        folder = folder.absolute()
        make_folder(folder)
        self.client = MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
        known = self.client.get_experiment_by_name(name)
        self.experiment = (
            self.client.create_experiment(name, artifact_location=(folder / "artifacts").as_uri())
            if known is None else known.experiment_id
        )  # fmt: skip
        self._run: str | None = None
        self._said: list[str] = []

    def begin(self, name: str, params: Mapping[str, Scalar]) -> None:
        """See `Logger`."""
        self._run = self.client.create_run(self.experiment, run_name=name).info.run_id
        for key, value in params.items():
            self.client.log_param(self._run, key, value)

    def point(self, at: int, values: Mapping[str, float]) -> None:
        """See `Logger`."""
        if self._run is not None:
            for name, value in values.items():
                self.client.log_metric(self._run, name, value, step=at)

    def end(self, status: str) -> None:
        """See `Logger`."""
        if self._run is not None:
            self.client.set_terminated(self._run, _STATUS.get(status, "KILLED"))
            self._run = None

    def say(self, text: str) -> None:
        """See `Logger`."""
        self._said.append(text)
        said = "\n".join(self._said)
        self.client.set_experiment_tag(self.experiment, "findings", said)

    def close(self) -> None:
        """See `Logger`."""
        self.end("interrupted")
