"""Trackio: a local project, one run in it."""

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

from recipe.core.files import make_folder
from recipe.loggers.one_run import OneRun


class Trackio(OneRun):
    """Writes its database into FOLDER, unless Trackio was imported before and has chosen one."""

    def __init__(self, folder: Path, name: str) -> None:
        """Begin the run."""
        make_folder(folder)
        os.environ.setdefault("TRACKIO_DIR", str(folder.absolute()))
        with redirect_stdout(sys.stderr):  # where a run says something
            import trackio

            super().__init__(trackio.init(project="recipe", name=name, embed=False))

    def close(self) -> None:
        """See `Logger`."""
        with redirect_stdout(sys.stderr):
            if self.said:
                self.run.log({"findings": "\n".join(self.said)})
            super().close()
