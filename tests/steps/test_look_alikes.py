"""Sound experiments that look like faults, and faults that look sound; through the first steps."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import recipe
from recipe import Experiment
from step_samples import digits, mlp

X, Y = digits(600)
DIGITS = {"train": (X[:450], Y[:450]), "val": (X[450:], Y[450:])}
CORNERS = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
EITHER = torch.tensor([0.0, 1, 1, 0])
XOR = {"train": (CORNERS, EITHER), "val": (CORNERS * 0.9 + 0.05, EITHER), "task": "binary"}


def diagnosis(out, **declared):
    declared = {"batch_size": 16, "epochs": 20, "lr": 0.05} | declared
    return recipe.run(
        Experiment(**declared), until="overfit_sample", out=out, device="cpu", fresh=True,
        exact=True, verify_budget="off",
    ).diagnosis  # fmt: skip


def line(noise, items=60):
    source = torch.Generator().manual_seed(1)
    x = torch.randn(items, 1, generator=source)
    y = 2 * x + 1 + noise * torch.randn(items, 1, generator=source)
    return {"train": (x[:-15], y[:-15]), "val": (x[-15:], y[-15:]), "task": "regression"}


def few_rows(items=200):
    """Yes or no by two columns of two and three levels: nothing tells equal rows apart."""
    source = torch.Generator().manual_seed(2)
    x = torch.stack([torch.randint(0, 2, (items,), generator=source),
                     torch.randint(0, 3, (items,), generator=source)], 1).float()  # fmt: skip
    y = (torch.rand(items, generator=source) < 0.2 + 0.5 * x[:, 0]).float()
    return x, y


def pinball(outputs, targets):
    error, levels = targets - outputs, torch.tensor([0.1, 0.5, 0.9])
    return torch.maximum(levels * error, (levels - 1) * error).mean()


def median_error(outputs, targets):
    return -(outputs[:, 1:2] - targets).abs().mean().item()


def ordered(outputs, targets):
    steps = (targets[:, None] > torch.arange(9)).float()
    return F.binary_cross_entropy_with_logits(outputs, steps, reduction="none").sum(1).mean()


def right_step(outputs, targets):
    return ((outputs > 0).sum(1) == targets).float().mean().item()


def drawn_together(outputs, targets):
    unit = F.normalize(outputs, dim=1)
    likeness = (unit @ unit.T / 0.2).masked_fill(torch.eye(len(unit)) > 0, -1e9).log_softmax(1)
    same = (targets[:, None] == targets).float().fill_diagonal_(0)
    return -(likeness * same).sum(1).div(same.sum(1).clamp(min=1)).mean()


TEACHER = 4 * torch.tanh(X @ torch.randn(64, 10, generator=torch.Generator().manual_seed(3)) / 8)


BITS = torch.stack([Y % 2, Y // 2 % 2, Y // 4 % 2], 1).float()
SHARES = 0.8 * F.one_hot(Y, 10) + 0.02
PAIRS = torch.cartesian_prod(torch.arange(20), torch.arange(20))[torch.randperm(400)]
RATED = torch.sin(PAIRS[:, :1].float()) * torch.cos(PAIRS[:, 1:].float())


class Factors(nn.Module):
    """The product of two tables that start at zero."""

    def __init__(self):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(20, 4) for _ in range(2))
        for table in self.tables:
            nn.init.zeros_(table.weight)

    def forward(self, pair):
        one, two = (table(pair[:, k]) for k, table in enumerate(self.tables))
        return (one * two).sum(1, keepdim=True)


class Cosines(nn.Module):
    """Directions beside those of ten classes."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.body, self.scale = (
            nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 16)),
            scale,
        )
        self.classes = nn.Parameter(torch.randn(10, 16))

    def forward(self, x):
        return self.scale * F.normalize(self.body(x)) @ F.normalize(self.classes).T


def distilled(outputs, targets):
    share, teacher = (logits.log_softmax(1) for logits in (outputs / 2, targets / 2))
    return F.kl_div(share, teacher, log_target=True, reduction="batchmean")


