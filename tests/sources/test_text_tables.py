import json

import numpy as np
import pytest
import torch

from recipe.core.errors import UsageError
from recipe.sources import csv_table
from recipe.sources.by_name import experiment_by_name
from recipe.sources.inputs_json import InputsRecord
from recipe.sources.text_tables import PADDING, SEPARATOR, UNKNOWN, TextsReader

GOOD, BAD = ["fine", "great", "lovely"], ["poor", "dull", "broken"]
DICE = np.random.default_rng(0)


def review(words):
    return " ".join([*DICE.choice(words, 3), *DICE.choice(["the", "it", "was", "a"], 4)]) + "!"


def reviews(n=120):
    kinds = ["good" if k % 2 else "bad" for k in range(n)]
    return [f"{review(GOOD if kind == 'good' else BAD)} {k}" for k, kind in enumerate(kinds)], kinds


def write(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", "utf-8")
    return path


def test_a_text_and_a_label_become_token_numbers(tmp_path):
    texts, kinds = reviews()
    path = write(
        tmp_path / "t.jsonl", [{"text": t, "label": k} for t, k in zip(texts, kinds, strict=True)]
    )
    source = csv_table(path, "label")
    x, y = source.train
    assert (source.kind, source.task, source.shape) == ("texts", "binary", (9,))
    assert (x.dtype, x.shape, len(y)) == (np.int64, (96, 9), 96)
    reader = source.reader
    assert isinstance(reader, TextsReader)
    assert set(reader.vocabulary) >= {"fine", "poor", "!", "the"}
    assert "text in 'text'" in source.notes[0]
    names, again = reader.read(path)
    assert names[:2] == ["1", "2"]
    assert {tuple(row) for row in x} <= {tuple(row) for row in again.tolist()}


def test_words_that_only_validation_has_are_unknown():
    texts, kinds = reviews()
    source = csv_table(
        {"text": [f"{t} seen{k}" for k, t in enumerate(texts)], "label": kinds}, "label"
    )
    assert not any(word.startswith("seen") for word in source.reader.vocabulary)
    assert (source.val[0] == UNKNOWN).any()


def test_a_pair_of_texts_has_a_separator():
    texts, kinds = reviews()
    others = [texts[k // 2] for k in range(len(texts))]  # each twice
    source = csv_table({"b": others, "a": texts, "label": kinds}, "label")
    assert source.reader.columns == ("b", "a")  # as in the table
    assert source.shape == (19,)
    assert ((source.train[0] == SEPARATOR).sum(1) == 1).all()
    assert source.reader.model_options["pair"]


def test_cells_without_text_are_padding():
    texts, kinds = reviews()
    texts[3] = None
    source = csv_table({"text": texts, "label": kinds}, "label")
    everything = np.concatenate([source.train[0], source.val[0]])
    assert ((everything == PADDING).all(1)).sum() == 1


def test_text_beside_other_columns_is_one_of_the_inputs_unless_its_model_is_named(tmp_path):
    texts, kinds = reviews()
    rows = [{"text": t, "size": k % 7, "label": kind}
            for k, (t, kind) in enumerate(zip(texts, kinds, strict=True))]  # fmt: skip
    path = write(tmp_path / "t.jsonl", rows)
    source = csv_table(path, "label")
    assert source.kind == "table"
    assert source.reader.texts[0].name == "text"
    assert any("'text': free text, read as" in note for note in source.notes)
    experiment, notes = experiment_by_name(str(path), target="label", model="bag")
    assert experiment.train[0].dtype == np.int64
    assert any("reads text alone: size" in note for note in notes)


def test_long_texts_are_cut_with_a_note():
    texts, kinds = reviews()
    source = csv_table({"text": [t + " word" * 300 for t in texts], "label": kinds}, "label")
    assert source.shape == (256,)
    assert any("96 texts are longer than 256 tokens" in note for note in source.notes)


def test_texts_without_a_common_word_are_one_sentence():
    words = ["".join(DICE.choice(list("abcdefghij"), 7)) for _ in range(300)]
    texts = [" ".join(words[5 * k : 5 * k + 5]) for k in range(60)]
    with pytest.raises(UsageError, match="no word of 'a' comes twice"):
        csv_table({"a": texts, "label": [k % 2 for k in range(60)]}, "label")


def test_three_columns_of_text_are_numbers():
    texts, kinds = reviews()
    columns = {name: DICE.permutation(texts).tolist() for name in "bc"}
    source = csv_table({"a": texts, **columns, "label": kinds}, "label")
    assert source.kind == "table"
    assert [each.name for each in source.reader.texts] == ["a", "b", "c"]


def test_a_model_for_text_needs_some(tmp_path):
    path = write(tmp_path / "t.jsonl", [{"x": k % 7, "y": k % 2} for k in range(60)])
    with pytest.raises(UsageError, match="has no column of text for this model"):
        experiment_by_name(str(path), target="y", model="bag")


def test_a_model_for_numbers_is_none_for_text(tmp_path):
    texts, kinds = reviews()
    path = write(
        tmp_path / "t.jsonl", [{"text": t, "label": k} for t, k in zip(texts, kinds, strict=True)]
    )
    with pytest.raises(UsageError, match="Unknown model for texts 'mlp'"):
        experiment_by_name(str(path), target="label", model="mlp")


def test_what_a_run_keeps_reads_new_texts(tmp_path):
    texts, kinds = reviews()
    path = write(
        tmp_path / "t.jsonl", [{"text": t, "label": k} for t, k in zip(texts, kinds, strict=True)]
    )
    experiment, _ = experiment_by_name(str(path), target="label")
    experiment.inputs.write(tmp_path, experiment.model)
    kept = InputsRecord.read(tmp_path)
    assert kept == experiment.inputs
    _, x = kept.reader.read(write(tmp_path / "new.jsonl", [{"text": "lovely, it was"}]))
    assert kept.experiment().model()(x).shape == (1, 1)
    with pytest.raises(UsageError, match=r"lacks the column text, .*: is it 'Text'"):
        kept.reader.read(write(tmp_path / "new.jsonl", [{"Text": "lovely"}]))


@pytest.mark.slow
def test_a_run_answers_for_new_texts(tmp_path, recipe):
    texts, kinds = reviews()
    path = write(
        tmp_path / "t.jsonl", [{"text": t, "label": k} for t, k in zip(texts, kinds, strict=True)]
    )
    code, _, err = recipe("run", "--data", path, "--target", "label", "--epochs", "3", "--until", "coarse_grid",
                          "--no-input", "--out", tmp_path / "out", "--device", "cpu")  # fmt: skip
    assert code in (0, 1), err
    (ran,) = (tmp_path / "out").iterdir()
    new = write(
        tmp_path / "new.jsonl", [{"text": "lovely great fine!"}, {"text": "dull poor broken"}]
    )
    code, out, err = recipe("predict", ran, new)
    assert code == 0, err
    assert [line.split(",")[1] for line in out.splitlines()[1:]] == ["good", "bad"]


def test_the_mean_is_that_of_the_words():
    from recipe.sources.text_models import BagOfEmbeddings

    model = BagOfEmbeddings((6,), 2, 9)
    x = torch.tensor([[3, 4, 0, 0, 0, 0], [3, 4, 3, 4, 0, 0], [0, 0, 0, 0, 0, 0]])
    out = model(x)
    assert torch.allclose(out[0], out[1], atol=1e-6)
    assert torch.isfinite(out).all()
    pair = BagOfEmbeddings((6,), 2, 9, pair=True)
    both = pair(torch.tensor([[3, 4, 2, 5, 0, 0], [4, 3, 2, 5, 5, 0], [5, 2, 3, 4, 0, 0]]))
    assert torch.allclose(both[0], both[1], atol=1e-6)
    assert not torch.allclose(both[0], both[2], atol=1e-3)
