"""A watched loop is the same loop, and leaves a run folder."""

import copy
import gc
import io
import json
import pickle
import random
import weakref
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import recipe
from loops import X, Y, mixed, network, plain
from recipe.core.errors import UsageError
from recipe.notebook.run_folder import read_result
from recipe.report.write import write_report
from recipe.watching import watch as watch_module


@pytest.fixture
def watching(tmp_path):
    """Makes watches that look at every iteration; said lines and watches are kept."""

    def make(model, optimizer=None, **given):
        made = recipe.watch(
            model, optimizer, out=tmp_path, say=make.said.append, share=1e9, **given
        )
        make.watches.append(made)
        return made

    make.said, make.watches = [], []
    yield make
    for made in make.watches:
        made.close()


def test_a_watched_loop_gives_the_same_losses(watching):
    assert torch.equal(plain(), plain(watching))
    (made,) = watching.watches
    assert made.listener.pace.looks > 40
    assert not [line for line in watching.said if "watch ended" in line]


@pytest.mark.parametrize("share", [0.0, 0.03, 1.0])
def test_whatever_may_be_spent(tmp_path, share):
    made = partial(recipe.watch, out=tmp_path, share=share, say=lambda _: None)
    assert torch.equal(plain(), plain(made))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("scaled", [True, False])
def test_mixed_precision_with_accumulation_gives_the_same_losses(watching, dtype, scaled):
    assert torch.equal(
        mixed(dtype=dtype, scaled=scaled), mixed(watching, dtype=dtype, scaled=scaled)
    )
    (made,) = watching.watches
    record = made.listener.record
    assert (record.iterations, record.updates) == (60, 20)
    assert record.curves["grad_norm"]


