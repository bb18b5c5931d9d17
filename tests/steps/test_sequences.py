"""Marks of sequences, on sound experiments and on such with one mistake."""

import pytest
import torch

import more_sequence_samples as more
from recipe.data.trees import Padded, Tree
from recipe.testing import judge_scalars, measure, open_context
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.sequence_data import before_padding, cut, moved, paddings, replaced
from recipe_steps.inspect.sequences import sequences
from sequence_samples import FAULTS, HELD_OUT, HELD_OUT_SOUND, SOUND, ragged, real, text


def named(*groups):
    """Cases of groups by name."""
    return [
        pytest.param(make, *more, id=f"{'-'.join((*more, name))}")
        for more, group in groups for name, make in group.items()
    ]  # fmt: skip


def found(make, tmp_path):
    """Rules that fire on what is measured of sequences alone; causes only."""
    with open_context(Inspect(), make(), tmp_path) as ctx:
        train = ctx.data.train.sample(1000, torch.Generator().manual_seed(0))
        scalars = sequences(ctx, train)
    return {f.rule for f in judge_scalars(Inspect(), scalars) if f.because is None and f.counts}


@pytest.mark.parametrize("make", named(((), SOUND), ((), HELD_OUT_SOUND), ((), more.SOUND)))
def test_sound_experiments_are_left_alone(tmp_path, make):
    assert not found(make, tmp_path)


@pytest.mark.parametrize(
    ("make", "rule"),
    named(*(((rule,), {**FAULTS[rule], **HELD_OUT[rule], **more.FAULTS[rule]}) for rule in FAULTS)),
)
def test_a_mistake_is_named(tmp_path, make, rule):
    assert found(make, tmp_path) == {rule}


@pytest.mark.parametrize("rule", FAULTS)
def test_the_cause_comes_first_in_the_whole_step(tmp_path, rule):
    make = next(iter(FAULTS[rule].values()))
    evidence = measure(Inspect(), make(), tmp_path)
    first = next(f for f in judge_scalars(Inspect(), evidence.scalars) if f.counts)
    assert (first.rule, first.severity) == (rule, "fail")


def test_padding_is_told_by_lengths_masks_and_runs():
    tokens, lengths = ragged()
    told = real(lengths)
    (by_lengths,) = paddings(Tree({"x": Padded(tokens, lengths)}), words=True)
    (by_mask,) = paddings(Tree({"x": tokens, "attention_mask": told.long()}), words=True)
    (turned,) = paddings(Tree({"x": tokens, "attention_mask": (~told).long()}), words=True)
    (by_run,) = paddings(tokens, words=True)
    assert [each.part for each in (by_lengths, by_mask, turned, by_run)] == ["x.0", "x", "x", ""]
    assert all(torch.equal(each.real, told) for each in (by_lengths, by_mask, turned))
    assert torch.equal(by_run.real.sum(1).clamp(min=4), lengths)
    assert not paddings(tokens, words=False)


def test_a_last_column_and_a_frequent_token_are_no_padding():
    tokens = text()
    tokens[:, -1] = 0
    assert before_padding(tokens) is None
    zeros = tokens.masked_fill(torch.rand(tokens.shape) < 0.5, 0)
    assert before_padding(zeros) is None


def test_what_stands_beside_tokens_is_cut_with_them():
    tokens, lengths = ragged()
    x = Tree({"ids": tokens, "attention_mask": real(lengths).long(), "position_ids": tokens * 0
              + torch.arange(tokens.shape[1]), "other": torch.rand(tokens.shape)})  # fmt: skip
    rows = lengths < 8
    shapes = {
        name: part.shape[1]
        for name, part in cut(x[rows.nonzero()[:, 0]], "ids", 9).tensors().items()
    }
    assert shapes == {"ids": 9, "attention_mask": 9, "position_ids": 9, "other": tokens.shape[1]}
    assert replaced(x, "ids", tokens + 1).value["ids"] is not tokens


def test_targets_are_compared_at_every_offset():
    tokens = text(t=20)
    x, y = tokens[:, :-1], tokens[:, 1:]
    counted = torch.ones_like(y, dtype=torch.bool)
    assert moved(x, y, counted, "").best == 1
    assert moved(x, x, counted, "").best == 0
    same = torch.ones_like(x)
    assert moved(same, same, counted, "").best == 1  # of the same everywhere nothing is said
    assert moved(x, y, ~counted, "") is None
