import pytest
import torch
from torch import nn

from recipe.experiment import OPTIMIZERS
from recipe.testing import judge_scalars, measure, open_context
from recipe.training.optimizers import USUAL_RATES as RATES
from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.attempts import LAST_PASSES, candidate_rates, sample_size
from recipe_steps.overfit_sample.output_grid import reachable_on_grid
from step_samples import Blind, Cut, blob_experiment, blobs, digits_experiment, mlp
from task_samples import binary_segmentation, segmentation


def overfit(out, experiment):
    evidence = measure(OverfitSample(), experiment, out)
    return evidence, [
        f.rule for f in judge_scalars(OverfitSample(), evidence.scalars, evidence.curves)
    ]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_healthy_data_is_learnt_by_heart(tmp_path, optimizer):
    evidence, found = overfit(tmp_path, digits_experiment(optimizer=optimizer))
    assert evidence.flag("reached")
    assert evidence.number("best_score") == evidence.number("perfect") == 1
    assert evidence.number("items") == 128
    assert evidence.number("minibatch") == 16
    assert evidence.curve("score")[-1] == 1
    assert len(evidence.curve("score")) == evidence.number("passes")
    assert evidence.number("best_lr") in RATES[optimizer]
    assert not found


def test_random_labels_are_learnt_by_heart(tmp_path):
    x, _ = blobs(80, width=20)
    y = torch.randint(3, (80,), generator=torch.Generator().manual_seed(0))
    evidence, _ = overfit(tmp_path, blob_experiment(train=(x, y), model=mlp(20, 3, 128)))
    assert evidence.flag("reached")


@pytest.mark.parametrize(("model", "cause"), [(Blind, "inputs-ignored"), (Cut, None)])
def test_a_model_that_cannot_learn(tmp_path, model, cause, monkeypatch):
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.PASSES", 10)
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.LAST_PASSES", 20)
    evidence, found = overfit(tmp_path, blob_experiment(model=model))
    assert evidence.scalars["reached"] is False
    assert found == [*([cause] if cause else []), "cannot-overfit-sample"]
    *rates, last = evidence.curve("attempt_lr")
    assert tuple(rates) == RATES["sgd"]
    assert last == evidence.number("best_lr")  # the best of them once more, for longer
    assert evidence.number("attempts") == 5
    assert evidence.number("best_score") < 0.8
    assert evidence.number("best_score") == max(evidence.curve("attempt_score"))


def test_a_model_with_dropout_memorises_all_the_same(tmp_path):
    def model():
        return nn.Sequential(nn.Dropout(0.5), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.9),
                             nn.Linear(64, 10))  # fmt: skip

    evidence, _ = overfit(tmp_path, digits_experiment(model=model))
    assert evidence.flag("reached")
    assert evidence.number("passes") < 60


def test_regularisation_is_switched_off(tmp_path):
    experiment = digits_experiment(
        weight_decay=10.0, clip_norm=1e-9, warmup=0.9, augment=torch.zeros_like, lr=1e-9
    )
    evidence, _ = overfit(tmp_path, experiment)
    assert evidence.flag("reached")


def test_contradicting_labels_lower_the_score_that_can_be_reached(tmp_path):
    x, y = blobs(64)
    x[1], x[3], x[5] = x[0], x[2], x[4]  # labels 0 1 2 0 1 2: three pairs that disagree
    evidence, found = overfit(tmp_path, blob_experiment(train=(x, y), val=blobs(30, seed=8)))
    assert evidence.number("items") == 64
    assert evidence.number("perfect") == pytest.approx(61 / 64)
    assert evidence.flag("reached")
    assert found == ["contradictory-labels"]


