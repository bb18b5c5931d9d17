"""The picture of the wings in docs/architecture.md, drawn from the imports of the code.

python tests/tools/picture.py [--write]
"""

import argparse
import re
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
BLOCK = re.compile(r"```mermaid\n.*?```", re.DOTALL)
EVERYWHERE = "core"
"""What every wing imports is left out of the picture."""
FRONT = ("api", "experiment", "ranges")
"""Modules that stand at the front door."""


def wing(module):
    """The wing that a module is in."""
    first, *rest = module.split(".")
    return "steps" if first == "recipe_steps" else (rest[0] if rest else "")


def arrows():
    """Who imports whom, without what goes by way of another."""
    graph = grimp.build_graph("recipe", "recipe_steps", cache_dir=None)
    direct = {}
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            one, other = wing(importer), wing(imported)
            if one and other and one != other and "__main__" not in (one, other):
                direct.setdefault(one, set()).add(other)
    for one in sorted(direct):
        for other in sorted(direct[one] - {EVERYWHERE}):
            if not any(other in reached(third, direct) for third in direct[one] - {other}):
                yield one, other


def reached(start, direct):
    """All wings that one comes to from here."""
    found, todo = set(), [start]
    while todo:
        for other in direct.get(todo.pop(), ()):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found


def picture():
    """As a Mermaid block."""
    lines = [f"    {one} --> {other}" for one, other in arrows()]
    rounded = [f"    {name}([{name}.py])" for name in FRONT]
    return "\n".join(["```mermaid", "graph TD", *rounded, *lines, "```"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        text = PAGE.read_text("utf-8")
        PAGE.write_text(BLOCK.sub(lambda _: picture(), text, count=1), "utf-8")
    else:
        print(picture())


if __name__ == "__main__":
    main()
