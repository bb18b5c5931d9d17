"""32 trials (8 rates x 4 weight decays) of an MLP on scikit-learn's digits, 10 epochs each.

The recipe may end a trial early: one that diverged, or that gained nothing for 5 epochs.
"""

from functools import cache

from common import (
    BATCH,
    accuracy,
    import_recipe,
    lightning_module,
    lightning_trainer,
    optuna_grid,
    plain_epoch,
    recipe_grid,
    sgd,
)

from recipe.search.space import grid

GRID = {
    "lr": [0.003, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4, 0.8],
    "weight_decay": [0.0, 1e-5, 1e-4, 1e-3],
}
CELLS = grid(GRID)
EPOCHS = 10


@cache
def parts():
    from torch.utils.data import TensorDataset

    from recipe.sources.digits import digits

    declared = digits()
    return [TensorDataset(*declared.train), TensorDataset(*declared.val)]


def loaders():
    from torch.utils.data import DataLoader

    train, val = parts()
    return DataLoader(train, BATCH, shuffle=True), DataLoader(val, BATCH)


def train_plainly(lr, weight_decay):
    from torch import nn

    from recipe.sources.digits import mlp

    train, val = loaders()
    model = mlp()
    optimizer, scheduler = sgd(model, lr, weight_decay, EPOCHS * len(train))
    best = 0.0
    for _ in range(EPOCHS):
        plain_epoch(model, optimizer, scheduler, nn.CrossEntropyLoss(), train)
        best = max(best, accuracy(model, val))
    return best


def recipe(out):
    import_recipe()
    from dataclasses import replace

    from recipe.sources.digits import digits

    return lambda: recipe_grid(replace(digits(), batch_size=BATCH), CELLS, EPOCHS, out)


def plain(_):

    import recipe.sources.digits  # noqa: F401

    return lambda: (max(train_plainly(**cell) for cell in CELLS), "")


def optuna_lightning(_):
    import lightning

    from recipe.sources.digits import mlp

    def objective(lr, weight_decay):
        train, val = loaders()
        trainer = lightning_trainer(max_epochs=EPOCHS)
        trainer.fit(lightning_module(mlp, lr, weight_decay, EPOCHS * len(train)), train, val)
        return trainer.callback_metrics["val_accuracy"].item()

    return lambda: (optuna_grid(objective, GRID), f"lightning {lightning.__version__}")


TOOLS = {"recipe": recipe, "plain loop": plain, "Optuna + Lightning": optuna_lightning}
