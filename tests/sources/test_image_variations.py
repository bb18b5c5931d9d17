"""Image folders as people have them. Each stands for a kind; what `recipe predict` makes of an image
is what training saw.
"""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from recipe.core.errors import UsageError
from recipe.sources import image_folder
from ugly_images import CLASSES, bar, bars, flat, is_right, picture

EXIF = 0x0112
BACK = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
"""By the way that EXIF names: what turns an upright image into one that is stored so."""


def said(source, text):
    return any(text in note for note in source.notes)


def as_training_saw(source, folder):
    """Whether the reader of answers gives the tensors of training, file by file."""
    names, x = source.reader.read(folder)
    data = source.train
    samples = getattr(data, "dataset", data).samples
    known = {path: getattr(data, "dataset", data)[k][0] for k, (path, _) in enumerate(samples)}
    return {*known} <= {*names} and all(
        torch.equal(tensor, known[name]) for name, tensor in zip(names, x, strict=True)
        if name in known
    )  # fmt: skip


def turned(way, every=2):
    def save(image, path, k):
        tag = Image.Exif()
        if k % every == 0:
            tag[EXIF] = way
            image = image.transpose(Image.Transpose(BACK[way]))
        image.save(path, exif=tag)

    return save


@pytest.mark.parametrize(
    ("way", "suffix"), [(3, "png"), (8, "webp"), (5, "jpg"), (7, "jpg"), (6, "png"), (2, "webp")]
)
def test_orientation(tmp_path, way, suffix):
    source = image_folder(bars(tmp_path, turned(way), suffix))
    assert is_right(source)
    assert said(source, "8 of 16 images are stored lying")
    assert as_training_saw(source, tmp_path)


def test_orientation_of_tiff(tmp_path):
    source = image_folder(bars(tmp_path, turned(6), "tif"))
    assert is_right(source)
    assert as_training_saw(source, tmp_path)


def test_one_turned_image_among_many(tmp_path):
    source = image_folder(bars(tmp_path, turned(6, every=97), "jpg", count=96))
    assert is_right(source)
    assert said(source, "2 of 192 images")


def deep(make):
    return lambda image, path, k: Image.fromarray(make(np.asarray(image.convert("L")))).save(path)


@pytest.mark.parametrize(
    ("make", "suffix"),
    [
        (lambda a: a.astype(np.uint16) * 150 + 5000, "png"),
        (lambda a: a.astype(np.uint16) * 16, "png"),  # 12 bits
        (lambda a: a.astype(np.uint16) * 4, "tif"),  # 10 bits
        (lambda a: a.astype(np.float32) / 255, "tif"),
        (lambda a: a.astype(np.float32) * 1e-3 - 5, "tif"),
        (lambda a: 29000 + a.astype(np.uint16) * 4, "png"),  # heat in hundredths of a kelvin
        (lambda a: a.astype(np.int32) * 8 - 1000, "tif"),  # Hounsfield units
        (lambda a: np.where(a < 5, np.nan, a).astype(np.float32), "tif"),
    ],
)
def test_more_than_8_bits(tmp_path, make, suffix):
    source = image_folder(bars(tmp_path, deep(make), suffix))
    assert is_right(source)
    assert all(len(torch.unique(source.train[k][0])) > 40 for k in range(4))
    assert said(source, "more than 8 bits")
    assert as_training_saw(source, tmp_path)


def test_16_bit_pgm(tmp_path):
    def save(image, path, _):
        grey = np.asarray(image.convert("L")).astype(">u2") * 200
        path.write_bytes(b"P5 24 24 65535\n" + grey.tobytes())

    source = image_folder(bars(tmp_path, save, "pgm"))
    assert is_right(source)


def drawn(ink, mode):
    """A bar whose shape is in the transparency alone."""

    def save(image, path, k):
        alpha = Image.fromarray((bar(path.parent.name, k) > 100).astype(np.uint8) * 255)
        full = Image.new("RGB", image.size, ink)
        full.putalpha(alpha)
        full.convert(mode).save(path)

    return save


@pytest.mark.parametrize(
    ("ink", "mode", "suffix", "ground"),
    [
        ("black", "RGBA", "png", "white"), ("white", "RGBA", "png", "black"),
        ("black", "LA", "png", "white"), ("darkblue", "RGBA", "webp", "white"),
        ("white", "LA", "png", "black"),
    ],
)  # fmt: skip
def test_transparency(tmp_path, ink, mode, suffix, ground):
    source = image_folder(bars(tmp_path, drawn(ink, mode), suffix))
    assert is_right(source)
    assert said(source, f"read on {ground}")
    assert as_training_saw(source, tmp_path)