def test_what_is_measured_is_what_a_slow_reference_measures(watching):
    model = network(dropout=0.0)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    made = watching(model, optimizer)
    for _ in range(6):
        loss = F.cross_entropy(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        before = [p.detach().clone() for p in model.parameters() if p.ndim > 1]
        norm = sum(p.grad.double().square().sum() for p in model.parameters()).sqrt().item()
        optimizer.step()
        after = [p.detach() for p in model.parameters() if p.ndim > 1]
        made.step(loss)
    ratios = [((b - a).norm() / b.norm()).item() for a, b in zip(after, before, strict=True)]
    dead = max(
        (F.relu(h).amax(0) <= 0).float().mean().item()
        for h in [model[0](X), model[3](F.relu(model[0](X)))]
    )
    look = made.listener.record.looks.seen[-1]
    assert look.grad_norm == pytest.approx(norm, rel=1e-5)
    assert look.update_ratio == pytest.approx(sorted(ratios)[1], rel=1e-4)
    assert look.dead_units == pytest.approx(dead, abs=0.1)  # of the weights before the update
    made.close()


def test_without_an_optimizer_gradients_and_updates_are_read_between_two_steps(watching):
    losses = plain(lambda model, _: watching(model))
    assert torch.equal(plain(), losses)
    curves = watching.watches[0].listener.record.curves
    assert 1e-5 < curves["update_ratio"][-1] < 0.1
    assert curves["grad_norm"][-1] > 0


def test_random_states_are_left_alone(watching):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - as users do
    torch.manual_seed(1)
    made = watching(model, optimizer)
    made.check((X, Y))
    for _ in range(8):
        loss = F.cross_entropy(model.eval()(X), Y)
        loss.backward()
        optimizer.step()
        made.step(loss)
    made.close()
    drawn = random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - as users do
    torch.manual_seed(1)
    assert drawn == (random.random(), np.random.rand(), torch.rand(1).item())  # noqa: NPY002


def test_no_hook_stays_and_no_graph_is_kept(watching):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    made = watching(model, optimizer, loss=(criterion := nn.CrossEntropyLoss()))
    outputs = None
    for _ in range(6):
        outputs = model(X)
        loss = criterion(outputs, Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        made.step(loss)
    held = weakref.ref(outputs)
    del outputs, loss
    gc.collect()
    assert held() is None
    made.close()
    for module in (model, *model.modules(), criterion):
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


def test_the_model_is_called_no_more_often(watching):
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.last, self.calls = nn.Linear(2, 3), 0

        def forward(self, x):
            self.calls += 1
            return self.last(x)

    model = Counting()
    plain(watching, epochs=2, model=model)
    assert model.calls == 2 * 15 + 2


def test_a_copy_and_a_pickle_of_a_watched_model_are_not_watched(watching):
    model = network()
    made = watching(model, torch.optim.SGD(model.parameters(), 0.1))
    twin = copy.deepcopy(model)
    kept = made.listener.kept.now
    twin(X).sum().backward()
    assert made.listener.kept.now is kept
    buffer = io.BytesIO()
    torch.save(model, buffer)
    assert pickle.loads(pickle.dumps(model)) is not None  # noqa: S301
    made.close()


def test_an_error_of_a_watch_ends_the_watch_and_not_the_training(watching):
    def broken(model, optimizer):
        made = watching(model, optimizer)
        made.listener.looker.end = lambda: 1 / 0
        return made

    assert torch.equal(plain(), plain(broken))
    assert watching.said == [
        "recipe: the watch ended: ZeroDivisionError: division by zero. Training goes on."
    ]


def test_an_error_of_the_model_is_the_users(watching):
    class Fails(nn.Module):
        def __init__(self):
            super().__init__()
            self.last, self.count = nn.Linear(2, 3), 0

        def forward(self, x):
            self.count += 1
            if self.count == 7:
                raise ValueError("seven")
            return torch.relu(self.last(x))

    with pytest.raises(ValueError, match="seven"):
        plain(watching, model=Fails())
    from torch.overrides import _get_current_function_mode_stack

    assert not _get_current_function_mode_stack()


def test_the_run_folder(watching, tmp_path):
    plain(partial(watching, name="mine", metric="accuracy", epochs=4))
    result = watching.watches[0].result
    assert result.folder.parent == tmp_path
    assert result.folder.name.startswith("mine-")
    read = read_result(result.folder)
    (trial,) = read.trials
    assert trial.epochs == 4
    assert trial.curves["val_score"][-1] == pytest.approx(read.best.val_score, abs=0.05)
    assert set(trial.curves) >= {
        "train_loss",
        "val_loss",
        "lr",
        "grad_norm",
        "update_ratio",
        "dead_units",
    }
    report = write_report(read, result.folder)
    text = report.read_text("utf-8")
    assert "accuracy" in text
    assert "A loop of your own was watched" in text
    assert "recipe.load" not in text
    assert list((result.folder / "plots").glob("*loss.png"))
    lines = (result.folder / "journal.jsonl").read_text("utf-8").splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds.count("point") == 4
    assert kinds[-1] == "finished"


def test_a_loop_that_raises_leaves_what_it_had(watching):
    model = network()
    made = watching(model, torch.optim.SGD(model.parameters(), 0.1))

    def loop():
        with made:
            made.step(1.0)
            raise KeyError

    with pytest.raises(KeyError):
        loop()
    assert made.result.interrupted


def test_a_loop_without_validation(watching):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    made = watching(model, optimizer)
    for _ in range(60):
        loss = F.cross_entropy(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        made.step(loss)
    result = made.close()
    assert result.verdict != "fail"
    evidence = result.steps[-1].evidence
    assert len(evidence.curve("best_train_loss")) == 6


@pytest.mark.parametrize(
    ("call", "says"),
    [(lambda: recipe.watch("net"), "got a str: pass the torch.nn.Module"),
     (lambda: recipe.watch(network(), "sgd"), "got a str as optimizer"),
     (lambda: recipe.watch(network()).step(torch.ones(3)), r"loss of shape \[3\]"),
     (lambda: recipe.watch(network()).step("low"), "got a str: give it the loss"),
     (lambda: recipe.watch(network()).check(iter([(X, Y)])), "read only once"),
     (lambda: recipe.watch(network()).val(score="high"), "val_score = 'high': give it one number"),
        (lambda: recipe.watch(network()).val(loss=torch.ones(2)), r"val_loss = \[2\]: give it one"),
        (lambda: recipe.watch(network()).check(3), "got a int as train")],
)  # fmt: skip
def test_wrong_use_is_one_sentence(call, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = []
    monkeypatch.setattr(watch_module, "close_at_exit", made.append)
    with pytest.raises(UsageError, match=says):
        call()
    for each in made:
        each.close()


def test_overfitting_is_said_once_while_it_goes_on(watching):
    generator = torch.Generator().manual_seed(3)
    made = watching(network(), None)
    for epoch in range(30):
        for _ in range(20):
            made.step(2.0 * 0.8**epoch + 0.01)
        noise = 0.01 * torch.rand(1, generator=generator).item()
        made.val(loss=1.0 + abs(epoch - 8) * 0.1 + noise, score=0.6 - abs(epoch - 8) * 0.01)
    before = [line for line in watching.said if ": overfitting:" in line]
    made.close()
    after = [line for line in watching.said if ": overfitting:" in line]
    assert len(before) == len(after) == 1
    assert before[0].startswith("recipe: epoch ")
    assert "overfitting" in made.result.diagnosis


def test_units_that_are_zero_on_a_few_items_are_not_called_dead(watching):
    for items, known in ((4, False), (32, True)):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        made = watching(model, optimizer)
        for _ in range(12):
            loss = F.cross_entropy(model(X[:items]), Y[:items])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            made.step(loss)
        assert (made.listener.record.looks.mean("dead_units") is not None) == known
        made.close()


def test_the_journal_is_written_while_it_goes_on(watching):
    model = network()
    made = watching(model, torch.optim.SGD(model.parameters(), 0.1))
    for _ in range(3):
        for _ in range(5):
            made.step(1.0)
        made.val(loss=1.0)
    journal = made.notebook.folder / "journal.jsonl"
    assert journal.read_text("utf-8").count('"point"') == 3


def stuck(made, *, epochs, begins=None):
    """Losses of minibatches that scatter around log(10), and fall from an epoch on."""
    draw = random.Random(1)
    for epoch in range(epochs):
        gone = max(0, epoch - begins) if begins is not None else 0
        level = 2.303 * 0.8**gone
        for i in range(40):
            for weights in made.model.parameters():
                weights.data *= 1.001 if i % 2 else 1 / 1.001
            made.step(level + draw.gauss(0, 0.05))
        made.val(loss=level + draw.gauss(0, 0.003), score=1 - 0.9 * level / 2.303)


@pytest.mark.parametrize("planned", [60, None])
def test_a_loop_that_learns_nothing_is_told_while_it_goes_on(watching, planned):
    made = watching(network(), None, epochs=planned)
    stuck(made, epochs=50)
    (line,) = [line for line in watching.said if "never-learned" in line]
    assert "has not got anywhere so far" in line
    made.close()
    assert made.result.diagnosis == ("never-learned",)
    assert sum("never-learned" in line for line in watching.said) == 1


def test_a_loop_that_tells_no_validation_is_judged_on_the_way_too(watching):
    made = watching(network(), None)
    for i in range(4000):
        made.step(2.0 if i < 300 else 1e4)
    assert any("diverged" in line for line in watching.said)


@pytest.mark.parametrize(("planned", "begins"), [(60, 8), (None, 6)])
def test_a_loop_that_begins_late_is_left_alone(watching, planned, begins):
    made = watching(network(), None, epochs=planned)
    stuck(made, epochs=40, begins=begins)
    assert not [line for line in watching.said if "never-learned" in line]


def test_an_epoch_of_learning_nothing_is_no_sign(watching):
    made = watching(network(), None)
    stuck(made, epochs=9)
    assert not watching.said


@pytest.mark.parametrize("share", [0.03, 1e9])
def test_losses_that_are_taken_quickly_are_all_kept(tmp_path, share):
    made = recipe.watch(network(), None, out=tmp_path, say=lambda _: None, share=share)
    losses = [2.0 + i % 7 for i in range(3000)]
    for i, loss in enumerate(losses):
        made.step(torch.tensor(loss) if i % 3 else loss)
    kept = made.listener.record
    made.close()
    assert kept.losses == losses
    assert kept.iterations == len(losses)
