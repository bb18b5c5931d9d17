"""A batch that goes through the model in parts, whose gradients are added up to those of the whole.

Where it is known what the loss divides by, each part's loss is weighed by its share of that (see
`loss_shares`). Any other loss is computed once, of the outputs of all parts together, and its
gradient with respect to them is what each part is passed backward with, in a second forward pass
(Gao et al. 2021, "Scaling deep contrastive learning batch size under memory limited setup"): exact
also where a loss compares the items of a batch with each other.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from recipe.data.collating import IGNORED
from recipe.data.joining import join, split
from recipe.data.single_items import Batch
from recipe.data.trees import Tree, Values, every_tensor
from recipe.experiment import Experiment
from recipe.models.building import batch_norms
from recipe.models.dropout import NoDropout
from recipe.models.randomness import generators
from recipe.training.loss_shares import matches_elementwise, shares, weighed
from recipe.training.tree_losses import ModelLoss

CLOSE = 1e-5
"""Relative difference of two losses that are the same but for rounding."""


class Passes(Protocol):
    """A model in training, as far as it is passed through."""

    experiment: Experiment
    model: nn.Module
    device: torch.device
    known_count: int | None
    """What the loss of a model that computes it divides by, see `own_count`, where that is known.
    """

    def outputs(self, x: Values) -> Values:
        """Of inputs [n, ...], with gradient."""

    def loss_of(self, outputs: Values, y: Values) -> Tensor:
        """Mean loss, a scalar."""


def part_sizes(n: int, parts: int) -> list[int]:
    """Sizes of the parts of a batch of n items, as equal as can be."""
    parts = max(1, min(parts, n))
    each, more = divmod(n, parts)
    return [each + (k < more) for k in range(parts)]


def most_parts(model: nn.Module, n: int) -> int:
    """Into how many parts n items may be split: batch normalisation cannot train on one alone."""
    return max(1, n // 2 if batch_norms(model) else n)


def backward_in_parts(passes: Passes, x: Values, y: Values, parts: int) -> tuple[Any, Tensor]:
    """Add the gradients of the mean loss of a batch to those that are there, part by part.

    Args:
        passes: whose model.
        x: inputs [n, ...].
        y: targets [n, ...].
        parts: how many.

    Returns:
        Outputs [n, ...] and loss of the whole batch, without gradient.

    """
    sizes = part_sizes(len(x), min(parts, most_parts(passes.model, len(x))))
    batches = list(zip(split(x, sizes), split(y, sizes), strict=True))
    found = _known_shares(passes, batches)
    if found is None:
        return by_outputs(passes, batches, y)
    outputs, losses = [], []
    for (part, wanted), share in zip(batches, found, strict=True):
        answers = passes.outputs(part)
        loss = passes.loss_of(answers, wanted)
        part_of_loss = weighed(answers, loss, share)
        part_of_loss.backward()  # type: ignore[no-untyped-call]
        losses.append(part_of_loss.detach())
        outputs.append(answers.detach())
        del answers, loss
    return join(outputs), torch.stack(losses).sum()


def _known_shares(passes: Passes, batches: Sequence[Batch]) -> list[float | Tensor] | None:
    targets = [y for _, y in batches]
    if isinstance(passes.experiment.loss_function, ModelLoss):
        return _own_shares(passes, batches)
    found = shares(passes.experiment, targets)
    if found is None or passes.experiment.loss is None:
        return found
    with torch.no_grad(), Rewound(passes):
        x, y = batches[0]
        few = min(2, len(x))
        outputs = passes.outputs(x[:few].clone())
        return found if matches_elementwise(passes.experiment, outputs, y[:few]) else None


def _own_shares(passes: Passes, batches: Sequence[Batch]) -> list[float | Tensor]:
    """Of a loss that the model computes itself."""
    known = passes.known_count
    count = COUNTS[own_count(passes, batches) if known is None else known]
    weights = [count(y) for _, y in batches]
    return [weight / sum(weights) for weight in weights]


def own_count(passes: Passes, batches: Sequence[Batch], *, always: bool = False) -> int:
    """What a loss divides by that the model computes itself, as a place in `COUNTS`: items, or the
    labels that count where only that makes the loss of two parts that of both together.

    Args:
        passes: whose model.
        batches: parts of a batch.
        always: look at losses also where all of these come to the same.

    """
    sizes: list[float] = [float(len(x)) for x, _ in batches]
    counts = [[count(y) for _, y in batches] for count in COUNTS[1:]]
    part = sizes[0] / sum(sizes)
    differ = any(sum(way) and way[0] / sum(way) != part for way in counts)
    if len(batches) < 2 or not (differ or always):
        return 0
    (x, y), (other_x, other_y) = batches[:2]
    size = min(len(x), len(other_x))
    xs, ys = (x[:size], other_x[:size]), (y[:size], other_y[:size])
    losses = []
    for given, wanted in (*zip(xs, ys, strict=True), (join(xs), join(ys))):
        with torch.no_grad(), NoDropout(), Rewound(passes):
            losses.append(float(passes.loss_of(passes.outputs(given), wanted)))
    first, second, both = losses
    for place, count in enumerate(COUNTS):
        a, b = count(y[:size]), count(other_y[:size])
        if a + b and abs((a * first + b * second) / (a + b) - both) <= CLOSE * abs(both):
            return place
    return 0


def _counted(y: Values) -> float:
    whole = [tensor for tensor in every_tensor(y) if not tensor.is_floating_point()]
    return float(sum(int((tensor != IGNORED).sum()) for tensor in whole))


def _counted_shifted(y: Values) -> float:
    """Of a language model that predicts the next token: the first one is nobody's next."""
    whole = [t for t in every_tensor(y) if not t.is_floating_point() and t.ndim > 1]
    return float(sum(int((tensor[:, 1:] != IGNORED).sum()) for tensor in whole))


