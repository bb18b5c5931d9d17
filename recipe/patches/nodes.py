"""Finding and changing nodes of a Python file; what is not changed keeps its form to the letter."""

from collections.abc import Iterator, Mapping
from typing import Any

import libcst as cst
import libcst.matchers as m


def nodes(tree: cst.CSTNode, kind: Any) -> list[cst.CSTNode]:
    """All nodes of a kind, a class or an abstract one, in the order of the file."""
    found: list[cst.CSTNode] = []

    def walk(node: cst.CSTNode) -> None:
        if isinstance(node, kind):
            found.append(node)
        for child in node.children:
            walk(child)

    walk(tree)
    return found


def called(node: cst.CSTNode) -> str:
    """The last name of what is called, such as softmax of F.softmax(x); empty for other nodes."""
    return last_name(node.func) if isinstance(node, cst.Call) else ""


def last_name(node: cst.CSTNode) -> str:
    """The name that a dotted name ends with; empty for other nodes."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def renamed(node: cst.CSTNode, name: str) -> cst.CSTNode:
    """A dotted name with another end."""
    if isinstance(node, cst.Attribute):
        return node.with_changes(attr=cst.Name(name))
    return cst.Name(name)


def replaced(tree: cst.Module, old: cst.CSTNode, new: cst.CSTNode) -> cst.Module:
    """The file with one node replaced."""
    changed = tree.deep_replace(old, new)
    assert isinstance(changed, cst.Module)  # noqa: S101 - a module stays one
    return changed


def all_replaced(tree: cst.Module, changes: Mapping[cst.CSTNode, cst.CSTNode]) -> cst.Module:
    """The file with several nodes replaced at once: a changed file has other nodes."""

    class Replace(cst.CSTTransformer):
        def on_leave(self, original_node, updated_node):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            return changes.get(original_node, updated_node)

    return tree.visit(Replace())


def without(tree: cst.Module, old: cst.CSTNode) -> cst.Module:
    """The file without one statement; a block that would be empty goes with it."""
    for block in nodes(tree, cst.IndentedBlock):
        assert isinstance(block, cst.IndentedBlock)  # noqa: S101 - that kind was asked for
        if list(block.body) != [old]:
            continue
        owner = next((n for n in nodes(tree, cst.CSTNode) if block in n.children), None)
        if isinstance(owner, cst.For | cst.With | cst.If):
            return without(tree, owner)
        return replaced(tree, old, cst.parse_statement("pass"))
    changed = tree.deep_remove(old)
    assert isinstance(changed, cst.Module)  # noqa: S101 - a module stays one
    return changed


def before(tree: cst.Module, line: cst.CSTNode, text: str) -> cst.Module:
    """The file with a statement in front of another one."""

    class Insert(cst.CSTTransformer):
        def on_leave(self, original_node, updated_node):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            if original_node is line:
                return cst.FlattenSentinel([cst.parse_statement(text), updated_node])
            return updated_node

    return tree.visit(Insert())


def statements(tree: cst.CSTNode) -> list[cst.SimpleStatementLine]:
    """All lines that are no heads of blocks."""
    found = nodes(tree, cst.SimpleStatementLine)
    return [line for line in found if isinstance(line, cst.SimpleStatementLine)]


def keywords(tree: cst.Module, name: str) -> Iterator[tuple[cst.Call, cst.Arg]]:
    """Every keyword of this name in a call of Experiment."""
    for call in nodes(tree, cst.Call):
        if not isinstance(call, cst.Call) or called(call) != "Experiment":
            continue
        for arg in call.args:
            if m.matches(arg, m.Arg(keyword=m.Name(name))):
                yield call, arg


def without_argument(tree: cst.Module, call: cst.Call, arg: cst.Arg) -> cst.Module:
    """The file with a call that lacks one argument."""
    left = [each for each in call.args if each is not arg]
    if left and call.args[-1] is arg:
        left[-1] = left[-1].with_changes(
            comma=arg.comma, whitespace_after_arg=arg.whitespace_after_arg
        )
    return replaced(tree, call, call.with_changes(args=left))


def pair_of(tree: cst.Module, value: cst.BaseExpression) -> cst.Tuple | None:
    """The pair of tensors that an argument is, or that its name was given."""
    if isinstance(value, cst.Name):
        for line in nodes(tree, cst.Assign):
            if isinstance(line, cst.Assign) and m.matches(
                line.targets[0].target, m.Name(value.value)
            ):
                value = line.value
                break
    both = 2
    return value if isinstance(value, cst.Tuple) and len(value.elements) == both else None


def in_place_of(
    tree: cst.Module, line: cst.CSTNode, texts: list[str], gone: list[cst.SimpleStatementLine]
) -> cst.Module:
    """The file with statements in place of one line, and without some others."""

    class Replace(cst.CSTTransformer):
        def on_leave(self, original_node, updated_node):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            if original_node is line:
                return cst.FlattenSentinel([cst.parse_statement(text) for text in texts])
            if original_node in gone:
                return cst.RemoveFromParent()
            return updated_node

    return tree.visit(Replace())
