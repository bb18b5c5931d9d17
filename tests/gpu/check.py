"""Checks a GPU: first that all is right there, then how fast it is. `make gpu`.

    python tests/gpu/check.py [--device cuda|cpu] [--quick] [--minutes 9] [--write]

Prints a line of JSON for each check and each measurement. With --write they go as tables to
tests/benchmarks/GPU.md. What does not begin in the minutes that it has is left out, and said. With
--device cpu --quick the script itself is tried, in less time and with less data.
"""

import argparse
import json
import os
import platform
import sys
import time
import traceback
from datetime import date
from functools import partial

from samples import ROOT, wait

import torch  # isort: skip

PAGE = ROOT / "tests" / "benchmarks" / "GPU.md"
SAVED_FOR_PAGE = 5.0
"""Seconds."""
LONGEST_OF_A_PART = 60.0
"""Seconds that a part may take: it does not begin where less is left."""


def main(arguments):
    """Check and measure; 0 where all is right, 1 where something is not, 2 without a GPU."""
    given = parsed(arguments)
    if given.device == "cuda" and not torch.cuda.is_available():
        print(
            "There is no GPU that PyTorch can use here: run make gpu on a machine that has one, or "
            "python tests/gpu/check.py --device cpu --quick to try the script itself.",
            file=sys.stderr,
        )
        return 2
    device = torch.device(given.device)
    end = time.monotonic() + 60 * given.minutes - SAVED_FOR_PAGE
    lines = [environment(device), *checked(device, end, given), *measured(device, end, given)]
    if given.write:
        PAGE.write_text(page(lines), encoding="utf-8")
    return 0 if all(line.get("ok", True) for line in lines) else 1


def parsed(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="", help="parts whose name holds this")
    return parser.parse_args(arguments)


def told(line):
    print(json.dumps(line), flush=True)
    return line


def environment(device):
    cuda = device.type == "cuda"
    return told({
        "part": "machine",
        "device": torch.cuda.get_device_name(device) if cuda else platform.processor() or "cpu",
        "memory GB": round(torch.cuda.get_device_properties(device).total_memory / 1e9) if cuda
        else None,
        "torch": torch.__version__, "cuda": torch.version.cuda if cuda else None,
        "cores": len(os.sched_getaffinity(0)), "python": platform.python_version(),
    })  # fmt: skip


def checked(device, end, given):
    """Each check, in its order."""
    from correctness import CHECKS

    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        if given.only in name:
            work = partial(ok, check, device, given.quick)
            yield from part("correctness", name, end, given, work)


def ok(check, device, quick):
    """What a check saw, or why it failed."""
    try:
        found = check(device, quick)
        wait(device)
    except Exception as error:  # noqa: BLE001 - the other checks go on
        return [{"ok": False, "why": reason(error)}]
    return [{"ok": True, **found}]


def measured(device, end, given):
    """Each table, line by line."""
    from speeds import TABLES

    for title, table in TABLES:
        if given.only in title:
            work = partial(rows_of, table, device, given.quick)
            yield from part("speed", title, end, given, work)


def rows_of(table, device, quick):
    """The lines of a table up to the one that failed."""
    try:
        yield from table(device, quick)
    except Exception as error:  # noqa: BLE001 - the other tables go on
        yield {"ok": False, "why": reason(error)}


def reason(error):
    """An error in a line, with where it was."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {said} ({place.filename.split('/')[-1]}:{place.lineno})"


def part(kind, name, end, given, work):
    """What a part gives, with how long it took; nothing of one for which there is no time."""
    needed = LONGEST_OF_A_PART * (0.1 if given.quick else 1.0)
    if time.monotonic() + needed > end:
        yield told({"part": kind, "name": name, "skipped": "the time is used up"})
        return
    began = time.monotonic()
    for line in work():
        after = round(time.monotonic() - began, 1)
        yield told({"part": kind, "name": name, **line, "after s": after})
        if time.monotonic() > end:
            yield told({"part": kind, "name": name, "skipped": "the rest: the time is used up"})
            return


def page(lines):
    """All of it as Markdown."""
    machine, rest = lines[0], lines[1:]
    text = ["# On a GPU", "", f"By `make gpu`, {date.today().isoformat()}: " + ", ".join(
        f"{name} {value}" for name, value in machine.items() if name != "part" and value) + ".", ""]  # fmt: skip
    text += ["## What holds", "", "| check | holds | seen | s |", "|---|---|---|---|"]
    for line in rest:
        if line["part"] == "correctness":
            seen = {k: v for k, v in line.items() if k not in {"part", "name", "ok", "after s"}}
            said = "; ".join(f"{k} {_number(v)}" for k, v in seen.items())
            holds = {True: "yes", False: "**no**", None: ""}[line.get("ok")]
            text.append(f"| {line['name']} | {holds} | {said} | {line.get('after s', '')} |")
    for title in dict.fromkeys(line["name"] for line in rest if line["part"] == "speed"):
        text += ["", f"## {title}", "", *table([x for x in rest if x["name"] == title])]
    return "\n".join(text) + "\n"


def table(lines):
    kept = [{k: v for k, v in x.items() if k not in {"part", "name", "after s"}} for x in lines]
    columns = list(dict.fromkeys(column for line in kept for column in line))
    head = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return head + [f"| {' | '.join(_number(x.get(c, '')) for c in columns)} |" for x in kept]


def _number(value):
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 0.01 else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
