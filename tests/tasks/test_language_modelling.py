import math
from collections import Counter

import pytest
import torch
from sklearn.metrics import accuracy_score
from torch.nn import functional as F

from recipe.tasks import LanguageModel
from recipe.tasks.language_modelling import windows

TASK = LanguageModel()
LOGITS = torch.randn(3, 4, 7, generator=torch.Generator().manual_seed(0))
TOKENS = torch.randint(0, 7, (3, 4), generator=torch.Generator().manual_seed(1))


def test_loss_and_score_are_over_all_tokens():
    total = 0.0
    for row, token in zip(LOGITS.reshape(-1, 7).tolist(), TOKENS.flatten().tolist(), strict=True):
        total += math.log(sum(math.exp(z) for z in row)) - row[token]
    assert TASK.loss(LOGITS, TOKENS).item() == pytest.approx(total / 12, rel=1e-5)
    assert TASK.score(TASK.sums(LOGITS, TOKENS)) == pytest.approx(
        accuracy_score(TOKENS.flatten(), LOGITS.argmax(-1).flatten())
    )
    assert TASK.sums(LOGITS, TOKENS)[1] == 12


def test_a_fresh_model_starts_at_log_v_or_at_the_loss_of_its_bias():
    assert TASK.n_outputs(LOGITS) == 7
    expected = TASK.expected_initial_loss(TOKENS, 7)
    assert expected == math.log(7)
    assert TASK.loss(torch.zeros(3, 4, 7), TOKENS).item() == pytest.approx(expected, rel=1e-6)
    bias = LOGITS[0, 0]
    assert TASK.expected_initial_loss(TOKENS, 7, bias) == pytest.approx(
        TASK.loss(bias.expand(3, 4, 7), TOKENS).item(), rel=1e-5
    )


@pytest.mark.parametrize(
    ("inputs", "targets", "perfect"),
    [
        ([[1, 2], [3, 4]], [[2, 5], [4, 6]], 1.0),  # the first token tells which
        ([[1, 2], [1, 3]], [[2, 5], [3, 6]], 3 / 4),  # 1 is followed by 2 or 3
        ([[1], [1], [1]], [[2], [2], [3]], 2 / 3),
        ([[1, 1], [1, 1]], [[1, 2], [1, 2]], 1.0),
        ([[1, 2], [2, 2]], [[2, 9], [2, 8]], 1.0),  # the whole prefix counts, not the last token
    ],
)
def test_perfect_memory_cannot_tell_shared_prefixes_apart(inputs, targets, perfect):
    assert TASK.perfect_score(torch.tensor(inputs), torch.tensor(targets)) == perfect


def test_padding_that_the_loss_ignores_does_not_count():
    def loss(outputs, targets):
        return F.cross_entropy(outputs.flatten(0, 1), targets.flatten(), ignore_index=0)

    loss.ignore_index = 0
    task = TASK.adapted(loss)
    padded = TOKENS.clone()
    padded[:, 2:] = 0
    left = padded[padded != 0]
    right = (LOGITS.argmax(-1)[padded != 0] == left).float().mean().item()
    assert task.score(task.sums(LOGITS, padded)) == pytest.approx(right)
    assert task.n_outputs(LOGITS) == 7
    inputs = torch.tensor([[1, 2, 0], [1, 3, 0]])
    assert task.perfect_score(inputs, torch.tensor([[2, 5, 0], [3, 0, 0]])) == 2 / 3


def test_perfect_score_equals_the_best_lookup_table():
    generator = torch.Generator().manual_seed(5)
    x, y = (torch.randint(0, 3, (20, 4), generator=generator) for _ in range(2))
    seen = Counter(
        (str(row[: t + 1]), nexts[t])
        for row, nexts in zip(x.tolist(), y.tolist(), strict=True)
        for t in range(4)
    )
    best = {prefix: max(n for (p, _), n in seen.items() if p == prefix) for prefix, _ in seen}
    assert TASK.perfect_score(x, y) == pytest.approx(sum(best.values()) / 80)


@pytest.mark.parametrize(
    ("shape", "fine"), [((3, 4, 7), True), ((3, 7, 4), False), ((3, 7), False), ((12, 7), False)]
)
def test_outputs_need_a_vocabulary_axis_behind(shape, fine):
    problem = TASK.shape_problem(torch.zeros(shape), TOKENS)
    assert (problem is None) == fine
    if problem:
        assert str(list(shape)) in problem
        assert "expected [3, 4, 'vocabulary']" in problem


@pytest.mark.parametrize(
    ("n", "length", "stride", "starts"),
    [
        (7, 3, None, [0, 3]),
        (6, 3, None, [0]),  # the last target would be missing
        (7, 3, 2, [0, 2]),
        (8, 3, 2, [0, 2, 4]),
        (4, 3, 1, [0]),
    ],
)
def test_windows(n, length, stride, starts):
    x, y = windows(torch.arange(n), length, stride)
    assert x.tolist() == [list(range(s, s + length)) for s in starts]
    assert torch.equal(y, x + 1)


def test_a_stream_shorter_than_a_window_is_refused():
    with pytest.raises(ValueError, match="3 tokens are too few for windows of 3"):
        windows(torch.arange(3), 3)


def test_classes_stand_on_the_last_axis_also_of_as_many_words_as_steps():
    assert LanguageModel().class_axis(torch.zeros(2, 5, 5), torch.zeros(2, 5)) == 2
