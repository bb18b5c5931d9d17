"""The text of a statement in a source file."""

import ast
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def _tree(module: str) -> tuple[str, tuple[ast.stmt, ...]]:
    path = next(p for p in (HERE / f"{module}.py", HERE.parent / f"{module}.py") if p.exists())
    text = path.read_text("utf-8")
    return text, tuple(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt))


def _holds(node: ast.stmt, word: str) -> bool:
    return any(
        (isinstance(part, ast.Constant) and part.value == word)
        or (isinstance(part, ast.Name) and part.id == word)
        or (isinstance(part, ast.FunctionDef) and part.name == word)
        for part in ast.walk(node)
    )


def _lines(node: ast.stmt) -> range:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return range(first, (node.end_lineno or first) + 1)


@cache
def statement(module: str, *words: str) -> str:
    """The definition of the one word, or the shortest statement that holds all of them."""
    text, nodes = _tree(module)
    named = [n for n in nodes if isinstance(n, ast.FunctionDef) and [n.name] == list(words)]
    found = named or [n for n in nodes if all(_holds(n, word) for word in words)]
    lines = min(map(_lines, found), key=len)
    return "\n".join(text.splitlines()[lines.start - 1 : lines.stop - 1])
