"""A parent process that does nothing but wait, so that no end of the work is taken for a success.

Code of the user's may end the process it runs in (`os._exit(0)`, another program in its place, a
crash of a library). The work is done by a forked child, which says at its very end with which code;
a child that ends without having said so did not come to its end, whatever its exit code.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if os.name == "posix" else ()
PATIENCE, GRACE = 3, 3.0
"""Signals that end a child which heeds none, and seconds from the first to the last of them: time
to write the report of what was interrupted."""
_FROM_TERMINAL = 0x80
"""`si_code` of a signal that the kernel sent: Ctrl-C reaches the child without our help."""
_PR_SET_PDEATHSIG = 1
KEPT = "Everything finished is kept: the same command, or 'recipe resume RUN', goes on."


def can_supervise() -> bool:
    """Whether there are processes and signals to do it with."""
    return sys.platform == "linux" and hasattr(os, "fork")


def supervised(work: Callable[[], int], leave: Callable[[int], Any], tell: Callable[[str], None],
               unusable: int) -> int:  # fmt: skip
    """The exit code of `work`, which runs in a child.

    Args:
        work: returns an exit code.
        leave: ends the child with a code, and does not return.
        tell: how a sentence is told.
        unusable: the code where it did not come to its end.

    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*FORWARDED, signal.SIGCHLD})
    hear, say = os.pipe()
    parent, child = os.getpid(), os.fork()
    if not child:
        os.close(hear)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(unusable)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        code = work()
        with suppress(OSError):  # which code of the user's closed
            os.write(say, bytes([code]))
        leave(code)
        sys.exit(code)
    os.close(say)
    status, killed_by = _wait(child)
    said = os.read(hear, 1)
    os.close(hear)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if said:  # what ends it later, such as an exit handler, comes too late to change the verdict
        return said[0]
    if status < 0 and -status == killed_by:
        tell(f"The command was ended by {signal.Signals(killed_by).name}. {KEPT}")
        signal.signal(killed_by, signal.SIG_DFL)
        os.kill(os.getpid(), killed_by)
    tell(f"{_how(status)} {KEPT}")
    return unusable


def _wait(child: int) -> tuple[int, int]:
    """How the child ended, negative for a signal, and the last signal that was passed on to it. One
    that heeds no signal, since code of the user's ignores them, is killed after some.
    """
    passed_on, times, forced = 0, [], False
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return -passed_on if forced else os.waitstatus_to_exitcode(status), passed_on
        got = signal.sigwaitinfo({*FORWARDED, signal.SIGCHLD})
        if got.si_signo in FORWARDED:
            passed_on = got.si_signo
            times.append(time.monotonic())
            forced = len(times) >= PATIENCE and times[-1] - times[0] >= GRACE
            if got.si_code != _FROM_TERMINAL or forced:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL if forced else got.si_signo)


def _how(status: int) -> str:
    """What ended a child before its end."""
    if status >= 0:
        return (
            f"The experiment's code ended the process (exit code {status}) before there was a "
            "verdict: remove calls such as os._exit() or os.execv() from it."
        )
    name = signal.Signals(-status).name
    if -status == signal.SIGKILL:
        return (
            f"The process was killed ({name}), as systems do where memory runs out: use a smaller "
            "batch size, model or data set, or a machine with more memory."
        )
    return (
        f"The process crashed ({name}) in a library or in the experiment's own extension: run the "
        "experiment's model by itself to find the call, with python -X faulthandler."
    )
