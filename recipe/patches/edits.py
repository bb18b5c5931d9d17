"""Edits of a user's file, by kind: each gives the files that it might mean, most probable first.

Where a fault stands is not known for certain from the text, so an edit names every place that
looks like it; which of them mends the fault is found out by running it (`engine.patching`).
"""

from collections.abc import Callable, Iterator, Mapping

import libcst as cst
import libcst.matchers as m

from recipe.core.evidence import Evidence
from recipe.patches import call_edits as calls
from recipe.patches import nodes as n

Edit = Callable[[cst.Module, Evidence], Iterator[cst.Module]]

ACTIVATIONS = {
    "softmax": "Softmax", "log_softmax": "LogSoftmax", "sigmoid": "Sigmoid", "tanh": "Tanh",
    "relu": "ReLU", "hardtanh": "Hardtanh", "logsigmoid": "LogSigmoid", "softplus": "Softplus",
}  # fmt: skip
"""Functions of torch and the modules of the same name."""
OTHER_LOSSES = {
    "nll_loss": "cross_entropy", "NLLLoss": "CrossEntropyLoss",
    "binary_cross_entropy": "binary_cross_entropy_with_logits", "BCELoss": "BCEWithLogitsLoss",
}  # fmt: skip
"""Losses of probabilities, and those that take what a model returns."""
TINY = "1e-8"


