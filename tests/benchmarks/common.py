"""What the tools of a benchmark share: data, model, grid."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("RECIPE_TEST_DATA", ROOT.parent / "shared" / "data"))
sys.path[:0] = [
    str(ROOT / "examples"), str(ROOT), str(ROOT / "steps"), str(ROOT / "tests" / "helpers"),
]  # fmt: skip
os.environ.setdefault("CIFAR10", str(DATA / "cifar10"))

BATCH = 128


def plain_epoch(model, optimizer, scheduler, loss_function, loader):
    """The loop of every tutorial."""
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        loss.item()


def accuracy(model, loader):
    import torch

    model.eval()
    right = total = 0
    with torch.no_grad():
        for x, y in loader:
            right += (model(x).argmax(1) == y).sum().item()
            total += len(y)
    return right / total


def sgd(model, lr, weight_decay, iterations):
    import torch

    optimizer = torch.optim.SGD(
        model.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=weight_decay
    )
    return optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, iterations)


def lightning_module(make_model, lr, weight_decay, iterations):
    """The usual LightningModule around a classifier."""
    import lightning
    from torch.nn import functional as F

    class Classifier(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.lr, self.model = lr, make_model()

        def forward(self, x):
            return self.model(x)

        def training_step(self, batch, _):
            x, y = batch
            return F.cross_entropy(self(x), y)

        def validation_step(self, batch, _):
            x, y = batch
            self.log("val_accuracy", (self(x).argmax(1) == y).float().mean())

        def configure_optimizers(self):
            optimizer, scheduler = sgd(self.model, self.lr, weight_decay, iterations)
            return [optimizer], [{"scheduler": scheduler, "interval": "step"}]

    return Classifier()


def lightning_trainer(**options):
    import logging
    import warnings

    import lightning

    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return lightning.Trainer(
        logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, accelerator="cpu", num_sanity_val_steps=0, **options,
    )  # fmt: skip


def optuna_grid(objective, grid):
    """Every cell of a grid through an Optuna study; the best value."""
    import math

    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.GridSampler(grid))

    def of(trial):
        return objective(**{name: trial.suggest_float(name, min(v), max(v))
                            for name, v in grid.items()})  # fmt: skip

    study.optimize(of, n_trials=math.prod(len(v) for v in grid.values()))
    return study.best_value


def import_recipe():
    """All that a run imports, before the clock starts."""
    import recipe.api  # noqa: F401
    import recipe_steps.coarse_grid.measure
    import recipe_steps.lr_range.measure  # noqa: F401


def recipe_grid(experiment, cells, epochs, out, *, halving=False):
    """Every cell through the recipe's own runner, from raw data to the journal; with `halving`,
    the lower part ends early, as in the coarse grid.
    """
    from recipe.testing import open_context
    from recipe_steps.coarse_grid import CoarseGrid
    from recipe_steps.coarse_grid.measure import HALVING

    with open_context(CoarseGrid(), experiment, out) as ctx:
        trials = ctx.run_trials(cells, HALVING if halving else None, epochs=epochs)
        trained = sum(trial.trained for trial in trials)
        note = f"{ctx.runner.mode}; {trained:.3g} of {len(cells) * epochs} epochs"
        return max(trial.val_score or 0.0 for trial in trials), note
