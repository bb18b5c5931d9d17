"""Questions about data and model: shared by the wizard and `recipe init`."""

import ast
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recipe.core.errors import UsageError
from recipe.core.file_names import looks_like_an_image, of_a_tool
from recipe.core.names import nearest
from recipe.core.option_definitions import OPTIONS
from recipe.ui.questions import Answers, Item, Question

if TYPE_CHECKING:
    from recipe.sources.source import Kind

LOOKED_AT = 200
"""Entries of a folder that are looked at: a guess may not take long."""
LIKELY_TARGETS = ("target", "label", "class", "y", "outcome", "survived", "price", "saleprice")
OTHER = "\0other"
OF_A_FILE = "\0file"
TABLES = (".csv", ".tsv", ".jsonl", ".parquet", ".feather", ".xlsx")
"""Endings of files that are proposed as tables."""
SUFFIXES = (".safetensors", ".pt", ".pth")
"""Of files that may hold weights."""
SPLITS = [
    Item("a random fifth", ""),
    Item("whole groups, such as patients, so that none is in both parts", "group"),
    Item("the latest rows", "time"),
]
TEXT = {option.name: option.question for option in OPTIONS}


def experiments_here(folder: Path) -> list[str]:
    """Python files of `folder` that make an Experiment; experiment.py first."""
    found = [path.name for path in sorted(folder.glob("*.py")) if _makes_one(path)]
    return sorted(found, key=lambda name: name != "experiment.py")


def _makes_one(path: Path) -> bool:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (OSError, SyntaxError, ValueError):
        return path.name == "experiment.py"  # what is wrong with it is said when it is loaded
    names = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(getattr(n, "id", getattr(n, "attr", "")) == "Experiment" for n in names)


def image_folders_here(folder: Path) -> list[str]:
    """Folders in `folder` that hold classes of images, or parts of them."""
    return [path.name for path in sorted(folder.iterdir())
            if path.is_dir() and not of_a_tool(path.name) and _has_images(path)]  # fmt: skip


def _has_images(folder: Path, depth: int = 2) -> bool:
    try:
        inner = [path for path, _ in zip(sorted(folder.iterdir()), range(LOOKED_AT), strict=False)]
    except OSError:
        return False
    below = [path for path in inner if path.is_dir() and not of_a_tool(path.name)]
    for path in below[:5]:
        files = (file for file, _ in zip(path.iterdir(), range(LOOKED_AT), strict=False))
        if any(map(looks_like_an_image, files)):
            return True
    return depth > 1 and any(_has_images(path, depth - 1) for path in below[:5])


def files_here(folder: Path, suffixes: Sequence[str]) -> list[str]:
    """Files of `folder` with one of these endings."""
    return [path.name for path in sorted(folder.iterdir())
            if path.is_file() and path.suffix.lower() in suffixes]  # fmt: skip


def likely_kind(folder: Path) -> str:
    """What lies here: images, a table, a text, or nothing known (own code)."""
    if image_folders_here(folder):
        return "images"
    if files_here(folder, TABLES):
        return "table"
    return "text" if files_here(folder, (".txt",)) else "own"


def questions_of_data(folder: Path) -> list[Question]:
    """Which data, which column, which model; the kind is known as `kind`."""
    return [
        Question(
            "data", "Which folder of images?",
            default=lambda _: next(iter(image_folders_here(folder)), ""),
            check=lambda typed, _: _of_kind(typed, "images"),
            when=lambda a: a["kind"] == "images", path=True,
        ),
        Question(
            "data", "Which table?",
            default=lambda _: next(iter(files_here(folder, TABLES)), ""),
            check=lambda typed, _: _of_kind(typed, "table"),
            when=lambda a: a["kind"] == "table", path=True,
        ),
        Question(
            "data", "Which text file?",
            default=lambda _: next(iter(files_here(folder, (".txt",))), ""),
            check=lambda typed, _: _of_kind(typed, "text"),
            when=lambda a: a["kind"] == "text", path=True,
        ),
        Question(
            "data", "Which torchvision data set?",
            items=_sets, default=lambda _: "cifar10", when=lambda a: a["kind"] == "torchvision",
        ),
        Question(
            "target", TEXT["target"], items=_columns, default=_likely_target,
            when=lambda a: a["kind"] == "table",
        ),
        Question(
            "split", "Which rows should be held out for validation?",
            items=lambda _: SPLITS, default=lambda _: "",
            when=lambda a: a["kind"] == "table",
        ),
        _of_split("group"),
        _of_split("time"),
        Question(
            "model", TEXT["model"], items=_models, default=_usual_model,
            when=lambda a: a["kind"] in ("images", "table", "torchvision"),
        ),
        Question(
            "model", "Which torchvision model?", items=lambda _: _torchvision_models(),
            default=lambda _: "resnet50", when=lambda a: a.get("model") == OTHER,
        ),
    ]  # fmt: skip


