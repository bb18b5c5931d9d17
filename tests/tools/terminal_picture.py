"""docs/pictures/run.svg: the output of a real run, as a terminal shows it.

python tests/tools/terminal_picture.py
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "pictures" / "run.svg"
COMMAND = "recipe run digits"
WIDTH = 96


def output() -> str:
    """What the command prints, run in a folder of its own."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "steps")])
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", *COMMAND.split(), "--no-input", "--device", "cpu"],
            cwd=folder, env={**os.environ, "PYTHONPATH": paths, "COLUMNS": str(WIDTH)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return done.stdout


def picture(text: str) -> str:
    """The lines as an SVG, with no font that would be fetched."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(f"[bold]$ {COMMAND}[/bold]", highlight=False)
    for line in text.splitlines():
        shown = Text(line)
        for pattern, style in (
            (r"^ok .*?: pass", "green"), (r"^== .*", "bold"), (r"^ *(note|->).*", "yellow"),
            (r"^Verdict: pass", "bold green"), (r"^   (Plan|Speed|trial).*", "dim"),
        ):  # fmt: skip
            shown.highlight_regex(pattern, style)
        console.print(shown, highlight=False)
    svg = console.export_svg(title=COMMAND, unique_id="recipe")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(picture(output()), "utf-8")
