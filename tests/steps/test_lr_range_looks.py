"""What is looked at once the best rate is known."""

import math
from dataclasses import replace
from statistics import median

import pytest
import torch
from torch import nn

from recipe.core.budget import Budget
from recipe.plugin import Training
from recipe.testing import judge_scalars, open_context
from recipe_steps.lr_range import LrRange
from recipe_steps.lr_range.candidates import Candidates, TriedRate, ramp
from recipe_steps.lr_range.gradient_noise import _Sum, noise_marks, noise_of
from recipe_steps.lr_range.looks import look
from recipe_steps.lr_range.stability import near_the_edge, stability_marks
from recipe_steps.lr_range.watched import histogram, in_tens, percentile, watch
from step_samples import blob_experiment, blobs, digits_experiment


def context(out, **given):
    return open_context(LrRange(), blob_experiment(**{"lr": None, **given}), out)


def tried(lr, final, tail=None):
    level = final if tail is None else tail
    return TriedRate(lr, final, 0.01, None, (2.0 if level is None else level,) * 30)


def test_the_norms_are_those_of_every_iteration(tmp_path):
    with context(tmp_path) as ctx:
        seen = watch(ctx, ctx.experiment, 0.05, 30, checked=True)
        plain = Training(
            replace(ctx.experiment, lr=0.05), ctx.data, seed=ctx.seed_for("candidate"),
            device=ctx.device, rates=[0.05] * 30, mode=ctx.runner.mode.single,
        )  # fmt: skip
        norms = []
        plain.optimizer.register_step_pre_hook(
            lambda *_: norms.append(
                torch.stack([p.grad.norm() for p in plain.model.parameters()]).norm().item()
            )
        )
        losses = plain.losses(lambda _: False)
    assert seen.losses == pytest.approx(losses)
    assert seen.norms == pytest.approx(norms, rel=1e-4)
    assert len(seen.checks) == 3
    assert seen.training.model.training


def test_norms_are_told_before_they_are_clipped(tmp_path):
    with context(tmp_path, clip_norm=1e-3) as ctx:
        seen = watch(ctx, ctx.experiment, 0.05, 10)
    assert min(seen.norms) > 1e-2


def test_own_updates_and_optimizers_with_a_closure_are_left_alone(tmp_path):
    def update(model, optimizer, batch):
        x, y = batch
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    with context(tmp_path, update=update) as ctx:
        assert watch(ctx, ctx.experiment, 0.05, 10) is None
    with context(tmp_path, optimizer=lambda p, lr, _: torch.optim.LBFGS(p, lr)) as ctx:
        assert watch(ctx, ctx.experiment, 0.05, 10) is None


def test_percentiles_and_bins():
    assert [percentile([3.0, 1.0, 2.0, 4.0], s) for s in (0.25, 0.5, 0.9)] == [1.0, 2.0, 4.0]
    sizes, counts = histogram([0.01] * 3 + [0.1] * 5 + [1.0])
    assert sum(counts) == 9
    assert (counts[0], counts[-1]) == (3, 1)
    assert 0.01 < sizes[0] < 0.02
    assert histogram([0.5, 0.5]) == ([], [])
    assert histogram([0.0]) == ([], [])
    assert in_tens([1.0] * 10 + [3.0] * 10 + [9.0] * 5) == [1.0, 3.0]


def test_the_noise_scale_is_that_of_known_gradients():
    """Items with gradient G + e, e of variance s^2 in each of d directions: S / |G|^2."""
    generator = torch.Generator().manual_seed(0)
    d, spread, batch = 400, 3.0, 8
    true = torch.randn(d, generator=generator)
    found = []
    for _ in range(20):
        sums = _Sum(), _Sum()
        for k in range(16):
            items = true + spread * torch.randn(batch, d, generator=generator)
            sums[k % 2].add([items.mean(0)[:100], items.mean(0)[100:]])
        found.append(noise_of(sums, batch, 10**9))
    expected = d * spread**2 / float((true**2).sum())
    assert median(found) == pytest.approx(expected, rel=0.1)


def test_noise_without_a_direction_has_no_end():
    generator = torch.Generator().manual_seed(1)
    total = _Sum()
    for _ in range(4):
        total.add([torch.randn(50, generator=generator)])
    total.total = [torch.zeros(50)]
    assert noise_of([total], 8, 10**9) == math.inf


def test_batches_of_most_of_the_data_differ_too_little(tmp_path):
    with context(tmp_path, batch_size=128) as ctx:
        seen = watch(ctx, ctx.experiment, 0.05, 5)
        assert noise_marks(ctx, seen.training) == {}


def test_looking_at_noise_changes_neither_data_nor_random_numbers(tmp_path):
    with context(tmp_path, batch_size=16) as ctx:
        before = ctx.data.train.x.clone()
        seen = watch(ctx, ctx.experiment, 0.05, 5)
        torch.manual_seed(7)
        expected = torch.rand(2)
        torch.manual_seed(7)
        found = noise_marks(ctx, seen.training)
        assert torch.equal(torch.rand(2), expected)
        assert torch.equal(ctx.data.train.x, before)
    assert found["noise_low"] > 0