def test_transparent_palette(tmp_path):
    def save(image, path, k):
        small = Image.fromarray((bar(path.parent.name, k) > 100).astype(np.uint8), "P")
        small.putpalette([0, 0, 0, 0, 0, 0])
        small.save(path, transparency=0)

    assert is_right(image_folder(bars(tmp_path, save, "gif")))


@pytest.mark.parametrize(("mode", "suffix"), [("P", "png"), ("CMYK", "jpg"), ("CMYK", "tif"),
                                              ("1", "png"), ("YCbCr", "jpg"), ("L", "bmp")])  # fmt: skip
def test_other_modes(tmp_path, mode, suffix):
    source = image_folder(bars(tmp_path, lambda i, p, _: i.convert(mode).save(p), suffix))
    assert is_right(source)
    assert as_training_saw(source, tmp_path)


@pytest.mark.parametrize("suffix", ["gif", "webp", "apng", "tiff"])
def test_the_first_of_several_frames(tmp_path, suffix):
    def save(image, path, _):
        other = image.rotate(90)
        kind = {"apng": "PNG"}.get(suffix)
        image.save(path, kind, save_all=True, append_images=[other, other])

    source = image_folder(bars(tmp_path, save, suffix))
    assert is_right(source)
    assert said(source, "the first one is read")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "Git LFS"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"just some words", "not a kind of image"),
        (b"\x89PNG\r\n\x1a\n", ""),
        (b"\xff\xd8\xff\xe0", ""),
        (b"\0" * 400, "zeros"),
    ],
)
def test_all_that_cannot_be_read_are_told_at_once(tmp_path, content, why):
    bars(tmp_path / "train")
    bars(tmp_path / "val", count=4, first=20)
    broken = [tmp_path / "train" / "down" / f"{k}.png" for k in range(3)]
    broken += [tmp_path / "val" / "across" / "21.png"]
    for path in broken:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"4 of 24 images cannot be read") as error:
        image_folder(tmp_path)
    assert all(str(path) in str(error.value) for path in broken)
    assert why in str(error.value)
    assert "--skip-unreadable" in str(error.value)
    source = image_folder(tmp_path, skip_unreadable=True)
    assert (len(source.train), len(source.val)) == (13, 7)
    assert said(source, "4 of 24 images cannot be read and are left out")


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "tif", "bmp"])
def test_truncated_files_are_told(tmp_path, suffix):
    bars(tmp_path, suffix=suffix)
    for k in (1, 5):
        path = tmp_path / "down" / f"{k}.{suffix}"
        path.write_bytes(path.read_bytes()[: len(path.read_bytes()) * 2 // 3])
    with pytest.raises(UsageError, match="2 of 16 images cannot be read"):
        image_folder(tmp_path)
    assert len(image_folder(tmp_path, skip_unreadable=True).train) == 14


def test_a_long_list_is_in_a_file(tmp_path):
    bars(tmp_path, count=40)
    for path in sorted((tmp_path / "down").iterdir())[:30]:
        path.write_bytes(b"")
    with pytest.raises(UsageError, match="30 of 80 images") as error:
        image_folder(tmp_path)
    place = str(error.value).split("listed in '")[1].split("'")[0]
    assert len(Path(place).read_text("utf-8").splitlines()) == 30


def test_a_link_to_nowhere_and_a_folder_named_like_an_image(tmp_path):
    bars(tmp_path)
    (tmp_path / "down" / "90.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "down" / "91.png").mkdir()
    with pytest.raises(UsageError, match=r"1 of 17 images .*link"):
        image_folder(tmp_path)


@pytest.mark.parametrize("suffix", ["jfif", "avif", "GIF", "jpe", "tga", "JPG", "jp2"])
def test_endings_that_pillow_reads(tmp_path, suffix):
    def save(image, path, _):
        kinds = {"jfif": "JPEG", "jpe": "JPEG", "jp2": "JPEG2000"}
        image.save(path, kinds.get(suffix))

    assert is_right(image_folder(bars(tmp_path, save, suffix)))


def test_endings_that_are_left_out_are_counted(tmp_path):
    bars(tmp_path)
    for k in range(5):
        (tmp_path / "down" / f"{k}.dcm").write_bytes(b"..")
    (tmp_path / "across" / "notes.txt").write_text("these lie")
    (tmp_path / "README.md").write_text("bars")
    source = image_folder(tmp_path)
    assert said(source, "7 files are no images and are left out (5 .dcm")


def test_pictures_of_phones_alone_say_what_reads_them(tmp_path):
    for name in CLASSES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "IMG_1.dng").write_bytes(b"..")
    with pytest.raises(UsageError, match="convert them to JPEG or PNG"):
        image_folder(tmp_path)


@pytest.mark.parametrize(
    "spare",
    [
        "down/._1.png", ".DS_Store", "down/.ipynb_checkpoints/1-checkpoint.png",
        "__MACOSX/down/._1.png", "down/Thumbs.db", "down/@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg",
        "down/desktop.ini", ".thumbnails/1.png", "$RECYCLE.BIN/1.png",
    ],
)  # fmt: skip
def test_files_of_systems_are_passed_over(tmp_path, spare):
    bars(tmp_path)
    (tmp_path / spare).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / spare).write_bytes(b"no image")
    source = image_folder(tmp_path)
    assert (source.classes, len(source.train), len(source.notes)) == (CLASSES, 16, 1)
    assert len(source.reader.read(tmp_path)[0]) == 16


@pytest.mark.parametrize("place", ["test", "test1", "test/unknown", "Testing", "images_test"])
def test_a_test_folder_without_classes(tmp_path, place):
    bars(tmp_path / "train")
    (tmp_path / place).mkdir(parents=True)
    for k in range(3):
        picture("down", 20 + k).save(tmp_path / place / f"{k}.png")
    source = image_folder(tmp_path)
    assert (source.test, source.classes, len(source.train)) == (None, CLASSES, 16)
    assert said(source, "is no test data: recipe predict answers for it")


def test_unlabelled_images_of_a_known_set(tmp_path):
    bars(tmp_path / "seg_train" / "seg_train")
    bars(tmp_path / "seg_test" / "seg_test", count=3, first=20)
    (tmp_path / "seg_pred" / "seg_pred").mkdir(parents=True)
    picture("down", 3).save(tmp_path / "seg_pred" / "seg_pred" / "1.png")
    source = image_folder(tmp_path)
    assert (len(source.train), source.test and len(source.test)) == (16, 6)
    assert said(source, "recipe predict answers for it")


def rows(name_of, label_of=lambda name: name, count=8):
    return [(name_of(name, k), label_of(name)) for name in CLASSES for k in range(count)]


def numbered(name, k):
    return f"{(k * 2 + (name == 'down')):04d}"


@pytest.mark.parametrize(
    ("file", "header", "row", "images"),
    [
        ("train.csv", "id,label", "{0},{1}", "train"),
        ("labels.csv", "filename,label", "{0}.png,{1}", "."),
        ("labels.csv", "filename,label", "train/{0}.png,{1}", "train"),
        ("train.csv", "image_id;species", "{0}.png;{1}", "images"),
        ("train_labels.tsv", "file\tclass", "{0}\t{1}", "train_images"),
        ("labels.csv", "label,image", "{1},{0}.PNG", "pics"),
        ("labels.csv", None, "{0}.png,{1}", "."),
        ("meta.csv", "image,age,dx", "{0},{2},{1}", "part_1"),
        ("labels.csv", "id,across,down", "{0},{3},{4}", "images"),
        ("train.csv", "image,url,label", "{0}.png,http://x/{0},{1}", "train"),
    ],
)
def test_labels_in_a_table(tmp_path, file, header, row, images):
    flat(tmp_path / images, numbered)
    lines = [row.format(name, label, 20 + k, int(label == "across"), int(label == "down"))
             for k, (name, label) in enumerate(rows(numbered))]  # fmt: skip
    (tmp_path / file).write_text("\n".join([*([header] if header else []), *lines]) + "\n")
    (tmp_path / "sample_submission.csv").write_text("id,label\n0001,across\n")
    source = image_folder(tmp_path)
    assert (source.classes, len(source.train)) == (CLASSES, 16)
    assert is_right(source)
    assert said(source, f"{file}'.")


def test_a_table_that_lost_the_zeros_of_its_numbers(tmp_path):
    flat(tmp_path / "train", numbered)
    lines = [f"{int(name)},{label}" for name, label in rows(numbered)]
    (tmp_path / "train.csv").write_text("\n".join(["id,label", *lines]))
    assert is_right(image_folder(tmp_path))


def test_train_and_test_with_the_same_names(tmp_path):
    flat(tmp_path / "train", numbered)
    flat(tmp_path / "test", lambda name, k: numbered("down" if name == "across" else "across", k))
    lines = [f"{name},{label}" for name, label in rows(numbered)]
    (tmp_path / "train.csv").write_text("\n".join(["id,label", *lines]))
    (tmp_path / "test.csv").write_text("\n".join(["id", *(name for name, _ in rows(numbered))]))
    source = image_folder(tmp_path)
    assert is_right(source)
    assert (len(source.train), source.test) == (16, None)


def test_rows_without_images_and_images_without_rows_are_told(tmp_path):
    flat(tmp_path / "images", numbered)
    lines = [f"{name}.png,{label}" for name, label in rows(numbered)][2:]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *lines, "9000.png,down"]))
    source = image_folder(tmp_path)
    assert len(source.train) == 14
    assert said(source, "1 rows of") or said(source, "1 row of")
    assert said(source, "2 training images have no label")


