"""Where in the user's code an error was raised."""

import traceback
from pathlib import Path

import torch

_LIBRARIES = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]))


def error_location(error: BaseException) -> str:
    """File and line where an error of the user's code was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown place"
    own = [f for f in frames if not f.filename.startswith(_LIBRARIES)] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}"