def test_rows_of_a_table_that_repeat_by_chance_may_contradict_each_other(tmp_path):
    source = torch.Generator().manual_seed(0)
    x = torch.randint(4, (800, 6), generator=source).float()
    y = ((x.sum(1) > 9) ^ (torch.rand(800, generator=source) < 0.2)).long()
    evidence, _ = overfit(tmp_path, blob_experiment(train=(x, y), model=mlp(6, 2, 256)))
    assert evidence.number("contradictory_share") > 0.01
    assert evidence.number("repeats_by_chance") == pytest.approx(640 / 4**6, rel=0.1)
    found = {f.rule: f.severity for f in judge_scalars(OverfitSample(), evidence.scalars)}
    assert found["contradictory-labels"] == "note"


def test_language_model_and_regression(tmp_path):
    tokens = torch.randint(7, (40, 6), generator=torch.Generator().manual_seed(0))
    model = lambda: nn.Sequential(nn.Embedding(7, 16), nn.Linear(16, 7))  # noqa: E731
    follows = (tokens, (tokens + 1) % 7)
    evidence, _ = overfit(
        tmp_path, blob_experiment(train=follows, task="language_model", model=model)
    )
    assert evidence.flag("reached")
    x, _ = blobs()
    evidence, _ = overfit(
        tmp_path,
        blob_experiment(train=(x, x.sum(1)), task="regression", model=lambda: nn.Linear(4, 1)),
    )
    assert evidence.number("best_score") >= 0.98


def test_the_work_is_booked(tmp_path):
    step = OverfitSample()
    with open_context(step, digits_experiment(), tmp_path) as ctx:
        evidence = step.measure(ctx)
        # 8 minibatches per pass, with inputs and without; the experiment's own epoch has 10 batches
        # of 32, of which 4 are trained on twice.
        assert evidence.number("attempts") == 1
        assert ctx.meter.epochs == pytest.approx((2 * evidence.number("passes") * 8 + 2 * 4) / 10)
        assert not ctx.trials


@pytest.mark.parametrize(
    ("lr", "rates"),
    [(None, (0.05, 0.01, 0.2, 0.002)), (0.01, (0.05, 0.01, 0.2, 0.002)),
     (0.7, (0.05, 0.7, 0.01, 0.2, 0.002))],
)  # fmt: skip
def test_the_declared_rate_is_among_the_candidates(lr, rates):
    assert tuple(candidate_rates(digits_experiment(lr=lr))) == rates
    assert LAST_PASSES > 60


def test_layers_without_a_nonlinearity_are_one(tmp_path):
    model = lambda: nn.Sequential(nn.Linear(4, 16), nn.Linear(16, 3))  # noqa: E731
    _, found = overfit(tmp_path, blob_experiment(model=model, train=blobs(90, spread=0.1)))
    assert found == ["model-is-linear"]
    model = lambda: nn.Linear(4, 3)  # noqa: E731
    _, found = overfit(tmp_path, blob_experiment(model=model, train=blobs(90, spread=0.1)))
    assert not found


@pytest.mark.slow
def test_a_bottleneck_is_too_small(tmp_path):
    model = lambda: nn.Sequential(nn.Linear(64, 1), nn.Tanh(), nn.Linear(1, 10))  # noqa: E731
    _, found = overfit(tmp_path, digits_experiment(model=model))
    assert found[0] == "model-too-small"


@pytest.mark.slow
@pytest.mark.parametrize(("p", "fires"), [(0.99, True), (0.6, False)])
def test_dropout_that_blocks_learning(tmp_path, p, fires):
    def model():
        return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 10))

    evidence, found = overfit(tmp_path, digits_experiment(model=model))
    assert evidence.flag("reached")
    assert ("regularization-blocks-learning" in found) == fires


@pytest.mark.slow
def test_weight_decay_that_blocks_learning(tmp_path):
    _, found = overfit(tmp_path, digits_experiment(weight_decay=3.0))
    assert found == ["regularization-blocks-learning"]


def one_noisy_input(n=200, noise=0.7):
    source = torch.Generator().manual_seed(3)
    x = torch.randn(n, 1, generator=source)
    return x, x + noise * torch.randn(n, 1, generator=source)