def test_a_column_of_parts(tmp_path):
    flat(tmp_path, numbered)
    parts = ["train", "train", "train", "valid"]
    lines = [f"{name}.png,{label},{parts[k % 4]}" for k, (name, label) in enumerate(rows(numbered))]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label,split", *lines]))
    source = image_folder(tmp_path)
    assert (len(source.train), len(source.val)) == (12, 4)
    assert is_right(source)


def test_several_columns_ask_which_one_is_meant(tmp_path):
    flat(tmp_path, numbered)
    lines = [f"{name}.png,{label},{'ab'[k % 2]}" for k, (name, label) in enumerate(rows(numbered))]
    (tmp_path / "info.csv").write_text("\n".join(["file,way,site", *lines]))
    with pytest.raises(UsageError, match="way, site: name that of the labels, as in --target way"):
        image_folder(tmp_path)
    assert is_right(image_folder(tmp_path, target="way"))
    assert image_folder(tmp_path, target="site").classes == ("a", "b")


@pytest.mark.parametrize(
    "name_of",
    [
        lambda name, k: f"{name}.{k}", lambda name, k: f"{name}_{k:03d}",
        lambda name, k: f"{k:03d}-{name}", lambda name, k: f"{name} ({k + 1})",
        lambda name, k: f"{name}{k}", lambda name, k: f"person{k % 3}_{name}_{k}",
        lambda name, k: f"img_{name}_{k:05d}", lambda name, k: f"{numbered(name, k)}_{name}_v2",
    ],
)  # fmt: skip
def test_labels_in_names(tmp_path, name_of):
    source = image_folder(flat(tmp_path, name_of))
    assert (source.classes, len(source.train)) == (CLASSES, 16)
    assert is_right(source)
    assert said(source, "Labels are in the names of the files")


