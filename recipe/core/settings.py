"""What a user can set: one definition for flags, recipe.toml and the Python interface."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from recipe.core.errors import UsageError
from recipe.core.names import unknown

DEVICES = ("auto", "cpu", "cuda", "mps")
SEARCHES = ("auto", "grid", "random", "quasi")
"""How cells are drawn: `auto` takes a grid in two dimensions, a quasi-random sequence in more."""
AUGMENTATIONS = ("none", "shift", "flip")
"""Random changes of training images; `flip` also shifts. A mirrored letter or digit is another one:
those take `shift`."""
TABLE_TASKS = ("classification", "binary", "regression")
BY_NAME = ("data", "target", "task", "model", "pretrained", "weights",
           "image_size", "augment", "data_dir")  # fmt: skip
"""Options that name an experiment instead of a TARGET."""
LARGEST_SIZE = 4096
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Budget:
    """A limit on the run: seconds of wall time or epochs of training."""

    amount: float
    unit: Literal["seconds", "epochs"]

    def __str__(self) -> str:
        """As the user writes it."""
        if self.unit == "epochs":
            return f"{_plain(self.amount)}epochs"
        exact = [(n, u) for u, n in _SECONDS.items() if self.amount % n == 0]
        size, letter = max(exact, default=(1, "s"))
        return f"{_plain(self.amount / size)}{letter}"


def _plain(number: float) -> str:
    """All digits and no exponent, so that it parses back to the same number."""
    return format(Decimal(repr(number)).normalize(), "f")


def parse_budget(value: Any) -> Budget:
    """`15m`, `90s`, `2h` or `40epochs`; ValueError otherwise."""
    if isinstance(value, Budget):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h|epochs?)", str(value).strip())
    if not match or float(match[1]) <= 0:
        raise ValueError(f"{value!r} is no budget: write 90s, 15m, 2h or 40epochs")
    if match[2] in _SECONDS:
        seconds = float(match[1]) * _SECONDS[match[2]]
        if seconds < 1:
            raise ValueError(f"{value!r} is less than a second")
        return Budget(seconds, "seconds")
    return Budget(float(match[1]), "epochs")


def parse_verify_budget(value: Any) -> Budget | Literal["off"]:
    """A budget, or `off`."""
    return "off" if value == "off" else parse_budget(value)


def parse_ignore(value: Any) -> dict[str, str]:
    """`RULE=REASON`, a list of them, or a table; ValueError when a reason is missing."""
    if isinstance(value, Mapping):
        pairs = [(str(rule), str(reason)) for rule, reason in value.items()]
    else:
        items = [value] if isinstance(value, str) else list(value)
        pairs = [(rule, reason) for rule, _, reason in (str(item).partition("=") for item in items)]
    for name, reason in pairs:
        if not name.strip() or not reason.strip():
            raise ValueError(f"{name!r} has no reason: write RULE=REASON")
    return {name.strip(): reason.strip() for name, reason in pairs}


def parse_names(value: Any) -> tuple[str, ...]:
    """One name or a list of names."""
    if isinstance(value, str):
        return (value,)
    if not all(isinstance(name, str) for name in value):
        raise ValueError(f"{value!r} is no list of names")
    return tuple(value)


def parse_flag(value: Any) -> bool:
    """True or false, nothing that merely looks like it."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")  # noqa: TRY004
    return value


def parse_whole(value: Any, least: int = 0) -> int:
    """A whole number of at least `least`."""
    if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d+", str(value).strip()):
        raise ValueError(f"{value!r} is not a whole number")
    if int(value) < least:
        raise ValueError(f"{value!r} is less than {least}")
    return int(value)


def parse_epochs(value: Any) -> int:
    """At least one epoch."""
    return parse_whole(value, least=1)


def parse_size(value: Any) -> int:
    """A side of at least 8 pixels, and no more than a model can be trained on."""
    size = parse_whole(value, least=8)
    if size > LARGEST_SIZE:
        raise ValueError(f"{value!r} is more than {LARGEST_SIZE} pixels")
    return size


def parse_column(value: Any) -> str:
    """The name of a column, or its number."""
    return parse_text(str(value) if isinstance(value, int) else value)


