"""HELD.md: what held of the attacks on whole runs.

    python tests/torture/held.py JUNIT.xml

JUNIT.xml is what `pytest -m torture --junitxml` wrote; the kills are those of kills_rows.jsonl.
"""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

from kills import KINDS, known

PAGE = Path(__file__).parent / "HELD.md"
HEAD = """# What held

`make torture`: each run of the first table was killed one to three times at random moments, by a
signal to the command alone or to all of its processes, and begun again by the same command. It is
held when exit code, result.json (but for times) and the weights are those of a run that nobody
disturbed. The second table counts the other attacks, by kind; one with damaged files takes
thousands of them.

"""


def of_kills() -> list[str]:
    rows = known()
    lines = ["| kind of run | runs | kills | held |", "|---|---|---|---|"]
    for kind in (*KINDS, None):
        some = [row for row in rows if kind in (row.kind, None)]
        kills, held = sum(len(row.signals) for row in some), sum(row.held for row in some)
        lines.append(f"| {kind or 'all'} | {len(some)} | {kills} | {held} of {len(some)} |")
    signals = Counter(name for row in rows for name in row.signals)
    return [*lines, "", ", ".join(f"{name}: {n}" for name, n in sorted(signals.items())) + "."]


def of_tests(junit: Path) -> list[str]:
    kinds: dict[str, Counter[str]] = {}
    for case in ET.parse(junit).iter("testcase"):
        how = {child.tag for child in case} & {"failure", "error", "skipped"}
        kind = case.get("classname", "").rsplit(".", maxsplit=1)[-1]
        kinds.setdefault(kind, Counter())[next(iter(how), "held")] += 1
    lines = ["| attacks | held | failed | skipped |", "|---|---|---|---|"]
    for kind, counts in sorted(kinds.items()):
        name = kind.removeprefix("test_").replace("_", " ")
        failed = counts["failure"] + counts["error"]
        lines.append(f"| {name} | {counts['held']} | {failed} | {counts['skipped']} |")
    return lines


if __name__ == "__main__":
    text = "\n".join([*of_kills(), "", *of_tests(Path(sys.argv[1]))])
    PAGE.write_text(f"{HEAD}{text}\n", "utf-8")
