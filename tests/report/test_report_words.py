import pytest

from recipe.report import words


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.123456, "0.1235"), (12, "12"), (None, words.MISSING), (True, "yes"), (False, "no"),
     ("sgd", "sgd"), (0.0, "0"), (3e-7, "3e-07")],
)  # fmt: skip
def test_show_has_four_significant_digits(value, shown):
    assert words.show(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(8.24, "8.2 s"), (59.99, "1 min 0 s"), (93, "1 min 33 s"), (7500, "2 h 05 min")],
)
def test_duration(seconds, shown):
    assert words.duration(seconds) == shown


def test_text_cannot_break_markdown():
    assert words.humanise("train_loss") == "train loss"
    assert words.prose("a\n <b> `x < y`") == "a &lt;b> `x < y`"
    assert words.cell("a | b\nc") == "a \\| b c"
    assert words.sentence("done") == "done."
    assert words.sentence("done!") == "done!"
    assert words.count(1, "trial") == "1 trial"
    assert words.count(0, "trial") == "0 trials"