COUNTS: tuple[Callable[[Values], float], ...] = (
    lambda y: float(len(y)), _counted, _counted_shifted,
)  # fmt: skip
"""What a loss that a model computes itself may divide by."""


def by_outputs(passes: Passes, batches: Sequence[Batch], y: Values) -> tuple[Any, Tensor]:
    """Gradients of a loss of the outputs of all parts together; see `backward_in_parts`."""
    states, answers = [], []
    with torch.no_grad(), _BuffersKept(passes.model):
        for part, _ in batches:
            states.append(_states(passes.device))
            answers.append(passes.outputs(part.clone()))
    whole, leaves = _as_leaves(join(answers))
    loss = passes.loss_of(whole, y)
    grads = torch.autograd.grad(loss, leaves, allow_unused=True)
    del answers
    start = 0
    for (part, _), state in zip(batches, states, strict=True):
        _put_back(passes.device, state)
        stop = start + len(part)
        found = [t for t in every_tensor(passes.outputs(part)) if t.is_floating_point()]
        pairs = [
            (tensor, grad[start:stop] if tensor.ndim else grad)
            for tensor, grad in zip(found, grads, strict=True)
            if grad is not None and tensor.requires_grad
        ]
        torch.autograd.backward([t for t, _ in pairs], [g for _, g in pairs])
        start = stop
    return whole.detach(), loss.detach()


def _as_leaves(outputs: Any) -> tuple[Any, list[Tensor]]:
    """The outputs as leaves of a graph of their own, and these leaves in the order of the tree."""
    leaves: list[Tensor] = []

    def leaf(tensor: Tensor) -> Tensor:
        if not tensor.is_floating_point():
            return tensor
        leaves.append(tensor.detach().requires_grad_())
        return leaves[-1]

    whole = outputs.on_tensors(leaf) if isinstance(outputs, Tree) else leaf(outputs)
    return whole, leaves


def _states(device: torch.device) -> list[Tensor]:
    return [read() for read, _ in generators(device)]


def _put_back(device: torch.device, states: Sequence[Tensor]) -> None:
    for (_, put), state in zip(generators(device), states, strict=True):
        put(state)


class _BuffersKept:
    """Running statistics and the like are afterwards what they were before."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.before: list[tuple[nn.Module, str, Tensor, Tensor]] = []

    def __enter__(self) -> None:
        self.before = [
            (module, name, buffer, buffer.detach().clone())
            for module in self.model.modules()
            for name, buffer in module.named_buffers(recurse=False)
        ]

    def __exit__(self, *_: object) -> None:
        with torch.no_grad():
            for module, name, buffer, value in self.before:
                buffer.copy_(value)
                setattr(module, name, buffer)  # where the model put another in its place


class Rewound(_BuffersKept):
    """Random numbers too."""

    def __init__(self, passes: Passes) -> None:
        super().__init__(passes.model)
        self.device = passes.device

    def __enter__(self) -> None:
        super().__enter__()
        self.states = _states(self.device)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        _put_back(self.device, self.states)


class Before:
    """A batch and what a pass through the model changes, as they are before it."""

    def __init__(self, passes: Passes, x: Values) -> None:
        self.x = x.clone()
        self.device = passes.device
        self.buffers = _BuffersKept(passes.model)
        self.buffers.__enter__()
        self.states = _states(passes.device)

    def again(self) -> Values:
        """Put everything back; the inputs as they were."""
        self.buffers.__exit__()
        _put_back(self.device, self.states)
        return self.x.clone()
