"""A text file for a language model of characters."""

from pathlib import Path

from recipe.core.errors import UsageError
from recipe.sources.readers import TextReader, read_text
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
    text = read_text(path)
    least = round(LEAST_WINDOWS * length / VAL_SHARE)
    if len(text) < least:
        raise UsageError(
            f"{str(path)!r} has {len(text)} characters: a language model of windows of {length} "
            f"needs {least} or more."
        )
    alphabet = sorted(set(text))
    reader = TextReader("".join(alphabet), length)
    tokens = reader.tokens(text)
    cut = round((1 - VAL_SHARE) * len(tokens))
    return Source(
        name=path.stem, kind="text", task="language_model",
        train=windows(tokens[:cut], length), val=windows(tokens[cut:], length), test=None,
        shape=(length,), outputs=len(alphabet), classes=tuple(alphabet), reader=reader,
        notes=(f"{len(text)} characters, {len(alphabet)} different ones.",),
    )  # fmt: skip
