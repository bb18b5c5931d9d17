import pytest
import torch

from recipe.tasks import TASKS, Regression

ODD = [1, 7, 2, 13, 5]  # batch sizes of a pass
OF_A_LOSS = ("embedding", "ranking", "detection")  # which is the user's own, or the model's


def data_of(name):
    generator = torch.Generator().manual_seed(3)
    n = sum(ODD)
    real = torch.randn(n, 4, generator=generator)
    labels = torch.randint(0, 2, (n, 4), generator=generator)
    return {
        "classification": (real, torch.randint(0, 4, (n,), generator=generator)),
        "binary": (real[:, :1], labels[:, 0]),
        "multilabel": (real, labels.float()),
        "regression": (real[:, :2], torch.randn(n, 2, generator=generator) * 3 + 100),
        "language_model": (real.reshape(n, 2, 2), labels[:, :2]),
        "sequence_to_sequence": (real.reshape(n, 2, 2), labels[:, :2]),
        "token_classification": (real.reshape(n, 2, 2), labels[:, :2]),
        "segmentation": (torch.stack([real, real.roll(1, 0)], 1), labels),
        "binary_segmentation": (real.reshape(n, 1, 2, 2), labels.reshape(n, 2, 2)),
        "forecasting": (real.reshape(n, 2, 2), labels.reshape(n, 2, 2) * 3.0 + real.mean()),
    }[name]


@pytest.mark.parametrize("name", [name for name in TASKS if name not in OF_A_LOSS])
def test_sums_over_odd_batches_give_the_score_of_the_whole(name):
    task = TASKS[name]
    outputs, targets = data_of(name)
    parts = zip(outputs.split(ODD), targets.split(ODD), strict=True)
    batched = sum(task.sums(o, t) for o, t in parts)
    whole = task.score(task.sums(outputs, targets))
    assert task.score(batched) == pytest.approx(whole, rel=1e-9)
    assert whole not in (0.0, 1.0)


@pytest.mark.parametrize("name", TASKS)
def test_each_task_is_known_by_its_name(name):
    known = "embedding" if name == "ranking" else name
    assert TASKS[name].name == known
    assert TASKS[name].adapted(None).name == known


def test_a_memorised_sample_is_perfect_by_default():
    assert TASKS["classification"].perfect_score(torch.zeros(2, 1), torch.tensor([0, 1])) == 1.0
    assert TASKS["regression"].chance_score(torch.zeros(3)) == 0.0


@pytest.mark.parametrize(
    ("outputs", "targets", "fine"),
    [((4, 1), (4,), True), ((4,), (4, 1), True), ((4, 2), (4,), False), ((4, 1), (3,), False)],
)
def test_shapes_have_to_hold_the_same_number_of_values(outputs, targets, fine):
    problem = Regression().shape_problem(torch.zeros(outputs), torch.zeros(targets))
    assert (problem is None) == fine
    if problem:
        assert str(list(outputs)) in problem
        assert str(list(targets)) in problem


@pytest.mark.parametrize(("shape", "n"), [((5,), 1), ((5, 1), 1), ((5, 3), 3)])
def test_number_of_outputs(shape, n):
    assert Regression().n_outputs(torch.zeros(shape)) == n
