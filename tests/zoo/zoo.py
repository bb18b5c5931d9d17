"""Every architecture of torchvision, and the smallest of each family of timm, through the steps
from `inspect` to `overfit_sample`: freshly drawn and sound, it must raise no alarm.

    python tests/zoo/zoo.py [--only NAME ...] [--most MILLIONS] [--write]

What was measured is kept in zoo_rows.jsonl, by which an interrupted run goes on; --write makes
ZOO.md of it.
"""

import argparse
import inspect
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

HERE = Path(__file__).parent
ROWS, PAGE = HERE / "zoo_rows.jsonl", HERE / "ZOO.md"
SMALLEST = HERE / "timm_smallest.txt"
"""Written by `--families`."""
CLASSES, PIXELS = 5, 64
UNTIL = "overfit_sample"
LONGEST = 1800
"""Seconds for one architecture."""


def gratings(items: int, pixels: int, seed: int) -> tuple[Tensor, Tensor]:
    """Pictures of [3, pixels, pixels] with waves whose direction tells the class, under noise."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.arange(items) % CLASSES
    angle = labels / CLASSES * torch.pi + 0.1 * torch.randn(items, generator=draw)
    place = torch.linspace(-1, 1, pixels)
    across = angle.cos()[:, None, None] * place + angle.sin()[:, None, None] * place[:, None]
    phase = 2 * torch.pi * torch.rand(items, 1, 1, generator=draw)
    wave = torch.sin(12 * across + phase)[:, None]
    colour = 0.5 + torch.rand(items, 3, 1, 1, generator=draw)
    noise = 0.3 * torch.randn(items, 3, pixels, pixels, generator=draw)
    return (colour * wave + noise).float(), labels


def of_torchvision() -> Iterator[tuple[str, Callable[[], nn.Module]]]:
    """Its models for classification, by name."""
    from torchvision import models

    for name in models.list_models(module=models):
        given = {"image_size": PIXELS} if name.startswith("vit_") else {}
        if name == "googlenet" or name.startswith("inception"):
            given |= {"init_weights": True}
        yield (
            f"torchvision {name}",
            lambda name=name, given=given: models.get_model(
                name, weights=None, num_classes=CLASSES, **given
            ),
        )


def with_norms() -> Iterator[tuple[str, Callable[[], nn.Module]]]:
    """The same network with usual and unusual layers of normalisation."""
    from torchvision import models

    layers: dict[str, Callable[[int], nn.Module]] = {
        "GroupNorm": lambda width: nn.GroupNorm(8, width),
        "one group": lambda width: nn.GroupNorm(1, width),
        "InstanceNorm": lambda width: nn.InstanceNorm2d(width, affine=True),
        "batch norm without affine": lambda width: nn.BatchNorm2d(width, affine=False),
        "batch norm of momentum 0.01": lambda width: nn.BatchNorm2d(width, momentum=0.01),
        "no norm": lambda _: nn.Identity(),
    }
    for model in ("resnet18", "mobilenet_v2"):
        for name, layer in layers.items():
            yield (
                f"torchvision {model} with {name}",
                lambda model=model, layer=layer: models.get_model(
                    model, weights=None, num_classes=CLASSES, norm_layer=layer
                ),
            )


def of_timm() -> Iterator[tuple[str, Callable[[], nn.Module]]]:
    """The model with the fewest parameters of each of its families, by `smallest`."""
    for name in SMALLEST.read_text().split():
        yield f"timm {name}", lambda name=name: _timm(name)


def smallest() -> Iterator[str]:
    """Of each of timm's families (its modules) the model with the fewest parameters; minutes."""
    import timm
    from timm.models import list_models, list_modules

    for family in list_modules():
        sizes = {}
        for name in list_models(module=family):
            try:
                with torch.device("meta"):
                    net = timm.create_model(name, num_classes=CLASSES)
            except Exception:  # noqa: BLE001, S112 - it needs what is not installed, or is no classifier
                continue
            sizes[name] = sum(p.numel() for p in net.parameters())
        if sizes:
            yield min(sizes, key=lambda name: sizes[name])


def _timm(name: str) -> nn.Module:
    """At few pixels where it takes another size, else at its own."""
    import timm

    try:
        return timm.create_model(name, num_classes=CLASSES, img_size=PIXELS)
    except (TypeError, ValueError, AssertionError, RuntimeError):
        return timm.create_model(name, num_classes=CLASSES)


