"""Which weights a run keeps."""

import pytest
import torch
from safetensors.torch import load

from lab import CPU, EXPERIMENT, RATES, Lab, specs
from recipe.models.building import build_model
from recipe.search.checkpoints import POOL
from recipe.search.halving import Halving
from recipe.search.ranking import best_of
from recipe.training.evaluation import evaluate


def test_the_checkpoint_is_the_best_epochs(tmp_path):
    with Lab(tmp_path) as lab:
        trials = lab.run(specs(*RATES))
        best = best_of(trials)
        assert best.key in lab.kept
        experiment = EXPERIMENT.with_params(best.params)
        weights = load(lab.runner.checkpoints.path(best).read_bytes())
        model = build_model(experiment, 99, CPU)
        model.load_state_dict(weights)
        loss, score = evaluate(model, experiment, lab.runner.data.val)
        assert (loss, score) == pytest.approx((best.val_loss, best.val_score))
        assert best.val_loss == best.curves["val_loss"][best.best_epoch]

        fit = lab.runner.fit(experiment)
        fit.advance(6)
        assert all(torch.equal(fit.weights()[name], value) for name, value in weights.items())

        assert (
            lab.runner.weights(best, experiment) == lab.runner.checkpoints.path(best).read_bytes()
        )
        kept = lab.runner.checkpoints.path(best).read_bytes()
        lab.runner.checkpoints.path(best).unlink()
        assert lab.runner.weights(best, experiment) == kept  # trained once more


def test_a_worse_trial_does_not_take_the_place_of_the_best(tmp_path):
    with Lab(tmp_path) as lab:
        (best,) = lab.run(specs(0.03))
        kept = lab.runner.checkpoints.path(best).read_bytes()
        (worse,) = lab.run(specs(1e-6))
        assert lab.runner.checkpoints.pool() == [best.key, worse.key]
        assert lab.runner.checkpoints.path(best).read_bytes() == kept


def test_the_weights_of_a_few_trainings_of_full_length_are_kept(tmp_path):
    with Lab(tmp_path) as lab:
        rates = (0.03, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e6)
        trials = lab.run(specs(*rates))
        ranked = sorted(
            (t for t in trials if t.status == "finished"), key=lambda t: (-t.val_score, t.val_loss)
        )
        assert len(ranked) == 7
        assert lab.runner.checkpoints.pool() == [t.key for t in ranked[:POOL]]
        assert lab.kept == sorted(t.key for t in ranked[:POOL])


def test_of_trainings_that_begin_alike_the_pool_has_the_best_one(tmp_path):
    with Lab(tmp_path) as lab:
        frozen = specs(0.03, 1e-3, 1e-4, freeze=1)
        free = specs(0.03, 1e-6)
        trials = lab.run([*frozen, *free])
        assert {t.status for t in trials} == {"finished"}
        assert set(lab.runner.checkpoints.pool()) == {
            best_of(trials[:3]).key,
            *(t.key for t in trials[3:]),
        }
        assert lab.kept == sorted(lab.runner.checkpoints.pool())


def test_a_training_that_was_cut_or_repeats_another_is_in_no_pool(tmp_path):
    with Lab(tmp_path) as lab:
        trials = lab.run(specs(0.03, 1e-6), Halving(keep=0.5))
        assert [t.status for t in trials] == ["finished", "stopped"]
        assert lab.runner.checkpoints.pool() == [trials[0].key]
