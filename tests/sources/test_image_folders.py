import pytest
import torch
from PIL import Image

from recipe.core.errors import UsageError
from recipe.sources import image_folder


def test_classes_are_folders_and_a_fifth_is_held_out(tmp_path, draw):
    data = image_folder(draw(tmp_path / "pets", cat=3, dog=5))
    assert (data.name, data.classes, data.outputs, data.val) == ("pets", ("cat", "dog"), 2, 0.2)
    assert data.shape == (3, 16, 16)
    assert len(data.train) == 8
    assert data.test is None
    assert data.notes == ("8 training images of 2 classes, 16 x 16 pixels each.",)


@pytest.mark.parametrize("val", ["val", "valid", "Validation"])
def test_the_parts_of_a_split_folder_are_found(tmp_path, draw, val):
    for part, count in (("train", 4), (val, 2), ("test", 1)):
        draw(tmp_path / part, cat=count, dog=count)
    data = image_folder(tmp_path)
    assert [len(part) for part in (data.train, data.val, data.test)] == [8, 4, 2]
    assert data.val.transform is data.train.transform


def test_inputs_are_standardised_by_channel(tmp_path, draw):
    data = image_folder(draw(tmp_path, cat=30, dog=30))
    x = torch.stack([item[0] for item in data.train])
    assert x.mean((0, 2, 3)).abs().max() < 0.01
    assert (x.std((0, 2, 3)) - 1).abs().max() < 0.02


def test_images_of_different_sizes_become_squares(tmp_path, draw):
    draw(tmp_path, size=(40, 20), cat=2)
    draw(tmp_path, size=(20, 50), dog=2)
    assert image_folder(tmp_path).shape == (3, 64, 64)
    data = image_folder(tmp_path, size=24)
    assert {tuple(x.shape) for x, _ in data.train} == {(3, 24, 24)}


def test_large_images_are_made_smaller(tmp_path, draw):
    assert image_folder(draw(tmp_path, size=(200, 150), cat=2, dog=2)).shape == (3, 64, 64)


def test_grey_images_and_those_with_transparency_have_three_channels(tmp_path, draw):
    draw(tmp_path, mode="L", grey=2)
    draw(tmp_path, mode="RGBA", clear=2)
    draw(tmp_path, mode="P", few=2)
    assert {tuple(x.shape) for x, _ in image_folder(tmp_path).train} == {(3, 16, 16)}


def test_folders_of_tools_are_no_classes(tmp_path, draw):
    draw(tmp_path, cat=1, dog=1)
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    assert image_folder(tmp_path).classes == ("cat", "dog")


def test_one_colour_everywhere_divides_by_nothing(tmp_path, draw):
    draw(tmp_path, cat=1, dog=1)
    data = image_folder(tmp_path)
    assert torch.isfinite(data.train[0][0]).all()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: None, "There is no folder"),
        (lambda f: f.mkdir(), "no folders of classes"),
        (lambda f: (f / "cat").mkdir(parents=True), "There are no images"),
    ],
)
def test_what_is_no_image_folder_is_one_sentence(tmp_path, make, says):
    folder = tmp_path / "photos"
    make(folder)
    with pytest.raises(UsageError, match=says) as error:
        image_folder(folder)
    assert "photos" in str(error.value)
    assert "a folder of its own" in str(error.value)


def test_validation_with_other_classes_is_refused(tmp_path, draw):
    draw(tmp_path / "train", cat=2, dog=2)
    draw(tmp_path / "val", cat=2, cow=2)
    with pytest.raises(UsageError, match="cat, cow"):
        image_folder(tmp_path)


def test_a_broken_image_is_named(tmp_path, draw):
    draw(tmp_path, cat=2, dog=2)
    (tmp_path / "cat" / "0.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match=r"0\.png"):
        image_folder(tmp_path)


def test_a_picture_that_lies_on_its_side_counts_as_it_is_shown(tmp_path):
    tag = Image.Exif()
    tag[0x0112] = 6
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (30, 20)).save(tmp_path / name / "1.jpg")
        Image.new("RGB", (20, 30)).save(tmp_path / name / "2.jpg", exif=tag)
    assert image_folder(tmp_path).shape == (3, 20, 30)


def test_other_kinds_of_image_files_are_read_and_other_files_counted(tmp_path, draw):
    draw(tmp_path, suffix="gif", cat=3, dog=3)
    draw(tmp_path, suffix="png", cat=2, dog=2)
    (tmp_path / "cat" / "notes.txt").write_text("these are cats")
    (tmp_path / "cat" / "Thumbs.db").write_text("")
    source = image_folder(tmp_path)
    assert len(source.train) == 6 + 4
    (note,) = source.notes[1:]
    assert note.startswith("1 file is no image and is left out (1 .txt), such as '")
    assert note.endswith("notes.txt'.")


def test_a_test_folder_without_classes_is_no_test_data(tmp_path, draw):
    draw(tmp_path / "train", cat=4, dog=4)
    (tmp_path / "test").mkdir()
    Image.new("RGB", (16, 16)).save(tmp_path / "test" / "1.png")
    source = image_folder(tmp_path)
    assert source.test is None
    assert any("is no test data: recipe predict answers for it" in note for note in source.notes)


def test_files_of_mnists_own_format_are_told(tmp_path):
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(b"\0")
    with pytest.raises(UsageError, match="MNIST's own format"):
        image_folder(tmp_path)
