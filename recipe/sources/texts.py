"""A text file for a language model of characters."""

from pathlib import Path

import torch

from recipe.errors import UsageError
from recipe.sources.source import Source
from recipe.tasks.language_modelling import windows

LENGTH = 64
"""Characters that the model sees."""
VAL_SHARE = 0.1
LEAST_WINDOWS = 10


def text_file(path: str | Path, length: int = LENGTH) -> Source:
    """Windows of `length` characters, the targets one character further on; the last tenth of the
    text is held out, so that no window stands in both parts.

    Raises:
        UsageError: the file cannot be read, or is too short.

    """
    path = Path(path)
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is no UTF-8 text ({error.reason}): save it so.") from error
    least = round(LEAST_WINDOWS * length / VAL_SHARE)
    if len(text) < least:
        raise UsageError(
            f"{str(path)!r} has {len(text)} characters: a language model of windows of {length} "
            f"needs {least} or more."
        )
    alphabet = sorted(set(text))
    number = {character: index for index, character in enumerate(alphabet)}
    tokens = torch.tensor([number[character] for character in text])
    cut = round((1 - VAL_SHARE) * len(tokens))
    return Source(
        name=path.stem, kind="text", task="language_model",
        train=windows(tokens[:cut], length), val=windows(tokens[cut:], length), test=None,
        shape=(length,), outputs=len(alphabet), classes=tuple(alphabet),
        notes=(f"{len(text)} characters, {len(alphabet)} different ones.",),
    )  # fmt: skip
