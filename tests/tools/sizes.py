"""How long the product's files and functions are.

    python tests/tools/sizes.py [--most N] [FOLDER ...]

Exit code 1 where one is longer than the limits in CONTRIBUTING.md.
"""

import argparse
import ast
import sys
from pathlib import Path
from statistics import quantiles

ROOT = Path(__file__).parents[2]
MOST_LINES, MOST_IN_A_FUNCTION = 350, 60


def files(folders):
    """(lines, name) of every file."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield len(path.read_text("utf-8").splitlines()), str(path.relative_to(ROOT))


def functions(folders):
    """(lines, name) of every function, its docstring included."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    name = f"{path.relative_to(ROOT)}:{node.name}"
                    yield node.end_lineno - node.lineno + 1, name


def ninth_decile(sizes):
    """The size that nine of ten do not exceed."""
    return quantiles([lines for lines, _ in sizes], n=10, method="inclusive")[-1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", default=["recipe", "steps"])
    parser.add_argument("--most", type=int, default=3, help="so many of the longest are named")
    given = parser.parse_args()
    too_long = False
    for what, found, limit in (
        ("files", list(files(given.folders)), MOST_LINES),
        ("functions", list(functions(given.folders)), MOST_IN_A_FUNCTION),
    ):
        longest = sorted(found, reverse=True)
        print(f"{what}: {len(found)}, p90 {ninth_decile(found):.0f} lines, "
              f"longest {longest[0][0]} (limit {limit})")  # fmt: skip
        for lines, name in longest[: given.most]:
            print(f"  {lines:4} {name}")
        too_long |= longest[0][0] > limit
    sys.exit(1 if too_long else 0)


if __name__ == "__main__":
    main()
