import json
import sys

import pytest
import torch
from PIL import Image

from recipe.core.errors import UsageError
from recipe.sources import detection_folder
from recipe.sources.by_name import experiment_by_name, kind_of
from recipe.sources.coco import coco_parts
from recipe.sources.yolo import yolo_parts

CATEGORIES = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]


def pictures(folder, names, size=(40, 20)):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", size, (200, 10, 10)).save(folder / name)


def annotations(n, **change):
    boxes = [
        {"id": 1, "image_id": 0, "category_id": 7, "bbox": [4, 2, 10, 8]},
        {"id": 2, "image_id": 0, "category_id": 3, "bbox": [0.0, 0.0, 40, 20], "iscrowd": 0},
        {"id": 3, "image_id": 1, "category_id": 3, "bbox": [1, 1, 5, 5], "iscrowd": 1},
        {"id": 4, "image_id": 1, "category_id": 3, "bbox": [1, 1, 0, 5]},
    ]
    boxes[0] |= change
    images = [{"id": k, "file_name": f"{k}.jpg"} for k in range(n)]
    return {"images": images, "annotations": boxes, "categories": CATEGORIES}


def coco(folder, layout="official", n=3, **change):
    names = [f"{k}.jpg" for k in range(n)]
    for part in ("train", "val"):
        text = json.dumps(annotations(n, **change))
        if layout == "official":
            pictures(folder / f"{part}2017", names)
            (folder / "annotations").mkdir(exist_ok=True)
            (folder / "annotations" / f"instances_{part}2017.json").write_text(text)
        else:
            place = folder / ("valid" if part == "val" else part)
            pictures(place, names)
            (place / "_annotations.coco.json").write_text(text)
    return folder


@pytest.mark.parametrize("layout", ["official", "folders"])
def test_the_layouts_of_coco(tmp_path, layout):
    source = detection_folder(coco(tmp_path, layout))
    assert source.classes == ("cat", "dog")
    assert (len(source.train), len(source.val), source.test) == (3, 3, None)
    image, target = source.train[0]
    assert (image.shape, image.dtype, type(image)) == ((3, 20, 40), torch.float32, torch.Tensor)
    assert 0 <= image.min() <= image.max() <= 1
    assert target["boxes"].tolist() == [[4, 2, 14, 10], [0, 0, 40, 20]]
    assert target["labels"].tolist() == [1, 0]
    assert target["labels"].dtype == torch.int64
    empty = source.train[2][1]
    assert (empty["boxes"].shape, empty["labels"].shape) == ((0, 4), (0,))
    assert "2 boxes around crowds are left out." in source.notes
    assert "2 boxes without an area are left out." in source.notes
    assert "3 training images with 2 objects of 2 classes" in source.notes[0]


def test_one_file_of_annotations_is_for_training(tmp_path):
    pictures(tmp_path / "images", ["0.jpg", "1.jpg"])
    (tmp_path / "boxes.json").write_text(json.dumps(annotations(2)))
    source = detection_folder(tmp_path)
    assert (len(source.train), source.val) == (2, 0.2)


def test_images_and_boxes_are_scaled_together(tmp_path):
    image, target = detection_folder(coco(tmp_path), size=10).train[0]
    assert image.shape == (3, 10, 10)
    assert target["boxes"].tolist() == [[1, 1, 3.5, 5], [0, 0, 10, 10]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"category_id": 9}, "annotation 1 has the category 9, which .* do not name"),
        ({"bbox": [1, 2, 3]}, "annotation 1 has no box of four numbers"),
        ({"bbox": None}, "annotation 1 has no box of four numbers"),
    ],
)
def test_annotations_that_cannot_be_used_are_one_sentence(tmp_path, change, says):
    with pytest.raises(UsageError, match=says):
        detection_folder(coco(tmp_path, **change))


def test_a_missing_image_is_one_sentence(tmp_path):
    (coco(tmp_path) / "train2017" / "1.jpg").unlink()
    with pytest.raises(UsageError, match=r"The image '1\.jpg' of .* is in none of"):
        detection_folder(tmp_path)


def yolo(
    folder,
    layout="ultralytics",
    lines="1 0.5 0.5 0.5 0.5\n0 0.25 0.5 0.5 1\n",
    names="names: [cat, dog]",
):
    for part in ("train", "val"):
        places = ("images", part), ("labels", part)
        images, labels = (
            folder.joinpath(*(p if layout == "ultralytics" else p[::-1])) for p in places
        )
        pictures(images, ["a.jpg", "b.jpg"])
        labels.mkdir(parents=True, exist_ok=True)
        (labels / "a.txt").write_text(lines)
    (folder / "data.yaml").write_text(names + "\n")
    return folder


