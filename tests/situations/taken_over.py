"""Objects of other frameworks, taken over in one line."""

import os
from pathlib import Path
from tempfile import mkdtemp

import recipe


def lightning():
    from lightning_samples import Blobs, Net

    return recipe.from_lightning(Net(), Blobs())


def lightning_softmax():
    from lightning_samples import Blobs, ProbabilityNet

    return recipe.from_lightning(ProbabilityNet(), Blobs())


def trainer():
    from transformers_samples import trainer as made

    return recipe.from_transformers(made(Path(mkdtemp())))


def trainer_softmax():
    from transformers_samples import Probabilities, config
    from transformers_samples import trainer as made

    return recipe.from_transformers(made(Path(mkdtemp()), made=Probabilities(config())))


def keras(*, softmax=False):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    from made_up import blobs

    from recipe.frameworks.recognition import as_known

    last = "softmax" if softmax else None
    model = keras.Sequential([
        keras.Input((8,)), keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(3, activation=last),
    ])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss)
    (x, y), (x_test, y_test) = blobs(), blobs(90, seed=1)
    beside = {
        "x_train": x.numpy(), "y_train": y.numpy(), "x_test": x_test.numpy(),
        "y_test": y_test.numpy(), "EPOCHS": 4, "BATCH_SIZE": 32,
    }  # fmt: skip
    return as_known(model, beside, "model")


def keras_softmax():
    return keras(softmax=True)
