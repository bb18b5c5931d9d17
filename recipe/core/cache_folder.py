"""Where things are kept between runs: measured speeds and decoded data."""

import os
import tempfile
from pathlib import Path

FOLDER = "training-recipe"


def cache_folder() -> Path:
    """`$RECIPE_CACHE`, or a folder of ours in the user's cache; it need not exist."""
    own = os.environ.get("RECIPE_CACHE")
    if own:
        return Path(own)
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:  # nobody has told where home is
        return Path(tempfile.gettempdir()) / f"{FOLDER}-{os.getuid()}"
    return Path(base) / FOLDER
