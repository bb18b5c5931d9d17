"""What people train, and what happens: each a test, and a line of docs/situations.md."""

from dataclasses import dataclass

HEAD = """# What people train, and what happens

Each line is a test that runs the real library on small models (`pytest tests/situations`). The
sound experiment passes the first steps of `recipe check`, up to a small sample that is learnt by
heart, without an alarm; with one fault of its kind, the rule on the right is named first.

| | you have | how it is taken | a fault of its kind | named first |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Situation:
    """An experiment, and one with a fault, as `module:function` of this folder."""

    title: str
    taken: str
    sound: str
    fault: str
    faulty: str
    rule: str
    library: str | None = None
    slow: bool = True
    heavy: bool = False


SITUATIONS = (
    Situation(
        "BERT-like classification from dicts, with a collator that pads",
        "keys by name, `.logits` found",
        "text:bert_with_collator", "softmax before the loss", "text:bert_with_collator_softmax",
        "softmax-before-loss", "transformers",
    ),
    Situation(
        "the same items without a collator",
        "padded to the longest of the batch",
        "text:bert_from_dicts", "frozen encoder that was never trained", "text:bert_frozen",
        "frozen-parameters", "transformers", heavy=True,
    ),
    Situation(
        "causal language model of Hugging Face with labels",
        "labels moved by one step, as its own loss does",
        "text:causal", "labels shifted by hand, so twice", "text:causal_shifted_by_hand",
        "wrong-token-shift", "transformers",
    ),
    Situation(
        "token classification with -100",
        "the task follows from the shapes",
        "text:token_classification", "padding counted in the loss",
        "text:token_classification_padding_counted", "labels-not-masked", "transformers",
    ),
    Situation(
        "sequence to sequence (T5) with labels",
        '`loss="model"`: asked for its own loss',
        "text:sequence_to_sequence", "frozen model that was never trained",
        "text:sequence_to_sequence_frozen", "frozen-parameters", "transformers", heavy=True,
    ),
    Situation(
        "`transformers.Trainer`", "`recipe.from_transformers(trainer)`: its settings are the baseline",
        "taken_over:trainer", "softmax before the loss", "taken_over:trainer_softmax",
        "softmax-before-loss", "transformers",
    ),
    Situation(
        "LightningModule and data module", "`recipe.from_lightning(module, data)`",
        "taken_over:lightning", "softmax before the loss", "taken_over:lightning_softmax",
        "softmax-before-loss", "lightning",
    ),
    Situation(
        "Keras 3 model on torch", "`recipe check file.py:model`",
        "taken_over:keras", "softmax under a loss of logits", "taken_over:keras_softmax",
        "softmax-before-loss", "keras",
    ),
    Situation(
        "timm ResNet on tensors", "as it is",
        "pictures:timm_resnet", "softmax before the loss", "pictures:timm_resnet_softmax",
        "softmax-before-loss", "timm", heavy=True,
    ),
    Situation(
        "U-Net, a class for every pixel", '`task="segmentation"`',
        "pictures:unet", "targets that begin at one", "pictures:unet_targets_from_one",
        "targets-out-of-range",
    ),
    Situation(
        "torchvision `fcn_resnet50` with aux",
        "`out` scored, the loss takes `aux` too",
        "pictures:fcn_with_aux", "softmax before the loss", "pictures:fcn_softmax",
        "softmax-before-loss", heavy=True,
    ),
    Situation(
        "torchvision Faster R-CNN on images of several sizes",
        '`task="detection"`: the losses of the model',
        "pictures:faster_rcnn", "everything frozen", "pictures:faster_rcnn_frozen",
        "frozen-parameters", heavy=True,
    ),
    Situation(
        "siamese network with triplet loss",
        "three inputs by name, the loss takes all outputs",
        "others:siamese", "frozen encoder that was never trained", "others:siamese_frozen",
        "frozen-parameters", slow=False,
    ),
    Situation(
        "LSTM with packed sequences",
        "padded, `lengths` handed over",
        "text:packed_lstm", "last step read, padding or not", "text:packed_lstm_last_step",
        "padding-changes-outputs",
    ),
    Situation(
        "transformer of PyTorch, sequences of unequal length",
        "padded, `src_key_padding_mask` handed over",
        "text:encoder_with_mask", "softmax before the loss", "text:encoder_with_mask_softmax",
        "softmax-before-loss",
    ),
    Situation(
        "CTC on recordings of unequal length", "own `collate=`, targets a dict",
        "others:ctc", "weights frozen that were never trained", "others:ctc_frozen",
        "frozen-parameters",
    ),
    Situation(
        "several targets in a dict, a sum of losses", "outputs and targets as they are",
        "others:multi_task", "one head that the loss leaves out",
        "others:multi_task_one_forgotten", "parameters-without-gradient", slow=False,
    ),
    Situation(
        "table as a dict of columns with embeddings", "columns by name",
        "others:dict_of_columns", "amounts in thousands", "others:dict_of_columns_unscaled",
        "inputs-not-scaled", slow=False,
    ),
    Situation(
        "DataLoader with WeightedRandomSampler", "the sampler is kept, seeded for each trial",
        "others:weighted_loader", "softmax before the loss", "others:weighted_loader_softmax",
        "softmax-before-loss", slow=False,
    ),
    Situation(
        "IterableDataset without a length", "one pass read once and kept",
        "others:stream", "softmax before the loss", "others:stream_softmax",
        "softmax-before-loss", slow=False,
    ),
    Situation(
        "endless stream", "`epoch_items=`, read on from epoch to epoch",
        "others:endless_stream", "softmax before the loss", "others:endless_stream_softmax",
        "softmax-before-loss", slow=False,
    ),
    Situation(
        "WebDataset tar", "one pass read once and kept",
        "others:web_dataset", "softmax before the loss", "others:web_dataset_softmax",
        "softmax-before-loss", "webdataset", slow=False,
    ),
    Situation(
        "windows of a time series", '`task="forecasting"`: the latest validate',
        "others:time_series", "a last ReLU under targets of both signs",
        "others:time_series_relu", "output-activation-limits-range", slow=False,
    ),
    Situation(
        "batches of graphs by an own collate", "a dataclass, its fields by name",
        "others:graph_net", "softmax before the loss", "others:graph_net_softmax",
        "softmax-before-loss", slow=False,
    ),
    Situation(
        "two inputs, ((a, b), y)", "one after the other",
        "others:two_inputs_nested", "labels that begin at one",
        "others:two_inputs_labels_shifted", "targets-out-of-range", slow=False,
    ),
    Situation(
        "two inputs, (a, b, y)", "the last is the target",
        "others:two_inputs_in_a_row", "softmax before the loss",
        "others:two_inputs_softmax", "softmax-before-loss", slow=False,
    ),
    Situation(
        "a model that returns its state too", "the part that fits the targets",
        "others:outputs_and_state", "softmax before the loss",
        "others:outputs_and_state_softmax", "softmax-before-loss", slow=False,
    ),
    Situation(
        "records that part in their own way", "`batch=`, a function",
        "others:own_parting", "softmax before the loss", "others:own_parting_softmax",
        "softmax-before-loss", slow=False,
    ),
    Situation(
        "a model that returns (logits, loss)", '`loss="model"`',
        "text:own_loss", "future seen", "text:own_loss_future", "sees-the-future",
    ),
    Situation(
        "items with file names", "kept beside, not given to the model",
        "pictures:paths_beside", "labels that begin at one", "pictures:paths_beside_shifted",
        "targets-out-of-range",
    ),
    Situation(
        "GoogLeNet with auxiliary outputs", "a named tuple in training, a tensor in evaluation",
        "pictures:googlenet", "everything frozen", "pictures:googlenet_frozen",
        "frozen-parameters", heavy=True,
    ),
    Situation(
        "a function that begins a stream", "begun anew for every pass",
        "others:function_of_batches", "softmax before the loss",
        "others:function_of_batches_softmax", "softmax-before-loss", slow=False,
    ),
)  # fmt: skip


def page():
    """docs/situations.md."""
    lines = [
        f"| {number} | {s.title} | {s.taken} | {s.fault} | `{s.rule}` |"
        for number, s in enumerate(SITUATIONS, 1)
    ]
    return HEAD + "\n".join(lines) + "\n"
