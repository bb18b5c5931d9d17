"""What `recipe check digits` costs before it has said anything useful, and in all, beside a script
that imports torch, loads the digits and takes one step of an optimizer.

`python tests/benchmarks/startup.py --write` measures processor time (user and system, of all
processes), since other work on the machine stretches real time; runs alternate, and medians are
told. Bytecode is cached, as it is wherever the package was installed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE / "STARTUP.md"
BARE = """
import torch
from sklearn.datasets import load_digits
images, labels = load_digits(return_X_y=True)
x, y = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)
model = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
torch.nn.functional.cross_entropy(model(x[:128]), y[:128]).backward()
optimizer.step()
"""
COMMANDS = {
    "the bare script": ["-c", BARE],
    "recipe check digits": ["-m", "recipe", "check", "digits", "--no-input"],
    "recipe --help": ["-m", "recipe", "--help"],
}


def cost(arguments: list[str], folder: Path) -> tuple[float, float, float]:
    """Processor seconds, seconds until the first line, and seconds of one run."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(folder / "cache")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.monotonic()
    with subprocess.Popen([sys.executable, *arguments], cwd=folder, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # fmt: skip
        assert process.stdout is not None
        os.read(process.stdout.fileno(), 1)
        first = time.monotonic() - began
        process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, first, time.monotonic() - began


def measured(repeats: int) -> dict[str, list[tuple[float, float, float]]]:
    """The costs of each command, after one run that warms caches."""
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(repeats + 1):
            for name, arguments in COMMANDS.items():
                spent = cost(arguments, Path(folder))
                if number:
                    rows[name].append(spent)
    return rows


def table(rows: dict[str, list[tuple[float, float, float]]], load: float) -> str:
    """The page."""
    bare = statistics.median(row[0] for row in rows["the bare script"])
    lines = [
        "# Start-up", "",
        ("`python tests/benchmarks/startup.py --write`: medians of alternating runs, in seconds; "
        f"{len(rows['the bare script'])} runs each on {os.cpu_count()} processors, load {load:.1f} "
        "before them (other work makes real time longer, and processor time a little)."), "",
        "| command | processor time | to the bare script's | least to most | first line after | in all |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, runs in rows.items():
        spent, first, whole = (statistics.median(each) for each in zip(*runs, strict=True))
        said = "-" if name == "the bare script" else f"{first:.2f}"
        low, high = min(r[0] for r in runs), max(r[0] for r in runs)
        lines.append(
            f"| `{name}` | {spent:.2f} | {spent / bare:.2f} | {low:.2f} to {high:.2f} | {said} "
            f"| {whole:.2f} |"
        )
    return "\n".join(lines).replace("`the bare script`", "the bare script") + "\n"


def main() -> None:
    """Measure, print, write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    text = table(measured(given.repeats), load)
    print(text)
    if given.write:
        TABLE.write_text(text)


if __name__ == "__main__":
    main()
