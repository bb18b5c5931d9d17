"""How long a command line is silent: recorded through a real pseudo-terminal."""

import os
import re
import select
import time
from dataclasses import dataclass
from pathlib import Path

import pexpect

from terminals import started

UNSEEN = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07|[\s\x07\x08]")
"""What changes nothing that a person reads."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Gap:
    """A time in which nothing new was shown."""

    seconds: float
    work: float
    """Processor seconds of the command's processes meanwhile, of the busiest one."""
    after: str
    """What stood there last."""


@dataclass(frozen=True)
class Recording:
    first: float
    """Seconds until there was something to read."""
    seconds: float
    gaps: tuple[Gap, ...]
    """The longest first."""
    said: str
    code: int | None


def record(folder, *args, answers=(), width=100, limit=600.0, **env):
    """Run a command line in a pseudo-terminal and note when it showed something new.

    Args:
        folder: where it runs.
        args: of `recipe`.
        answers: pairs of a text to wait for and the keys to send then; the time until a question
            stands there counts, and what the person takes does not.
        width: of the terminal.
        limit: seconds.
        env: more of the environment.

    """
    began = time.monotonic()
    child = started(folder, *args, width=width, PROMPT_TOOLKIT_NO_CPR="1", **env)
    waiting = list(answers)
    said, unseen, last, first = "", "", began, None
    gaps, work, shown = [], _work(child.pid), ""
    while time.monotonic() - began < limit:
        if not select.select([child.child_fd], [], [], 0.05)[0]:
            continue
        try:
            text = child.read_nonblocking(65536, timeout=0)
        except pexpect.EOF:
            break
        now, said, unseen = time.monotonic(), said + text, unseen + text
        new = UNSEEN.sub("", text)
        if new and new != shown:
            first = first or now - began
            spent = _work(child.pid)
            most = max((spent[pid] - work.get(pid, 0.0) for pid in spent), default=0.0)
            gaps.append(Gap(now - last, most, said[: len(said) - len(text)][-300:]))
            last, work, shown = now, spent, new
        if waiting and waiting[0][0] in UNSEEN.sub("", unseen):
            time.sleep(0.3)  # a menu is drawn, and a person reads
            child.send(waiting.pop(0)[1])
            unseen, last = "", time.monotonic()
    child.close(force=True)
    longest = tuple(sorted(gaps, key=lambda gap: -gap.seconds))
    return Recording(first or 0.0, time.monotonic() - began, longest, said, child.exitstatus)


def _work(root):
    """Processor seconds of a process and of all below it, by number."""
    parents, spent = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            spent[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    return {pid: used for pid, used in spent.items() if _is_below(pid, root, parents)}


def _is_below(pid, root, parents):
    while pid not in (root, 0, 1):
        pid = parents.get(pid, 0)
    return pid == root
