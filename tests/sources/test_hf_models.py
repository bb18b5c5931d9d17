"""Models of transformers that are made here: no network is used."""

import sys

import pytest
import torch

from recipe.core.errors import UsageError
from recipe.sources.by_name import experiment_by_name
from recipe.sources.inputs_json import InputsRecord
from recipe.sources.models_by_name import image_format_of

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "fine", "great", "poor", "dull", "it", "was"]


@pytest.fixture
def transformers():
    return pytest.importorskip("transformers")


@pytest.fixture
def bert(tmp_path, transformers):
    """A folder with a small BERT and its tokenizer."""
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=12,
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture
def vit(tmp_path, transformers):
    """A folder with a small vision transformer."""
    folder = tmp_path / "vit"
    config = transformers.ViTConfig(
        image_size=32, patch_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16,
    )  # fmt: skip
    transformers.ViTForImageClassification(config).save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def reviews(path, pair=False):
    rows = [f"it was {['fine', 'great'][k % 3 % 2]} {k}" if k % 2 else f"it was poor dull {k}"
            for k in range(60)]  # fmt: skip
    other = (lambda k: f",and the film was long {k}") if pair else (lambda k: "")
    lines = [f"{row}{other(k)},{'good' if k % 2 else 'bad'}" for k, row in enumerate(rows)]
    header = "review,more,label" if pair else "review,label"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_texts_are_encoded_by_the_tokenizer_of_the_model(tmp_path, bert):
    path = reviews(tmp_path / "t.csv")
    experiment, notes = experiment_by_name(str(path), target="label", model=f"hf:{bert}")
    encoded, y = experiment.train[0]
    assert set(encoded) >= {"input_ids", "attention_mask"}
    length = encoded["input_ids"].shape[0]
    assert all(part.shape == (length,) and part.dtype == torch.int64 for part in encoded.values())
    assert y.dtype == torch.float32
    assert len(experiment.train) == 48
    assert len(experiment.val) == 12
    assert experiment.name == "t-bert"
    model = experiment.model()
    batch = {name: part[None] for name, part in encoded.items()}
    assert model(batch).shape == (1, 1)
    assert torch.equal(model.eval()(batch), model(**batch))
    assert "text in 'review'" in notes[0]


def test_a_pair_of_texts_is_encoded_as_one(tmp_path, bert):
    path = reviews(tmp_path / "t.csv", pair=True)
    experiment, _ = experiment_by_name(str(path), target="label", model=f"hf:{bert}")
    encoded, _ = experiment.train[0]
    assert set(encoded["token_type_ids"].tolist()) == {0, 1}
    assert (encoded["input_ids"] == WORDS.index("[SEP]")).sum() == 2


def test_long_texts_are_cut_to_what_the_model_takes(tmp_path, bert):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,y", *(f"it was{' fine' * 20} {k},{k % 2}" for k in range(60))]))
    experiment, notes = experiment_by_name(str(path), target="y", model=f"hf:{bert}")
    assert experiment.train[0][0]["input_ids"].shape == (12,)
    assert any("48 texts are longer than 12 tokens" in note for note in notes)


def test_what_a_run_keeps_encodes_new_texts(tmp_path, bert):
    path = reviews(tmp_path / "t.csv")
    experiment, _ = experiment_by_name(str(path), target="label", model=f"hf:{bert}")
    experiment.inputs.write(tmp_path, experiment.model)
    kept = InputsRecord.read(tmp_path)
    assert kept == experiment.inputs
    (tmp_path / "new.csv").write_text("review\nit was fine\n")
    names, x = kept.reader.read(tmp_path / "new.csv")
    assert list(names) == ["1"]
    assert kept.experiment().model()(x).shape == (1, 1)


def test_pretrained_weights_begin_all_but_the_last_layer(tmp_path, bert, transformers):
    path = reviews(tmp_path / "t.csv")
    experiment, _ = experiment_by_name(
        str(path), target="label", model=f"hf:{bert}", pretrained=True
    )
    assert experiment.head == "model.classifier"
    made = experiment.model(weights=experiment.weights)
    saved = transformers.BertForSequenceClassification.from_pretrained(bert)
    place = "bert.embeddings.word_embeddings"
    assert torch.equal(made.model.get_submodule(place).weight, saved.get_submodule(place).weight)
    assert made.model.classifier.out_features == 1


def test_images_by_a_model_of_transformers(tmp_path, draw, vit):
    folder = draw(tmp_path / "photos", size=(40, 40), cat=4, dog=4, cow=4)
    experiment, _ = experiment_by_name(str(folder), model=f"hf:{vit}")
    x, _ = experiment.train[0]
    assert x.shape == (3, 32, 32)
    assert experiment.model()(x[None]).shape == (1, 3)
    look = image_format_of(f"hf:{vit}", None, pretrained=True)
    assert (look.size, look.mean) == (32, (0.5, 0.5, 0.5))
    with pytest.raises(UsageError, match="takes images of 32 pixels, image_size is 64"):
        experiment_by_name(str(folder), model=f"hf:{vit}", image_size=64)


def test_a_model_of_another_kind_is_one_sentence(tmp_path, draw, bert, vit):
    folder = draw(tmp_path / "photos", size=(40, 40), cat=4, dog=4)
    with pytest.raises(
        UsageError, match="is a bert, which transformers has no classifier of images"
    ):
        experiment_by_name(str(folder), model=f"hf:{bert}")
    with pytest.raises(UsageError, match="is a vit, which transformers has no classifier of text"):
        experiment_by_name(str(reviews(tmp_path / "t.csv")), target="label", model=f"hf:{vit}")
    (tmp_path / "book.txt").write_text("abc " * 3000)
    with pytest.raises(UsageError, match="the data are text: leave it out"):
        experiment_by_name(str(tmp_path / "book.txt"), model=f"hf:{bert}")


def test_a_folder_without_a_model_is_one_sentence(tmp_path, transformers):
    (tmp_path / "empty").mkdir()
    path = reviews(tmp_path / "t.csv")
    with pytest.raises(
        UsageError, match=r"configuration of hf:.* cannot be loaded .*: give a folder"
    ):
        experiment_by_name(str(path), target="label", model=f"hf:{tmp_path / 'empty'}")


def test_a_missing_library_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    path = reviews(tmp_path / "t.csv")
    with pytest.raises(UsageError, match=r"'transformers': pip install 'training-recipe\[hub\]'"):
        experiment_by_name(str(path), target="label", model="hf:some/model")


@pytest.mark.slow
def test_a_run_answers_for_new_texts(tmp_path, bert, recipe):
    path = reviews(tmp_path / "t.csv")
    code, _, err = recipe(
        "run", "--data", path, "--target", "label", "--model", f"hf:{bert}", "--epochs", "3",
        "--until", "coarse_grid", "--no-input", "--out", tmp_path / "out", "--device", "cpu",
    )  # fmt: skip
    assert code in (0, 1), err
    (ran,) = (tmp_path / "out").iterdir()
    (tmp_path / "new.csv").write_text("review\nit was great\nit was poor dull\n")
    code, out, err = recipe("predict", ran, tmp_path / "new.csv")
    assert code == 0, err
    assert {line.split(",")[1] for line in out.splitlines()[1:]} <= {"good", "bad"}
