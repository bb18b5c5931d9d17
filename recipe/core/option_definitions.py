"""What a user can set: one definition for flags, recipe.toml, the wizard and Python."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipe.core.budget import Budget, parse_budget, parse_call_limit, parse_verify_budget
from recipe.core.parsers import (
    one_of_these,
    parse_column,
    parse_device,
    parse_devices,
    parse_epochs,
    parse_flag,
    parse_ignore,
    parse_kinds,
    parse_logs,
    parse_names,
    parse_path,
    parse_seed,
    parse_share,
    parse_size,
    parse_text,
    parse_whole,
)

DEVICES = ("auto", "cpu", "cuda", "mps")
PARALLEL = ("ddp", "fsdp")
SEARCHES = ("auto", "grid", "random", "quasi")
"""How cells are drawn: `auto` takes a grid in two dimensions, a quasi-random sequence in more."""
AUGMENTATIONS = ("none", "shift", "flip")
"""Random changes of training images; `flip` also shifts. A mirrored letter or digit is another one:
those take `shift`."""
TABLE_TASKS = ("classification", "binary", "regression")
CALL_LIMIT = Budget(600, "seconds")
STALL = Budget(300, "seconds")
WORKER_TIMEOUT = Budget(300, "seconds")
COLUMN_KINDS = ("number", "boolean", "date", "category", "grade", "text", "identifier", "constant")
"""What a column of a table may be named as; the last two are left out."""
LOGGERS = ("tensorboard", "wandb", "mlflow", "trackio")
"""What a run may be written to, beside its folder."""
BY_NAME = ("data", "target", "task", "group", "time", "column", "model", "pretrained", "weights",
           "image_size", "augment", "skip_unreadable", "data_dir")  # fmt: skip
"""Options that name an experiment instead of a TARGET."""
ONE_RUN = ("until", "only", "skip", "mend", "fix", "keep_going", "again", "fresh")
"""Options that belong to one run: they are never saved as settings of a project."""


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
        "What to train on, instead of TARGET: a folder of images, a table, a text file, the name "
        "of a "
        "torchvision data set, or hf:NAME for one of Hugging Face.",
        "FOLDER|FILE|NAME",
    ),
    Option(
        "target",
        parse_column,
        None,
        "The column to predict, or several of them: a,b,c. For a folder of images: the column with "
        "the labels in the table beside them, or at which level (from 1) folders are classes.",
        "COLUMN",
        question="Which column should be predicted?",
    ),
    Option(
        "task",
        one_of_these(TABLE_TASKS),
        None,
        "What kind of answer the column wants.",
        "|".join(TABLE_TASKS),
    ),
    Option(
        "group",
        parse_column,
        None,
        "A column such as the patient: rows with the same value stay together, all in training "
        "or all "
        "in validation.",
        "COLUMN",
        question="Which column names the group of a row, such as the patient?",
    ),
    Option(
        "time",
        parse_column,
        None,
        "A column with the time of each row: the latest rows are held out for validation.",
        "COLUMN",
        question="Which column holds the time?",
    ),
    Option(
        "column",
        parse_kinds(COLUMN_KINDS),
        {},
        f"How to read a column of the table: {', '.join(COLUMN_KINDS[:-1])} (left out). "
        f"Repeatable.",
        "NAME=KIND",
        multiple=True,
    ),
    Option(
        "model",
        parse_text,
        None,
        "The model to train on --data, such as mlp, cnn, resnet18, timm:NAME or hf:NAME.",
        "NAME",
        question="Which model?",
    ),
    Option(
        "pretrained",
        parse_flag,
        default=False,
        help="Start from the weights that torchvision, timm or Hugging Face offers for the model.",
        question="Begin with pretrained weights?",
    ),
    Option(
        "weights",
        parse_path,
        None,
        "Start from the weights in this file, except for the last layer.",
        "FILE",
    ),
    Option(
        "image_size",
        parse_size,
        None,
        "Width and height to which images of --data are scaled, in pixels.",
        "N",
    ),
    Option(
        "augment",
        one_of_these(AUGMENTATIONS),
        None,
        "How to vary the training images of --data at random (default: none).",
        "|".join(AUGMENTATIONS),
    ),
    Option(
        "skip_unreadable",
        parse_flag,
        default=False,
        help="Leave out images of --data that cannot be read.",
    ),
    Option("data_dir", parse_path, None, "The folder that holds torchvision's data sets.", "DIR"),
    Option(
        "out", parse_path, Path("reports"), "Where to put run folders (default: reports).", "DIR"
    ),
    Option(
        "log",
        parse_logs(LOGGERS),
        (),
        f"Also write curves and findings to another tool: {', '.join(LOGGERS)} (repeatable).",
        "KIND:DIR",
        multiple=True,
    ),
    Option("seed", parse_seed, 0, "Random seed of the whole run.", "N"),
    Option(
        "device", parse_device(DEVICES), "auto", "Where to train.", "|".join((*DEVICES, "cuda:N"))
    ),
    Option(
        "parallel",
        one_of_these(PARALLEL),
        None,
        "Train each trial on several GPUs together: the whole model on each (ddp), or a part of "
        "every layer (fsdp).",
        "|".join(PARALLEL),
    ),
    Option(
        "processes",
        parse_epochs,
        None,
        "Processes that train a trial together (default: one for each GPU, two on a processor).",
        "N",
    ),
    Option(
        "devices",
        parse_devices,
        None,
        "Train trials on several GPUs, one worker process each: by number, so many, or all; on "
        "processors, in so many workers.",
        "0,1|N|all",
    ),
    Option(
        "ray",
        parse_text,
        None,
        "Train trials on the machines of a Ray cluster: the one of this machine (auto), that at an "
        "address, or one begun here (local).",
        "auto|ADDRESS|local",
    ),
    Option(
        "gpu_share",
        parse_share,
        None,
        "Share of a GPU that one worker takes, such as 0.5 for two on each (default: 1).",
        "SHARE",
    ),
    Option(
        "worker_timeout",
        parse_call_limit,
        WORKER_TIMEOUT,
        "How long a worker may stand still before its trial is run again (default: 5m).",
        "5m|off",
    ),
    Option(
        "budget",
        parse_budget,
        None,
        "How long the run may take, as time or as training: 15m, 1h or 40epochs.",
        "15m|40epochs",
    ),
    Option(
        "verify_budget",
        parse_verify_budget,
        None,
        "How much to spend on trying out whether advice helps (default: three trainings).",
        "5m|10epochs|off",
    ),
    Option(
        "call_limit",
        parse_call_limit,
        CALL_LIMIT,
        "How long a single call of your code may take, such as reading an item or one forward pass "
        "(default: 10m).",
        "10m|off",
    ),
    Option(
        "stall",
        parse_call_limit,
        STALL,
        "After how long without progress to say what the run is busy with (default: 5m).",
        "5m|off",
    ),
    Option("epochs", parse_epochs, None, "Epochs of a full training.", "N"),
    Option(
        "search",
        one_of_these(SEARCHES),
        "auto",
        "How to choose the settings that are tried.",
        "|".join(SEARCHES),
    ),
    Option(
        "ensemble",
        parse_whole,
        None,
        "Train the best setting from this many seeds and average their answers (default: as many "
        "as "
        "fit into what is left of a budget; none without one).",
        "N",
    ),
    Option(
        "all_data",
        parse_flag,
        default=False,
        help="At the end, train the best setting once more, on training and validation data "
        "together "
        "(all-data.safetensors).",
    ),
    Option(
        "again",
        parse_flag,
        default=False,
        help="Look at the test data again, although an earlier run already did.",
    ),
    Option(
        "exact",
        parse_flag,
        default=False,
        help="Train one trial at a time, in float32, so that every digit can be repeated.",
    ),
    Option("until", parse_text, None, "Stop after this step.", "STEP"),
    Option("only", parse_names, (), "Run this step alone (repeatable).", "STEP", multiple=True),
    Option("skip", parse_names, (), "Leave this step out (repeatable).", "STEP", multiple=True),
    Option(
        "ignore",
        parse_ignore,
        {},
        "Do not count what this rule finds, and say why (repeatable).",
        "RULE=REASON",
        multiple=True,
    ),
    Option(
        "mend",
        parse_names,
        (),
        "Where this rule finds something, apply its remedy and continue (repeatable).",
        "RULE",
        multiple=True,
    ),
    Option(
        "fix",
        parse_flag,
        default=False,
        help="Repair every fault that a program can repair, show that each repair helps, and "
        "continue.",
    ),
    Option(
        "against",
        parse_path,
        None,
        "Fail if the validation score is worse than that of this run folder or result.json.",
        "FILE",
    ),
    Option("keep_going", parse_flag, default=False, help="Continue after a failed step."),
    Option("strict", parse_flag, default=False, help="Also fail on warnings and steps not done."),
    Option("no_input", parse_flag, default=False, help="Ask nothing (also where CI=true is set)."),
    Option(
        "ci",
        parse_flag,
        default=False,
        help="For CI: ask nothing, print plain lines, write junit.xml and GitHub annotations and "
        "job "
        "summary.",
    ),
    Option(
        "html",
        parse_flag,
        default=False,
        help="Also write the report as a single HTML file, beside report.md.",
    ),
    Option(
        "json",
        parse_flag,
        default=False,
        help="result.json on standard output, all else on standard error.",
    ),
    Option("fresh", parse_flag, default=False, help="Start a new run instead of resuming."),
)
OPTION_BY_NAME = {option.name: option for option in OPTIONS}
