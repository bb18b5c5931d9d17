"""A learning-rate sweep of 100 iterations over 10,000 CIFAR-10 image files, batch 128."""

from common import BATCH, import_recipe, lightning_module, lightning_trainer
from sweep_images import loaders

ITERATIONS = 100
LOW, HIGH = 1e-5, 10.0


def recipe(out):
    import_recipe()
    from cifar10 import cnn, images

    from recipe import Experiment
    from recipe.search.short_training import ShortTraining
    from recipe.search.space import log_spaced
    from recipe.testing import open_context
    from recipe_steps.lr_range import LrRange
    from recipe_steps.lr_range.curves import smooth, steepest

    def work():
        declared = Experiment(model=cnn, train=images("train"), val=images("val"), batch_size=BATCH)
        with open_context(LrRange(), declared, out) as ctx:
            rates = log_spaced(LOW, HIGH, ITERATIONS)
            experiment = ctx.experiment.with_params({"lr": 1.0})
            (course,) = ctx.run_short([ShortTraining(experiment, 0, rates)], lambda _: False)
            return steepest(rates, smooth(course.losses)), str(ctx.runner.mode)

    return work


def torch_lr_finder(_):
    import torch
    from cifar10 import cnn
    from torch import nn
    from torch_lr_finder import LRFinder

    def work():
        train, _ = loaders()
        model = cnn()
        optimizer = torch.optim.SGD(model.parameters(), lr=LOW, momentum=0.9, nesterov=True)
        finder = LRFinder(model, optimizer, nn.CrossEntropyLoss(), device="cpu")
        finder.range_test(train, end_lr=HIGH, num_iter=ITERATIONS, diverge_th=float("inf"))
        losses = finder.history["loss"]
        lowest = min(range(len(losses)), key=losses.__getitem__)
        return finder.history["lr"][lowest] / 10, f"{len(finder.history['lr'])} iterations"

    return work


def lightning_tuner(_):
    from cifar10 import cnn
    from lightning.pytorch.tuner import Tuner

    def work():
        train, _ = loaders()
        module = lightning_module(cnn, LOW, 0.0, ITERATIONS)
        tuner = Tuner(lightning_trainer(max_epochs=2))
        found = tuner.lr_find(
            module, train, min_lr=LOW, max_lr=HIGH, num_training=ITERATIONS,
            early_stop_threshold=None,
        )  # fmt: skip
        return found.suggestion(), f"{len(found.results['lr'])} iterations"

    return work


def arithmetic(_):
    from sweep_images import bare_arithmetic

    return bare_arithmetic(ITERATIONS)


TOOLS = {
    "recipe": recipe,
    "torch-lr-finder": torch_lr_finder,
    "Lightning Tuner": lightning_tuner,
    "the arithmetic alone": arithmetic,
}
