"""Data sets that `datasets` saved here: no network is used."""

import sys

import numpy as np
import pytest
from PIL import Image

from recipe.core.errors import UsageError
from recipe.sources.by_name import experiment_by_name, kind_of
from recipe.sources.hf_data import hf_images, hf_set, load

WORDS = [["poor", "dull", "broken"], ["fine", "great", "lovely"]]


@pytest.fixture
def datasets():
    library = pytest.importorskip("datasets")
    library.disable_progress_bars()
    load.cache_clear()
    yield library
    load.cache_clear()


def texts(datasets, n, *, labelled=True):
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    rows = {
        "text": [f"it was {WORDS[k % 2][k // 2 % 3]} and long {k}" for k in range(n)],
        "label": [k % 2 if labelled else -1 for k in range(n)],
    }
    return datasets.Dataset.from_dict(rows, features=features)


def pictures(datasets, n, label):
    features = {"image": datasets.Image(), "label": label}
    words = label.dtype == "string"
    rows = {
        "image": [Image.new("RGB", (16, 16), (k, 9 * k % 256, 0)) for k in range(n)],
        "label": ["ab"[k % 2] if words else k % 2 for k in range(n)],
    }
    return datasets.Dataset.from_dict(rows, features=datasets.Features(features))


def test_texts_with_parts_of_their_own(tmp_path, datasets):
    parts = {
        "train": texts(datasets, 60),
        "validation": texts(datasets, 20),
        "test": texts(datasets, 10),
    }
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "reviews")
    source = hf_set(f"hf:{tmp_path / 'reviews'}")
    assert (source.name, source.kind, source.task) == ("reviews", "texts", "binary")
    assert source.classes == ("bad", "good")
    assert [len(part[1]) for part in (source.train, source.val, source.test)] == [60, 20, 10]
    assert source.train[1].tolist() == [k % 2 for k in range(60)]
    assert np.array_equal(source.test[0], source.val[0][:10])


def test_a_split_by_group_is_of_the_training_part(tmp_path, datasets):
    rows = {
        "x": [k % 11 for k in range(60)],
        "who": [k % 6 for k in range(60)],
        "label": [k % 2 for k in range(60)],
    }
    parts = {
        "train": datasets.Dataset.from_dict(rows),
        "validation": datasets.Dataset.from_dict(rows),
    }
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "d")
    source = hf_set(f"hf:{tmp_path / 'd'}", group="who")
    assert len(source.train[1]) + len(source.val[1]) == 60
    assert any("'val' is left out" in note for note in source.notes)


def test_a_folder_of_parquet_is_trained_by_name(tmp_path, datasets):
    (tmp_path / "rows").mkdir()
    texts(datasets, 60).to_parquet(tmp_path / "rows" / "train.parquet")
    experiment, notes = experiment_by_name(f"hf:{tmp_path / 'rows'}")
    assert experiment.name == "rows-bag"
    assert len(experiment.train[1]) == 48
    assert notes[0].startswith("Data rows: 'label' is yes (good) or no (bad)")


def test_a_test_part_without_labels_is_left_out_with_a_note(tmp_path, datasets):
    parts = {"train": texts(datasets, 60), "test": texts(datasets, 10, labelled=False)}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "reviews")
    source = hf_set(f"hf:{tmp_path / 'reviews'}")
    assert source.test is None
    assert "The part 'test' has no labels and is left out." in source.notes


@pytest.mark.parametrize("words", [True, False])
def test_images_with_a_class_each(tmp_path, datasets, words):
    label = datasets.Value("string") if words else datasets.ClassLabel(names=["a", "b"])
    parts = {"train": pictures(datasets, 20, label), "test": pictures(datasets, 6, label)}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "photos")
    name = f"hf:{tmp_path / 'photos'}"
    assert kind_of(name) == "images"
    experiment, _ = experiment_by_name(name, augment="shift", target="label")
    x, y = experiment.train[3]
    assert (x.shape, y) == ((3, 16, 16), 1)
    assert len(experiment.test) == 6
    assert experiment.inputs.classes == ("a", "b")
    assert experiment.model()(x[None]).shape == (1, 2)
    with pytest.raises(UsageError, match="Unknown column 'lable': did you mean 'label'"):
        hf_images(name, target="lable")


def test_a_part_with_a_class_that_training_lacks(tmp_path, datasets):
    label = datasets.Value("int64")
    odd = pictures(datasets, 6, label).map(lambda _: {"label": 7})
    parts = {"train": pictures(datasets, 20, label), "test": odd}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "photos")
    with pytest.raises(UsageError, match="'label' holds '7' in one part"):
        hf_images(f"hf:{tmp_path / 'photos'}")


def test_which_column_is_asked(tmp_path, datasets):
    datasets.Dataset.from_dict({"a": [1] * 9, "b": [2] * 9}).save_to_disk(tmp_path / "d")
    with pytest.raises(UsageError, match="Name it with --target: a, b"):
        hf_set(f"hf:{tmp_path / 'd'}")


def test_what_cannot_be_loaded_is_one_sentence(tmp_path, datasets, monkeypatch):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"cannot be loaded .*: name a folder of Parquet"):
        load(f"hf:{tmp_path / 'empty'}")
    datasets.DatasetDict({"all": texts(datasets, 9)}).save_to_disk(tmp_path / "d")
    with pytest.raises(UsageError, match="has no part 'train', but all"):
        load(f"hf:{tmp_path / 'd'}")

    def unreachable(*_):
        raise ConnectionError("Couldn't reach it")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    with pytest.raises(UsageError, match=r"\(Couldn't reach it\): connect to the network"):
        load("hf:some/set")

    def many(*_):
        raise ValueError("Config name is missing.")

    monkeypatch.setattr(datasets, "load_dataset", many)
    with pytest.raises(UsageError, match="as in --data hf:some/set:CONFIGURATION"):
        load("hf:some/set")


def test_a_missing_library_is_one_sentence(monkeypatch):
    load.cache_clear()
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError, match=r"'datasets': pip install 'training-recipe\[hub\]'"):
        load("hf:some/set")
