"""What remedies of learning curves change."""

from dataclasses import replace

import pytest
import torch

from recipe.core.evidence import Evidence
from recipe.core.findings import Finding
from recipe.data.splitting import load_splits
from recipe.plugin.remedy import RemedyInput
from recipe_steps.learning_curves import remedies
from step_samples import blob_experiment

CPU = torch.device("cpu")
BASE = blob_experiment(
    lr=0.3, weight_decay=0.02, epochs=7, schedule="constant", batch_size=64, augment=torch.neg
).resolved()


DECLARED = Evidence({"best_status": "finished", "baseline_status": "finished"})


def mended(remedy, experiment=BASE, message="In the baseline it fell.", evidence=DECLARED):
    finding = Finding("some-rule", "warn", message, "Change it.")
    data = load_splits(experiment, CPU, 0)
    return remedy.apply(RemedyInput(experiment, data, evidence, CPU, finding))


CHANGES = {
    "cosine": {"schedule": "cosine"},
    "longer": {"epochs": 11},
    "more_decay": {"weight_decay": 0.06},
    "less_decay": {"weight_decay": 0.002},
    "faster": {"lr": 0.9, "epochs": 14},
    "slower": {"lr": 0.1},
    "clipped": {"clip_norm": 1.0},
    "warmed": {"warmup": 0.2},
    "tamed": {"lr": 0.03, "warmup": 0.05, "clip_norm": 1.0},
    "smaller_batch": {"batch_size": 16, "lr": 0.075, "epochs": 14},
    "without_augmentation": {"augment": None},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change(name):
    remedy = getattr(remedies, name)
    found = mended(remedy)
    assert remedy.as_declared
    assert remedy.of_run
    for field, value in CHANGES[name].items():
        wanted = value if value is None or isinstance(value, str) else pytest.approx(value)
        assert getattr(found, field) == wanted
    assert found == replace(BASE, **{field: getattr(found, field) for field in CHANGES[name]})


def test_clipping_is_at_the_norm_that_the_range_test_found():
    known = Evidence({**DECLARED.scalars, "gradient_norm_90": 3.5})
    assert mended(remedies.clipped, evidence=known).clip_norm == 3.5
    assert mended(remedies.tamed, evidence=known).clip_norm == 3.5
    assert mended(remedies.clipped, replace(BASE, clip_norm=2.0), evidence=known) is None
    assert mended(remedies.clipped, replace(BASE, clip_norm=9.0), evidence=known).clip_norm == 3.5


def test_what_is_warmed_up_for_long_is_not_warmed_up_again():
    assert mended(remedies.warmed, replace(BASE, warmup=0.3)) is None
    assert [r.name for r in remedies.slower.alternatives] == [
        "a warm-up over 20% of training", "clip the largest tenth of the gradients",
    ]  # fmt: skip


def test_weights_are_drawn_anew():
    found = mended(remedies.draw_anew)
    assert found.warmup == 0.05
    weight = found.model()[0].weight
    assert weight.std().item() == pytest.approx((2 / weight.shape[1]) ** 0.5, rel=0.3)


def test_the_rate_of_an_adaptive_optimizer_goes_with_the_root():
    found = mended(remedies.smaller_batch, replace(BASE, optimizer="adam"))
    assert found.lr == pytest.approx(0.15)


def test_where_no_rate_is_declared_the_best_run_is_changed():
    only = Evidence({"best_status": "finished"})
    assert mended(remedies.longer, message="In the best run it fell.", evidence=only).epochs == 11


def test_batches_larger_than_the_data():
    found = mended(remedies.smaller_batch, replace(BASE, batch_size=10_000))
    assert found.batch_size == 48  # a quarter of the training items
    assert mended(remedies.smaller_batch, replace(BASE, batch_size=3)) is None


def test_what_cannot_be_helped():
    assert mended(remedies.cosine, message="In the best run it fell.") is None
    assert mended(remedies.cosine, replace(BASE, lr=None)) is None
    assert mended(remedies.less_decay, replace(BASE, weight_decay=0.0)) is None
    assert mended(
        remedies.more_decay, replace(BASE, weight_decay=0.0)
    ).weight_decay == pytest.approx(3e-4)
