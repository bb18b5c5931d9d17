"""An experiment of many callables, of which one raises at its n-th call and at every later one.

FAULT=site,call,kind says which; FAULT_LOG is a file that gets a line when it does.
"""

import os
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, IterableDataset, Sampler

from recipe import Experiment
from recipe.tasks import Classification

SITE, CALL, KIND = (os.environ.get("FAULT") or "none,0,ValueError").split(",")
COUNT = [0]


class Own(BaseException):
    pass


class UnprintableError(Exception):
    def __str__(self):
        raise ValueError("no words")


KINDS = {
    "RuntimeError": lambda: RuntimeError("it broke"),
    "ValueError": lambda: ValueError("it broke\nin two lines"),
    "TypeError": lambda: TypeError("it broke"),
    "KeyError": lambda: KeyError("gone"),
    "AttributeError": lambda: AttributeError("it has no such thing"),
    "AssertionError": AssertionError,
    "ZeroDivisionError": lambda: ZeroDivisionError("division by zero"),
    "OSError": lambda: FileNotFoundError(2, "No such file or directory", "image.png"),
    "MemoryError": MemoryError,
    "OutOfMemoryError": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"),
    "NotImplementedError": NotImplementedError,
    "StopIteration": StopIteration,
    "RecursionError": lambda: RecursionError("maximum recursion depth exceeded"),
    "UserWarning": lambda: UserWarning("take care"),
    "SystemExit": lambda: SystemExit(0),
    "KeyboardInterrupt": KeyboardInterrupt,
    "Own": lambda: Own("of its own kind"),
    "Unprintable": UnprintableError,
}


def tick(site):
    """One call of a site."""
    if site != SITE:
        return
    COUNT[0] += 1
    if COUNT[0] >= int(CALL):
        if log := os.environ.get("FAULT_LOG"):
            with Path(log).open("a", encoding="utf-8") as file:
                file.write(f"{site}\n")
        made = KINDS[KIND]()
        raise made


def items(n, seed):
    source = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 3
    centres = torch.tensor([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])
    return centres[y] + 0.6 * torch.randn(n, 2, generator=source), y


class Points(Dataset):
    def __init__(self, n, seed, role="train"):
        self.x, self.y = items(n, seed)
        self.role = role

    def __len__(self):
        tick(f"len_{self.role}")
        return len(self.x)

    def __getitem__(self, index):
        tick(f"item_{self.role}")
        if index >= len(self.x):
            raise IndexError(index)
        return self.transform(self.x[index]), int(self.y[index])

    def transform(self, x):
        if self.role == "train":
            tick("transform")
        return x * 1.0


class Random(Points):
    """Items that are drawn anew."""

    def transform(self, x):
        tick("random_transform")
        return x + 0.01 * torch.randn(2)


class Flow(IterableDataset):
    def __iter__(self):
        x, y = items(96, 0)
        for a, b in zip(x, y, strict=True):
            tick("stream")
            yield a, int(b)


class Turns(Sampler):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        tick("sampler")
        return iter(torch.randperm(self.n).tolist())

    def __len__(self):
        tick("sampler_len")
        return self.n


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        tick("function_forward")
        return x * 1.0

    @staticmethod
    def backward(ctx, grad):
        tick("function_backward")
        return grad * 1.0


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        tick("init")
        self.a, self.b = nn.Linear(2, 16), nn.Linear(16, 3)

    def forward(self, x):
        tick("forward" if self.training else "forward_eval")
        h = F.relu(self.a(x))
        return self.b(Scale.apply(h) if "function" in SITE else h)

    def train(self, mode=True):
        tick("train_mode")
        return super().train(mode)


class Tupled(Net):
    def forward(self, x):
        return super().forward(x), x


def factory():
    tick("factory")
    return Tupled() if SITE == "outputs" else Net()


def loss(outputs, y):
    tick("loss")
    return F.cross_entropy(outputs, y)


class Loss(nn.Module):
    def forward(self, outputs, y):
        tick("loss_module")
        return F.cross_entropy(outputs, y)


def metric(outputs, y):
    tick("metric")
    return float((outputs.argmax(1) == y).float().mean())


def augment(x):
    tick("augment")
    return x + 0.01


def update(model, optimizer, batch):
    tick("update")
    x, y = batch
    optimizer.zero_grad()
    value = F.cross_entropy(model(x), y)
    value.backward()
    optimizer.step()
    return value


class Descent(torch.optim.SGD):
    def step(self, closure=None):
        tick("step")
        return super().step(closure)

    def zero_grad(self, set_to_none=True):
        tick("zero_grad")
        super().zero_grad(set_to_none)


def optimizer(params, lr, weight_decay):
    tick("optimizer")
    return Descent(params, lr, weight_decay=weight_decay)


def schedule(progress):
    tick("schedule")
    return 1 - progress


def batch(item):
    tick("batch")
    return item


def collate(items):
    tick("collate")
    x, y = zip(*items, strict=True)
    return torch.stack(x), torch.tensor(y)


def outputs(returned):
    tick("outputs")
    return returned[0]


def train_data():
    tick("train_function")
    return items(96, 0)


class Judge(Classification):
    def sums(self, outputs, y):
        tick("task_sums")
        return super().sums(outputs, y)


def val():
    return Points(48, 1, "val")


OWN = {"optimizer": optimizer}
SITES = {
    "factory": {}, "init": {}, "forward": {}, "forward_eval": {}, "train_mode": {},
    "function_forward": {}, "function_backward": {},
    "loss": {"loss": loss}, "loss_module": {"loss": Loss()}, "metric": {"metric": metric},
    "augment": {"augment": augment}, "update": {"update": update},
    "optimizer": OWN, "step": OWN, "zero_grad": OWN,
    "schedule": {"schedule": schedule, "lr": 0.1},
    "batch": {"batch": batch, "train": Points(96, 0), "val": val()},
    "collate": {"collate": collate, "train": Points(96, 0), "val": val()},
    "outputs": {"outputs": outputs},
    "item_train": {"train": Points(96, 0)}, "item_val": {"val": val()},
    "len_train": {"train": Points(96, 0)}, "len_val": {"val": val()},
    "transform": {"train": Points(96, 0)}, "random_transform": {"train": Random(96, 0)},
    "stream": {"train": Flow(), "epoch_items": 64},
    "sampler": {"train": DataLoader(Points(96, 0), 32, sampler=Turns(96))},
    "sampler_len": {"train": DataLoader(Points(96, 0), 32, sampler=Turns(96))},
    "train_function": {"train": train_data},
    "task_sums": {"task": Judge()},
}  # fmt: skip
"""What an experiment has that calls a site."""
USUAL = {
    "model": factory,
    "train": items(96, 0),
    "val": items(48, 1),
    "batch_size": 32,
    "epochs": 2,
}


def experiment():
    return Experiment(**{**USUAL, **SITES.get(SITE, {})}, name="faulty")
