"""What goes wrong in a training, for curves whose kind is known."""

import math
import random

import torch
from made_runs import Plan
from torch import Tensor, nn


def pretrained(plan: Plan, model: nn.Module) -> None:
    """Train it on much the same data, as what is fine-tuned was."""
    draw = torch.Generator().manual_seed(plan.seed + 1)
    x, y = plan.task.items(2000, draw)
    optimizer = torch.optim.Adam(model.parameters(), plan.task.rate)
    for _ in range(400):
        chosen = torch.randint(len(x), (64,), generator=draw)
        loss = plan.task.loss(model(x[chosen] * (1 if x.dtype == torch.long else 1.3)), y[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] *= factor


def raised(when: float, factor: float):
    """The rate is raised in the middle of training and stays there."""

    def before(_plan: Plan, _model: nn.Module, optimizer: torch.optim.Optimizer, share: float):
        if share >= when:
            _set_rate(optimizer, factor)

    return before


def shaken(when: float, size: float, rest: float):
    """The weights are thrown away from where they were, and a rate too small to come back."""
    done = []

    def before(_plan: Plan, model: nn.Module, optimizer: torch.optim.Optimizer, share: float):
        if share < when:
            return
        _set_rate(optimizer, rest)
        if not done:
            done.append(True)
            with torch.no_grad():
                for weight in model.parameters():
                    weight.add_(size * torch.randn_like(weight))

    return before


def decayed_away(when: float, by: float):
    """Weights shrink to nothing, as under a decay that is far too strong."""

    def before(_plan: Plan, model: nn.Module, _optimizer: torch.optim.Optimizer, share: float):
        if share >= when:
            with torch.no_grad():
                for weight in model.parameters():
                    weight.mul_(by)

    return before


def shuffled_from(when: float):
    """From then on the labels belong to other inputs."""

    def wrong(x: Tensor, y: Tensor, share: float) -> tuple[Tensor, Tensor]:
        return (x, y) if share < when else (x, y[torch.randperm(len(y))])

    return wrong


def poisoned(when: float, value: float):
    """One batch has an item that is not finite, or overflows."""

    def wrong(x: Tensor, y: Tensor, share: float) -> tuple[Tensor, Tensor]:
        if share < when or not x.dtype.is_floating_point:
            return x, y
        x = x.clone()
        x[0] = value
        return x, y

    return wrong


def to_nan(when: float):
    """A weight becomes NaN, as after a step of infinite gradient."""

    def before(_plan: Plan, model: nn.Module, _optimizer: torch.optim.Optimizer, share: float):
        if share >= when:
            with torch.no_grad():
                next(model.parameters())[0] = math.nan

    return before


def frozen(_plan: Plan, model: nn.Module) -> None:
    """Nothing can be trained but one weight that matters little."""
    for weight in model.parameters():
        weight.register_hook(lambda gradient: gradient * 0)


def dead(_plan: Plan, model: nn.Module) -> None:
    """Every hidden unit is off."""
    for module in list(model.modules()):
        if isinstance(module, nn.Linear | nn.Conv2d) and module.bias is not None:
            nn.init.constant_(module.bias, -20.0)
    last = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)][-1]
    nn.init.zeros_(last.bias)


def blind(x: Tensor, y: Tensor, _share: float) -> tuple[Tensor, Tensor]:
    """The model sees nothing."""
    return torch.zeros_like(x), y


def always_shuffled(x: Tensor, y: Tensor, _share: float) -> tuple[Tensor, Tensor]:
    """Labels never belong to their inputs."""
    return x, y[torch.randperm(len(y))]


def collapse(random_: random.Random) -> dict[str, object]:
    """One way to lose a good state."""
    when = random_.uniform(0.35, 0.85)
    kind = random_.choice(["raised", "raised", "shaken", "decayed", "shuffled"])
    if kind == "raised":
        return {"before": raised(when, 10 ** random_.uniform(1.5, 3.5))}
    if kind == "shaken":
        return {"before": shaken(when, random_.uniform(1.0, 4.0), 10 ** random_.uniform(-3, -1))}
    if kind == "decayed":
        return {"before": decayed_away(when, random_.uniform(0.8, 0.95))}
    return {"wrong": shuffled_from(when)}


def stuck(random_: random.Random) -> dict[str, object]:
    """One way to learn nothing at all."""
    kind = random_.choice(["rate", "frozen", "dead", "blind", "labels", "shuffled"])
    return {
        "rate": {"factor": 1e-6},
        "frozen": {"spoil": frozen},
        "dead": {"spoil": dead},
        "blind": {"wrong": blind},
        "labels": {"wrong_labels": True},
        "shuffled": {"wrong": always_shuffled},
    }[kind]