class Experts(nn.Module):
    """Each item goes through one of four experts."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(64, 4)
        self.experts = nn.ModuleList(nn.Linear(64, 10) for _ in range(4))

    def forward(self, x):
        weights, chosen = self.gate(x).softmax(1).max(1)
        outputs = x.new_zeros(len(x), 10)
        for k, expert in enumerate(self.experts):
            if (chosen == k).any():
                outputs[chosen == k] = expert(torch.relu(x[chosen == k]))
        return outputs * weights[:, None]


class Skipping(nn.Module):
    """Blocks that are left out at random in training."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(64, 32), nn.Linear(32, 10)
        self.blocks = nn.ModuleList(nn.Linear(32, 32) for _ in range(6))

    def forward(self, x):
        x = self.first(x).relu()
        for block in self.blocks:
            if not self.training or torch.rand(()) < 0.5:
                x = x + block(x).relu()
        return self.last(x)


class TwoHeads(nn.Module):
    """Trend and season, side by side: linear on purpose."""

    def __init__(self):
        super().__init__()
        self.trend, self.season = nn.Linear(8, 2), nn.Linear(8, 2)

    def forward(self, x):
        mean = x.mean(1, keepdim=True)
        return self.trend(mean.expand_as(x)) + self.season(x - mean)


def series():
    source = torch.Generator().manual_seed(3)
    x = torch.randn(120, 8, generator=source)
    y = x @ torch.randn(8, 2, generator=source)
    return {"train": (x[:90], y[:90]), "val": (x[90:], y[90:]), "task": "regression"}


def two_optimizers(model, optimizer, batch):
    if not hasattr(model, "own"):
        object.__setattr__(model, "own", torch.optim.Adam(model.parameters(), 1e-2))
    model.own.zero_grad()
    loss = F.cross_entropy(model(batch[0]), batch[1])
    loss.backward()
    model.own.step()
    return loss


def own_error(model, optimizer, batch):
    optimizer.zero_grad()
    loss = F.mse_loss(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    return loss


SOUND = {
    "a noisy line": {"model": lambda: nn.Linear(1, 1), **line(1.0)},
    "a line without noise": {"model": lambda: nn.Linear(1, 1), **line(0.0)},
    "a line through five points": {"model": lambda: nn.Linear(1, 1), **line(1.5, 20)},
    "logistic regression of overlapping clouds": {
        "model": lambda: nn.Linear(2, 1), "task": "binary",
        "train": (X[:300, 20:22], (Y[:300] > 4).float()), "val": (X[300:, 20:22], (Y[300:] > 4).float()),
    },
    "a table of six different rows": {
        "model": mlp(2, 1, 64), "task": "binary",
        "train": tuple(t[:150] for t in few_rows()), "val": tuple(t[150:] for t in few_rows()),
    },
    "a regression on six different rows": {
        "model": mlp(2, 1, 64), "task": "regression",
        "train": tuple(t[:150] for t in few_rows()), "val": tuple(t[150:] for t in few_rows()),
    },
    "targets in millions": {
        "model": mlp(1, 1, 64), "task": "regression", "loss": nn.MSELoss(),
        "train": (line(0.1)["train"][0], 1e6 * line(0.1)["train"][1]),
        "val": (line(0.1)["val"][0], 1e6 * line(0.1)["val"][1]),
    },
    "targets in millions and an update step": {
        "model": mlp(1, 1, 64), "task": "regression", "update": own_error,
        "train": (line(0.1)["train"][0], 1e6 * line(0.1)["train"][1]),
        "val": (line(0.1)["val"][0], 1e6 * line(0.1)["val"][1]),
    },
    "experts": {"model": Experts, **DIGITS},
    "blocks left out at random": {"model": Skipping, **DIGITS},
    "linear heads side by side": {"model": TwoHeads, **series()},
    "an optimizer of its own": {"model": mlp(64, 10, 32), "update": two_optimizers, **DIGITS},
    "an autoencoder with two units": {
        "model": lambda: nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 2),
                                       nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 64)),
        "train": (X[:450], X[:450]), "val": (X[450:], X[450:]), "task": "regression", "lr": 0.01,
    },
    "three quantiles of one target": {
        "model": mlp(1, 3, 32), **line(0.1), "loss": pinball, "metric": median_error, "lr": 0.01,
    },
    "steps between ordered classes": {
        "model": mlp(64, 9, 64), **DIGITS, "loss": ordered, "metric": right_step, "lr": 0.01,
    },
    "an embedding": {"model": mlp(64, 8, 64), **DIGITS, "loss": drawn_together, "lr": 0.01},
    "an optimizer that goes up a loss with a minus": {
        "model": mlp(64, 10, 32), **DIGITS, "loss": lambda o, y: -F.cross_entropy(o, y),
        "optimizer": lambda p, lr, _: torch.optim.Adam(p, lr, maximize=True), "lr": 0.003,
    },
    "cosines times a scale": {"model": lambda: Cosines(10.0), **DIGITS},
    "shares of classes": {
        "model": mlp(64, 10, 64), "loss": nn.CrossEntropyLoss(), "lr": 0.05,
        "train": (X[:450], SHARES[:450]), "val": (X[450:], SHARES[450:]),
        "metric": lambda o, t: (o.argmax(1) == t.argmax(1)).float().mean().item(),
    },
    "logits of a teacher": {
        "model": mlp(64, 10, 64), "task": "regression", "loss": distilled, "optimizer": "adam",
        "train": (X[:450], TEACHER[:450]), "val": (X[450:], TEACHER[450:]), "lr": 3e-3,
        "metric": lambda o, t: (o.argmax(1) == t.argmax(1)).float().mean().item(),
    },
    "exclusive or with two hidden units": {
        "model": lambda: nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)), **XOR,
        "batch_size": 4, "lr": 0.1, "epochs": 200,
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SOUND)
def test_a_sound_experiment(tmp_path, name):
    found = diagnosis(tmp_path, **SOUND[name])
    if "millions" in name:
        assert found[:1] == ("targets-not-scaled",)  # and no other shapes
        return
    quiet = {"too-little-validation-data", "train-validation-overlap"}  # of these small samples
    assert not set(found) - quiet


