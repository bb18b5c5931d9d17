"""Errors that end a run with a sentence for the user."""

from recipe.core.plain_text import in_one_line


class RecipeError(Exception):
    """Base of the errors this package raises on purpose."""


class UsageError(RecipeError):
    """Wrong usage or an experiment that cannot be used (exit code 2).

    The message is one sentence for the user: what is wrong, where, and what to do next.
    """


class StepError(RecipeError):
    """A step or rule plugin is broken: names the plugin and its package (exit code 2)."""


class DeviceLostError(OSError):
    """A GPU does not answer any more: an error on it ended its use by this process."""

    def __init__(self, device: str, said: str) -> None:
        super().__init__(said)
        self.sentence = (
            f"The device {device} does not work any more in this process ({said}): give the same "
            "command again, with --device cpu to see which index or value is at fault. Everything "
            "finished before is kept."
        )


UNUSABLE = (
    RecipeError, RuntimeError, ValueError, TypeError, LookupError, ArithmeticError,
    AssertionError, AttributeError, MemoryError,
)  # fmt: skip
"""What a model, a loss or a training raises that does not work; not what a broken disk or an
interrupted run does.
"""


def reason_of(error: BaseException) -> str:
    """An error in words: its own where it has some, and its name where they say little alone."""
    text = text_of(error)
    plain = isinstance(error, RecipeError | RuntimeError | ValueError) and text
    return text if plain else f"{type(error).__name__}: {text}".removesuffix(": ")


def raised(error: BaseException) -> str:
    """What code of the user's raised, in one line: the kind of the error and its first line."""
    return f"{type(error).__name__}: {_first_line(error)}".removesuffix(": ")


def in_a_line(error: BaseException) -> str:
    """The first line of an error, with its kind where that says little alone."""
    alone = not isinstance(error, LookupError | AssertionError)
    return _first_line(error) if alone and _first_line(error) else raised(error)


def text_of(error: BaseException) -> str:
    """What an error says; nothing where it cannot even say that."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - errors of other people's classes
        return ""


def _first_line(error: BaseException) -> str:
    lines = (in_one_line(line) for line in text_of(error).splitlines())
    return next((line for line in lines if line), "")
