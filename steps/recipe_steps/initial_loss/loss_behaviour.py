"""How a loss function behaves on made-up outputs: what it expects, averages and rewards."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.plugin import Embedding, Experiment, LossFunction, Scalar, Task
from recipe_steps.rows import real

ITEMS = 64
ROUNDED = 1e-3
"""What rounding adds to a sum of shares."""
STEP = 0.1
"""How far outputs are moved towards the targets to see whether the loss falls."""
DIRECTIONS, BESIDE = 4, 0.01
"""Random directions in which a lowest point is looked for, and how far, in deviations of the
targets: near enough for a slope to outweigh a curvature."""
PULLS = 0.0, 0.5, 0.9
"""How far made-up embeddings are brought together with those of their class."""
LOGIT = 3.0
"""Logits of this size on the right side leave little doubt."""


FAR = (10.0, 20.0, 40.0)
"""Shifts of one output behind which a loss that still falls in proportion falls for ever."""
IN_PROPORTION = 1.8
"""Of the last fall, which would be twice the one before."""
MOST_PLACES, SOME_ITEMS = 16, 8
COUNTS, LOG_STEP = (2.0, 5.0), 0.05
"""Targets at which the least of a loss is looked for, and how finely."""


def loss_marks(experiment: Experiment, outputs: Tensor, targets: Tensor) -> dict[str, Scalar]:
    """Scalars; what a loss refuses to compute is left out.

    `batch_factor` is the loss of a batch with every item twice, over that of the batch: 1 for a
    mean, 2 for a sum. `loss_towards_targets` is the change of the loss when outputs move towards
    the targets; for a sound loss it is negative. `probability_floor` is the loss of perfect
    probabilities over that of zeros, `logit_floor` that of logits of +-3 on the right side.
    `rows_of_one_label` is their share, where any number of labels may be right.
    `loss_takes_logs`: of real targets, whether outputs are meant as their logarithms.
    `loss_is_distance`: a squared or absolute error, told by its differences along a line.
    `loss_falls_forever`: of several outputs for a real target, the one that makes the loss of every
    item fall without end, as "2 grows" or "2 falls".
    """
    # On the processor: what a loss refuses there would abort an accelerator for good.
    outputs, targets = real(outputs[:ITEMS].detach()).cpu(), targets[:ITEMS].cpu()
    task, loss = experiment.resolved_task, experiment.loss_function
    scalars: dict[str, Scalar] = {}

    def note(name: str, value: Callable[[], Scalar]) -> None:
        try:
            scalars[name] = value()
        except Exception:  # noqa: BLE001 - a loss may refuse what it was not made for
            return

    note("batch_factor", lambda: _batch_factor(loss, outputs, targets))
    if isinstance(task, Embedding):
        far, half, near = PULLS  # margins make losses flat beyond either end
        note("loss_towards_targets", lambda: _pulled(loss, outputs, targets, far, half))
        note("loss_away_from_targets", lambda: _pulled(loss, outputs, targets, near, half))
        return scalars
    answers = perfect_answers(task, outputs, targets)
    if answers is None:
        if task.target_kind == "real":
            note("loss_falls_forever", lambda: _falls_forever(loss, outputs, targets))
        return scalars
    if task.target_kind == "real":
        # Losses with a link function have their lowest point elsewhere; none has its highest here.
        note("loss_towards_targets", lambda: _peak(loss, answers, targets))
        note("loss_away_from_targets", lambda: -_peak(loss, answers, targets))
        note("loss_normalises", lambda: _normalises(loss, outputs, targets))
        note("loss_is_logistic", lambda: _is_logistic(loss, outputs, targets))
        note("loss_takes_logs", lambda: _takes_logs(loss, answers, targets))
        return scalars
    if task.target_kind == "class index":
        note("loss_is_over_batch", lambda: _is_over_batch(loss, outputs, targets))
    if task.target_kind == "zero or one":
        note("loss_is_softmax", lambda: _is_softmax(loss, outputs, targets))
        axis = task.class_axis(outputs, targets)
        note("rows_of_one_label", lambda: _of_one(answers.sum(axis)))
    note("loss_towards_targets", lambda: _change(loss, outputs, answers, targets))
    note("loss_away_from_targets", lambda: _change(loss, outputs, answers, targets, away=True))
    zeros = torch.zeros_like(outputs)
    note("neutral_logit_loss", lambda: _value(loss, zeros, targets))
    note("probability_floor", lambda: _value(loss, answers, targets) / _value(loss, zeros, targets))
    logits = LOGIT * (2 * answers - 1)
    note("logit_floor", lambda: _value(loss, logits, targets) / _value(loss, zeros, targets))
    note("loss_is_distance", lambda: _is_distance(loss, outputs, answers, targets))
    return scalars


def _pulled(
    loss: LossFunction, outputs: Tensor, targets: Tensor, before: float, after: float
) -> float | None:
    """The change of the loss between two shares of the way from random embeddings of length 1 to
    the mean of their class, or from the second of each item to its first; 0 where several draws
    do not agree about its sign.
    """
    labels = outputs.ndim == 2 and targets.shape == outputs.shape[:1]
    if not labels and not (outputs.ndim == 3 and outputs.shape[1] > 2):
        return None
    generator, changes = torch.Generator().manual_seed(0), []
    for _ in range(DIRECTIONS):
        points = F.normalize(torch.randn(outputs.shape, generator=generator), dim=-1)
        goal = points.clone()
        if labels:
            same = (targets[:, None] == targets).float()
            goal = same @ points / same.sum(1, keepdim=True)
        else:
            goal[:, 1] = points[:, 0]
        start, end = (F.normalize(points.lerp(goal, share), dim=-1) for share in (before, after))
        changes.append(_value(loss, end, targets) - _value(loss, start, targets))
    agree = all(change > 0 for change in changes) or all(change < 0 for change in changes)
    return sum(changes) / len(changes) if agree else 0.0


def _value(loss: LossFunction, outputs: Tensor, targets: Tensor) -> float:
    return float(loss(outputs, targets))


def _change(
    loss: LossFunction, outputs: Tensor, answers: Tensor, targets: Tensor, *, away: bool = False
) -> float:
    """Of the loss, when outputs move a step towards the answers, or away from them."""
    inside = bool((outputs >= 0).all() and (outputs <= 1).all())
    direction = answers - outputs if inside else 2 * answers - 1
    nearer = outputs + STEP * direction
    moved = 2 * outputs - nearer if away else nearer
    if inside and away:
        moved = moved.clamp(0, 1)
    return _value(loss, moved, targets) - _value(loss, outputs, targets)


def _batch_factor(loss: LossFunction, outputs: Tensor, targets: Tensor) -> float | None:
    once = _value(loss, outputs, targets)
    twice = _value(loss, torch.cat([outputs, outputs]), torch.cat([targets, targets]))
    return twice / once if once and math.isfinite(twice) and math.isfinite(once) else None


def _falls_forever(loss: LossFunction, outputs: Tensor, targets: Tensor) -> str:
    """The output, counted from 1, and its way along which the loss falls in proportion to it, for
    all items together and for some one by one; empty where there is none.
    """
    if outputs.ndim < 2 or outputs.shape[-1] > MOST_PLACES or len(outputs) != len(targets):
        return ""
    parts = [slice(None), *(slice(i, i + 1) for i in range(min(SOME_ITEMS, len(outputs))))]
    for place in range(outputs.shape[-1]):
        for way, said in ((1.0, "grows"), (-1.0, "falls")):
            step = torch.zeros_like(outputs)
            step[..., place] = way
            if all(_falls(loss, outputs[part], step[part], targets[part]) for part in parts):
                return f"{place + 1} {said}"
    return ""


def _falls(loss: LossFunction, outputs: Tensor, step: Tensor, targets: Tensor) -> bool:
    near, far, farther = (_value(loss, outputs + shift * step, targets) for shift in FAR)
    return math.isfinite(farther) and far - farther > IN_PROPORTION * (near - far) > 0


def _is_distance(loss: LossFunction, outputs: Tensor, answers: Tensor, targets: Tensor) -> bool:
    """A squared error has second differences that are equal, an absolute one none, and the
    answers themselves have no loss.
    """
    way = 0.25 * (answers - outputs)
    a, b, c, d, e, beyond = (_value(loss, outputs + k * way, targets) for k in range(6))
    second, third = a - 2 * b + c, d - 3 * c + 3 * b - a
    lowest = a > 0 and abs(e) < 1e-5 * a and math.isclose(beyond, d, rel_tol=1e-3)  # no hinge
    return lowest and abs(third) < 1e-3 * max(abs(second), 1e-3 * a)


def _normalises(loss: LossFunction, outputs: Tensor, targets: Tensor) -> bool:
    """Whether a common shift of all outputs, beyond all targets, changes nothing."""
    if outputs.ndim < 2 or torch.allclose(targets.sum(-1).float(), torch.ones(1)):
        return False  # soft labels
    if targets.shape == outputs.shape and _lowest_at(loss, targets.double()):
        return False  # logits of another model
    shift = 10 * (1 + outputs.abs().max() + targets.abs().max()).item()
    rows = shift * torch.arange(1, len(outputs) + 1).double()
    rows = rows.reshape(-1, *[1] * (outputs.ndim - 1))
    plain, moved = (_value(loss, outputs.double() + by, targets.double()) for by in (0, rows))
    return math.isclose(plain, moved, rel_tol=1e-6, abs_tol=1e-9)


def _lowest_at(loss: LossFunction, targets: Tensor) -> bool:
    """Whether outputs that equal the targets have a lower loss than those beside them."""
    generator, at = torch.Generator().manual_seed(0), _value(loss, targets, targets)
    for _ in range(DIRECTIONS):
        step = BESIDE * targets.std() * torch.randn(targets.shape, generator=generator).double()
        if not all(_value(loss, targets + way * step, targets) > at for way in (1, -1)):
            return False
    return True


def _is_softmax(loss: LossFunction, outputs: Tensor, targets: Tensor) -> bool:
    """Whether a loss of several labels for each item is a cross-entropy of their softmax, up to a
    factor.
    """
    if outputs.ndim != 2 or outputs.shape[1] < 2 or targets.shape != outputs.shape:
        return False
    generator, factors = torch.Generator().manual_seed(0), []
    for _ in range(DIRECTIONS):
        made_up = torch.randn(outputs.shape, generator=generator)
        own = -(targets.float() * made_up.log_softmax(1)).sum().item()
        factors.append(_value(loss, made_up, targets) / own if own else math.nan)
    return all(math.isclose(factor, factors[0], rel_tol=1e-4) for factor in factors)


def _is_over_batch(loss: LossFunction, outputs: Tensor, targets: Tensor) -> bool:
    """Whether it is the cross-entropy of a softmax over the items instead of the classes."""
    if outputs.ndim != 2 or targets.ndim != 1:
        return False
    generator = torch.Generator().manual_seed(0)
    for _ in range(DIRECTIONS):
        made_up = torch.randn(outputs.shape, generator=generator)
        over_items = F.nll_loss(made_up.log_softmax(0), targets).item()
        if not math.isclose(_value(loss, made_up, targets), over_items, rel_tol=1e-4):
            return False
    return True


def _is_logistic(loss: LossFunction, outputs: Tensor, targets: Tensor) -> bool:
    """softplus(o) - y o at o and at -o differ by o (1 - 2 y)."""
    if bool(((targets >= 0) & (targets <= 1)).all()):
        return False  # shares and probabilities
    mean = targets.float().mean().item()
    for logit in (1.0, 3.0):
        up, down = (
            _value(loss, torch.full_like(outputs, sign * logit), targets) for sign in (1, -1)
        )
        if not math.isclose(up - down, logit * (1 - 2 * mean), rel_tol=1e-3, abs_tol=1e-4):
            return False
    return not math.isclose(mean, -0.5, abs_tol=0.01)  # a squared error would do the same there


def _takes_logs(loss: LossFunction, answers: Tensor, targets: Tensor) -> bool:
    """Whether the loss is least where outputs are the logarithms of the targets, as that of counts
    is (nn.PoissonNLLLoss).
    """
    places = torch.arange(-1.0, 7.0, LOG_STEP).tolist()
    for target in COUNTS:
        given = torch.full_like(targets, target)
        found = [_value(loss, torch.full_like(answers, place), given) for place in places]
        if not all(map(math.isfinite, found)):
            return False
        if abs(places[found.index(min(found))] - math.log(target)) > LOG_STEP:
            return False
    return True


def _peak(loss: LossFunction, answers: Tensor, targets: Tensor) -> float:
    """How far the loss at the targets lies above that of outputs beside them, on either side.

    Beside is a step up or down for each output by itself: a common one changes nothing, but for
    rounding, where the loss takes a softmax.
    """
    step = STEP * max(1e-3, float(targets.float().std()) if targets.numel() > 1 else 1.0)
    drawn = torch.randint(0, 2, answers.shape, generator=torch.Generator().manual_seed(0))
    steps = step * (2 * drawn - 1).to(answers)
    beside = [_value(loss, answers + sign * steps, targets) for sign in (1, -1)]
    return _value(loss, answers, targets) - max(beside)


def _of_one(sums: Tensor) -> float:
    """The share of sums that are one, up to rounding."""
    return ((sums - 1).abs() < ROUNDED).float().mean().item()


def perfect_answers(task: Task, outputs: Tensor, targets: Tensor) -> Tensor | None:
    """What perfect probabilities, or perfect values, would be, in the shape of `outputs`."""
    if task.target_kind == "class index":
        axis = task.class_axis(outputs, targets)
        labels = targets.long().where(task.counted(targets), 0)  # any: nobody looks there
        if outputs.ndim <= axis:
            return None
        if labels.numel() * outputs.shape[axis] == outputs.numel():  # masks [N, 1, H, W] too
            labels = labels.reshape(outputs.select(axis, 0).shape)
        if not bool(((labels >= 0) & (labels < outputs.shape[axis])).all()):
            return None
        return torch.zeros_like(outputs).scatter_(axis, labels.unsqueeze(axis), 1.0)
    if targets.numel() != outputs.numel():
        return None
    return targets.reshape(outputs.shape).to(outputs.dtype)