def test_all_of_it_on_digits(tmp_path):
    with open_context(LrRange(), digits_experiment(), tmp_path) as ctx:
        evidence = LrRange().measure(ctx)
        assert not ctx.meter.left_out
    number = evidence.number
    assert number("gradient_norm_50") <= number("gradient_norm_90") <= number("gradient_norm_100")
    assert sum(evidence.curve("norm_count")) == 100
    assert len(evidence.curve("course_val_loss")) == len(evidence.curve("course_loss")) == 10
    assert number("noise_scale") or number("noise_at_least")
    assert evidence.curve("batch_sizes")[:2] == (16.0, 32.0)
    assert all(rate > 0 for rate in evidence.curve("items_per_second"))
    assert number("fastest_batch_size") >= 16
    assert judge_scalars(LrRange(), evidence.scalars, evidence.curves) == ()


def test_what_a_budget_does_not_pay_for_is_said(tmp_path):
    found = Candidates(2.0, [tried(0.05, 0.5)], None)
    with context(tmp_path) as ctx:
        ctx.meter.budget = Budget(1, "epochs")
        ctx.settings = replace(ctx.settings, budget=Budget(1, "epochs"))
        scalars, _ = look(ctx, found)
        (said,) = ctx.meter.left_out
    assert said.what == "lr_range: gradients at the best rate"
    assert said.why == "they take more than 5% of what is left"
    assert "gradient_norm_50" not in scalars


def test_nothing_is_timed_where_every_digit_counts(tmp_path):
    with open_context(LrRange(), blob_experiment(), tmp_path, exact=True) as ctx:
        _, curves = look(ctx, Candidates(2.0, [tried(0.05, 0.5)], None, 20))
    assert "items_per_second" not in curves


@pytest.mark.parametrize(
    ("above", "near"),
    [([(0.1, None)], True), ([(0.1, 2.5)], True), ([(0.1, 1.9)], False), ([(0.4, None)], False)],
)
def test_the_best_rate_is_near_one_that_diverges(above, near):
    rates = [tried(0.05, 0.5), tried(0.02, 0.9), *(tried(lr, f) for lr, f in above)]
    assert near_the_edge(Candidates(2.0, rates, None)) == near


def sharp(out):
    """Inputs so large in some batches that a rate twice the best one diverges."""
    x, y = blobs(256)
    return open_context(
        LrRange(), blob_experiment(lr=None, train=(6 * x, y), model=deep, batch_size=16), out
    )


def deep():
    return nn.Sequential(*[layer for _ in range(3) for layer in (nn.Linear(4, 4), nn.ReLU())],
                         nn.Linear(4, 3))  # fmt: skip


def test_steadied_courses_are_tried_where_twice_the_rate_is_unstable(tmp_path):
    with sharp(tmp_path) as ctx:
        found = Candidates(2.0, [tried(3.0, 0.5, 1.0), tried(9.0, None)], None)
        seen = watch(ctx, ctx.experiment, 0.02, 20)
        allowed = ctx.allow(1.0)
        scalars, curves = stability_marks(ctx, found, seen.norms, allowed)
    assert scalars["above_lr"] == 6.0
    assert scalars["above_diverged"] or scalars["above_rises"]
    assert len(curves["above_loss"]) <= scalars["above_iterations"] // 10
    if "steadied_by" in scalars:
        assert scalars["unsteadied_loss"] == 1.0
        assert scalars["steadied_lr"] in (6.0, 15.0)


def test_nothing_is_steadied_far_from_the_edge(tmp_path):
    with context(tmp_path) as ctx:
        found = Candidates(2.0, [tried(0.05, 0.5), tried(0.15, 0.9)], None)
        assert stability_marks(ctx, found, [1.0], ctx.allow(1.0)) == ({}, {})


def test_the_rate_rises_as_long_as_is_asked():
    experiment = blob_experiment().resolved()
    assert ramp(experiment, 0.5, 4) == [0.5] * 4
    assert ramp(experiment, 0.5, 4, 2) == pytest.approx([0.5 / 3, 1 / 3, 0.5, 0.5])
    warm = replace(experiment, warmup=0.1)
    assert ramp(warm, 1.0, 10)[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 16), nn.Linear(16, 3)
        self.blocks = nn.ModuleList(nn.Linear(16, 16) for _ in range(4))

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = x + 4 * torch.relu(block(x))
        return self.last(x)


def test_branches_that_begin_at_zero_are_tried_too(tmp_path, monkeypatch):
    from recipe_steps.lr_range import stability

    tried_names = []
    rescue = stability._rescue
    monkeypatch.setattr(
        stability, "_rescue",
        lambda best, tries: tried_names.extend(one.name for one, _ in tries) or rescue(best, tries),
    )  # fmt: skip
    with context(tmp_path, model=Residual) as ctx:
        found = Candidates(2.0, [tried(2.0, 0.5, 1.0), tried(6.0, None)], None)
        scalars, _ = stability_marks(ctx, found, [1.0, 2.0], ctx.allow(1.0))
    assert scalars["above_diverged"] or scalars["above_rises"]
    assert len(tried_names) == 5
    assert "residual branches that begin at zero (blocks.0, blocks.1" in tried_names[-1]
    assert tried_names[-2] == "gradients clipped at 2"


def test_all_looks_leave_the_random_numbers_of_the_user_alone(tmp_path):
    def dropping():
        return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 3))

    with context(tmp_path, model=dropping) as ctx:
        found = Candidates(2.0, [tried(0.5, 0.5, 1.0), tried(1.5, None)], None, 20)
        assert ctx.runner.mode  # found before
        torch.manual_seed(3)
        expected = torch.rand(2)
        torch.manual_seed(3)
        look(ctx, found)
        assert torch.equal(torch.rand(2), expected)
