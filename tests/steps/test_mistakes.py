import pytest
import torch
from torch import nn

from recipe.testing import judge_scalars, open_context
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.detail import coarse, detail_marks, moved_aside, rearranged
from recipe_steps.learning_curves.mistake_rules import detail_not_needed, mistakes_gather
from recipe_steps.learning_curves.mistakes import mistakes
from rule_cases import NAN, Case, check
from step_samples import blob_experiment, digits_experiment, mlp
from task_samples import segmentation


def gathered(**more):
    return {"slice": "the lowest quarter of brightness", "slice_items": 225, "slice_wrong": 0.31,
            "others_wrong": 0.08, "slice_errors": 8.7, **more}  # fmt: skip


def detail(half=0.899, **more):
    return {"best_chance": 0.1, "detail_whole": 0.897, "detail_half": half, "detail_error": 0.003,
            "detail_side": 32, **more}  # fmt: skip


MISTAKE_CASES = [
    Case(mistakes_gather, gathered(), "note", says="225 validation items in the lowest quarter"),
    Case(mistakes_gather, gathered(slice_errors=4.9), None),
    Case(mistakes_gather, gathered(others_wrong=0.2), None),
    Case(mistakes_gather, gathered(slice_wrong=NAN), None),
    Case(detail_not_needed, detail(), "note", says="16 pixels a side would do"),
    Case(detail_not_needed, detail(half=0.88), None),
    Case(detail_not_needed, detail(detail_error=0.006), None),
    Case(detail_not_needed, detail(best_chance=0.85), None),
    Case(detail_not_needed, detail(half=NAN), None),
]


@pytest.mark.parametrize("case", MISTAKE_CASES, ids=str)
def test_rule(case):
    check(LearningCurves(), case)


def test_the_surest_mistakes_of_a_trained_model(tmp_path):
    """One label of validation is changed: it is the surest mistake."""
    x = torch.randn(400, 4, generator=torch.Generator().manual_seed(0))
    x[:, 0] += 2 * x[:, 0].sign()
    y = (x[:, 0] > 0).long()
    y[333] = 1 - y[333]
    experiment = blob_experiment(train=(x[:300], y[:300]), val=(x[300:], y[300:]),
                                 model=mlp(4, 2), lr=0.2, epochs=8)  # fmt: skip
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        trial = ctx.train_baseline()
        found = mistakes(ctx, trial)
        whole = LearningCurves().measure(ctx)
    said, true = 1 - int(y[333]), int(y[333])
    assert found.number("mistakes") == 1
    assert found.text("surest_mistakes").startswith(f"item 33: {said} (")
    assert found.text("surest_mistakes").endswith(f"for {true}")
    assert found.text("most_confused") == f"{said} for {true}"
    assert found.sheets["mistakes"].labels[0].endswith(f"is {true}, #33")
    ones = y[300:] == true
    assert found.curve("recall_by_class")[true] == pytest.approx(1 - 1 / int(ones.sum()))
    assert found.curve("recall_by_class")[said] == 1.0
    assert whole.sheets == found.sheets  # the step hands them on
    assert whole.curve("class_number") == (0.0, 1.0)


def test_mistakes_that_gather_are_found_and_others_are_not(tmp_path):
    x = torch.rand(1000, 4, generator=torch.Generator().manual_seed(1))
    y = (x[:, 0] > 0.5).long()
    noise = torch.rand(1000, generator=torch.Generator().manual_seed(2))
    told = {}
    for name, flips in (("gathered", (x[:, 2] > 0.75) & (noise < 0.5)), ("anywhere", noise < 0.13)):
        labels = torch.where(flips, 1 - y, y)
        experiment = blob_experiment(train=(x[:500], y[:500]), val=(x[500:], labels[500:]),
                                     model=mlp(4, 2), lr=0.3, epochs=10)  # fmt: skip
        with open_context(LearningCurves(), experiment, tmp_path / name) as ctx:
            told[name] = mistakes(ctx, ctx.train_baseline()).scalars
    found = judge_scalars(LearningCurves(), told["gathered"])
    assert [f.rule for f in found] == ["mistakes-gather"]
    assert "highest quarter of input 2" in found[0].message
    assert judge_scalars(LearningCurves(), told["anywhere"]) == ()


def test_values_and_their_largest_errors(tmp_path):
    x = torch.randn(300, 4, generator=torch.Generator().manual_seed(3))
    y = x[:, :1] - x[:, 1:2]
    y[250] += 50
    experiment = blob_experiment(train=(x[:200], y[:200]), val=(x[200:], y[200:]), lr=0.05,
                                 model=mlp(4, 1), task="regression")  # fmt: skip
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        found = mistakes(ctx, ctx.train_baseline())
    assert found.text("largest_errors").startswith("item 50: ")
    assert found.number("typical_error") < 2
    assert len(found.curve("true_value")) == len(found.curve("predicted_value")) == 100
    assert found.sheets["mistakes"].rows


def test_masks_are_shown_by_their_losses(tmp_path):
    with open_context(LearningCurves(), segmentation(lr=0.05, epochs=1), tmp_path) as ctx:
        found = mistakes(ctx, ctx.train_baseline())
    losses = [float(part.split(": ")[1]) for part in found.text("highest_losses").split(", ")]
    assert losses == sorted(losses, reverse=True)
    assert found.sheets["mistakes"].pictures


def pictures(n, seed):
    """Bright or dark: no detail is needed."""
    source = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    return torch.randn(n, 1, 16, 16, generator=source) + 2 * y[:, None, None, None] - 1, y


def test_what_a_model_of_brightness_needs(tmp_path):
    experiment = digits_experiment(
        train=pictures(200, 0), val=pictures(400, 1), lr=0.02, epochs=4,
        model=lambda: nn.Sequential(nn.Flatten(), nn.Linear(256, 2)),
    )  # fmt: skip
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        found = detail_marks(ctx, ctx.train_baseline())
    assert found["detail_whole"] > 0.99
    assert found["detail_half"] > 0.99
    assert found["detail_rearranged"] > 0.99
    said = judge_scalars(LearningCurves(), {**found, "best_chance": 0.5})
    assert [f.rule for f in said] == ["detail-not-needed"]


def test_changed_pictures():
    x = torch.arange(64.0).reshape(1, 1, 8, 8)
    assert coarse(x, 2).shape == x.shape
    assert coarse(torch.ones(1, 3, 9, 9), 4) == pytest.approx(torch.ones(1, 3, 9, 9).numpy())
    assert rearranged(x)[0, 0, 0, 0] == x[0, 0, 4, 4]
    assert torch.equal(rearranged(rearranged(x)), x)
    assert torch.equal(moved_aside(x)[..., 1:], x[..., :-1])
    assert torch.equal(moved_aside(x)[..., 0], x[..., 0])