def parse_text(value: Any) -> str:
    """Plain text."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not a name")
    return value


def parse_path(value: Any) -> Path:
    """A path."""
    return Path(parse_text(str(value) if isinstance(value, Path) else value))


def _choice(known: tuple[str, ...]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in known:
            raise ValueError(f"{value!r} is none of {', '.join(known)}")
        return str(value)

    return parse


@dataclass(frozen=True)
class Option:
    """One thing a user can set, as a flag, a key of recipe.toml or an argument."""

    name: str
    parse: Callable[[Any], Any]
    default: Any
    help: str
    metavar: str | None = None
    """What the flag takes; None for a switch."""
    multiple: bool = False
    question: str = ""
    """How the wizard asks for it; empty where it does not."""

    @property
    def flag(self) -> str:
        """Its spelling on the command line."""
        return "--" + self.name.replace("_", "-")


OPTIONS: tuple[Option, ...] = (
    Option(
        "data",
        parse_text,
        None,
        "Instead of TARGET: a folder of images, a table, a text, or a data set of torchvision.",
        "FOLDER|FILE|NAME",
    ),
    Option(
        "target",
        parse_column,
        None,
        "Column of the table to predict.",
        "COLUMN",
        question="Which column is to be predicted?",
    ),
    Option("task", _choice(TABLE_TASKS), None, "What the column asks.", "|".join(TABLE_TASKS)),
    Option(
        "model",
        parse_text,
        None,
        "Model for --data, such as mlp, cnn or resnet18.",
        "NAME",
        question="Which model?",
    ),
    Option(
        "pretrained",
        parse_flag,
        default=False,
        help="Begin with torchvision's weights.",
        question="Begin with pretrained weights?",
    ),
    Option(
        "weights",
        parse_path,
        None,
        "Begin with the weights in this file, all but the last layer.",
        "FILE",
    ),
    Option("image_size", parse_size, None, "Side of the images of --data, in pixels.", "N"),
    Option(
        "augment",
        _choice(AUGMENTATIONS),
        None,
        "Random changes of the training images of --data (default: none).",
        "|".join(AUGMENTATIONS),
    ),
    Option("data_dir", parse_path, None, "Where torchvision's data sets are kept.", "DIR"),
    Option("out", parse_path, Path("reports"), "Folder for run folders.", "DIR"),
    Option("seed", parse_whole, 0, "Seed of everything random.", "N"),
    Option("device", _choice(DEVICES), "auto", "Where to train.", "|".join(DEVICES)),
    Option("budget", parse_budget, None, "Limit of the run: 15m or 40epochs.", "15m|40epochs"),
    Option(
        "verify_budget",
        parse_verify_budget,
        None,
        "What proving advice by retraining may cost (default: three trainings).",
        "5m|10epochs|off",
    ),
    Option("epochs", parse_epochs, None, "Epochs of one full training.", "N"),
    Option("search", _choice(SEARCHES), "auto", "How the grids are drawn.", "|".join(SEARCHES)),
    Option(
        "ensemble",
        parse_whole,
        None,
        "Trainings of the best setting from so many seeds, to be averaged (default: what a budget "
        "leaves, else none).",
        "N",
    ),
    Option("again", parse_flag, default=False, help="Use the test data once more."),
    Option("exact", parse_flag, default=False, help="Train in float32 and one by one."),
    Option("until", parse_text, None, "Stop after this step.", "STEP"),
    Option("only", parse_names, (), "Run only this step (repeatable).", "STEP", multiple=True),
    Option("skip", parse_names, (), "Leave this step out (repeatable).", "STEP", multiple=True),
    Option(
        "ignore",
        parse_ignore,
        {},
        "Do not count this rule, for this reason (repeatable).",
        "RULE=REASON",
        multiple=True,
    ),
    Option(
        "mend",
        parse_names,
        (),
        "Go on with this rule's remedy applied where it fires (repeatable).",
        "RULE",
        multiple=True,
    ),
    Option(
        "against",
        parse_path,
        None,
        "Fail when the validation score falls below that of this result.json, or run folder.",
        "FILE",
    ),
    Option("keep_going", parse_flag, default=False, help="Go on after a failed step."),
    Option("strict", parse_flag, default=False, help="A warning fails the run."),
    Option("no_input", parse_flag, default=False, help="Never ask (implied by CI=true)."),
    Option(
        "ci",
        parse_flag,
        default=False,
        help="No input, plain lines, GitHub annotations and job summary, junit.xml.",
    ),
    Option(
        "html",
        parse_flag,
        default=False,
        help="Write the report as one HTML file too, beside report.md.",
    ),
    Option(
        "json",
        parse_flag,
        default=False,
        help="result.json on standard output, all else on standard error.",
    ),
    Option("fresh", parse_flag, default=False, help="Start anew instead of resuming."),
)
_BY_NAME = {option.name: option for option in OPTIONS}


@dataclass(frozen=True)
class Settings:
    """The resolved options of a run."""

    data: str | None = None
    target: str | None = None
    task: str | None = None
    model: str | None = None
    pretrained: bool = False
    weights: Path | None = None
    image_size: int | None = None
    augment: str | None = None
    data_dir: Path | None = None
    out: Path = Path("reports")
    seed: int = 0
    device: str = "auto"
    budget: Budget | None = None
    verify_budget: Budget | Literal["off"] | None = None
    epochs: int | None = None
    search: str = "auto"
    ensemble: int | None = None
    again: bool = False
    exact: bool = False
    until: str | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    ignore: dict[str, str] = field(default_factory=dict)
    mend: tuple[str, ...] = ()
    against: Path | None = None
    keep_going: bool = False
    strict: bool = False
    no_input: bool = False
    ci: bool = False
    html: bool = False
    json: bool = False
    fresh: bool = False

    def with_answers(self, mended: Iterable[str], *, keep_going: bool) -> "Settings":
        """These, and what a person decided on the way."""
        mend = tuple(dict.fromkeys((*self.mend, *mended)))
        return replace(self, mend=mend, keep_going=self.keep_going or keep_going)

    def to_dict(self) -> dict[str, Any]:
        """Plain values without defaults, as recipe.toml and result.json hold them."""
        default = asdict(Settings())
        plain = asdict(self) | {
            name: str(getattr(self, name)) if getattr(self, name) else None
            for name in ("budget", "verify_budget")
        }
        changed = {name: value for name, value in plain.items() if value != default[name]}
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in changed.items()
        }


def resolve(values: Mapping[str, Any], where: str = "") -> Settings:
    """Parse `values` into Settings; a missing or None value means the default.

    Args:
        values: raw values by option name.
        where: prefix of a complaint, such as the file they come from.

    Raises:
        UsageError: an unknown name or a value that does not parse, with its place.

    """
    return Settings(**parse(values, where))


def parse(values: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Check names and values; `resolve` without the defaults."""
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        option = _BY_NAME.get(name)
        if option is None:
            raise UsageError(f"{where}{unknown('key', name, _BY_NAME)}")
        if value is None:
            continue
        try:
            parsed[name] = option.parse(value)
        except (ValueError, TypeError) as error:
            label = f"key {name!r}" if where else option.flag
            raise UsageError(f"{where}{label}: {error}.") from error
    return parsed


assert [f.name for f in fields(Settings)] == [o.name for o in OPTIONS]  # noqa: S101
