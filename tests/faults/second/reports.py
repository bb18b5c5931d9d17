"""Faults of models and losses that people report in forums and trackers and that the first corpus lacks."""

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from catalogue import (
    CLASSES,
    REAL,
    TEXT,
    YES_NO,
    Fault,
    Through,
    drawn,
    ending,
    fault,
    targets,
    wrapped,
)  # fmt: skip
from more_bases import Counter, Words
from torch import Tensor, nn
from torch.nn import functional as F

from recipe import Experiment

REPORTED: list[Fault] = []
report = partial(fault, into=REPORTED)
QUICK = ("cifar-cnn", "digits-resnet", "characters-gru")
"""Bases left out where one of them shows nothing that a quick one does not."""


# The model


@report("mode-switched-in-forward", "evaluation-mode-in-training", only="wine-table")
def forward_switches_to_evaluation(e: Experiment) -> Experiment:
    class Own(nn.Module):
        def __init__(self, model: nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: Tensor) -> Tensor:
            self.model.eval()
            return self.model(x)

    return wrapped(e, Own)


@report("parameters-without-gradient", on=(CLASSES,), images=True, without=QUICK)
def features_detached(e: Experiment) -> Experiment:
    def cut(model: nn.Module) -> nn.Module:
        *first, last = model
        return nn.Sequential(*first, Through(lambda h: h.detach()), last)

    return wrapped(e, cut)


@report("parameters-without-gradient", on=("series", "tokens"))
def encoder_without_gradient(e: Experiment) -> Experiment:
    def cut(model: nn.Module) -> nn.Module:
        inner = model.cell if hasattr(model, "cell") else model.layer
        inner.forward = torch.no_grad()(inner.forward)
        return model

    return wrapped(e, cut)


@report("parameters-without-gradient", on=(CLASSES, YES_NO), without=QUICK)
def answers_rounded_in_the_model(e: Experiment) -> Experiment:
    return ending(e, Through(lambda o: o.round()))


@report("batch-mixing", on=(CLASSES,), without=QUICK)
def log_softmax_over_the_batch(e: Experiment) -> Experiment:
    return replace(ending(e, nn.LogSoftmax(0)), loss=F.nll_loss)


@report("sees-the-future", on=(TEXT,), without=QUICK)
def softmax_over_time(e: Experiment) -> Experiment:
    return ending(e, Through(lambda o: 10 * o.softmax(1)))


@report("sees-the-future", only="counting-transformer")
def mask_forgotten(e: Experiment) -> Experiment:
    return replace(e, model=lambda: Counter(causal=False))


@report("wrong-token-shift", only="counting-transformer")
def target_two_ahead(e: Experiment) -> Experiment:
    train, val = ((x[:, :-1], y[:, 1:]) for x, y in (e.train, e.val))
    return replace(e, train=train, val=val)


@report("padding-changes-outputs", only="words-transformer")
def padding_in_the_mean(e: Experiment) -> Experiment:
    return replace(e, model=lambda: Words(masked=False))


@report("model-is-linear", only="shapes-cnn")
def convolutions_without_activations(e: Experiment) -> Experiment:
    return replace(e, model=lambda: nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1), nn.Conv2d(12, 24, 3, padding=1), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(864, 4)))  # fmt: skip


@report("model-is-linear", only="friedman-table")
def activations_forgotten(e: Experiment) -> Experiment:
    return replace(e, model=lambda: nn.Sequential(nn.Linear(10, 48), nn.Linear(48, 48),
                                                  nn.Linear(48, 1)))  # fmt: skip


@report("output-activation-limits-range", on=("masks", "several"))
def relu_on_logits_of_labels(e: Experiment) -> Experiment:
    return ending(e, nn.ReLU())


@report("sigmoid-before-loss", on=("masks", "several", "tokens"), without=("words-transformer",))
def sigmoid_twice(e: Experiment) -> Experiment:
    return ending(e, nn.Sigmoid())


@report("softmax-before-loss", only="words-transformer")
def softmax_of_words(e: Experiment) -> Experiment:
    return ending(e, nn.Softmax(-1))


@report("wrong-loss-for-task", "softmax-before-loss", on=("several",))
def labels_compete(e: Experiment) -> Experiment:
    made = ending(e, nn.Softmax(1))
    return replace(made, loss=F.binary_cross_entropy)