def _of_split(name: str) -> Question:
    """Which column rows are split by, where they are split by one of this kind."""
    return Question(
        name, TEXT[name], items=_inputs, default=lambda a: _inputs(a)[0].value,
        when=lambda a: a.get("split") == name,
    )  # fmt: skip


def questions_of_weights(folder: Path) -> list[Question]:
    """What a model of torchvision begins with: nothing, the library's weights, or a file."""
    return [
        Question(
            "pretrained", TEXT["pretrained"],
            items=lambda _: [
                Item("no, from scratch", False),
                Item("yes, torchvision's weights", True),
                Item("yes, from a file", OF_A_FILE),
            ],
            default=lambda _: False, when=lambda a: _is_torchvisions(a.get("model")),
        ),
        Question(
            "weights", "Which weights file?",
            default=lambda _: next(iter(files_here(folder, SUFFIXES)), ""),
            check=lambda typed, _: _weights(typed),
            when=lambda a: a.get("pretrained") == OF_A_FILE, path=True,
        ),
    ]  # fmt: skip


def _weights(typed: str) -> str:
    """The path that was typed, when weights can be read there."""
    from recipe.models.pretrained import read_weights

    path = Path(typed).expanduser()
    if not typed or not path.is_file():
        raise UsageError(_missing(typed, "file"))
    read_weights(path)
    return str(path)


def _is_torchvisions(model: str | None) -> bool:
    if model in (None, OTHER):
        return False
    from recipe.sources.models_by_name import torchvision_names

    return model in torchvision_names()


def _of_kind(typed: str, kind: str) -> str:
    """The path that was typed, when it is of this kind; an image folder and a table are opened."""
    from recipe.sources.by_name import kind_of

    path = str(Path(typed).expanduser()) if typed else typed
    if not Path(path).exists() or not typed:
        raise UsageError(_missing(typed, kind))
    found = kind_of(path)
    marked = kind == "images" and found in ("segmentation", "detection")
    if (found != kind and not marked) or (kind == "images" and not Path(path).is_dir()):
        raise UsageError(f"{typed!r} is {'a ' if found != 'images' else ''}{found}, not {kind}.")
    if kind == "images":
        from recipe.sources import detection_folder, image_folder, segmentation_folder

        opened: dict[str, Callable[[str], object]] = {
            "segmentation": segmentation_folder, "detection": detection_folder,
        }  # fmt: skip
        opened.get(found, image_folder)(path)
    elif kind == "table":
        from recipe.sources.table_files import read_table

        read_table(path)
    return path


def _missing(typed: str, kind: str) -> str:
    """What to say of a path that leads nowhere, with the nearest name there is."""
    what = "folder" if kind == "images" else kind
    path = Path(typed).expanduser()
    there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    near = nearest(path.name, there)
    hint = f" Did you mean {str(path.with_name(near))!r}?" if near else ""
    return f"There is no {what} {typed!r}.{hint}" if typed else f"Type the path of the {what}."


def _sets(_: Answers) -> list[Item]:
    from recipe.sources.torchvision_data import SETS

    return [Item(name, name) for name in SETS]


def _columns(answers: Answers) -> list[Item]:
    from recipe.sources.table_files import read_table

    return [Item(name, name) for name in read_table(answers["data"]).names]


def _inputs(answers: Answers) -> list[Item]:
    return [item for item in _columns(answers) if item.value != answers["target"]]


def _likely_target(answers: Answers) -> str:
    names = [str(item.value) for item in _columns(answers)]
    likely = [name for name in names if name.lower() in LIKELY_TARGETS]
    return likely[0] if likely else names[-1]


def _kind_of_source(answers: Answers) -> "Kind":
    if answers["kind"] == "table":
        try:
            return kind_of_table(answers)
        except UsageError:
            return "table"  # the run says what is wrong, and asks again
    if answers["kind"] == "torchvision":
        return "images"
    from recipe.sources.by_name import kind_of

    return kind_of(answers["data"])


def kind_of_table(answers: Answers) -> "Kind":
    """Whether a table is one of texts with a label, or of any columns.

    Raises:
        UsageError: it cannot be used.

    """
    from recipe.sources import csv_table

    given = {name: answers.get(name) for name in ("task", "group", "time", "column")}
    return csv_table(answers["data"], answers.get("target"), **given).kind


def _models(answers: Answers) -> list[Item]:
    from recipe.sources.models_by_name import OWN, model_names

    kind = _kind_of_source(answers)
    if kind == "detection":
        return [Item(name, name) for name in model_names(kind)]
    own = [Item(f"{name}: {OWN[name].says}", name) for name in model_names(kind) if name in OWN]
    if kind != "images":
        return own
    usual = Item("resnet18: torchvision's residual network", "resnet18")
    return [*own, usual, Item("another one of torchvision's", OTHER)]


def _usual_model(answers: Answers) -> str:
    from recipe.sources.models_by_name import USUAL

    return USUAL[_kind_of_source(answers)]


def _torchvision_models() -> list[Item]:
    from recipe.sources.models_by_name import torchvision_names

    return [Item(name, name) for name in torchvision_names()]
