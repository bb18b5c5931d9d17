"""Update steps of the user's own, and optimizers that evaluate the loss themselves."""

import pytest
import torch
from test_loop import net, training
from torch import nn
from torch.nn import functional as F

from recipe.core.errors import UsageError
from recipe.training.optimizers import wants_closure


def test_the_same_update_step_by_ones_own_hand():
    shapes = []

    def update(model, optimizer, batch):
        x, y = batch
        shapes.append(len(x))
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    own, usual = list(training(update=update).epochs()), list(training().epochs())
    assert shapes == [16, 16, 16, 2] * 3
    for mine, theirs in zip(own, usual, strict=True):
        # One kernel steps all weights of the usual one, and rounds in another order.
        assert mine.losses == pytest.approx(theirs.losses, rel=1e-5)
        assert "train_score" not in mine.figures
        del theirs.figures["train_score"]
        assert mine.figures == pytest.approx(theirs.figures)
        assert mine.figures["grad_norm"] > 0
        assert mine.figures["update_ratio"] > 0


def lbfgs(params, lr, weight_decay):
    return torch.optim.LBFGS(params, lr=lr, max_iter=4, line_search_fn="strong_wolfe")


class InPlace(nn.Module):
    """Its first operation changes the batch that it is given."""

    def __init__(self):
        super().__init__()
        self.layers = net()

    def forward(self, x):
        return self.layers(x.mul_(2).tanh_())


@pytest.mark.parametrize("model", [net, InPlace])
def test_an_optimizer_that_evaluates_the_loss_itself(model):
    def update(model, optimizer, batch):
        x, y = batch

        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x.clone()), y)
            loss.backward()
            return loss

        return optimizer.step(closure)

    given = {"model": model, "optimizer": lbfgs, "lr": 0.5, "batch_size": 50}
    own = list(training(**given, update=update).epochs())
    made = training(**given)
    usual = list(made.epochs())
    assert [e.losses for e in usual] == [pytest.approx(e.losses) for e in own]
    assert usual[-1].figures["train_loss"] < 0.5 * usual[0].losses[0]
    assert usual[-1].figures["update_ratio"] > 0
    assert not wants_closure(training().optimizer)


def test_gradients_are_clipped_whenever_they_are_evaluated():
    figures = next(training(optimizer=lbfgs, clip_norm=1e-6).epochs()).figures
    assert figures["clipped_share"] == 1
    assert figures["update_ratio"] < 1e-5


def test_an_update_step_may_return_a_number():
    epochs = list(training(update=lambda *_: 1.5, epochs=1).epochs())
    assert epochs[0].losses == [1.5] * 4


def test_an_update_step_that_raises_is_named():
    def update(model, optimizer, batch):
        raise KeyError("image")

    with pytest.raises(UsageError, match=r"update step raised KeyError.*test_user_update.py"):
        list(training(update=update).epochs())
