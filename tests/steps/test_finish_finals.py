"""Final trainings: what is averaged, what the journal and the files keep, test data and remedies."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from recipe import UsageError
from recipe.core.chosen_model import Chosen, Member
from recipe.testing import open_context
from recipe.training.loop import Training
from recipe.training.models_from_weights import model_of
from recipe_steps.finish import Finish, finals
from recipe_steps.finish.heldout import on_test_data
from tiny import network, tested

SETTING = {"lr": 0.05, "weight_decay": 0.0}
PLAIN = replace(tested, model=lambda: torch.nn.Linear(8, 2), epochs=6, **SETTING)


@pytest.fixture
def ctx(tmp_path):
    with open_context(Finish(), PLAIN, tmp_path, exact=True) as opened:
        yield opened


def test_the_last_epochs_are_averaged_the_very_last_one_too(ctx):
    made = finals.train(ctx, ctx.experiment, 0, lambda _: None)
    training = Training(ctx.experiment, ctx.data, seed=ctx.seed, device=ctx.device)
    ends = [deepcopy(training.model.state_dict()) for _ in training.epochs()]
    kept = load_file(ctx.runner.folder / made.files[finals.UNIFORM])
    for name, values in kept.items():
        last = torch.stack([end[name] for end in ends[-2:]])
        assert torch.allclose(values, last.mean(0), atol=1e-6)
        assert not torch.allclose(values, ends[-2][name], atol=1e-6)


def test_a_known_training_is_not_trained_again_and_a_lost_file_is_made_again(ctx, monkeypatch):
    told = []
    first = finals.train(ctx, ctx.experiment, 1, told.append)
    assert told == [1, 2, 3, 4, 5, 6]
    told.clear()
    assert finals.train(ctx, ctx.experiment, 1, told.append) == first
    assert told == []
    path = ctx.runner.folder / first.files[finals.RAW]
    content = path.read_bytes()
    path.unlink()
    assert finals.train(ctx, ctx.experiment, 1, told.append) == first
    assert len(told) == 6
    assert path.read_bytes() == content


def test_test_data_stay_untouched_where_a_remedy_changed_the_others(ctx):
    ctx.data_mended = True
    score, why = on_test_data(ctx, Chosen())
    assert score is None
    assert "a remedy changed the data" in why
    assert not (ctx.runner.folder.parent / "test-data.jsonl").exists()


def test_weights_that_are_gone_get_one_sentence(tmp_path):
    lost = Chosen("single", (Member({}, "models/lost.safetensors"),))
    with pytest.raises(UsageError, match=r"lost.safetensors' cannot be read .* copy the whole run"):
        model_of(replace(tested.resolved(), model=network), lost, tmp_path)