def squeezing(outputs, targets):
    return F.mse_loss(outputs.squeeze(), targets)


def broadcasting(model, optimizer, batch):
    optimizer.zero_grad()
    loss = ((model(batch[0]) - batch[1]) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss


def softmax_inside(model, optimizer, batch):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(batch[0]).softmax(1), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def sigmoid_inside(model, optimizer, batch):
    optimizer.zero_grad()
    outputs = torch.sigmoid(model(batch[0]))
    loss = F.binary_cross_entropy_with_logits(outputs.squeeze(1), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def flat_targets(given):
    return {k: (v[0], v[1].squeeze(1)) if isinstance(v, tuple) else v for k, v in given.items()}


YES = {"train": (X[:450], (Y[:450] > 4).float()), "val": (X[450:], (Y[450:] > 4).float()),
       "task": "binary"}  # fmt: skip
FAULTS = {
    "no activation before a sigmoid": (
        "model-is-linear",
        {"model": lambda: nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 1), nn.Sigmoid()), "loss": lambda o, y: F.binary_cross_entropy(o.squeeze(1), y),
         **XOR, "batch_size": 4},
    ),
    "no activation before a log-softmax": (
        "model-is-linear",
        {"model": lambda: nn.Sequential(nn.Linear(64, 32), nn.Linear(32, 10), nn.LogSoftmax(1)),
         "loss": nn.NLLLoss(), **DIGITS},
    ),
    "a loss that squeezes the outputs": (
        "outputs-do-not-match-targets", {"model": mlp(1, 1, 16), "loss": squeezing, **line(0.3)},
    ),
    "an update step that broadcasts": (
        "outputs-do-not-match-targets",
        {"model": mlp(1, 1, 16), "update": broadcasting, **flat_targets(line(0.3))},
    ),
    "a softmax in the update step": (
        "softmax-before-loss", {"model": mlp(64, 10, 32), "update": softmax_inside, **DIGITS},
    ),
    "a sigmoid in the update step": (
        "sigmoid-before-loss", {"model": mlp(64, 1, 32), "update": sigmoid_inside, **YES},
    ),
    "a softmax over the batch, in four rows": (
        "batch-mixing",
        {"model": mlp(2, 2, 8, nn.Softmax(0)), **XOR, "task": "classification",
         "train": (CORNERS, EITHER.long()), "val": (CORNERS * 0.9, EITHER.long()),
         "loss": lambda o, y: F.nll_loss(o.log(), y), "batch_size": 4},
    ),
    "a square root at zero": (
        "initial-loss-not-finite",
        {"model": mlp(1, 1, 16), **line(0.1),
         "loss": lambda o, y: ((o - y) * (y > 0)).square().sum(1).sqrt().mean()},
    ),
    "an optimizer that goes up": (
        "loss-sign-flipped",
        {"model": mlp(64, 10, 32), **DIGITS, "lr": 0.003,
         "optimizer": lambda p, lr, _: torch.optim.Adam(p, lr, maximize=True)},
    ),
    "weights that are frequencies": (
        "class-imbalance",
        {"model": mlp(64, 2, 32), "train": (X[:450], (Y[:450] == 0).long()),
         "val": (X[450:], (Y[450:] == 0).long()),
         "loss": nn.CrossEntropyLoss(torch.tensor([0.9, 0.1]))},
    ),
    "a softmax over labels": (
        "wrong-loss-for-task",
        {"model": mlp(64, 3, 32), "train": (X[:450], BITS[:450]), "val": (X[450:], BITS[450:]),
         "task": "multilabel", "loss": nn.CrossEntropyLoss()},
    ),
    "factors of zero": (
        "symmetric-initialization",
        {"model": Factors, "train": (PAIRS[:300], RATED[:300]), "val": (PAIRS[300:], RATED[300:]),
         "task": "regression"},
    ),
    "cosines as logits": ("output-activation-limits-range", {"model": Cosines, **DIGITS}),
    "logits of a teacher as probabilities": (
        "wrong-loss-for-task",
        {"model": mlp(64, 10, 64), "task": "regression", "loss": nn.CrossEntropyLoss(),
         "train": (X[:450], TEACHER[:450]), "val": (X[450:], TEACHER[450:])},
    ),
    "a relu below a log-softmax": (
        "output-activation-limits-range",
        {"model": mlp(64, 10, 32, nn.ReLU(), nn.LogSoftmax(1)), "loss": nn.NLLLoss(), **DIGITS},
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault(tmp_path, name):
    rule, declared = FAULTS[name]
    assert diagnosis(tmp_path, **declared)[:1] == (rule,)


@pytest.mark.slow
def test_a_relu_below_a_softmax_is_what_the_remedy_leaves_out(tmp_path):
    _, declared = FAULTS["a relu below a log-softmax"]
    result = recipe.run(
        Experiment(**declared, batch_size=16, epochs=10, lr=0.05), until="initial_loss",
        out=tmp_path, device="cpu", fresh=True, exact=True,
    )  # fmt: skip
    (found,) = [f for f in result.findings if f.rule == "output-activation-limits-range"]
    assert found.remedy.after > 0.8


@pytest.mark.slow
def test_a_softmax_over_answers_that_do_not_exclude_each_other_becomes_a_sigmoid(tmp_path):
    source = torch.Generator().manual_seed(0)
    x = torch.randn(400, 6, generator=source)
    y = (x[:, :3] > 0).float()
    result = recipe.run(
        Experiment(model=mlp(6, 3, 32, nn.Softmax(1)), train=(x[:300], y[:300]), lr=0.01,
                   val=(x[300:], y[300:]), task="multilabel", loss=F.binary_cross_entropy,
                   optimizer="adam", batch_size=32, epochs=15),
        until="initial_loss", out=tmp_path, device="cpu", fresh=True, exact=True,
    )  # fmt: skip
    assert result.diagnosis == ("output-activation-limits-range",)
    assert result.findings[0].remedy.after > 0.9 > result.findings[0].remedy.before


def test_outputs_that_are_not_finite_are_not_taken_for_equal_ones(tmp_path):
    source = torch.Generator().manual_seed(0)
    x = torch.randn(200, 5, generator=source)
    y = F.relu(x[:, :1] - 1.2)  # mostly zero: the error of whole batches is exactly zero

    def zero_head():
        model = mlp(5, 1, 16)()
        nn.init.zeros_(model[-1].weight)
        nn.init.zeros_(model[-1].bias)
        return model

    found = diagnosis(
        tmp_path, model=zero_head, train=(x[:150], y[:150]), val=(x[150:], y[150:]), batch_size=4,
        task="regression", loss=lambda o, y: F.mse_loss(o, y).sqrt(), optimizer="adam", lr=1e-3,
    )  # fmt: skip
    assert "cannot-overfit-sample" in found
    assert "inputs-ignored" not in found