def test_labels_in_names_of_several_words(tmp_path):
    for name, word in zip(CLASSES, ("lying_bar", "upright_bar_of_light"), strict=True):
        for k in range(8):
            picture(name, k).save(tmp_path / f"{word}_{k}.png")
    assert image_folder(tmp_path).classes == ("lying_bar", "upright_bar_of_light")


def test_digits_in_names(tmp_path):
    for k in range(40):
        picture("down", k).save(tmp_path / f"{k:05d}_{k % 5}.png")
    assert image_folder(tmp_path).classes == ("0", "1", "2", "3", "4")


def test_names_in_parts(tmp_path):
    flat(tmp_path / "train", lambda name, k: f"{name}.{k}")
    (tmp_path / "test1").mkdir()
    for k in range(4):
        picture("down", 30 + k).save(tmp_path / "test1" / f"{k}.png")
    source = image_folder(tmp_path)
    assert (len(source.train), source.test) == (16, None)


@pytest.mark.parametrize(
    "name_of",
    [
        lambda name, k: f"IMG_{numbered(name, k)}", numbered,
        lambda name, k: f"DSC{numbered(name, k)}",
    ],
)  # fmt: skip
def test_names_that_say_nothing(tmp_path, name_of):
    with pytest.raises(UsageError, match="neither a table nor the names") as error:
        image_folder(flat(tmp_path, name_of))
    assert "labels.csv with the columns filename and label" in str(error.value)