def _last_activation(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """Without one of the activations, the last in the file first."""
    del evidence
    for call in reversed(n.nodes(tree, cst.Call)):
        assert isinstance(call, cst.Call)  # noqa: S101 - that kind was asked for
        name = n.called(call)
        if name in ACTIVATIONS.values():
            yield from _without_module(tree, call)
        elif name in ACTIVATIONS or _applies_own(call):
            method = isinstance(call.func, cst.Attribute) and not _is_namespace(call.func.value)
            inner = (
                call.func.value
                if method and isinstance(call.func, cst.Attribute) and name in ACTIVATIONS
                and not m.matches(call.func.value, m.Name("self"))
                else call.args[0].value if call.args else None
            )  # fmt: skip
            if inner is not None:
                yield n.replaced(tree, call, inner)


def _is_namespace(node: cst.CSTNode) -> bool:
    return n.last_name(node) in ("torch", "F", "functional", "nn", "special")


def _applies_own(call: cst.Call) -> bool:
    """Whether it calls a module that is made in the call itself, such as nn.Softmax(1)(x)."""
    return isinstance(call.func, cst.Call) and n.called(call.func) in ACTIVATIONS.values()


def _without_module(tree: cst.Module, call: cst.Call) -> Iterator[cst.Module]:
    for outer in n.nodes(tree, cst.Call):
        if isinstance(outer, cst.Call) and n.called(outer) == "Sequential":
            arg = next((a for a in outer.args if a.value is call and a.keyword is None), None)
            if arg is not None:
                yield n.without_argument(tree, outer, arg)
                return
    identity = call.with_changes(func=n.renamed(call.func, "Identity"), args=[])
    yield n.replaced(tree, call, identity)


def _usual_loss(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """The loss that fits logits in place of one of probabilities, else none declared."""
    del evidence
    names = [*n.nodes(tree, cst.Attribute), *n.nodes(tree, cst.Name)]
    for node in names:
        other = OTHER_LOSSES.get(n.last_name(node))
        if other is not None:
            yield n.replaced(tree, node, n.renamed(node, other))
    for call, arg in n.keywords(tree, "loss"):
        yield n.without_argument(tree, call, arg)


def _log_outputs(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """The logarithm of softmax in place of softmax."""
    del evidence
    for call in reversed(n.nodes(tree, cst.Call)):
        other = {"softmax": "log_softmax", "Softmax": "LogSoftmax"}.get(n.called(call))
        if other is not None and isinstance(call, cst.Call):
            yield n.replaced(tree, call, call.with_changes(func=n.renamed(call.func, other)))


def _sigmoid_for_softmax(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """Where answers do not exclude each other and the loss wants probabilities."""
    del evidence
    for call in reversed(n.nodes(tree, cst.Call)):
        name = {"softmax": "sigmoid", "Softmax": "Sigmoid"}.get(n.called(call))
        if name is None or not isinstance(call, cst.Call):
            continue
        function = isinstance(call.func, cst.Name) or (
            isinstance(call.func, cst.Attribute) and _is_namespace(call.func.value)
        )
        first = call.args[:1] if function and name == "sigmoid" else []
        kept = [a.with_changes(comma=cst.MaybeSentinel.DEFAULT) for a in first]
        yield n.replaced(tree, call, call.with_changes(func=n.renamed(call.func, name), args=kept))


def _clear_gradients(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """zero_grad in front of backward, in the functions that step."""
    del evidence
    for function in n.nodes(tree, cst.FunctionDef):
        steps = [c for c in n.nodes(function, cst.Call) if n.called(c) == "step"]
        owners = [c.func.value for c in steps
                  if isinstance(c, cst.Call) and isinstance(c.func, cst.Attribute)]  # fmt: skip
        for line in n.statements(function):
            backward = any(n.called(c) == "backward" for c in n.nodes(line, cst.Call))
            if backward and owners:
                name = tree.code_for_node(owners[0])
                yield n.before(tree, line, f"{name}.zero_grad()")


def _training_mode(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """train() in place of eval()."""
    del evidence
    for call in n.nodes(tree, cst.Call):
        if isinstance(call, cst.Call) and n.called(call) == "eval":
            yield n.replaced(tree, call, call.with_changes(func=n.renamed(call.func, "train")))


def _loss_sign(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """Without one of the minus signs; else with one in front of what a function returns."""
    del evidence
    for node in n.nodes(tree, cst.UnaryOperation):
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
            if isinstance(node.expression, cst.Integer | cst.Float):
                continue
            yield n.replaced(tree, node, node.expression)
    for node in n.nodes(tree, cst.Return):
        if isinstance(node, cst.Return) and node.value is not None:
            yield n.replaced(tree, node.value, _parsed(f"-({tree.code_for_node(node.value)})"))


def _initialisation(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """He's initialisation in place of another one; else without the lines that set weights."""
    del evidence
    setters = []
    for line in n.statements(tree):
        text = tree.code_for_node(line)
        calls = [c for c in n.nodes(line, cst.Call) if n.called(c).endswith("_")]
        if calls or (".weight" in text and "=" in text) or ".data" in text:
            setters.append(line)
    for line in setters:
        for call in n.nodes(line, cst.Call):
            own = isinstance(call, cst.Call) and "init." in tree.code_for_node(call.func)
            if isinstance(call, cst.Call) and own and call.args:
                func = n.renamed(call.func, "kaiming_normal_")
                mended = call.with_changes(func=func, args=[_alone(call.args[0])])
                yield n.replaced(tree, call, mended)
    for line in setters:
        yield n.without(tree, line)


def _alone(arg: cst.Arg) -> cst.Arg:
    return arg.with_changes(comma=cst.MaybeSentinel.DEFAULT)


def _frozen(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """Without the lines that freeze."""
    del evidence
    for line in n.statements(tree):
        text = tree.code_for_node(line)
        if "requires_grad" in text and "False" in text:
            yield n.without(tree, line)
    for call, arg in n.keywords(tree, "freeze"):
        yield n.without_argument(tree, call, arg)


def _mean_loss(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    """The mean in place of the sum."""
    del evidence
    for text in n.nodes(tree, cst.SimpleString):
        if isinstance(text, cst.SimpleString) and text.evaluated_value == "sum":
            yield n.replaced(tree, text, cst.SimpleString('"mean"'))
    for call in n.nodes(tree, cst.Call):
        if isinstance(call, cst.Call) and n.called(call) == "sum":
            yield n.replaced(tree, call, call.with_changes(func=n.renamed(call.func, "mean")))


def _no_clipping(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    del evidence
    for call, arg in n.keywords(tree, "clip_norm"):
        yield n.without_argument(tree, call, arg)
    for line in n.statements(tree):
        if any(n.called(c).startswith("clip_grad") for c in n.nodes(line, cst.Call)):
            yield n.without(tree, line)


def _best_rate(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
    best = evidence.number("best_lr")
    for _, arg in n.keywords(tree, "lr"):
        if best is not None:
            yield n.replaced(tree, arg.value, _parsed(f"{best:.2g}"))


def _standard(part: int, own: str) -> Edit:
    """Values in deviations from the mean of the training data.

    Args:
        part: 0 for inputs, 1 for targets.
        own: what is subtracted and divided by: figures of each column, or of all values.

    """

    def edit(tree: cst.Module, evidence: Evidence) -> Iterator[cst.Module]:
        del evidence
        pairs = [n.pair_of(tree, arg.value) for name in ("train", "val")
                 for _, arg in n.keywords(tree, name)]  # fmt: skip
        found = [pair for pair in pairs if pair is not None]
        if not found:
            return
        train = tree.code_for_node(found[0].elements[part].value)
        base = train if train.isidentifier() else f"({train})"
        changes: dict[cst.CSTNode, cst.CSTNode] = {}
        for pair in found:
            value = pair.elements[part].value
            text = tree.code_for_node(value)
            scaled = f"({text} - {base}.mean({own})) / ({base}.std({own}) + {TINY})"
            changes[value] = _parsed(scaled)
        yield n.all_replaced(tree, changes)

    return edit


def _parsed(text: str) -> cst.BaseExpression:
    return cst.parse_expression(text)


EDITS: Mapping[str, tuple[Edit, ...]] = {
    "last-activation": (_last_activation,),
    "sigmoid-for-softmax": (_sigmoid_for_softmax,),
    "usual-loss": (_usual_loss,),
    "log-outputs": (_log_outputs,),
    "clear-gradients": (_clear_gradients,),
    "training-mode": (_training_mode,),
    "loss-sign": (_loss_sign,),
    "initialisation": (_initialisation,),
    "unfreeze": (_frozen,),
    "mean-loss": (_mean_loss,),
    "no-clipping": (_no_clipping,),
    "best-rate": (_best_rate,),
    "standard-inputs": (_standard(0, "0"), _standard(0, "")),
    "standard-targets": (_standard(1, "0"),),
    "register-modules": (calls.register_modules,),
    "keep-gradients": (calls.keep_gradients,),
    "dropout-by-mode": (calls.dropout_by_mode,),
    "step-order": (calls.step_order,),
    "all-parameters": (calls.all_parameters,),
    "shuffle": (calls.shuffle,),
    "labels-from-zero": (calls.labels_from_zero,),
}
"""By the name that a remedy gives in `edits`."""


def candidates(source: str, kinds: tuple[str, ...], evidence: Evidence) -> Iterator[str]:
    """Files that these kinds of edit might mean, most probable first, each once."""
    tree = cst.parse_module(source)
    seen = {source}
    for kind in kinds:
        for edit in EDITS[kind]:
            for changed in edit(tree, evidence):
                if changed.code not in seen:
                    seen.add(changed.code)
                    yield changed.code
