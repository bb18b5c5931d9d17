"""Loops of the same kinds, written in other ways, that the marks were not fitted to."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

LOSS = nn.CrossEntropyLoss()
SUMMED = nn.CrossEntropyLoss(reduction="sum")


def flat(outputs, y):
    return outputs.reshape(-1, outputs.shape[-1]), y.reshape(-1)


def chunked_mean_of_means(model, optimizer, batch):
    optimizer.zero_grad(set_to_none=True)
    losses = [LOSS(*flat(model(a), b)) for a, b in zip(*(t.chunk(3) for t in batch), strict=True)]
    loss = sum(losses) / len(losses)
    loss.backward()
    optimizer.step()
    return loss


def gathered_without_division(model, optimizer, batch):
    loss = LOSS(*flat(model(batch[0]), batch[1]))
    loss.backward()
    model.calls = getattr(model, "calls", 0) + 1
    if model.calls % 3 == 0:
        optimizer.step()
        optimizer.zero_grad()
    return loss


def items_one_by_one(model, optimizer, batch):
    total = 0.0
    for k in range(len(batch[0])):
        optimizer.zero_grad()
        loss = LOSS(*flat(model(batch[0][k : k + 1]), batch[1][k : k + 1]))
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(batch[0])


def cleared_by_setting_none(model, optimizer, batch):
    x, y = batch
    for a, b in zip(x.split(6), y.split(6), strict=True):
        for p in model.parameters():
            p.grad = None
        loss = SUMMED(*flat(model(a), b)) / (y >= 0).sum()
        loss.backward()
    optimizer.step()
    return loss


def whole_parts_only(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    edges = range(0, len(x) + 1, 5)
    for a, b in pairwise(edges):
        loss = SUMMED(*flat(model(x[a:b]), y[a:b])) / (y >= 0).sum()
        loss.backward()
    optimizer.step() if len(x) >= 5 else None
    return loss if len(x) >= 5 else torch.zeros(())


def clipped_while_scaled(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = LOSS(*flat(model(x), y))
    (loss * 256).backward()
    size = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
    for p in model.parameters():
        p.grad.mul_((0.5 / (size + 1e-6)).clamp(max=1))
    for p in model.parameters():
        p.grad.mul_(1 / 256)
    optimizer.step()
    return loss


def rate_by_parts(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    for k, (a, b) in enumerate(zip(x.split(7), y.split(7), strict=True)):
        optimizer.param_groups[0]["lr"] = 0.01 * (1 + k)
        loss = SUMMED(*flat(model(a), b)) / (y >= 0).sum()
        loss.backward()
    optimizer.step()
    return loss


def filled_and_averaged(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = F.cross_entropy(*flat(model(x), y.clamp(min=0)))
    loss.backward()
    optimizer.step()
    return loss


def uneven_weighed(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    half = len(x) // 3
    for part in (slice(None, half), slice(half, None)):
        if (y[part] >= 0).any():
            share = (y[part] >= 0).sum() / (y >= 0).sum()
            loss = LOSS(*flat(model(x[part]), y[part])) * share
            loss.backward()
    optimizer.step()
    return loss


def shuffled_parts(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    for rows in torch.randperm(len(x)).split(5):
        loss = SUMMED(*flat(model(x[rows]), y[rows])) / (y >= 0).sum()
        loss.backward()
    optimizer.step()
    return loss


def with_penalty(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    outputs = model(x)
    loss = LOSS(*flat(outputs, y)) + 0.1 * outputs.square().mean()
    loss.backward()
    optimizer.step()
    return loss


def halved_loss(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = 0.5 * LOSS(*flat(model(x), y))
    loss.backward()
    optimizer.step()
    return loss


def noisy_gradients(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = LOSS(*flat(model(x), y))
    loss.backward()
    for p in model.parameters():
        p.grad += 1e-3 * torch.randn_like(p)
    optimizer.step()
    return loss


def clipped_by_value(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = LOSS(*flat(model(x), y))
    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), 0.01)
    optimizer.step()
    return loss


def closure(model, optimizer, batch):
    x, y = batch

    def again():
        optimizer.zero_grad()
        loss = LOSS(*flat(model(x), y))
        loss.backward()
        return loss

    return optimizer.step(again)


def mixed(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    other = torch.randperm(len(x))
    x = torch.where(torch.rand(len(x), 1) < 0.5, x, x[other])
    loss = LOSS(*flat(model(x), y))
    loss.backward()
    optimizer.step()
    return loss


FAULTY = {
    chunked_mean_of_means: "mean of means", gathered_without_division: "not divided",
    items_one_by_one: "a step for each part", cleared_by_setting_none: "cleared",
    whole_parts_only: "items left out", clipped_while_scaled: "clipped before unscaling",
    rate_by_parts: "rates", filled_and_averaged: "padding",
}  # fmt: skip
SOUND = (
    uneven_weighed, shuffled_parts, with_penalty, halved_loss, noisy_gradients, clipped_by_value,
    closure, mixed,
)  # fmt: skip
