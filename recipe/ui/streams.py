"""Standard streams, whatever the command was started with: closed, full, or of few characters."""

import io
import os
import sys
from contextlib import suppress


class Kept(io.TextIOWrapper):
    """A stream that code of the user's cannot close."""

    def close(self) -> None:
        """Write what is left."""
        with suppress(OSError, ValueError):
            self.flush()


def _kept(stream: io.TextIOWrapper) -> Kept:
    encoding, errors = stream.encoding, stream.errors
    by_line, at_once = stream.line_buffering, stream.write_through
    return Kept(stream.detach(), encoding, errors, line_buffering=by_line, write_through=at_once)


def usable_streams() -> None:
    """Put something in the place of standard streams that are closed, so that no file of ours gets
    their numbers, and let text be written that a stream has no characters for.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # which takes the lowest free number
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = getattr(sys, name)
        if stream is None or getattr(stream, "closed", False):
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
        if mode == "w" and type(stream) is io.TextIOWrapper:
            stream = _kept(stream)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        if mode == "w" and hasattr(stream, "reconfigure"):
            with suppress(OSError, ValueError):
                stream.reconfigure(errors="backslashreplace")


def flushed() -> OSError | None:
    """Write what is left; why that cannot be. Python's own attempt at its end would be an error of
    another code.
    """
    refused: OSError | None = None
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except (OSError, ValueError) as error:
            refused = error if isinstance(error, OSError) else OSError(str(error))
            with suppress(OSError, ValueError, AttributeError):
                if stream.fileno() == number:
                    nowhere = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(nowhere, number)
                    os.close(nowhere)
    return refused
