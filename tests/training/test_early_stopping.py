"""What a record says of scores and curves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe.training.early_stopping import averaged_down, is_better, patience_for, score_at


@pytest.mark.parametrize(("epochs", "patience"), [(1, 5), (10, 5), (11, 6), (30, 15), (100, 50)])
def test_patience_for(epochs, patience):
    assert patience_for(epochs) == patience


numbers = st.none() | st.sampled_from([0.0, 0.5, 1.0])


@given(numbers, numbers, numbers, numbers)
def test_is_better_is_the_order_of_score_then_loss(score, loss, best_score, best_loss):
    def rank(score, loss):
        return score is not None, score or 0, loss is not None, -(loss or 0)

    expected = rank(score, loss) > rank(best_score, best_loss)
    assert is_better(score, loss, best_score, best_loss) == expected


@pytest.mark.parametrize(
    ("scores", "epoch", "best"),
    [([0.1, 0.9, 0.2], 1, 0.1), ([0.1, 0.9, 0.2], 3, 0.9), ([None, 0.3], 9, 0.3),
     ([None], 1, None), ([], 3, None), ((0.1, 0.2), 2, 0.2)],
)  # fmt: skip
def test_score_at(scores, epoch, best):
    assert score_at({"val_score": scores}, epoch) == best


def test_the_score_of_the_averaged_weights_counts_where_it_was_measured():
    curves = {"val_score": [0.4, 0.5, 0.3], "averaged_score": [None, 0.7, 0.9]}
    assert [score_at(curves, epoch) for epoch in (1, 2, 3, 4)] == [0.4, 0.7, 0.9, 0.5]


@given(st.lists(st.floats(-9, 9), max_size=60), st.integers(1, 20))
def test_thinned(values, points):
    found = averaged_down(values, points)
    assert len(found) == min(len(values), points)
    if len(values) <= points:
        assert found == values
    elif len(values) % points == 0:
        size = len(values) // points
        parts = [values[i : i + size] for i in range(0, len(values), size)]
        assert found == pytest.approx([sum(part) / size for part in parts])
    else:
        assert min(values) - 1e-9 <= min(found) <= max(found) <= max(values) + 1e-9
