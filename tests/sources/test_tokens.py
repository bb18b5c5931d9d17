import pytest

from recipe.sources.tokens import is_wordy, tokens_of, vocabulary


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("It's FINE, really!", ["it", "'", "s", "fine", ",", "really", "!"]), ("", []),
     ("Größe 3.5", ["größe", "3", ".", "5"]), ("我喜欢it", ["我", "喜", "欢", "it"])],
)  # fmt: skip
def test_words_and_signs(text, tokens):
    assert tokens_of(text) == tokens


def test_the_most_frequent_words_are_known():
    texts = [["a", "b", "a"], ["b", "c", "a"]]
    assert vocabulary(texts, 2, 1) == ("a", "b")
    assert vocabulary(texts, 9, 2) == ("a", "b")


@pytest.mark.parametrize(
    ("cells", "wordy"),
    [(["one two three", "one two three four"], True), (["red", "dark green"], False), ([""], False),
     (["2019-01-01 12:00"], False), (["我喜欢这部电影"], True)],
)  # fmt: skip
def test_what_looks_like_text(cells, wordy):
    assert is_wordy(cells) == wordy
