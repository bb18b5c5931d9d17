import pytest

from recipe.core.names import unknown


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("weight_decy", "weight_decay"),
        ("epoch", "epochs"),
        ("learning_rat", "learning_rate"),
        ("EPOCHS", "epochs"),
    ],
)
def test_the_nearest_name_is_offered(name, nearest):
    known = ["epochs", "learning_rate", "weight_decay"]
    assert unknown("key", name, known) == f"Unknown key {name!r}: did you mean {nearest!r}?"


def test_all_names_are_listed_in_order_when_none_is_near():
    assert unknown("task", "zzz", {"b": 1, "a": 2}) == "Unknown task 'zzz': known are: a, b."
