"""Trainers as users make them, around a small BERT made without the network."""

import numpy as np
import torch
import transformers as tf

VOCABULARY, CLASSES = 40, 3


def config(**options):
    return tf.BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        vocab_size=VOCABULARY, max_position_embeddings=32, num_labels=CLASSES,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **options,
    )  # fmt: skip


def model(**options):
    torch.manual_seed(0)
    return tf.BertForSequenceClassification(config(**options))


def items(n=96, seed=0, shuffled=False):
    """Sequences of several lengths whose class is the token that stands in them three times."""
    source = np.random.default_rng(seed)
    made = []
    for number in range(n):
        label = number % CLASSES
        tokens = source.integers(10, VOCABULARY, source.integers(6, 12)).tolist()
        for place in source.choice(6, 3, replace=False):
            tokens[place] = 2 + label
        made.append({
            "input_ids": tokens, "attention_mask": [1] * len(tokens), "labels": label,
            "text": "not for the model",
        })  # fmt: skip
    if shuffled:
        labels = source.permutation([item["labels"] for item in made])
        made = [{**item, "labels": int(label)} for item, label in zip(made, labels, strict=True)]
    return made


def padded(examples):
    """As `DataCollatorWithPadding` does, without a tokenizer."""
    longest = max(len(item["input_ids"]) for item in examples)
    return {
        key: torch.tensor([item[key] + [0] * (longest - len(item[key])) for item in examples])
        for key in ("input_ids", "attention_mask")
    } | {"labels": torch.tensor([item["labels"] for item in examples])}


def arguments(folder, **options):
    usual = {
        "learning_rate": 1e-3, "weight_decay": 0.01, "per_device_train_batch_size": 8,
        "num_train_epochs": 4, "report_to": "none", "use_cpu": True, "save_strategy": "no",
    }  # fmt: skip
    return tf.TrainingArguments(str(folder), **{**usual, **options})


def trainer(folder, made=None, kind=tf.Trainer, train=None, options=None, **others):
    return kind(
        model=made if made is not None or "model_init" in others else model(),
        args=arguments(folder, **(options or {})),
        train_dataset=items() if train is None else train, eval_dataset=items(48, 1),
        data_collator=padded, **others,
    )  # fmt: skip


class Weighted(tf.Trainer):
    """A loss of its own."""

    def compute_loss(self, model, inputs, return_outputs=False, **_):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        weight = torch.tensor([1.0, 2.0, 3.0])
        loss = torch.nn.functional.cross_entropy(outputs.logits, labels, weight=weight)
        return (loss, outputs) if return_outputs else loss


class Probabilities(tf.BertForSequenceClassification):
    """The fault: a softmax before the loss."""

    def forward(self, input_ids=None, attention_mask=None, labels=None):
        logits = super().forward(input_ids=input_ids, attention_mask=attention_mask).logits
        shares = logits.softmax(-1)
        loss = None if labels is None else torch.nn.functional.cross_entropy(shares, labels)
        return tf.modeling_outputs.SequenceClassifierOutput(loss=loss, logits=shares)