def pixels_of(make: Callable[[], nn.Module]) -> int:
    """The fewest pixels, of a few, that the model takes, in training and in evaluation."""
    net = make()
    for pixels in (PIXELS, 96, 128, 160, 224, 256):
        try:
            for mode in (True, False):
                net.train(mode)
                with torch.no_grad():
                    out = net(torch.zeros(2, 3, pixels, pixels))
            del out
        except Exception:  # noqa: BLE001, S112 - too few pixels show in many ways
            continue
        return pixels
    raise ValueError("it takes none of these sizes")


def measured(name: str, make: Callable[[], nn.Module]) -> dict:
    """What the steps said of one architecture."""
    import recipe

    start = time.perf_counter()
    pixels = pixels_of(make)
    experiment = recipe.Experiment(
        model=make, train=gratings(120, pixels, 0), val=gratings(60, pixels, 1),
        optimizer="adamw", batch_size=20, epochs=5,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        result = recipe.run(
            experiment, until=UNTIL, out=Path(folder), device="cpu", seed=0, exact=True
        )
    return {
        "name": name,
        "millions": round(sum(p.numel() for p in make().parameters()) / 1e6, 2),
        "pixels": pixels,
        "verdict": result.verdict,
        "found": [f"{f.rule}: {f.message}" for f in result.findings],
        "steps": {step.name: step.status for step in result.steps if step.status != "skip"},
        "reasons": [step.reason for step in result.steps if step.status == "error"],
        "seconds": round(time.perf_counter() - start),
    }


def everything() -> dict[str, Callable[[], nn.Module]]:
    """By name."""
    return {**dict(of_torchvision()), **dict(with_norms()), **dict(of_timm())}


def page(rows: list[dict]) -> str:
    """ZOO.md."""
    sound = [row for row in rows if row["verdict"] == "pass"]
    lines = [
        "# Architectures", "",
        inspect.cleandoc("""
            Measured by `python tests/zoo/zoo.py --write`: each architecture freshly drawn, 5 classes of pictures,
            the steps `inspect`, `initial_loss` and `overfit_sample`. Nothing is wrong with any of
            them: whatever is found here is a false alarm."""), "",
        f"Passed without a warning: {len(sound)} of {len(rows)}.", "",
        "| architecture | million parameters | pixels | seconds | verdict | found |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in sorted(rows, key=lambda row: row["name"]):
        found = "; ".join([*row["found"], *row["reasons"]]).replace("|", "/")
        cells = (row["name"], row["millions"], row["pixels"], row["seconds"], row["verdict"], found)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join([*lines, ""])


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--most", type=float, default=100.0, help="million parameters")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--families", action="store_true", help="look for the smallest of timm")
    parser.add_argument("--one", help="measure this one here, and print its row")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if given.families:
        SMALLEST.write_text("".join(f"{name}\n" for name in smallest()))
    zoo = everything()
    if given.one:
        print(json.dumps(measured(given.one, zoo[given.one])), flush=True)
        return
    kept = [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []
    known = {row["name"] for row in kept}
    for name in given.only or [name for name in zoo if name not in known]:
        with torch.device("meta"):
            millions = sum(p.numel() for p in zoo[name]().parameters()) / 1e6
        if millions > given.most:
            continue
        print(name, f"{millions:.1f}", end=" ", flush=True)
        row = _in_child(name)
        kept = [*(row_ for row_ in kept if row_["name"] != name), row]
        ROWS.write_text("".join(json.dumps(row) + "\n" for row in kept))
        print(row["verdict"], row["seconds"], row["found"], row["reasons"], flush=True)
    if given.write:
        PAGE.write_text(page(kept))


def _in_child(name: str) -> dict:
    """One architecture in a process of its own, which gives its memory back."""
    blank = {"name": name, "millions": None, "pixels": None, "found": [], "steps": {}}
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--one", name], capture_output=True, text=True,
            timeout=LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {**blank, "verdict": "not ended", "reasons": [], "seconds": LONGEST}
    for line in done.stdout.splitlines():
        if line.startswith('{"name"'):
            return json.loads(line)
    return {**blank, "verdict": "error", "reasons": done.stderr.splitlines()[-1:], "seconds": 0}


if __name__ == "__main__":
    main()
