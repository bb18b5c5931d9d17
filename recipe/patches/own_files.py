"""The files of a user's program: the one that is named and those beside it that it imports, loaded
from texts in place of what is on disk.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

MOST = 20
"""Files beside the named one that are looked at."""


def files_of(file: Path) -> dict[Path, str]:
    """Texts of the file and of those beside it that it imports, itself first, then by their
    distance from it.
    """
    found = {file: file.read_text("utf-8")}
    left = [file]
    while left and len(found) <= MOST:
        for path in _imports(file.parent, found[left.pop(0)]):
            if path not in found:
                try:
                    found[path] = path.read_text("utf-8")
                except (OSError, UnicodeDecodeError):
                    continue
                left.append(path)
    return found


def _imports(folder: Path, text: str) -> Iterator[Path]:
    """Files below the folder that a text imports."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            stem = folder.joinpath(*name.split("."))
            for path in (stem.with_suffix(".py"), stem / "__init__.py"):
                if path.is_file():
                    yield path


def module_name(folder: Path, path: Path) -> str:
    """By which the named file's program imports another one."""
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def loaded(file: Path, texts: Mapping[Path, str]) -> ModuleType:
    """The module that the first text makes, with the others in place of the files that it imports.
    What was imported before is as it was afterwards.

    Args:
        file: that is named.
        texts: by file, that one among them.

    Raises:
        Exception: whatever the texts raise.

    """
    folder = file.parent
    others = {module_name(folder, path): path for path in texts if path != file}
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    with _in_place(others, texts), _kept([file.stem, *others]):
        path = list(sys.path)
        sys.path.insert(0, str(folder.resolve()))
        sys.modules[file.stem] = module
        try:
            exec(compile(texts[file], str(file), "exec"), module.__dict__)  # noqa: S102 - the user's own file
        finally:
            sys.path[:] = path
    return module


@contextmanager
def _kept(names: Sequence[str]) -> Iterator[None]:
    """These modules are imported anew inside, and are what they were afterwards."""
    before = {name: sys.modules.pop(name, None) for name in names}
    try:
        yield
    finally:
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


@contextmanager
def _in_place(others: Mapping[str, Path], texts: Mapping[Path, str]) -> Iterator[None]:
    finder = _Finder(others, texts)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, others: Mapping[str, Path], texts: Mapping[Path, str]) -> None:
        self.others, self.texts = others, texts

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        file = self.others.get(name)
        if file is None:
            return None
        package = file.name == "__init__.py"
        spec = importlib.util.spec_from_loader(
            name, _Text(self.texts[file]), origin=str(file), is_package=package
        )
        if spec is not None:
            spec.has_location = True
            if package:
                spec.submodule_search_locations = [str(file.parent)]
        return spec


class _Text(importlib.abc.InspectLoader):
    def __init__(self, text: str) -> None:
        self.text = text

    def get_source(self, fullname: str) -> str:
        del fullname
        return self.text
