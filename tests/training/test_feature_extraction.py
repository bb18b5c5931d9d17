"""Kept features are those of the frozen model, and a head learns from them what it would on top."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load
from torch import nn

from recipe import Experiment
from recipe.data.datasets import Splits, TensorData
from recipe.data.item_data import StreamData
from recipe.models.building import build_model
from recipe.testing.steps import open_context
from recipe.training.feature_extraction import CannotExtract, extract_features
from recipe.training.loop import Training
from recipe.training.preparation import prepare

CPU = torch.device("cpu")


def images(n, seed):
    source = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 3
    x = torch.randn(n, 1, 8, 8, generator=source)
    x[:, 0, :2, :2] += y[:, None, None].float()
    return x, y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.low = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.mid = nn.Conv2d(4, 6, 3, stride=2)
        self.norm = nn.BatchNorm2d(6)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))

    def forward(self, x):
        x = torch.relu(self.norm(self.mid(self.low(x))))
        return self.fc(self.drop(x.mean((2, 3))))


def splits():
    return Splits(TensorData(*images(600, 0)), TensorData(*images(60, 1)))


def problem(**given):
    made = {"model": Net, "train": images(600, 0), "val": images(60, 1), "head": "fc", "lr": 0.1,
            "batch_size": 64, "epochs": 4, "freeze": 2, **given}  # fmt: skip
    return prepare(Experiment(**made).resolved(), splits())[0]


def test_features_are_what_the_frozen_model_gives_its_head():
    experiment = problem()
    features = extract_features(experiment, splits(), CPU, 0)
    training = Training(experiment, splits(), seed=0, device=CPU)
    seen = []
    training.model.train().fc.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        for x, _ in splits().train.eval_batches():
            training.model(x)
    assert torch.equal(features.data.train.x, torch.cat(seen))
    assert torch.equal(features.data.train.y, images(600, 0)[1])
    assert len(features.data.val.x) == 60
    head = build_model(features.experiment(experiment), 5, CPU)
    for one, other in zip(
        head.parameters(), build_model(experiment, 5, CPU).fc.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_a_head_on_features_learns_what_it_learns_on_the_frozen_model():
    experiment = problem()
    features = extract_features(experiment, splits(), CPU, 0)
    plain = Training(experiment, splits(), seed=0, device=CPU)
    alone = Training(features.experiment(experiment), features.data, seed=0, device=CPU)
    for a, b in zip(plain.epochs(), alone.epochs(), strict=True):
        for name in ("train_loss", "val_loss", "val_score", "train_score", "lr"):
            assert a.figures[name] == pytest.approx(b.figures[name], rel=1e-4), name
    whole = features.whole(alone.model.state_dict())
    assert whole.keys() == plain.model.state_dict().keys()
    for name, value in plain.model.state_dict().items():
        assert torch.allclose(value, whole[name], atol=1e-5), name


def test_depths_are_pooled_outputs_of_the_blocks():
    experiment = problem()
    assert experiment.blocks == (("low",), ("mid", "norm", "drop"))
    features = extract_features(experiment, splits(), CPU, 0)
    model = build_model(
        experiment, int(Training(experiment, splits(), seed=0, device=CPU).seed), CPU
    )
    model.load_state_dict(features.whole(model.fc.state_dict()))
    model.eval()
    x = splits().train.x[features.items[0]]
    with torch.no_grad():
        low = model.low(x)
        # Dropout is the last module of its block, behind the pooling.
        top = torch.relu(model.norm(model.mid(low))).mean((2, 3))
    assert torch.allclose(features.depths[0].train, low.mean((2, 3)), atol=1e-6)
    assert torch.allclose(features.depths[1].train, top, atol=1e-6)
    assert len(features.depths[0].val) == 60


class Twice(Net):
    def forward(self, x):
        return super().forward(x) + super().forward(x)


class After(Net):
    def forward(self, x):
        return super().forward(x).log_softmax(1)


class Named(Net):
    def forward(self, x):
        x = torch.relu(self.norm(self.mid(self.low(x))))
        return self.fc(input=x.mean((2, 3)))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"model": Twice}, "called 2 times"),
        ({"model": After}, "does not give the outputs"),
        ({"model": Named}, "with something else"),
        ({"freeze": 1}, "more than the head"),
        ({"update": lambda *_: 0.0}, "own update step"),
    ],
)
def test_where_features_say_too_little_the_reason_is_given(given, says):
    with pytest.raises(CannotExtract, match=says):
        extract_features(problem(**given), splits(), CPU, 0)


def test_random_items_have_no_features():
    random = Splits(StreamData(list(zip(*images(9, 0), strict=True)), CPU), splits().val)
    with pytest.raises(CannotExtract, match="random"):
        extract_features(problem(), random, CPU, 0)


class Idle:
    name, title, version, requires, rules = "idle", "Idle", 1, frozenset(), ()

    def measure(self, ctx):
        raise NotImplementedError


@pytest.mark.parametrize("exact", [True, False])
def test_trials_of_the_head_alone_keep_the_whole_model(tmp_path, exact):
    cells = [{"lr": lr, "freeze": 2} for lr in (0.01, 0.3)]
    with open_context(Idle(), problem(freeze=0, lr=None), tmp_path, exact=exact) as ctx:
        trials = ctx.run_trials(cells)
        assert ctx.meter.epochs == 0
        again = ctx.run_trials(cells)
        best = max(trials, key=lambda t: (t.val_score, -t.val_loss))
        kept = ctx.runner.weights(best, ctx.experiment_of(best))
        path = ctx.checkpoints.path(best)
        assert path.stem == best.key
        path.unlink()
        anew = load(ctx.runner.weights(best, ctx.experiment_of(best)))
    assert [t.key for t in again] == [t.key for t in trials]
    model = Net()
    model.load_state_dict(load(kept))
    model.eval()
    x, y = images(60, 1)
    with torch.no_grad():
        score = (model(x).argmax(1) == y).float().mean().item()
    assert score == pytest.approx(best.val_score)
    for name, value in load(kept).items():
        assert torch.allclose(value, anew[name], atol=1e-5), name


def test_trials_on_features_score_as_those_through_the_whole_model(tmp_path):
    cells = [{"lr": lr, "freeze": 2} for lr in (0.01, 0.3)]
    with open_context(Idle(), problem(freeze=0, lr=None), tmp_path) as ctx:
        fast = ctx.run_trials(cells)
        slow = [ctx.runner.fit(ctx.experiment_of(trial)) for trial in fast]
        for trial, fit in zip(fast, slow, strict=True):
            fit.advance(4)
            assert fit.curves["val_loss"] == pytest.approx(trial.curves["val_loss"], rel=1e-3)


def test_augmentation_is_left_out_and_said(tmp_path):
    said, curves = [], []
    for augment in (lambda x: x + 100, None):
        experiment = replace(problem(freeze=0, lr=None), augment=augment)
        with open_context(Idle(), experiment, tmp_path) as ctx:
            ctx.runner.say = said.append
            (trial,) = ctx.run_trials([{"lr": 0.1, "freeze": 2}])
            curves.append(trial.curves["val_loss"])
    assert curves[0] == curves[1]
    assert ["plain images" in text for text in said] == [True]


def test_where_features_cannot_be_kept_the_frozen_model_trains(tmp_path):
    said = []
    with open_context(Idle(), problem(model=After, freeze=0, lr=None), tmp_path) as ctx:
        ctx.runner.say = said.append
        (trial,) = ctx.run_trials([{"lr": 0.1, "freeze": 2}])
        assert ctx.meter.epochs == 4
    assert trial.val_score is not None
    assert "the head does not give the outputs of the model itself" in said[0]