@report("output-activation-limits-range", on=("series", "vectors"))
def sigmoid_on_signed_values(e: Experiment) -> Experiment:
    return ending(e, nn.Sigmoid())


@report("outputs-do-not-match-targets", on=(CLASSES,), without=QUICK)
def one_output_too_few(e: Experiment) -> Experiment:
    def shorter(model: nn.Module) -> nn.Module:
        *first, last = model
        return nn.Sequential(*first, nn.Linear(last.in_features, last.out_features - 1))

    return wrapped(e, shorter)


@report("state-kept-between-batches", on=("series",))
def hidden_state_carried_over(e: Experiment) -> Experiment:
    class Carrying(nn.Module):
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model, self.state = model, None

        def forward(self, x: Tensor) -> Tensor:
            state = self.state
            if state is None or state.shape[1] < len(x):
                state = torch.zeros(1, len(x), self.model.cell.hidden_size)
            h, after = self.model.cell(x, state[:, : len(x)].contiguous())
            self.state = after.detach()
            return self.model.head(h[:, -1])

    return wrapped(e, Carrying)


@report("nondeterministic-evaluation", on=("series", "tokens"), without=("words-transformer",))
def hidden_state_drawn(e: Experiment) -> Experiment:
    def own(model: Any) -> nn.Module:
        forward = model.cell.forward
        model.cell.forward = lambda x: forward(x, torch.randn(1, len(x), model.cell.hidden_size))
        return model

    return wrapped(e, own)


@report("unregistered-parameters", on=(REAL, "vectors"))
def layer_made_in_forward(e: Experiment) -> Experiment:
    class Own(nn.Module):
        def __init__(self, model: nn.Module) -> None:
            super().__init__()
            *first, last = model
            self.first, self.parts = nn.Sequential(*first), {"last": last}

        def forward(self, x: Tensor) -> Tensor:
            return self.parts["last"](self.first(x))

    return wrapped(e, Own)


@report("batch-norm-momentum-unusual", only="wine-table")
def momentum_of_batch_norm_turned_round(e: Experiment) -> Experiment:
    def change(model: nn.Module) -> nn.Module:
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.momentum = 0.99
        return model

    return wrapped(e, change)


@report("dead-units", only="shapes-cnn")
def convolutions_born_dead(e: Experiment) -> Experiment:
    return drawn(e, lambda m: isinstance(m, nn.Conv2d) and nn.init.constant_(m.bias, -20.0))


@report("initialization-too-large", "initial-loss-too-high", "saturated-units",
        on=("series", "vectors", "tokens"))  # fmt: skip
def every_weight_twenty_times(e: Experiment) -> Experiment:
    def change(model: nn.Module) -> nn.Module:
        with torch.no_grad():
            for p in model.parameters():
                p.mul_(20)
        return model

    return wrapped(e, change)


# The loss


@report("loss-summed-over-batch", "learning-rate-too-high", "diverged", only="friedman-table")
def squares_summed(e: Experiment) -> Experiment:
    return replace(e, loss=lambda o, y: F.mse_loss(o, y, reduction="sum"))


@report("outputs-do-not-match-targets", "wrong-loss-for-task", "labels-look-random",
        only="counting-transformer")  # fmt: skip
def batch_and_time_mixed_in_the_loss(e: Experiment) -> Experiment:
    return replace(e, loss=lambda o, y: F.cross_entropy(o.flatten(0, 1), y.T.reshape(-1)))


@report("outputs-do-not-match-targets", only="waves-gru")
def broadcasting_in_the_loss(e: Experiment) -> Experiment:
    flat = targets(e, lambda y: y[:, 0])
    return replace(flat, loss=lambda o, y: ((o - y) ** 2).mean())


@report("loss-sign-flipped", on=("series", "tokens", "vectors", "masks"))
def score_minimised(e: Experiment) -> Experiment:
    loss = e.loss_function
    return replace(e, loss=lambda o, y: -loss(o, y))


@report("wrong-loss-for-task", on=(YES_NO, "tokens"), without=("words-transformer",))
def squares_of_a_sigmoid(e: Experiment) -> Experiment:
    return replace(ending(e, nn.Sigmoid()), loss=lambda o, y: F.mse_loss(o[:, 0], y))
