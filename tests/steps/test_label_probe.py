"""What simple predictors know of labels that they were not shown."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from recipe.testing import judge_scalars
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.label_probe import label_probe, sum_of, wrong_labels


def source(seed):
    return torch.Generator().manual_seed(seed)


def digits():
    x, y = load_digits(return_X_y=True)
    return torch.tensor(x).float().reshape(-1, 1, 8, 8) / 16, torch.tensor(y)


def parted(x, y, share=0.25, seed=0):
    order = torch.randperm(len(x), generator=source(seed))
    first, last = order[round(share * len(x)) :], order[: round(share * len(x))]
    return (x[first], y[first]), (x[last], y[last])


def shuffled(y, seed=3):
    return y[torch.randperm(len(y), generator=source(seed))]


def relabelled(y, share, seed=4):
    count = int(y.max()) + 1
    hit = torch.rand(y.shape, generator=source(seed)) < share
    return torch.where(hit, (y + torch.randint(1, count, y.shape, generator=source(5))) % count, y)


def said(train, val, kind="class index"):
    return {f.rule: f for f in judge_scalars(Inspect(), label_probe(train, val, kind))}


def test_which_part_was_shuffled():
    (x, y), (held, answers) = parted(*digits())
    assert said((x, y), (held, answers)) == {}
    assert "of training" in said((x, shuffled(y)), (held, answers))["labels-look-random"].message
    found = said((x, y), (held, shuffled(answers)))["labels-look-random"]
    assert "of validation" in found.message
    assert found.severity == "fail"
    found = said((x, shuffled(y)), (held, shuffled(answers)))["labels-look-random"]
    assert found.severity == "note"


def test_targets_that_are_real():
    x = torch.randn(600, 3, generator=source(6))
    y = x[:, 0].square() + 0.5 * torch.randn(600, generator=source(7))
    assert said(*parted(x, y), kind="real") == {}
    train, val = parted(x, y)
    found = said((train[0], shuffled(train[1])), val, kind="real")
    assert found["labels-look-random"].severity == "fail"


@pytest.mark.parametrize("bits", [2, 4, 6])
def test_a_parity_is_told(bits):
    """Whose neighbours all have the other label."""
    x = torch.randint(0, 2, (600, bits), generator=source(8))
    assert said(*parted(x.float(), x.sum(1) % 2)) == {}


def test_few_items_with_two_inputs():
    y = torch.rand(600, generator=source(144)) < 0.5
    found = said(*parted(torch.randn(600, 2, generator=source(143)), y.float()), "zero or one")
    assert found["labels-look-random"].severity == "note"


def test_another_share_of_classes_in_validation_is_not_compared():
    (x, y), (held, answers) = parted(*digits())
    some = answers < 3
    assert "probe_val" not in label_probe((x, y), (held[some], answers[some]), "class index")


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_the_share_of_wrong_labels(share):
    x, y = digits()
    found = wrong_labels(*parted(x, relabelled(y, share)))
    guess = found["probe_sure_wrong"] / found["probe_sure_items"]
    assert guess == pytest.approx(share, abs=max(0.02, 0.1 * share))
    (finding,) = [f for f in judge_scalars(Inspect(), found) if f.rule == "noisy-labels"]
    assert finding.severity == "warn"


def test_the_items_that_are_named_have_wrong_labels():
    x, y = digits()
    given = relabelled(y, 0.1)
    train, val = parted(x, given)
    true = parted(x, y)[0][1]
    found = wrong_labels(train, val)
    named = [int(i) for i in found["probe_suspects"].split(", ")]
    assert len(named) == 5
    assert sum(bool(train[1][i] != true[i]) for i in named) >= 4


def test_a_third_of_a_hundred_classes():
    y = torch.randint(0, 100, (2500,), generator=source(9))
    centres = torch.randn(100, 20, generator=source(10))
    x = centres[y] + 0.4 * torch.randn(2500, 20, generator=source(11))
    assert said(*parted(x, y)) == {}
    found = said(*parted(x, relabelled(y, 0.3)))["noisy-labels"].message
    assert 25 <= int(found.removeprefix("About ").split("%")[0]) <= 35


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0, 3.0])
def test_classes_that_overlap_are_not_noisy(noise):
    y = torch.randint(0, 8, (1500,), generator=source(12))
    centres = torch.randn(8, 20, generator=source(13))
    x = centres[y] + noise * torch.randn(1500, 20, generator=source(14))
    assert said(*parted(x, y)) == {}


def test_words_are_counted():
    y = torch.arange(400) % 2
    words = torch.randint(2, 40, (400, 12), generator=source(15))
    words[:, 3] = y
    assert label_probe(*parted(words, y), "class index")["probe_train"] > 6


def test_what_is_not_looked_at():
    x = torch.randn(200, 3)
    y = torch.zeros(200).long()
    assert label_probe((x[:49], y[:49]), (x, y), "class index") == {}  # few items
    assert label_probe((x, x), (x, x), "real") == {}  # several targets each
    assert label_probe((x, y - 100), (x, y - 100), "class index") == {}  # others say so
    assert label_probe((torch.ones(200, 3), y), (x, y), "class index") == {}
    assert label_probe((x.fill_(torch.nan), y), (x, y), "class index") == {}


def test_the_sum_is_counted_in_deviations_over_all_orders():
    r = np.random.default_rng(0)
    answers, targets = r.normal(size=(60, 3)), r.normal(size=(60, 3))
    drawn = []
    for _ in range(4000):
        order = r.permutation(60)
        drawn.append(((answers - answers.mean(0)) * (targets[order] - targets.mean(0))).sum())
    own = ((answers - answers.mean(0)) * (targets - targets.mean(0))).sum()
    assert sum_of(answers, targets) == pytest.approx(own / np.std(drawn), rel=0.05)
    assert sum_of(np.ones((60, 3)), targets) == 0.0


def test_words_of_validation_that_training_lacks_are_columns_of_their_own():
    draw = torch.Generator().manual_seed(0)
    texts = torch.randint(20, (400, 12), generator=draw)
    labels = (texts == 5).sum(1).gt((texts == 7).sum(1)).long()
    other = texts.clone()
    other[other == 19] = 35
    known = label_probe((texts[:200], labels[:200]), (texts[200:], labels[200:]), "class index")
    moved = label_probe((texts[:200], labels[:200]), (other[200:], labels[200:]), "class index")
    more = label_probe((texts[:200].clamp(max=9), labels[:200]), (other[200:], labels[200:]),
                       "class index")  # fmt: skip
    assert moved["probe_across"] == pytest.approx(known["probe_across"], rel=0.3)
    assert more["probe_across"] > 3
