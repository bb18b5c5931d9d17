"""Labels that are words become numbers, whatever holds them."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, Subset

from label_variations import KIND, WORDS, Listed, X, prepared, targets_of
from recipe import UsageError
from recipe.data.word_labels import WordLabels, in_order, words_of

CLASSES = ("cat", "cow", "dog")
NUMBERS = [CLASSES.index(word) for word in WORDS]


class Stream(IterableDataset):
    def __iter__(self):
        return iter(zip(X, WORDS, strict=True))


SOURCES = {
    "pairs": Listed(lambda i: (X[i], WORDS[i])),
    "a loader": DataLoader(Listed(lambda i: (X[i], WORDS[i])), batch_size=8),
    "a part": Subset(Listed(lambda i: (X[i], WORDS[i])), range(60)),
    "bytes": Listed(lambda i: (X[i], WORDS[i].encode())),
    "an array": (X, np.array(WORDS)),
    "a list": (X, WORDS),
    "objects": (X.numpy(), np.array(WORDS, dtype=object)),
    "a data frame": (pd.DataFrame(X.numpy()), pd.Series(WORDS)),
    "categories": (pd.DataFrame(X.numpy()), pd.Series(WORDS, dtype="category")),
    "a dict of arrays": {"x": X, "label": np.array(WORDS)},
    "dicts": [{"x": x, "label": word} for x, word in zip(X, WORDS, strict=True)],
    "a function": lambda: (X, WORDS),
    "a stream": Stream(),
}


@pytest.mark.parametrize("name", SOURCES)
def test_words_in_every_kind_of_source(name):
    source = SOURCES[name]
    _, data, classes, said = prepared(train=source, val=source)
    assert classes == CLASSES
    assert targets_of(data.train).tolist() == NUMBERS
    assert targets_of(data.val).tolist() == NUMBERS
    assert any("cat is 0, cow is 1, dog is 2." in text for text in said)


def test_items_that_are_random_have_labels_too():
    train = Listed(lambda i: (X[i] + torch.randn(4), WORDS[i]))
    _, data, classes, _ = prepared(train=train)
    assert classes == CLASSES
    assert set(targets_of(data.train).tolist()) <= {0, 1, 2}


def test_the_users_own_order():
    _, data, classes, said = prepared(train=(X, WORDS), classes=["dog", "cat", "cow"], val=0.25)
    assert classes == ("dog", "cat", "cow")
    assert not said
    assert sorted(set(data.train.y.tolist())) == [0, 1, 2]


def test_a_class_of_validation_alone_stands_behind_the_others():
    few = [word if word != "cow" else "dog" for word in WORDS]
    _, data, classes, _ = prepared(train=(X, few), val=(X, WORDS))
    assert classes == ("cat", "dog", "cow")
    assert int(data.train.y.max()) == 1
    assert int(data.val.y.max()) == 2


def test_words_of_other_tasks():
    _, data, _, _ = prepared(train=(X, ["yes" if k else "no" for k in KIND]), task="binary")
    assert set(data.train.y.tolist()) == {0, 1}
    _, data, classes, _ = prepared(
        train=(X, [[w, "pet"] if w != "cow" else [] for w in WORDS]), task="multilabel"
    )
    assert classes == ("cat", "dog", "pet")
    assert data.train.y.shape[1:] == (3,)
    assert float(data.train.y.sum(1).max()) == 2
    _, data, _, _ = prepared(train=(X, [str(k / 4) for k in KIND.tolist()]), task="regression")
    assert data.train.y.dtype == torch.float32
    tags = [["O", "B", "O"][: 2 + k % 2] for k in range(60)]
    train = [(torch.zeros(len(each), 4), each) for each in tags]
    _, data, classes, _ = prepared(train=train, task="token_classification")
    assert classes == ("B", "O")
    assert set(targets_of(data.train).flatten().tolist()) <= {0, 1, -100}


def test_an_unknown_word_is_one_sentence():
    with pytest.raises(UsageError, match=r"train\[2\] has the label 'cow', which is none of the 2"):
        prepared(train=Listed(lambda i: (X[i], WORDS[i])), classes=["cat", "dog"])


def test_order_and_words():
    assert in_order(["10", "9", "1"]) == ["1", "9", "10"]
    assert in_order(["b", "10", "a"]) == ["10", "a", "b"]
    assert words_of(np.array([["a", "b"]])) == ["a", "b"]
    assert words_of([1, "a"]) is words_of(3) is words_of([]) is None
    assert WordLabels(("a", "b"), "several").encoded([], "item").tolist() == [0, 0]
