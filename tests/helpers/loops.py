"""Loops of a user's own, with a place for a watch: each returns its losses."""

import contextlib

import torch
from torch import nn
from torch.nn import functional as F

from tiny import blobs

X, Y = blobs(240)


def network(dropout=0.2):
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Linear(2, 32), nn.ReLU(), nn.Dropout(dropout), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3)
    )  # fmt: skip


def plain(
    watch=None, *, epochs=4, model=None, lr=0.05, loss_of=F.cross_entropy, x=X, y=Y, compiled=None
):
    """`watch(model, optimizer)` makes one."""
    model = model or network()
    optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9)
    torch.manual_seed(2)
    called = compiled(model) if compiled else model
    made = watch(called, optimizer) if watch else None
    losses = []
    for _ in range(epochs):
        model.train()
        for part in torch.randperm(len(x)).split(16):
            loss = loss_of(called(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            if made:
                made.step(loss)
        model.eval()
        with torch.no_grad():
            outputs = called(x)
            val = F.cross_entropy(outputs, y).item()
            score = (outputs.argmax(1) == y).float().mean().item()
        if made:
            made.val(loss=val, score=score)
    if made:
        made.close()
    return torch.stack(losses)


def mixed(watch=None, epochs=4, every=3, dtype=torch.bfloat16, scaled=True):
    """Automatic mixed precision, with gradients accumulated, clipped and scaled."""
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 100)
    scaler = torch.amp.GradScaler("cpu", enabled=scaled)
    torch.manual_seed(2)
    losses = []
    with watch(model, optimizer) if watch else contextlib.nullcontext() as made:
        for _ in range(epochs):
            for i, part in enumerate(torch.randperm(len(X)).split(16)):
                with torch.autocast("cpu", dtype):
                    loss = F.cross_entropy(model(X[part]), Y[part])
                scaler.scale(loss / every).backward()
                losses.append(loss.detach())
                if made:
                    made.step(loss)
                if i % every == every - 1:
                    scaler.unscale_(optimizer)
                    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                    scaler.step(optimizer)
                    scaler.update()
                    optimizer.zero_grad()
                    scheduler.step()
            if made:
                made.val(score=0.5)
    return torch.stack(losses)
