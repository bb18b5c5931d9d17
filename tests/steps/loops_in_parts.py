"""Update steps that pass a batch in parts: ten that do it wrong, and ten that do it right."""

import torch
from torch import nn
from torch.nn import functional as F

IGNORED = -100


def ce(outputs, y, **how):
    return F.cross_entropy(outputs.flatten(0, -2), y.flatten(), **how)


def in_parts(x, y, size=8):
    return zip(x.split(size), y.split(size), strict=True)


def mean_of_means(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    parts = list(in_parts(x, y))
    for a, b in parts:
        loss = ce(model(a), b) / len(parts)
        loss.backward()
    optimizer.step()
    return loss


def padded_average(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    each = ce(model(x), y, reduction="none")
    loss = (each * (y.flatten() != IGNORED)).mean()
    loss.backward()
    optimizer.step()
    return loss


def not_divided(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    for a, b in in_parts(x, y):
        loss = ce(model(a), b)
        loss.backward()
    optimizer.step()
    return loss


def step_each_part(model, optimizer, batch):
    for a, b in in_parts(*batch):
        optimizer.zero_grad()
        loss = ce(model(a), b)
        loss.backward()
        optimizer.step()
    return loss


def cleared_each_part(model, optimizer, batch):
    x, y = batch
    for a, b in in_parts(x, y):
        optimizer.zero_grad()
        loss = ce(model(a), b) / 4
        loss.backward()
    optimizer.step()
    return loss


def last_part_dropped(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    size = 4
    count = len(x) // size
    for k in range(count):
        part = slice(k * size, (k + 1) * size)
        loss = ce(model(x[part]), y[part]) / count
        loss.backward()
    optimizer.step()
    return loss


def clipped_before_unscaling(model, optimizer, batch):
    x, y = batch
    scale = 1024.0
    optimizer.zero_grad()
    loss = ce(model(x), y)
    (loss * scale).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for p in model.parameters():
        p.grad.div_(scale)
    optimizer.step()
    return loss


def clipped_each_part(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    for a, b in in_parts(x, y):
        loss = ce(model(a), b, reduction="sum") / (y != IGNORED).sum()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.05)
    optimizer.step()
    return loss


def schedule_each_part(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    for a, b in in_parts(x, y):
        loss = ce(model(a), b, reduction="sum") / (y != IGNORED).sum()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] *= 0.99
    optimizer.step()
    return loss


def seeded_each_call(model, optimizer, batch):
    x, y = batch
    torch.manual_seed(0)
    optimizer.zero_grad()
    loss = ce(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def norm_in_parts(model, optimizer, batch):
    return weighed(model, optimizer, batch)


def plain(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = ce(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def weighed(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    counted = (y != IGNORED).sum()
    total = 0.0
    for a, b in in_parts(x, y):
        loss = ce(model(a), b, reduction="sum") / counted
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


def one_backward(model, optimizer, batch):
    x, y = batch
    losses = [ce(model(a), b, reduction="sum") for a, b in in_parts(x, y)]
    loss = torch.stack(losses).sum() / (y != IGNORED).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def divided_afterwards(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    for a, b in in_parts(x, y):
        loss = ce(model(a), b, reduction="sum")
        loss.backward()
    for p in model.parameters():
        p.grad /= (y != IGNORED).sum()
    optimizer.step()
    return loss


def clipped_once(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    for a, b in in_parts(x, y):
        loss = ce(model(a), b, reduction="sum") / (y != IGNORED).sum()
        loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.05)
    optimizer.step()
    return loss


def unscaled_then_clipped(model, optimizer, batch):
    x, y = batch
    scale = 1024.0
    optimizer.zero_grad()
    loss = ce(model(x), y)
    (loss * scale).backward()
    for p in model.parameters():
        p.grad.div_(scale)
    nn.utils.clip_grad_norm_(model.parameters(), 0.05)
    optimizer.step()
    return loss


def sharpness_aware(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = ce(model(x), y)
    loss.backward()
    kept = [p.detach().clone() for p in model.parameters()]
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.01 * p.grad / (p.grad.norm() + 1e-12))
    optimizer.zero_grad()
    ce(model(x), y).backward()
    with torch.no_grad():
        for p, value in zip(model.parameters(), kept, strict=True):
            p.copy_(value)
    optimizer.step()
    return loss


def smoothed(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = ce(model(x), y, label_smoothing=0.2)
    loss.backward()
    optimizer.step()
    return loss


def two_views(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = (ce(model(x), y) + ce(model(x), y)) / 2
    loss.backward()
    optimizer.step()
    return loss


def by_hand_decayed(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = ce(model(x), y)
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p.grad.add_(p, alpha=1e-3)
    optimizer.step()
    return loss


FAULTY = {
    mean_of_means: "mean of means", padded_average: "padding", not_divided: "not divided",
    step_each_part: "a step for each part", cleared_each_part: "cleared",
    last_part_dropped: "items left out", clipped_before_unscaling: "clipped before unscaling",
    clipped_each_part: "clipped apart", schedule_each_part: "rates", seeded_each_call: "seed",
    norm_in_parts: "batch norm",
}  # fmt: skip
SOUND = (
    plain, weighed, one_backward, divided_afterwards, clipped_once, unscaled_then_clipped,
    sharpness_aware, smoothed, two_views, by_hand_decayed,
)  # fmt: skip
