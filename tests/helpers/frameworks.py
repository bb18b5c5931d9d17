"""What the tests of every framework do: load an experiment as a run does, and train a little."""

import torch
from torch.nn.utils import clip_grad_norm_

from recipe.core.keys_and_seeds import derive_seed
from recipe.data.splitting import load_splits
from recipe.models.building import build_model
from recipe.training.loop import Training
from recipe.training.plan import epoch_batches
from recipe.training.preparation import prepare

CPU = torch.device("cpu")


def prepared(experiment):
    """The experiment as a run trains it, its data, and what was said."""
    said = []
    resolved = experiment.resolved()
    data = load_splits(resolved, CPU, 0, say=said.append)
    made, data = prepare(resolved, data, said.append)
    return made, data, said


def own_losses(experiment, count, seed=3):
    """Losses of the first iterations of the recipe's own training, and the batches of these."""
    made, data, _ = prepared(experiment)
    training = Training(made, data, seed=seed, device=CPU)
    losses = training.losses(lambda found: len(found) >= count)
    batches = []
    for epoch in range(count):
        batches += list(epoch_batches(made, data, seed, epoch))
        if len(batches) >= count:
            break
    return losses, batches[:count]


def their_losses(experiment, batches, step, optimizer_of, rates, *, seed=3, clip=None):
    """Losses of a plain loop over the same batches, from the same weights.

    Args:
        experiment: as declared.
        batches: pairs of inputs and targets.
        step: (model, x, y) -> loss, by the library.
        optimizer_of: model -> optimizer, by the library.
        rates: of every iteration.
        seed: of the weights.
        clip: norm of the gradient, at most.

    """
    model = build_model(experiment, derive_seed(seed, "weights"), CPU).train()
    optimizer = optimizer_of(model)
    losses = []
    for (x, y), rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = step(model, x, y)
        optimizer.zero_grad()
        loss.backward()
        if clip is not None:
            clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        losses.append(loss.item())
    return losses
