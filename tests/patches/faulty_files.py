"""Ten files that edits were written with, and ten that were held out: fault and text of each."""

HEAD = """import torch
from torch import nn
from torch.nn import functional as F
from recipe import Experiment

g = torch.Generator().manual_seed(0)
centres = torch.randn(3, 8, generator=g) * 2
y = torch.randint(3, (600,), generator=g)
x = centres[y] + torch.randn(600, 8, generator=g)
x = (x - x.mean(0)) / x.std(0)

"""
END = """
experiment = Experiment(model={model}, train=(x[:500], y[:500]), val=(x[500:], y[500:]), lr=0.05, epochs=5{more})
"""
MLP = "nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))"


def file(model="make", more="", body=""):
    return HEAD + body + END.format(model=model, more=more)


def net(last="x", init="", act="torch.relu"):
    return f"""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 32)
        self.b = nn.Linear(32, 3)
{init}
    def forward(self, x):
        x = {act}(self.a(x))
        x = self.b(x)
        return {last}

"""


PLAIN = f"lambda: {MLP}"
UPDATE = """
def update(model, optimizer, batch):
    inputs, targets = batch
{lines}
    return loss

"""
SEEN = {
    "softmax_in_sequential": (
        "softmax-before-loss",
        file(PLAIN.replace("(32, 3))", "(32, 3), nn.Softmax(dim=1))")),
    ),
    "softmax_in_forward": ("softmax-before-loss", file("Net", body=net("F.softmax(x, dim=1)"))),
    "nll_on_logits": ("nll-on-logits", file(PLAIN, ", loss=F.nll_loss")),
    "gradients_kept": (
        "gradients-not-cleared",
        file(
            PLAIN,
            ", update=update",
            UPDATE.format(
                lines="    loss = F.cross_entropy(model(inputs), targets)\n    loss.backward()\n    optimizer.step()"
            ),
        ),
    ),
    "constant_weights": (
        "symmetric-initialization",
        file(
            "Net",
            body=net(
                init="        nn.init.constant_(self.a.weight, 0.1)\n        nn.init.constant_(self.b.weight, 0.1)\n"
            ),
        ),
    ),
    "negative_loss": (
        "loss-sign-flipped",
        file(PLAIN, ", loss=lambda outputs, targets: -F.cross_entropy(outputs, targets)"),
    ),
    "frozen": (
        "frozen-parameters",
        file(
            "make",
            body="def make():\n    model = "
            + MLP
            + "\n    for p in model[0].parameters():\n        p.requires_grad = False\n    return model\n",
        ),
    ),
    "raw_inputs": ("inputs-not-scaled", file(PLAIN, body="x = x * 300 + 2000\n")),
    "summed_loss": (
        "loss-summed-over-batch",
        file(PLAIN, ', loss=nn.CrossEntropyLoss(reduction="sum")'),
    ),
    "evaluation_mode": (
        "evaluation-mode-in-training",
        file(
            PLAIN.replace("nn.ReLU()", "nn.BatchNorm1d(32), nn.ReLU()"),
            ", update=update",
            UPDATE.format(
                lines="    model.eval()\n    optimizer.zero_grad()\n    loss = F.cross_entropy(model(inputs), targets)\n    loss.backward()\n    optimizer.step()"
            ),
        ),
    ),
}
HELD = {
    "softmax_method": ("softmax-before-loss", file("Net", body=net("x.softmax(-1)"))),
    "softmax_attribute": (
        "softmax-before-loss",
        file("Net", body=net("self.out(x)", "        self.out = nn.Softmax(dim=-1)\n")),
    ),
    "nll_on_softmax": (
        "nll-on-probabilities",
        file("Net", ", loss=nn.NLLLoss()", net("torch.softmax(x, 1)")),
    ),
    "gradients_kept_in_helper": (
        "gradients-not-cleared",
        file(
            PLAIN,
            ", update=update",
            "def push(loss, opt):\n    loss.backward()\n    opt.step()\n\n"
            + UPDATE.format(
                lines="    loss = F.cross_entropy(model(inputs), targets)\n    push(loss, optimizer)"
            ),
        ),
    ),
    "huge_weights": (
        "initialization-too-large",
        file(
            "make",
            body="def make():\n    model = "
            + MLP
            + "\n    with torch.no_grad():\n        for layer in model:\n            if isinstance(layer, nn.Linear):\n                layer.weight.mul_(60)\n    return model\n",
        ),
    ),
    "ascending_update": (
        "loss-sign-flipped",
        file(
            PLAIN,
            ", update=update",
            UPDATE.format(
                lines="    optimizer.zero_grad()\n    loss = F.cross_entropy(model(inputs), targets)\n    (-loss).backward()\n    optimizer.step()"
            ),
        ),
    ),
    "frozen_by_call": (
        "frozen-parameters",
        file(
            "make",
            body="def make():\n    model = "
            + MLP
            + "\n    model[0].requires_grad_(False)\n    return model\n",
        ),
    ),
    "one_large_feature": (
        "inputs-not-scaled",
        file("lambda: " + MLP, body="x[:, 0] = x[:, 0] * 5e3 + 4e4\n")
        .replace("train=(x[:500], y[:500]), val=(x[500:], y[500:])", "train=train, val=val")
        .replace(
            "\nexperiment", "\ntrain = (x[:500], y[:500])\nval = (x[500:], y[500:])\nexperiment"
        ),
    ),
    "summed_by_hand": (
        "loss-summed-over-batch",
        file(
            PLAIN,
            ", loss=total",
            "def total(outputs, targets):\n    return F.cross_entropy(outputs, targets, reduction='none').sum()\n",
        ),
    ),
    "tiny_weights": (
        "initialization-too-small",
        file(
            "Net",
            body=net(
                init="        for layer in (self.a, self.b):\n            nn.init.normal_(layer.weight, std=1e-6)\n            nn.init.zeros_(layer.bias)\n"
            ),
        ),
    ),
}
