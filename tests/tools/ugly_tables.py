"""Writes tests/sources/ugly/TABLE.md: which columns of ugly tables are read as a person would.

python tests/tools/ugly_tables.py [--write] [--half seen|held|fresh|after] [--files FOLDER]

With `--files` the tables are left in that folder; `--hash SET` writes the hashes of one that is new.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "sources")]
PAGE = ROOT / "tests" / "sources" / "ugly" / "TABLE.md"
FIRST = PAGE.with_name("first_look.md")
MEANING = """\
# Columns of ugly tables

Written by `python tests/tools/ugly_tables.py --write`. 223 files of 120 to 400 rows, made by code in
the layout and with the dirt of public ones (`seen_*.py`, `held_*.py` and so on); each column has the
kind that a person would say who sees the file and has no code book. Where people would disagree (is
a year a number or a date, a score of 1 to 5 a grade or a number), the other kinds count as right too;
"of these as first said" leaves those out. The hashes of those held out (`held_out.json`, `fresh.json`
and so on) are from before anything had read them.

What the reader was right in when it read a set for the first time is no longer what stands below it,
since what it missed was mended. **The first looks are the honest figures:**

| set | columns | with a second kind | right at the first look | as first said | now |
|---|---|---|---|---|---|
{looks}

Why they were missed stands at the end of this page.
"""


LOOKS = {
    "held": (344, 330, None),
    "fresh": (423, 365, None),
    "after": (48, 45, None),
    "wide": (418, 395, 361),
    "wide held": (450, 440, 386),
    "last": (187, 162, 150),
    "apart": (168, 165, 154),
    "final": (135, 124, 107),
    "known": (178, 170, 156),
}
"""Columns of each set, and how many of them were right at the first look, and as first said."""


def looks(rows):
    """Lines of the table of first looks."""
    lines = []
    for half, (columns, right, strict) in LOOKS.items():
        of_half = rows.get(half, ())
        told = "" if strict is None else f"{strict / columns:.1%}"
        now = f"{score.share(of_half):.1%}" if of_half else ""
        second = sum(bool(row.also) for row in of_half)
        lines.append(
            f"| {half} | {columns} | {second} | {right}, {right / columns:.1%} | {told} | {now} |"
        )
    return "\n".join(lines)


def page(rows):
    """Markdown of all sets."""
    parts = [MEANING.format(looks=looks(rows))]
    for half, of_half in rows.items():
        parts += [f"## {half}: {score.share(of_half):.1%} of {len(of_half)} columns\n",
                  score.by_kind(of_half) + "\n"]  # fmt: skip
        missed = score.misses(of_half)
        parts += ["Missed:\n", *(f"- {line}" for line in missed), ""] if missed else []
    parts += [FIRST.read_text("utf-8")] if FIRST.exists() else []
    return "\n".join(parts)


def main():
    ask = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    ask.add_argument("--write", action="store_true")
    ask.add_argument("--hash", choices=tuple(score.HASHES))
    ask.add_argument("--half", choices=tuple(score.SETS), action="append")
    ask.add_argument("--files", type=Path)
    options = ask.parse_args()
    if options.hash:
        digests = score.digests(score.SETS[options.hash])
        score.HASHES[options.hash].write_text(json.dumps(digests, indent=1) + "\n", "utf-8")
        return
    from recipe.sources import column_kinds

    with tempfile.TemporaryDirectory() as other:
        folder = options.files or Path(other)
        folder.mkdir(parents=True, exist_ok=True)
        rows = {
            half: [
                row for case in score.SETS[half] for row in score.read(case, folder, column_kinds)
            ]
            for half in options.half or score.SETS
        }
    if options.write:
        PAGE.write_text(page(rows), "utf-8")
    else:
        print(page(rows))


if __name__ == "__main__":
    from ugly import score

    main()
