"""Event files of TensorBoard: a folder for each training, below one of the run."""

from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from recipe.core.evidence import Scalar
from recipe.loggers.opening import plain_name


class TensorBoard:
    """Writes `FOLDER/RUN/TRAINING/events.*`; what was found is text of the run."""

    def __init__(self, folder: Path, name: str) -> None:
        """Nothing is written yet."""
        self.folder = folder / plain_name(name)
        self._run: SummaryWriter | None = None
        self._training: SummaryWriter | None = None
        self._said = 0

    def begin(self, name: str, params: Mapping[str, Scalar]) -> None:
        """See `Logger`."""
        self._training = SummaryWriter(str(self.folder / plain_name(name)))
        rows = "".join(f"| {key} | {value} |\n" for key, value in params.items())
        self._training.add_text("settings", f"| setting | value |\n|---|---|\n{rows}")

    def point(self, at: int, values: Mapping[str, float]) -> None:
        """See `Logger`."""
        if self._training is not None:
            for name, value in values.items():
                self._training.add_scalar(name, value, at)

    def end(self, status: str) -> None:
        """See `Logger`."""
        if self._training is not None:
            self._training.add_text("status", status)
            self._training.close()
            self._training = None

    def say(self, text: str) -> None:
        """See `Logger`."""
        self._run = self._run or SummaryWriter(str(self.folder))
        self._run.add_text("findings", text, self._said)
        self._said += 1

    def close(self) -> None:
        """See `Logger`."""
        self.end("interrupted")
        if self._run is not None:
            self._run.close()
