"""Edits of how a user's file calls PyTorch: layers in lists, detached tensors, order of a step."""

from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from recipe.core.evidence import Evidence
from recipe.patches import nodes as n

_DROPOUTS = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout",
             "feature_alpha_dropout")  # fmt: skip


def register_modules(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """nn.ModuleList, nn.ModuleDict or nn.Parameter around what is kept in plain attributes: all at
    once, then one by one.
    """
    del evidence
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    for line in n.nodes(tree, cst.Assign):
        if not isinstance(line, cst.Assign) or not m.matches(
            line.targets[0].target, m.Attribute(value=m.Name("self"))
        ):
            continue
        text = tree.code_for_node(line.value)
        if isinstance(line.value, cst.List | cst.ListComp | cst.Tuple):
            changes[line.value] = cst.parse_expression(f"torch.nn.ModuleList({text})")
        elif isinstance(line.value, cst.Dict | cst.DictComp):
            changes[line.value] = cst.parse_expression(f"torch.nn.ModuleDict({text})")
        elif "requires_grad=True" in text.replace(" ", ""):
            changes[line.value] = cst.parse_expression(f"torch.nn.Parameter({text})")
    changes = {old: _by_short_name(tree, new) for old, new in changes.items()}
    if len(changes) > 1:
        yield n.all_replaced(tree, changes)
    for old, new in changes.items():
        yield n.replaced(tree, old, new)


def _by_short_name(tree: cst.Module, node: cst.CSTNode) -> cst.CSTNode:
    """nn.X where the file knows nn, else torch.nn.X."""
    if not any("nn" in _bound(line) for line in n.statements(tree)):
        return node
    text = tree.code_for_node(node).replace("torch.nn.", "nn.", 1)
    return cst.parse_expression(text)


def _bound(line: cst.SimpleStatementLine) -> list[str]:
    """Names that an import makes known."""
    names = []
    for part in line.body:
        if isinstance(part, cst.ImportFrom | cst.Import) and not isinstance(
            part.names, cst.ImportStar
        ):
            names += [a.evaluated_alias or a.evaluated_name for a in part.names]
    return names


def keep_gradients(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """Without what takes tensors out of the graph: detach(), .data, no_grad."""
    del evidence
    for call in n.nodes(tree, cst.Call):
        if isinstance(call, cst.Call) and n.called(call) == "detach":
            if isinstance(call.func, cst.Attribute) and not call.args:
                yield n.replaced(tree, call, call.func.value)
            elif call.args:
                yield n.replaced(tree, call, call.args[0].value)
    for node in n.nodes(tree, cst.Attribute):
        if isinstance(node, cst.Attribute) and node.attr.value == "data":
            yield n.replaced(tree, node, node.value)
    for block in n.nodes(tree, cst.With):
        if isinstance(block, cst.With) and any(
            n.called(call) in ("no_grad", "inference_mode")
            for item in block.items
            for call in n.nodes(item, cst.Call)
        ):
            yield n.replaced(tree, block, block.with_changes(items=[_enabled(block)]))


def _enabled(block: cst.With) -> cst.WithItem:
    call = cst.parse_expression("torch.enable_grad()")
    return block.items[0].with_changes(item=call)


def dropout_by_mode(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """training=self.training in functional dropout: everywhere at once, then one by one."""
    del evidence
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    for call in n.nodes(tree, cst.Call):
        if not isinstance(call, cst.Call) or n.called(call) not in _DROPOUTS:
            continue
        if m.matches(call.func, m.Attribute(value=m.Name("self"))):
            continue
        left = [a for a in call.args if a.keyword is None or a.keyword.value != "training"][:2]
        given = ", ".join(tree.code_for_node(a).strip().rstrip(",") for a in left)
        func = tree.code_for_node(call.func)
        changes[call] = cst.parse_expression(f"{func}({given}, training=self.training)")
    if len(changes) > 1:
        yield n.all_replaced(tree, changes)
    for old, new in changes.items():
        yield n.replaced(tree, old, new)


def step_order(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """zero_grad before backward and step behind it, in the functions that call backward."""
    del evidence
    for function in n.nodes(tree, cst.FunctionDef):
        if not isinstance(function, cst.FunctionDef):
            continue
        lines = [line for line in n.statements(function) if _calls(line)]
        backward = [line for line in lines if "backward" in _calls(line)]
        optimizer = _optimizer(tree, function, lines)
        if len(backward) != 1 or optimizer is None:
            continue
        moved = [line for line in lines if line is not backward[0]
                 and _calls(line) & {"step", "zero_grad"}]  # fmt: skip
        text = tree.code_for_node(backward[0]).strip()
        yield n.in_place_of(
            tree, backward[0], [f"{optimizer}.zero_grad()", text, f"{optimizer}.step()"], moved
        )


def _calls(line: cst.CSTNode) -> set[str]:
    return {n.called(c) for c in n.nodes(line, cst.Call)} & {"backward", "step", "zero_grad"}


def _optimizer(
    tree: cst.Module, function: cst.FunctionDef, lines: list[cst.SimpleStatementLine]
) -> str | None:
    """What step or zero_grad is called on; else the second parameter of an update step."""
    for line in lines:
        for call in n.nodes(line, cst.Call):
            named = n.called(call) in ("step", "zero_grad")
            if named and isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute):
                return tree.code_for_node(call.func.value)
    names = [param.name.value for param in function.params.params]
    return names[1] if len(names) > 1 else None


def all_parameters(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """The parameters that an optimizer function is given, in place of another model's."""
    del evidence
    for function in [*n.nodes(tree, cst.FunctionDef), *n.nodes(tree, cst.Lambda)]:
        if not isinstance(function, cst.FunctionDef | cst.Lambda) or not function.params.params:
            continue
        own = function.params.params[0].name
        for call in n.nodes(function, cst.Call):
            if isinstance(call, cst.Call) and n.called(call) in ("parameters", "named_parameters"):
                yield n.replaced(tree, call, own)


def shuffle(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """shuffle=True in place of False."""
    del evidence
    for arg in n.nodes(tree, cst.Arg):
        if isinstance(arg, cst.Arg) and m.matches(
            arg, m.Arg(keyword=m.Name("shuffle"), value=m.Name("False"))
        ):
            yield n.replaced(tree, arg, arg.with_changes(value=cst.Name("True")))


def labels_from_zero(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """Labels less the smallest one, in training and validation data."""
    lowest = evidence.number("train_target_min")
    if lowest is None or lowest <= 0:
        return
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    for name in ("train", "val", "test"):
        for _, arg in n.keywords(tree, name):
            pair = n.pair_of(tree, arg.value)
            if pair is not None:
                value = pair.elements[1].value
                text = tree.code_for_node(value)
                changes[value] = cst.parse_expression(f"{text} - {lowest:.0f}")
    if changes:
        yield n.all_replaced(tree, changes)
