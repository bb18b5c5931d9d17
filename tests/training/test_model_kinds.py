"""What is known of a few families of models, against the models themselves."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.data.collating import IGNORED
from recipe.data.trees import Tree, WithTargets, natural
from recipe.training.model_kinds import give_targets, per_token, shifted, shifts_labels

transformers = pytest.importorskip("transformers")
IDS = torch.randint(0, 20, (3, 7), generator=torch.Generator().manual_seed(0))


def gpt2():
    return transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=20, n_embd=8, n_layer=1, n_head=1, n_positions=16)
    ).eval()


def bert():
    return transformers.BertForTokenClassification(
        transformers.BertConfig(
            vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
            intermediate_size=8, num_labels=4,
        )
    ).eval()  # fmt: skip


def test_who_moves_the_labels():
    class MyForCausalLM(nn.Linear):
        """No model of the library."""

    assert shifts_labels(gpt2())
    assert not shifts_labels(bert())
    assert not shifts_labels(MyForCausalLM(1, 1))


def test_moved_labels_give_the_models_own_loss():
    model = gpt2()
    own = model(input_ids=IDS, labels=IDS)
    x, y = shifted(Tree({"input_ids": IDS}), IDS)
    assert torch.equal(natural(x)["input_ids"], IDS)
    assert y[:, :-1].tolist() == IDS[:, 1:].tolist()
    assert y[:, -1].tolist() == [IGNORED] * 3
    loss = F.cross_entropy(own.logits.transpose(1, 2), y)
    assert loss.item() == pytest.approx(own.loss.item(), rel=1e-6)


def test_labels_of_items_are_not_moved():
    labels = torch.arange(3)
    assert shifted(IDS, labels)[1] is labels


def test_targets_beside_the_inputs():
    x, y = give_targets(Tree({"input_ids": IDS}), IDS)
    assert isinstance(x.value, WithTargets)
    assert x.value.targets is IDS
    assert y is IDS
    part = x[1:3].value
    assert torch.equal(part.targets, IDS[1:3])
    assert torch.equal(part.inputs["input_ids"], IDS[1:3])
    assert len(x) == 3


@pytest.mark.parametrize(
    ("outputs", "targets", "found"),
    [
        ([3, 7, 4], torch.zeros(3, 7, dtype=torch.long), True),
        ([3, 4, 7], torch.zeros(3, 7, dtype=torch.long), False),
        ([3, 7, 4], torch.zeros(3, 7), False),
        ([3, 7], torch.zeros(3, dtype=torch.long), False),
    ],
)
def test_classes_for_every_token(outputs, targets, found):
    assert per_token(torch.zeros(outputs), targets) is found
    assert not per_token(Tree({"a": torch.zeros(outputs)}), targets)