@pytest.mark.parametrize("layout", ["ultralytics", "folders"])
@pytest.mark.parametrize(
    "names", ["names: [cat, dog]", "names:\n  0: cat\n  1: 'dog'", "nc: 2\nnames:\n- cat\n- dog"]
)
@pytest.mark.parametrize("library", [True, False])
def test_the_layouts_of_yolo(tmp_path, monkeypatch, layout, names, library):
    if not library:
        monkeypatch.setitem(sys.modules, "yaml", None)
    source = detection_folder(yolo(tmp_path, layout, names=names))
    assert source.classes == ("cat", "dog")
    assert (len(source.train), len(source.val)) == (2, 2)
    image, target = source.train[0]
    assert image.shape == (3, 20, 40)
    assert target["boxes"].tolist() == [[10, 5, 30, 15], [0, 0, 20, 20]]
    assert target["labels"].tolist() == [1, 0]
    assert source.train[1][1]["boxes"].shape == (0, 4)
    assert "as YOLO lays them out" in source.notes[0]


def test_polygons_become_the_boxes_around_them(tmp_path):
    folder = yolo(tmp_path, lines="0 0.1 0.2 0.5 0.2 0.3 0.8\n")
    assert detection_folder(folder).train[0][1]["boxes"][0].tolist() == pytest.approx(
        [4, 4, 20, 16]
    )


def test_classes_without_names_are_called_by_their_numbers(tmp_path):
    folder = yolo(tmp_path)
    (folder / "data.yaml").unlink()
    source = detection_folder(folder)
    assert source.classes == ("0", "1")
    assert "Classes are called by their numbers: no file names the classes." in source.notes
    (folder / "classes.txt").write_text("cat\ndog\ncow\n")
    assert detection_folder(folder).classes == ("cat", "dog", "cow")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("0 0.5 0.5 0.5", "in line 1: write the class and four numbers"),
        ("cat 0.5 0.5 0.5 0.5", "in line 1: write the class and four numbers"),
        ("\n0.5 0.5 0.5 0.5 0.5", "in line 2: write the class and four numbers"),
        ("0 20 10 8 8", "in line 1, outside of the image: write shares"),
        ("0 nan 0.5 0.5 0.5", "in line 1, outside of the image"),
        ("5 0.5 0.5 0.5 0.5", "names 2 classes, labels go up to 5"),
        ("", "have no box at all"),
    ],
)
def test_labels_that_cannot_be_used_are_one_sentence(tmp_path, lines, says):
    with pytest.raises(UsageError, match=says):
        detection_folder(yolo(tmp_path, lines=lines))


def test_labels_without_an_image_are_one_sentence(tmp_path):
    (yolo(tmp_path) / "labels" / "train" / "zz.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    with pytest.raises(
        UsageError, match=r"1 of the files of labels have no image, such as '.*zz\.txt'"
    ):
        detection_folder(tmp_path)


def test_other_folders_hold_no_boxes(tmp_path, draw):
    folder = draw(tmp_path / "photos", cat=2, dog=2)
    assert coco_parts(folder) is None
    assert yolo_parts(folder) is None
    assert kind_of(str(folder)) == "images"
    with pytest.raises(UsageError, match="holds no boxes that can be read"):
        detection_folder(folder)
    with pytest.raises(UsageError, match="There is no folder"):
        detection_folder(tmp_path / "none")


def test_a_folder_of_boxes_is_named_as_data(tmp_path, monkeypatch):
    folder = str(yolo(tmp_path))
    assert kind_of(folder) == "detection"
    experiment, notes = experiment_by_name(folder, image_size=48)
    assert "as YOLO lays them out" in notes[0]
    assert (experiment.task, experiment.metric) == ("detection", "map")
    image, target = experiment.train[0]
    assert image.shape == (3, 48, 48)
    assert int(target["labels"].min()) >= 1  # 0 is the background
    model = experiment.model()
    losses = model.train()([image], [target])
    assert all(loss.isfinite() for loss in losses.values())
    monkeypatch.setattr("recipe.sources.detectors.find_spec", lambda _: None)
    assert experiment_by_name(folder)[0].metric is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": "resnet18"}, "Unknown model for detection 'resnet18'"),
        ({"model": "fasterrcnn_resnet50"}, "fasterrcnn_resnet50_fpn"),
        ({"pretrained": True}, "begin with random weights"),
        ({"augment": "flip"}, "--augment is for images"),
    ],
)
def test_what_does_not_go_with_boxes_is_one_sentence(tmp_path, options, says):
    with pytest.raises(UsageError, match=says):
        experiment_by_name(str(yolo(tmp_path)), **options)


@pytest.mark.parametrize("name", ["fcos_resnet50_fpn", "retinanet_resnet50_fpn", "ssd300_vgg16"])
@pytest.mark.heavy
@pytest.mark.slow
def test_every_family_of_detectors_takes_the_images(tmp_path, name):
    experiment, _ = experiment_by_name(str(yolo(tmp_path)), model=name)
    image, target = experiment.train[0]
    losses = experiment.model().train()([image], [target])
    assert all(loss.isfinite() for loss in losses.values())
