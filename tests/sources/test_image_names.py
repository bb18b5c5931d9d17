import pytest
from torchvision.datasets.folder import IMG_EXTENSIONS

from recipe.core.file_names import MORE, USUAL, of_a_tool
from recipe.sources import detection_folder, segmentation_folder
from recipe.sources.image_names import image_files, left_out, suffixes
from ugly_images import picture


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        (".git", True), ("._1.jpg", True), (".DS_Store", True), ("Thumbs.db", True),
        ("__MACOSX", True), ("@eaDir", True), ("__other__", False), ("cat", False),
        ("desktop.png", False),
    ],
)  # fmt: skip
def test_what_tools_and_systems_leave_behind(name, tool):
    assert of_a_tool(name) == tool


def test_endings_of_images_are_known_without_a_library():
    assert set(IMG_EXTENSIONS) == USUAL
    assert USUAL <= suffixes() <= USUAL | MORE


def test_linked_folders_are_walked_once(tmp_path):
    (tmp_path / "store").mkdir()
    picture("down", 1).save(tmp_path / "store" / "1.png")
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "linked").symlink_to(tmp_path / "store")
    (tmp_path / "data" / "cat" / "round").symlink_to(tmp_path / "data")
    assert [path.name for path in image_files(tmp_path / "data")] == ["1.png"]


def test_what_is_left_out_is_counted_by_its_ending(tmp_path):
    files = [tmp_path / name for name in ("a.txt", "b.TXT", "c.heic2", "d")]
    (said,) = left_out(files)
    assert said.startswith("4 files are no images and are left out (2 .txt, 1 .heic2, 1 no ending)")


def test_segmentation_passes_over_hidden_files(tmp_path):
    for k in range(4):
        for part in ("images", "masks"):
            (tmp_path / part).mkdir(exist_ok=True)
        picture("down", k).save(tmp_path / "images" / f"{k}.jpg")
        picture("down", k).convert("1", dither=0).save(tmp_path / "masks" / f"{k}.png")
        (tmp_path / "masks" / f"._{k}.png").write_bytes(b"no image")
    (tmp_path / "images" / "Thumbs.db").write_bytes(b"..")
    assert len(segmentation_folder(tmp_path).train) == 4


def test_detection_passes_over_hidden_files(tmp_path):
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
    for k in range(4):
        picture("down", k).save(tmp_path / "images" / f"{k}.jpg")
        (tmp_path / "images" / f"._{k}.jpg").write_bytes(b"no image")
        (tmp_path / "labels" / f"{k}.txt").write_text("0 0.5 0.5 0.2 0.2\n")
        (tmp_path / "labels" / f"._{k}.txt").write_bytes(b"\0\1")
    assert len(detection_folder(tmp_path).train) == 4