@pytest.mark.parametrize(
    ("wrap", "classes"),
    [
        ("images", CLASSES), ("data/pictures", CLASSES), ("dataset/train", CLASSES),
        ("a/b/c", CLASSES),
    ],
)  # fmt: skip
def test_wrappers(tmp_path, wrap, classes):
    bars(tmp_path / wrap)
    (tmp_path / "README.txt").write_text("bars")
    source = image_folder(tmp_path)
    assert (source.classes, len(source.train)) == (classes, 16)
    assert is_right(source)


def test_parts_in_a_wrapper_beside_files_of_a_mac(tmp_path):
    bars(tmp_path / "set" / "train")
    bars(tmp_path / "set" / "val", count=3, first=20)
    (tmp_path / "__MACOSX" / "set").mkdir(parents=True)
    source = image_folder(tmp_path)
    assert (len(source.train), len(source.val)) == (16, 6)


@pytest.mark.parametrize(
    ("places", "classes"),
    [
        (("north", "south"), CLASSES),  # sites
        (("2023", "2024"), CLASSES),  # years
        (("batch_1", "batch_2", "batch_3"), CLASSES),
    ],
)
def test_classes_below_groups(tmp_path, places, classes):
    for n, place in enumerate(places):
        for name in CLASSES:
            (tmp_path / place / name).mkdir(parents=True)
            for k in range(4):
                picture(name, 4 * n + k).save(tmp_path / place / name / f"{k}.png")
    source = image_folder(tmp_path)
    assert source.classes == classes
    assert is_right(source)
    assert said(source, "--target 1")
    assert image_folder(tmp_path, target="1").classes == tuple(sorted(places))


@pytest.mark.parametrize(
    "inner", [("2023", "2024"), ("patient 1", "patient 2"), ("fold0", "fold1", "fold2")]
)
def test_groups_below_classes(tmp_path, inner):
    for name in CLASSES:
        for n, place in enumerate(inner):
            (tmp_path / name / place).mkdir(parents=True)
            for k in range(4):
                picture(name, 4 * n + k).save(tmp_path / name / place / f"{k}.png")
    source = image_folder(tmp_path)
    assert source.classes == CLASSES
    assert is_right(source)


def test_classes_below_kinds(tmp_path):
    for kind, names in (("animals", ("cat", "dog")), ("plants", ("rose", "tulip", "oak"))):
        for name in names:
            (tmp_path / kind / name).mkdir(parents=True)
            for k in range(4):
                picture("down", hash(name) % 50 + k).save(tmp_path / kind / name / f"{k}.png")
    assert image_folder(tmp_path).classes == ("cat", "dog", "oak", "rose", "tulip")


def test_parts_below_classes(tmp_path):
    for name in CLASSES:
        for part, first, count in (("train", 0, 8), ("val", 10, 3)):
            (tmp_path / name / part).mkdir(parents=True)
            for k in range(first, first + count):
                picture(name, k).save(tmp_path / name / part / f"{k}.png")
    source = image_folder(tmp_path)
    assert (source.classes, len(source.train), len(source.val)) == (CLASSES, 16, 6)


def test_one_class_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"one folder, 'down': a classifier needs two classes"):
        image_folder(bars(tmp_path, classes=("down",)))


def test_one_class_of_a_table_is_refused(tmp_path):
    flat(tmp_path, numbered)
    lines = [f"{name}.png,bar" for name, _ in rows(numbered)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *lines]))
    with pytest.raises(UsageError):
        image_folder(tmp_path)


@pytest.mark.parametrize("rest", [[], ["notes.txt"], ["._1.png", "Thumbs.db"]])
def test_an_empty_class_folder(tmp_path, rest):
    bars(tmp_path)
    (tmp_path / "round").mkdir()
    for name in rest:
        (tmp_path / "round" / name).write_bytes(b"..")
    source = image_folder(tmp_path)
    assert (source.classes, source.outputs) == (CLASSES, 2)
    assert said(source, "1 folder has no images and is no class: round")


def test_a_class_that_validation_lacks(tmp_path):
    bars(tmp_path / "train")
    for k in range(3):
        (tmp_path / "val" / "down").mkdir(parents=True, exist_ok=True)
        picture("down", 40 + k).save(tmp_path / "val" / "down" / f"{k}.png")
    source = image_folder(tmp_path)
    assert len(source.val) == 3
    assert is_right(source, source.val)


