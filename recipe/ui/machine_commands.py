"""Commands about the machine: what is installed, what it can do, what lies in the cache."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from recipe.core.cache_folder import cache_folder
from recipe.core.errors import UsageError
from recipe.core.version import VERSION
from recipe.notebook.origin import KEY
from recipe.ui.busy import busy

NEEDED = ("torch", "torchvision", "click", "questionary", "matplotlib", "optuna", "scikit-learn")
EXTRAS = ("timm", "transformers", "datasets", "lightning", "keras", "pyarrow", "openpyxl",
          "onnxruntime", "tensorboard", "wandb", "mlflow", "ray")  # fmt: skip
SHELLS = {
    "bash": 'add to ~/.bashrc: eval "$(recipe completion bash)"',
    "zsh": 'add to ~/.zshrc: eval "$(recipe completion zsh)"',
    "fish": "recipe completion fish > ~/.config/fish/completions/recipe.fish",
}
GIB, MIB = 2**30, 2**20


def installed(name: str) -> str | None:
    """The version of a package, without importing it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def version_line() -> str:
    """What `--version` says."""
    torch = installed("torch") or "missing"
    python = platform.python_version()
    return f"recipe {VERSION}, Python {python}, torch {torch} ('recipe doctor' has more)"


@click.command()
def doctor() -> int:
    """Show what is installed, what this machine can do, and what needs fixing."""
    complaints: list[str] = []
    with busy("looking at this machine"):
        lines = [*_packages(complaints), "", *_machine(complaints), "", *_places(complaints)]
    click.echo("\n".join(lines))
    click.echo()
    for complaint in complaints:
        click.echo(f"! {complaint}")
    click.echo("Something needs fixing." if complaints else "All is well.")
    return int(bool(complaints))


def _packages(complaints: list[str]) -> Iterator[str]:
    yield version_line()
    for name in NEEDED:
        found = installed(name)
        if found is None:
            complaints.append(f"{name} is not installed: pip install {name}")
        yield f"  {name:14} {found or 'missing'}"
    there = [f"{name} {found}" for name in EXTRAS if (found := installed(name))]
    yield f"  {'extras':14} {', '.join(there) or 'none'}"


def _machine(complaints: list[str]) -> Iterator[str]:
    try:
        import torch

        from recipe.machine.memory import free_memory
    except ImportError as error:
        complaints.append(f"torch cannot be imported ({error}): install it again")
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield f"processors      {cores}, torch computes with {torch.get_num_threads()} threads"
    yield f"memory          {free_memory(torch.device('cpu')) / GIB:.1f} GiB free"
    for place in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(place)
        yield f"cuda:{place}          {about.name}, {about.total_memory / GIB:.1f} GiB"
    if torch.backends.mps.is_available():
        yield "mps             yes"
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        yield "accelerators    none that torch can use"
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 2 * (cores or 1):
        complaints.append(
            f"the machine is busy (load {os.getloadavg()[0]:.0f} on {cores} processors): budgets "
            "of less than a minute leave little time for training"
        )


def _places(complaints: list[str]) -> Iterator[str]:
    cache = cache_folder()
    yield f"cache           {cache}: {_size(cache) / MIB:.0f} MiB ('recipe cache clear' empties it)"
    free = shutil.disk_usage(Path.cwd()).free
    yield f"disk            {free / GIB:.1f} GiB free here"
    if free < GIB:
        complaints.append(f"only {free / MIB:.0f} MiB are free on this disk: make room")
    if not os.access(Path.cwd(), os.W_OK):
        complaints.append("this folder cannot be written to: runs need --out FOLDER")
    coding = (sys.stdout.encoding or "").lower()
    columns = shutil.get_terminal_size().columns
    yield f"terminal        {coding or 'unknown encoding'}, {columns} columns"


def _size(folder: Path) -> int:
    """Bytes in all files below a folder; 0 where it is missing."""
    return sum(f.lstat().st_size for f in folder.rglob("*") if f.is_file() and not f.is_symlink())


@click.group()
def cache() -> None:
    """Show or clear what is kept between runs."""


@cache.command()
def show() -> int:
    """Say where the cache is, and how large."""
    folder = cache_folder()
    click.echo(f"{folder}: {_size(folder) / MIB:.1f} MiB")
    return 0


@cache.command()
def clear() -> int:
    """Delete decoded data, downloaded data sets and measured speeds, which are made again, or
    downloaded again, when they are needed.
    """
    folder = cache_folder()
    if folder.is_symlink():
        raise UsageError(f"{str(folder)!r} is a link: delete what it leads to yourself.")
    size = _size(folder)
    for each in list(folder.iterdir()) if folder.is_dir() else []:
        if each.name != KEY:  # by it, runs that were made here are known
            shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
    click.echo(f"Cleared {(size - _size(folder)) / MIB:.1f} MiB in {folder}.")
    return 0


@click.command()
@click.argument("shell", type=click.Choice(sorted(SHELLS)))
def completion(shell: str) -> int:
    """Print the completion of commands and options for a shell."""
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root()
    made = get_completion_class(shell)
    if made is None:
        raise UsageError(f"There is no completion for {shell!r}.")
    click.echo(f"# {SHELLS[shell]}")
    click.echo(made(root.command, {}, "recipe", "_RECIPE_COMPLETE").source())
    return 0
