"""Eight trials (4 rates x 2 weight decays) of one epoch on 10,000 CIFAR-10 image files.

Every tool trains the small CNN of examples/cifar10.py with a cosine schedule and validates on
2,000 images. The recipe ends the lower part of the trials early, as its coarse grid does, and in a
row of its own trains all of them to their end, as the other tools do. Ray's workers import what
they need inside the clock. Each function imports what its tool needs and returns the work that is
timed.
"""

import time
from functools import partial

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

GRID = {"lr": [0.003, 0.01, 0.03, 0.1], "weight_decay": [1e-5, 1e-3]}
CELLS = grid(GRID)
WORKERS = 2
"""Processes of the other tools' loaders."""


def loaders(workers=WORKERS):
    from cifar10 import images
    from torch.utils.data import DataLoader

    return [
        DataLoader(images(split), BATCH, shuffle=split == "train", num_workers=workers)
        for split in ("train", "val")
    ]


def train_plainly(lr, weight_decay, workers=WORKERS):
    from cifar10 import cnn
    from torch import nn

    train, val = loaders(workers)
    model = cnn()
    optimizer, scheduler = sgd(model, lr, weight_decay, len(train))
    plain_epoch(model, optimizer, scheduler, nn.CrossEntropyLoss(), train)
    return accuracy(model, val)


def recipe(out, *, halving=True):
    import_recipe()
    from cifar10 import cnn, images

    from recipe import Experiment

    def work():
        declared = Experiment(model=cnn, train=images("train"), val=images("val"), batch_size=BATCH)
        return recipe_grid(declared, CELLS, 1, out, halving=halving)

    return work


def plain(_):
    import cifar10  # noqa: F401

    return lambda: (max(train_plainly(**cell) for cell in CELLS), f"{WORKERS} loader processes")


def optuna_lightning(_):
    import lightning
    from cifar10 import cnn

    def objective(lr, weight_decay):
        train, val = loaders()
        trainer = lightning_trainer(max_epochs=1)
        trainer.fit(lightning_module(cnn, lr, weight_decay, len(train)), train, val)
        return trainer.callback_metrics["val_accuracy"].item()

    return lambda: (optuna_grid(objective, GRID), f"lightning {lightning.__version__}")


def ray_tune(out):
    import ray
    from ray import tune

    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    space = {name: tune.grid_search(values) for name, values in GRID.items()}

    def trainable(config):
        import common  # noqa: F401 - the paths, in a worker of its own

        tune.report({"accuracy": train_plainly(**config, workers=0)})

    def work():
        results = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            param_space=space,
            run_config=tune.RunConfig(storage_path=str(out), verbose=0),
        ).fit()
        return results.get_best_result("accuracy", "max").metrics["accuracy"], "two workers"

    return work


def images_of_training():
    from cifar10 import images

    return images("train")


def tensors():
    from recipe.data.decoding import decode
    from recipe.machine.memory import keep_freed_pages

    keep_freed_pages()
    return decode(images_of_training(), "train")


def bare_training(x, y, iterations, precision):
    """Forward, backward and update in channels-last, and nothing else."""
    import torch
    from cifar10 import cnn
    from torch.nn import functional as F

    model = cnn().to(memory_format=torch.channels_last)
    x = x.contiguous(memory_format=torch.channels_last)
    optimizer, _ = sgd(model, 0.01, 0.0, iterations)
    for i in range(iterations):
        start = i * BATCH % (len(x) - BATCH)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            outputs = model(x[start : start + BATCH])
        loss = F.cross_entropy(outputs.float(), y[start : start + BATCH])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def bare_arithmetic(iterations):
    """The work that no tool can leave out, in the faster precision of this machine."""
    x, y = tensors()
    seconds = {}
    for precision in ("bfloat16", "float32"):
        bare_training(x, y, 1, precision)  # the first one prepares kernels
        start = time.perf_counter()
        bare_training(x, y, 3, precision)
        seconds[precision] = time.perf_counter() - start
    faster = min(seconds, key=seconds.__getitem__)
    note = f"{faster}, tensors in memory, no validation"
    return lambda: (bare_training(x, y, iterations, faster), note)


def arithmetic(_):
    return bare_arithmetic(len(CELLS) * -(-len(images_of_training()) // BATCH))


TOOLS = {
    "recipe": recipe,
    "recipe, every trial to its end": partial(recipe, halving=False),
    "plain loop": plain,
    "Optuna + Lightning": optuna_lightning,
    "Ray Tune": ray_tune,
    "the arithmetic alone": arithmetic,
}
