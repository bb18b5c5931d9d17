"""A user's own update step beside the reference."""

import pytest
import torch
from torch.nn import functional as F

from recipe.testing import judge_scalars, measure
from recipe_steps.initial_loss.loss_rules import loss_sign_flipped
from recipe_steps.initial_loss.output_rules import sigmoid_before_loss, softmax_before_loss
from recipe_steps.inspect.rules import outputs_do_not_match_targets
from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.update_rules import (
    evaluation_mode_in_training,
    gradients_not_cleared,
    optimizer_misses_parameters,
    schedule_differs_from_plan,
    step_before_backward,
)
from rule_cases import NAN, Case, check
from step_samples import blob_experiment


def sound(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def clipped(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def cleared_afterwards(model, optimizer, batch):
    x, y = batch
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss


def in_two_halves(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    for part in (slice(None, 8), slice(8, None)):
        loss = F.cross_entropy(model(x[part]), y[part])
        (loss * len(y[part]) / len(y)).backward()
    optimizer.step()
    return loss


def sharpness_aware(model, optimizer, batch):
    loss = in_two_halves(model, optimizer, batch)
    optimizer.zero_grad()
    F.cross_entropy(model(batch[0]), batch[1]).backward()
    optimizer.step()
    return loss


def gathered_over_four_calls(model, optimizer, batch):
    loss = F.cross_entropy(model(batch[0]), batch[1]) / 4
    loss.backward()
    model.calls = getattr(model, "calls", 0) + 1
    if model.calls % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
    return loss


def attacked_in_evaluation_mode(model, optimizer, batch):
    x = batch[0].clone().requires_grad_()
    model.eval()
    (push,) = torch.autograd.grad(F.cross_entropy(model(x), batch[1]), x)
    model.train()
    return sound(model, optimizer, (batch[0] + 0.01 * push.sign(), batch[1]))


def never_cleared(model, optimizer, batch):
    x, y = batch
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def no_step(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    return loss


def cleared_too_late(model, optimizer, batch):
    x, y = batch
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss


def step_first(model, optimizer, batch):
    x, y = batch
    optimizer.step()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    return loss


def evaluating(model, optimizer, batch):
    model.eval()
    return sound(model, optimizer, batch)


def climbing(model, optimizer, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = -F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def decaying(model, optimizer, batch):
    loss = sound(model, optimizer, batch)
    for group in optimizer.param_groups:
        group["lr"] *= 0.5
    return loss


def last_layer_only(params, lr, weight_decay):
    return torch.optim.SGD(list(params)[-2:], lr=lr, weight_decay=weight_decay)


def another_model(params, lr, weight_decay):
    other = torch.nn.Linear(2, 2)
    return torch.optim.SGD(other.parameters(), lr=lr, weight_decay=weight_decay)


UPDATES = {
    sound: [],
    clipped: [],
    cleared_afterwards: [],
    in_two_halves: [],
    sharpness_aware: [],
    gathered_over_four_calls: [],
    attacked_in_evaluation_mode: [],
    never_cleared: ["gradients-not-cleared"],
    no_step: ["optimizer-misses-parameters"],
    cleared_too_late: ["optimizer-misses-parameters"],
    step_first: ["step-before-backward"],
    evaluating: ["evaluation-mode-in-training"],
    climbing: ["loss-sign-flipped"],
    decaying: ["schedule-differs-from-plan"],
}


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.PASSES", 8)
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.LAST_PASSES", 8)


def causes(out, **given):
    evidence = measure(OverfitSample(), blob_experiment(**given), out)
    found = judge_scalars(OverfitSample(), evidence.scalars, evidence.curves)
    names = {f.rule for f in found if f.because is None}
    return sorted(names - {"cannot-overfit-sample", "model-too-small"})


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: update.__name__)
def test_an_update_step_is_told_by_what_it_does(tmp_path, update):
    assert causes(tmp_path, update=update) == UPDATES[update]


@pytest.mark.parametrize("optimizer", [last_layer_only, another_model])
def test_an_optimizer_that_misses_parameters(tmp_path, optimizer):
    assert causes(tmp_path, optimizer=optimizer) == ["optimizer-misses-parameters"]


def test_an_optimizer_of_ones_own_is_sound(tmp_path):
    def own(params, lr, weight_decay):
        return torch.optim.NAdam(params, lr=lr, weight_decay=weight_decay)

    assert causes(tmp_path, optimizer=own, lr=0.01) == []


def test_an_optimizer_that_evaluates_the_loss_itself_is_sound(tmp_path):
    def own(params, lr, weight_decay):
        return torch.optim.LBFGS(params, lr=lr, max_iter=4, line_search_fn="strong_wolfe")

    assert causes(tmp_path, optimizer=own, lr=0.5, batch_size=256) == []


def misses(count, steps=2):
    return {"update_misses": count, "update_reached": 4, "update_steps": steps,
            "update_misses_names": "0.weight"}  # fmt: skip


def reported(said, rise, true=1.1):
    return {"update_reported_loss": said, "update_reference_loss": true,
            "update_reference_change": rise}  # fmt: skip


UPDATE_CASES = [
    Case(
        outputs_do_not_match_targets,
        {"shape_problem": "outputs of shape [4, 1] against [4]"},
        "fail",
        says="[4, 1]",
    ),
    Case(outputs_do_not_match_targets, {"shape_problem": None}, None),
    Case(outputs_do_not_match_targets, {}, None),
    Case(softmax_before_loss, {"update_squashes": "softmax"}, "fail", says="softmax"),
    Case(softmax_before_loss, {"update_squashes": "sigmoid"}, None),
    Case(softmax_before_loss, {"update_squashes": NAN}, None),
    Case(sigmoid_before_loss, {"update_squashes": "sigmoid"}, "fail", says="sigmoid"),
    Case(sigmoid_before_loss, {"update_squashes": "softmax"}, None),
    Case(sigmoid_before_loss, {"update_squashes": NAN}, None),
    Case(gradients_not_cleared, {"update_keeps_gradients": 4}, "fail", says="of 4 parameters"),
    Case(gradients_not_cleared, {"update_keeps_gradients": 0}, None),
    Case(gradients_not_cleared, {"update_keeps_gradients": NAN}, None),
    Case(optimizer_misses_parameters, misses(2), "fail", says="2 do not change (0.weight)"),
    Case(optimizer_misses_parameters, misses(4, steps=0), "fail", says="never calls"),
    Case(optimizer_misses_parameters, misses(0), None),
    Case(optimizer_misses_parameters, misses(NAN), None),
    Case(step_before_backward, {"update_step_first": True}, "warn"),
    Case(step_before_backward, {"update_step_first": False}, None),
    Case(step_before_backward, {}, None),
    Case(evaluation_mode_in_training, {"update_evaluation_mode": True}, "warn"),
    Case(evaluation_mode_in_training, {"update_evaluation_mode": False}, None),
    Case(evaluation_mode_in_training, {}, None),
    Case(loss_sign_flipped, reported(-1.1, 0.2), "fail", says="returns -1.1"),
    Case(loss_sign_flipped, reported(-1.1, 0.01), None),
    Case(loss_sign_flipped, reported(1.1, 0.2), None),
    Case(loss_sign_flipped, reported(-0.7, 0.2), None),  # another loss: of a critic, say
    Case(loss_sign_flipped, reported(NAN, 0.2), None),
    Case(schedule_differs_from_plan, {"update_changes_rate": True}, "warn"),
    Case(schedule_differs_from_plan, {"update_changes_rate": False}, None),
    Case(schedule_differs_from_plan, {}, None),
]


@pytest.mark.parametrize("case", UPDATE_CASES, ids=str)
def test_rule(case):
    check(OverfitSample(), case)
