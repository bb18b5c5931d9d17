"""Trainers of transformers as experiments, by the real library."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import recipe
from frameworks import own_losses, prepared, their_losses
from recipe.core.errors import UsageError
from recipe.training.optimizers import build_optimizer
from recipe.training.schedules import schedule_rates

pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("accelerate", reason="accelerate is not installed, which a Trainer needs")
from transformers_samples import Probabilities, Weighted, config, items, model, trainer

pytestmark = pytest.mark.transformers


def test_what_is_read_from_the_trainer(tmp_path):
    given = trainer(tmp_path, options={"gradient_accumulation_steps": 2, "max_grad_norm": 0.7})
    made = recipe.from_transformers(given)
    assert (made.lr, made.weight_decay, made.batch_size) == (1e-3, 0.01, 16)
    assert (made.epochs, made.clip_norm, made.task) == (4, 0.7, "classification")
    assert made.schedule == "linear"
    told = " ".join(made.notes)
    assert "left out: text." in told
    assert "8, accumulated 2 times" in told
    assert "AdamW" in told
    assert given.optimizer is None
    assert given.lr_scheduler is None


def test_biases_and_norms_do_not_decay_as_in_the_trainer(tmp_path):
    given = trainer(tmp_path)
    made = recipe.from_transformers(given)
    network = made.model()
    ours = build_optimizer(made, network, 1e-3)
    theirs = copy.copy(given).create_optimizer()
    names = {id(p): n for n, p in network.named_parameters()}
    others = {id(p): n for n, p in given.model.named_parameters()}
    assert [
        ({names[id(p)] for p in g["params"]}, g["weight_decay"], g["lr"], g["betas"], g["eps"])
        for g in ours.param_groups
    ] == [
        ({others[id(p)] for p in g["params"]}, g["weight_decay"], g["lr"], g["betas"], g["eps"])
        for g in theirs.param_groups
    ]


@pytest.mark.parametrize("kind", ["linear", "cosine", "constant_with_warmup", "polynomial"])
@pytest.mark.parametrize("rise", [0, 6])
def test_the_schedule_is_that_of_the_real_scheduler(kind, rise, tmp_path):
    given = trainer(tmp_path, options={"lr_scheduler_type": kind, "warmup_steps": rise})
    made = recipe.from_transformers(given)
    rates = schedule_rates(made.lr, made.schedule, made.warmup, 48)
    worker = copy.copy(given)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 1e-3)
    real = worker.create_scheduler(48, optimizer)
    for rate in rates:
        assert rate == pytest.approx(real.get_last_lr()[0])
        optimizer.step()
        real.step()


def trainer_step(given):
    def step(network, x, y):
        return given.compute_loss(network, {**x.value, "labels": y})

    return step


def test_the_losses_are_those_of_a_plain_loop_with_the_trainers_step(tmp_path):
    given = trainer(tmp_path)
    made = recipe.from_transformers(given)
    losses, batches = own_losses(made, 14)

    def optimizer_of(network):
        return copy.copy(given).create_optimizer(network)

    rates = schedule_rates(made.lr, made.schedule, 0.0, 48)[:14]
    theirs = their_losses(made, batches, trainer_step(given), optimizer_of, rates, clip=1.0)
    assert losses == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "options", "word"),
    [
        (Weighted, {}, "compute_loss of Weighted"),
        (None, {"label_smoothing_factor": 0.2}, "labels smoothed by 0.2"),
    ],
)
def test_a_loss_of_the_trainers_own_is_asked_for(kind, options, word, tmp_path):
    import transformers as tf

    given = trainer(tmp_path, kind=kind or tf.Trainer, options=options)
    made = recipe.from_transformers(given)
    assert word in " ".join(made.notes)
    losses, batches = own_losses(made, 5)
    batches = [(copy.copy(x), y) for x, y in batches]
    for x, _ in batches:
        x.value = x.value.inputs
    rates = schedule_rates(made.lr, made.schedule, 0.0, 48)[:5]
    theirs = their_losses(
        made, batches, trainer_step(given), lambda m: copy.copy(given).create_optimizer(m), rates,
        clip=1.0,
    )  # fmt: skip
    assert losses == pytest.approx(theirs, abs=1e-5)
    ready, data, _ = prepared(made)
    x, y = next(data.val.eval_batches())
    task = ready.resolved_task
    assert 0 <= task.score(task.sums(ready.model().eval()(x), y)) <= 1


def test_weights_are_those_of_the_object_or_drawn_anew(tmp_path):
    given = trainer(tmp_path)
    made = recipe.from_transformers(given)
    for a, b in zip(made.model().parameters(), given.model.parameters(), strict=True):
        assert torch.equal(a, b)
        assert a is not b

    def fresh():
        return model()

    anew = recipe.from_transformers(trainer(tmp_path, model_init=fresh))
    assert "anew, by the Trainer's model_init" in " ".join(anew.notes)


def metrics(prediction):
    right = prediction.predictions.argmax(-1) == prediction.label_ids
    return {"accuracy": float(np.mean(right)), "errors": float(np.sum(~right))}


def test_the_metric_is_the_one_that_the_best_model_is_chosen_by(tmp_path):
    made = recipe.from_transformers(trainer(tmp_path, compute_metrics=metrics))
    outputs, targets = torch.eye(3), torch.tensor([0, 1, 1])
    assert made.metric(outputs, targets) == pytest.approx(2 / 3)
    fewer = trainer(
        tmp_path, compute_metrics=metrics,
        options={"metric_for_best_model": "eval_errors", "greater_is_better": False},
    )  # fmt: skip
    assert recipe.from_transformers(fewer).metric(outputs, targets) == -1


def test_max_steps_and_a_data_set_of_hugging_face(tmp_path):
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    given = trainer(tmp_path, train=datasets.Dataset.from_list(items()), options={"max_steps": 30})
    made = recipe.from_transformers(given)
    assert made.epochs == 3
    assert "3 whole ones, for the Trainer's 30 steps" in " ".join(made.notes)
    ready, _, said = prepared(made)
    assert ready.loss is None
    assert any("usual one of classification" in text for text in said)


def test_what_cannot_be_used_is_one_sentence(tmp_path):
    given = trainer(tmp_path)
    given.train_dataset = None
    with pytest.raises(UsageError, match="no train_dataset"):
        recipe.from_transformers(given)
    with pytest.raises(UsageError, match=r"not a transformers\.Trainer"):
        recipe.from_transformers(nn.Linear(2, 2))
    nameless = [{key: v for key, v in item.items() if key != "labels"} for item in items()]
    with pytest.raises(UsageError, match="have no labels"):
        recipe.from_transformers(_without_labels(tmp_path, nameless))


def _without_labels(folder, nameless):
    given = trainer(folder, train=nameless)
    given.data_collator = lambda batch: {"input_ids": torch.zeros(len(batch), 4, dtype=torch.long)}
    return given


@pytest.mark.slow
def test_a_sound_trainer_passes(tmp_path, without_plots):
    made = recipe.from_transformers(trainer(tmp_path))
    result = recipe.run(made, until="overfit_sample", out=tmp_path)
    assert result.diagnosis == ()
    assert {step.name for step in result.steps if step.status in ("fail", "error")} == set()


@pytest.mark.slow
def test_a_fault_is_named_first(tmp_path, without_plots):
    torch.manual_seed(0)
    given = trainer(tmp_path, Probabilities(config()))
    result = recipe.run(recipe.from_transformers(given), until="overfit_sample", out=tmp_path)
    assert result.diagnosis[0] == "softmax-before-loss"


FILE = """
import tempfile
from transformers_samples import Probabilities, config, trainer
folder = tempfile.gettempdir()
trainer, faulty = trainer(folder), trainer(folder, Probabilities(config()))
"""


@pytest.mark.slow
def test_the_command_line_checks_a_trainer(tmp_path, recipe, without_plots):
    file = tmp_path / "user_transformers.py"
    file.write_text(FILE)
    code, said, _ = recipe(
        "check", f"{file}:trainer", "--until", "overfit_sample", "--out", tmp_path / "a"
    )
    assert code == 0, said
    assert "AdamW (2 groups of parameters)" in said
    code, said, _ = recipe(
        "check", f"{file}:faulty", "--until", "initial_loss", "--out", tmp_path / "b"
    )
    assert code == 1
    assert "softmax-before-loss" in said