def wide(inputs=1):
    return nn.Sequential(
        nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.PASSES", 20)
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.LAST_PASSES", 40)


@pytest.mark.usefixtures("short")
def test_noise_in_one_input_is_not_held_against_the_model(tmp_path):
    experiment = blob_experiment(
        model=wide, train=one_noisy_input(), task="regression", optimizer="adam", lr=2e-3
    )
    evidence, found = overfit(tmp_path, experiment)
    assert found == ["sample-not-learnable"]
    assert evidence.scalars["reached"] is False
    assert abs(evidence.number("best_score") - evidence.number("simple_score")) < 0.1
    assert 0.2 < evidence.number("disagreement") < 0.6
    assert evidence.number("varying_inputs") == 1


@pytest.mark.usefixtures("short")
def test_a_model_is_blamed_where_something_simple_does_better(tmp_path):
    def squeezed():
        return nn.Sequential(nn.Linear(2, 1), nn.Tanh(), wide())

    source = torch.Generator().manual_seed(4)
    x = torch.randn(200, 2, generator=source)
    y = (x[:, :1] * x[:, 1:]) + 0.1 * torch.randn(200, 1, generator=source)
    evidence, found = overfit(
        tmp_path, blob_experiment(model=squeezed, train=(x, y), task="regression", optimizer="adam")
    )
    assert set(found) & {"model-too-small", "cannot-overfit-sample"}
    assert evidence.number("simple_score") > evidence.number("best_score") + 0.1


class Coarse(nn.Module):
    """Classes of pixels on a grid of one value for 4 x 4 pixels, upsampled."""

    def __init__(self, outputs=3, **way):
        super().__init__()
        self.way = way or {"mode": "bilinear", "align_corners": False}
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 32, 3, 2, 1),
            nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, outputs, 1),
        )  # fmt: skip

    def forward(self, x):
        return nn.functional.interpolate(self.body(x), size=x.shape[-2:], **self.way)


def test_masks_on_a_coarse_grid_reach_what_the_grid_lets_them(tmp_path):
    evidence, found = overfit(tmp_path, segmentation(model=Coarse))
    assert evidence.text("grid") == "3 x 3 values, upsampled to 12 x 12"
    assert 0.4 < evidence.number("grid_score") < 0.9
    assert evidence.number("perfect") == evidence.number("grid_score")
    assert found == ["sample-not-learnable"]


WAYS = [{"mode": "nearest"}, {"mode": "bilinear", "align_corners": True}, {"mode": "bicubic"}]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way["mode"])
def test_the_grid_is_found_however_it_is_upsampled(tmp_path, way):
    with open_context(OverfitSample(), segmentation(model=lambda: Coarse(**way)), tmp_path) as ctx:
        sample = ctx.data.train.sample(8, torch.Generator().manual_seed(0))
        assert reachable_on_grid(ctx, sample)["grid"] == "3 x 3 values, upsampled to 12 x 12"


@pytest.mark.parametrize("make", [segmentation, binary_segmentation])
def test_outputs_as_fine_as_the_masks_lie_on_no_grid(tmp_path, make):
    with open_context(OverfitSample(), make(), tmp_path) as ctx:
        sample = ctx.data.train.sample(8, torch.Generator().manual_seed(0))
        assert reachable_on_grid(ctx, sample) == {}


def test_masks_of_yes_and_no_on_a_coarse_grid(tmp_path):
    experiment = binary_segmentation(model=lambda: Coarse(1))
    with open_context(OverfitSample(), experiment, tmp_path) as ctx:
        sample = ctx.data.train.sample(8, torch.Generator().manual_seed(0))
        assert 0.3 < reachable_on_grid(ctx, sample)["grid_score"] < 0.95


def test_a_few_masks_make_a_minibatch(tmp_path):
    with open_context(OverfitSample(), segmentation(), tmp_path) as ctx:
        count, size = sample_size(ctx)
    assert size == 4  # batch normalisation sees more than one
    assert 8 <= count <= 32
