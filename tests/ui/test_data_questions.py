"""What lies in a folder, guessed by names before anything is loaded."""

import pytest

from recipe.ui.data_questions import image_folders_here, likely_kind


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ("cat/1.png", True), ("cat/1.GIF", True), ("cat/1.avif", True), ("cat/1.jfif", True),
        ("cat/1.heic", True), ("train/cat/1.pgm", True), ("cat/._1.jpg", False),
        ("__MACOSX/1.jpg", False), (".git/1.png", False), ("cat/1.txt", False),
    ],
)  # fmt: skip
def test_a_folder_of_images_is_found_by_names(tmp_path, inside, found):
    file = tmp_path / "photos" / inside
    file.parent.mkdir(parents=True)
    file.touch()
    assert image_folders_here(tmp_path) == ["photos"] * found
    assert likely_kind(tmp_path) == ("images" if found else "own")
