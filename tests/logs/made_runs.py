"""One small training as somebody else's loop would do it, and what its log says."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from made_tasks import HIDDEN, Task
from torch import Tensor, nn

BATCH_OF_HIDDEN = 250


@dataclass
class Plan:
    """How one run is trained and written down."""

    task: Task
    seed: int
    items: int = 1500
    val_items: int = 500
    width: int = 64
    batch: int = 32
    epochs: int = 30
    optimizer: str = "adam"
    schedule: str = "constant"
    factor: float = 1.0
    """Of the usual rate."""
    decay: float = 0.0
    by_step: int = 0
    """Steps between evaluations; 0: one an epoch."""
    raw: bool = False
    """The training loss is that of one minibatch at the evaluation, not a mean."""
    clean: bool = False
    """Training is measured as validation is, on some of its items."""
    target: float | None = None
    """Share of the way of the hidden loss at which somebody stops."""
    patience: int = 0
    before: Callable[["Plan", nn.Module, torch.optim.Optimizer, float], None] | None = None
    """Called before every step with the share of training that is done."""
    wrong: Callable[[Tensor, Tensor, float], tuple[Tensor, Tensor]] | None = None
    """What becomes of a batch, by the share of training that is done."""
    spoil: Callable[["Plan", nn.Module], None] | None = None
    """Done to the fresh model."""
    wrong_labels: bool = False


@dataclass
class Made:
    """Curves, the place of each point, and what only the maker knows."""

    curves: dict[str, list[float]] = field(default_factory=dict)
    at: list[float] = field(default_factory=list)
    hidden: list[float] = field(default_factory=list)
    hidden_score: list[float] = field(default_factory=list)
    untrained: float = math.nan
    """Hidden loss of the fresh model."""


def rate_at(plan: Plan, share: float) -> float:
    """The factor of the peak rate."""
    half = 0.5 * (1 + math.cos(math.pi * share))
    return {
        "constant": 1.0,
        "step": 0.1 ** (share > 0.5) * 0.1 ** (share > 0.8),
        "cosine": half,
        "linear": 1 - share,
        "warmup": min(1.0, share / 0.1) * half,
        "one-cycle": share / 0.3 if share < 0.3 else 0.5 * (1 + math.cos((share - 0.3) / 0.7 * 3.1)),
        "restarts": 0.5 * (1 + math.cos(math.pi * (share * 4 % 1))),
        "inverse-sqrt": min(1.0, share / 0.05) / math.sqrt(max(1.0, share / 0.05)),
    }[plan.schedule]  # fmt: skip


def optimizer_of(plan: Plan, model: nn.Module) -> torch.optim.Optimizer:
    """With the task's usual rate times the plan's factor."""
    rate = plan.task.rate * plan.factor
    params = list(model.parameters())
    if plan.optimizer == "sgd":
        return torch.optim.SGD(params, rate * plan.task.slow * 4, weight_decay=plan.decay)
    if plan.optimizer == "momentum":
        return torch.optim.SGD(params, rate * plan.task.slow, momentum=0.9, weight_decay=plan.decay)
    if plan.optimizer == "rmsprop":
        return torch.optim.RMSprop(params, rate / 3, weight_decay=plan.decay)
    if plan.optimizer == "adagrad":
        return torch.optim.Adagrad(params, rate * 8, weight_decay=plan.decay)
    return torch.optim.AdamW(params, rate, weight_decay=plan.decay)


def _measured(plan: Plan, model: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Loss and score, in batches so that contrastive losses stay comparable."""
    model.eval()
    state = torch.get_rng_state()
    torch.manual_seed(0)
    losses, outs = [], []
    with torch.no_grad():
        for at in range(0, len(x) - len(x) % BATCH_OF_HIDDEN or len(x), BATCH_OF_HIDDEN):
            part = slice(at, at + BATCH_OF_HIDDEN)
            outs.append(model(x[part]))
            losses.append(float(plan.task.loss(outs[-1], y[part])))
    torch.set_rng_state(state)
    model.train()
    score = plan.task.score
    kept = y[: sum(map(len, outs))]
    return sum(losses) / len(losses), math.nan if score is None else score(torch.cat(outs), kept)


def _batches(plan: Plan, n: int) -> Iterator[Tensor]:
    while True:
        order = torch.randperm(n)
        yield from order[: n - n % plan.batch].split(plan.batch)


def train(plan: Plan) -> Made:
    """Train and write down."""
    torch.manual_seed(plan.seed)
    draw = torch.Generator().manual_seed(plan.seed)
    x, y = plan.task.items(plan.items, draw)
    val, hidden = plan.task.items(plan.val_items, draw), plan.task.items(HIDDEN, draw)
    if plan.wrong_labels:
        y, val = y[torch.randperm(len(y))], (val[0], val[1][torch.randperm(len(val[1]))])
    model = plan.task.model(plan.width)
    if plan.spoil is not None:
        plan.spoil(plan, model)
    optimizer = optimizer_of(plan, model)
    peaks = [group["lr"] for group in optimizer.param_groups]
    each = plan.by_step or max(1, plan.items // plan.batch)
    steps = plan.epochs * max(1, plan.items // plan.batch)
    made, since = Made(), []
    made.untrained = _measured(plan, model, *hidden)[0]
    for step, chosen in zip(range(steps), _batches(plan, plan.items), strict=False):
        share = step / steps
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * rate_at(plan, share)
        since.append(_update(plan, model, optimizer, (x[chosen], y[chosen]), share))
        if (step + 1) % each:
            continue
        _write(plan, model, made, since, ((x[:1000], y[:1000]), val, hidden))
        made.at.append(float(step + 1 if plan.by_step else (step + 1) // each))
        made.curves.setdefault("lr", []).append(optimizer.param_groups[0]["lr"])
        since = []
        if _stops(plan, made):
            break
    return made


def _update(plan, model, optimizer, batch, share) -> tuple[float, float]:
    """One step; loss and score of its minibatch."""
    if plan.before is not None:
        plan.before(plan, model, optimizer, share)
    if plan.wrong is not None:
        batch = plan.wrong(*batch, share)
    out = model(batch[0])
    loss = plan.task.loss(out, batch[1])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    score = math.nan if plan.task.score is None else plan.task.score(out.detach(), batch[1])
    return float(loss.detach()), score


def _stops(plan: Plan, made: Made) -> bool:
    losses = made.curves["val_loss"]
    if plan.patience and len(losses) - 1 - losses.index(min(losses)) >= plan.patience:
        return True
    return plan.target is not None and made.hidden[-1] <= plan.target


def _write(plan, model, made, since, parts) -> None:
    train_part, val, hidden = parts
    if plan.clean:
        train_loss, train_score = _measured(plan, model, *train_part)
    elif plan.raw:
        train_loss, train_score = since[-1]
    else:
        train_loss, train_score = (sum(column) / len(since) for column in zip(*since, strict=True))
    val_loss, val_score = _measured(plan, model, *val)
    hidden_loss, hidden_score = _measured(plan, model, *hidden)
    made.hidden.append(hidden_loss)
    made.hidden_score.append(hidden_score)
    found = {"train_loss": train_loss, "val_loss": val_loss}
    if plan.task.score is not None:
        found |= {"train_score": train_score, "val_score": val_score}
    for name, value in found.items():
        made.curves.setdefault(name, []).append(value)