def test_equal_files_stay_on_one_side(tmp_path):
    bars(tmp_path, count=20)
    for name in CLASSES:
        for k in range(0, 20, 2):
            path = tmp_path / name / f"{k}.png"
            (tmp_path / name / f"copy {k}.png").write_bytes(path.read_bytes())
    source = image_folder(tmp_path)
    assert said(source, "20 training images repeat another one")
    assert (len(source.train) + len(source.val), len(source.val)) == (60, pytest.approx(12, abs=3))
    train, val = ({x.numpy().tobytes() for x, _ in part} for part in (source.train, source.val))
    assert not train & val


@pytest.mark.parametrize(
    "again",
    [
        lambda image, path: image.save(path.with_suffix(".jpg"), quality=80),
        lambda image, path: image.save(path.with_suffix(".webp"), quality=85),
        lambda image, path: image.point(lambda v: min(255, int(v * 1.1))).save(path),
    ],
)
def test_near_copies_stay_on_one_side(tmp_path, again):
    bars(tmp_path, count=14)
    for name in CLASSES:
        for k in range(0, 14, 2):
            again(picture(name, k), tmp_path / name / f"again {k}.png")
    source = image_folder(tmp_path)
    assert said(source, "14 training images repeat another one")
    data = source.train.dataset
    owner = [path.rsplit("/", 2)[1] + path.rsplit("/", 1)[1].split(".")[0].replace("again ", "")
             for path, _ in data.samples]  # fmt: skip
    train, val = ({owner[k] for k in part.indices} for part in (source.train, source.val))
    assert not train & val


def test_equal_files_in_train_and_validation(tmp_path):
    bars(tmp_path / "train", count=10)
    bars(tmp_path / "val", count=13)
    for name in CLASSES:
        for k in range(2, 10):
            (tmp_path / "val" / name / f"{k}.png").unlink()
    source = image_folder(tmp_path)
    assert said(source, "4 training images repeat some of the validation images")
    assert (len(source.train), len(source.val)) == (16, 10)


def test_an_equal_file_of_two_classes_is_told(tmp_path):
    bars(tmp_path, count=12)
    (tmp_path / "down" / "x.png").write_bytes((tmp_path / "across" / "3.png").read_bytes())
    assert said(image_folder(tmp_path), "one of the two labels is wrong")


def test_images_that_only_look_alike_are_no_copies(tmp_path):
    source = image_folder(bars(tmp_path, count=60))
    assert not said(source, "repeat")
    assert source.val == pytest.approx(0.2)


def test_a_huge_jpeg_is_made_smaller(tmp_path):
    bars(tmp_path, suffix="jpg")
    Image.new("L", (10_000, 9_500), 9).save(tmp_path / "down" / "huge.jpg")
    source = image_folder(tmp_path)
    assert said(source, "1 of 17 images are huge") or said(source, "1 of 17 images is huge")
    assert said(source, "10000 x 9500")
    assert source.train[16][0].shape == (3, 64, 64)
    assert as_training_saw(source, tmp_path)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_another_huge_image_is_refused_by_size(tmp_path, mode):
    bars(tmp_path)
    Image.new(mode, (20_000, 10_000)).save(tmp_path / "down" / "huge.png")
    with pytest.raises(
        UsageError, match=r"20000 x 10000 pixels .*--skip-unreadable|far more pixels"
    ):
        image_folder(tmp_path)
    assert len(image_folder(tmp_path, skip_unreadable=True).train) == 16


def test_a_file_that_claims_to_be_huge(tmp_path):
    bars(tmp_path)
    header = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54, 0, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0,
                         0, 0, 0, 0)  # fmt: skip
    (tmp_path / "down" / "bomb.bmp").write_bytes(header)
    with pytest.raises(UsageError, match="1 of 17 images cannot be read"):
        image_folder(tmp_path)


def test_large_images_say_that_they_are_scaled(tmp_path):
    def save(image, path, _):
        image.resize((2000, 1500)).save(path)

    assert said(image_folder(bars(tmp_path, save, "jpg", count=2)), "--image-size")


def test_drawings_with_soft_edges(tmp_path):
    def save(image, path, k):
        full = Image.new("RGBA", image.size, (0, 0, 0, 0))
        box = (4, 10, 20, 13) if path.parent.name == "across" else (10, 4, 13, 20)
        ImageDraw.Draw(full).rectangle(box, fill=(20, 10, 10 + k, 180))
        full.save(path)

    assert is_right(image_folder(bars(tmp_path, save)))
