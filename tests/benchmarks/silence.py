"""How long four new users see nothing new: their runs, recorded through a pseudo-terminal.

`python tests/benchmarks/silence.py --write`: real seconds, with the load of the machine.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE / "SILENCE.md"
sys.path.insert(0, str(HERE.parent / "helpers"))

from four_users import USERS  # noqa: E402
from pace import UNSEEN, Recording, record  # noqa: E402

HEAD = """# Silence

`python tests/benchmarks/silence.py --write`. Each user's run is recorded through a pseudo-terminal;
a gap is the time between two writes that show something new. Photos and table take what fits into a
budget of 60 s, the file with its own network takes the whole recipe, and the gate is
`recipe check experiment.py --ci`. Real seconds on {processors} processors; the load is the average
of the last minute at the end of the run, so that at a load of 4 everything takes about twice as
long as alone.

| user | first word | longest gaps | processor time in the longest | the run | load |
|---|---|---|---|---|---|
"""


def recorded(user: str) -> Recording:
    """The run of one of them."""
    bring, args, answers = USERS[user]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bring(folder)
        return record(folder, *args, answers=answers, XDG_CACHE_HOME=str(folder / "cache"))


def main() -> None:
    """Record, print, write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    text = HEAD.format(processors=os.cpu_count())
    for user in USERS:
        seen = recorded(user)
        longest = ", ".join(f"{gap.seconds:.1f}" for gap in seen.gaps[:3])
        text += (
            f"| {user} | {seen.first:.2f} | {longest} | {seen.gaps[0].work:.1f} "
            f"| {seen.seconds:.0f} | {os.getloadavg()[0]:.1f} |\n"
        )
        said = UNSEEN.sub(" ", seen.gaps[0].after)[-90:]
        print(f"{user}: ended with {seen.code}; the longest was after {said!r}")
    print(text)
    if given.write:
        TABLE.write_text(text)


if __name__ == "__main__":
    main()
