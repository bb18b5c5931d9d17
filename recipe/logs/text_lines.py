"""Lines of a text log without what terminals and loggers put around them."""

import re
from collections.abc import Iterator

HEAD = 1 << 18
"""Characters by which the marks of a logger are known."""
LONGEST = 20_000
"""Characters of a line; what follows is no log."""
SLOT = "\0"
"""Stands for a number in the shape of a line."""

NUMBER = re.compile(
    r"(?=[-+.\dnNiI])(?<![\w.@])(?<![A-Za-z]\d-)(?<![A-Za-z]\d\d-)(?<!\.\d:)(?<!\.\d\d:)"
    r"([-+]?(?:(?<!\[)\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d*)?|\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
    r"(?=[A-Za-z%]{0,7}(?![A-Za-z0-9_]))|[-+]?(?:nan|inf|infinity)(?!\w))",
    re.IGNORECASE,
)
"""A number that is no part of a word; letters behind it are its unit."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
_TIMES = re.compile(
    r"(?=\d{1,4}[-/.:]\d)(?:"
    r"(?<![\d:.])(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})"
    r"[ T,]+\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d| [AP]M\b)?"
    r"|(?<![\d/-])(?:19|20)\d\d[-/.]\d\d[-/.]\d\d(?![\d/-])"
    r"|(?<=\[)\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|(?<![\d:.])\d{1,3}:\d\d(?::\d\d(?:[.,]\d+)?|(?=\s*[<,\]|]|\s*$)))",
    re.MULTILINE,
)
"""Dates with a time, days, and clock times."""
_WEEKDAY = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d+ "
)
_GLOG = re.compile(r"^[IWEF]\d{4} ~?\S*\s+\d+ [\w.-]+:\d+\] ?", re.MULTILINE)
_SOURCE = re.compile(r"\.(?:py|cc|cpp|cu|jl|go|rs|c)[: ]\s*\d+|:[\w<>.]+:\d+ (?=-)")
_WRAPPED = re.compile(
    r"(?:\w+\.)?(?:float\d*|tensor|array|Array)\(\s*\[?([-+\w.]+)\]?(?:,[^()]*(?:\([^()]*\))?)?[^()]*\)"
)
_COCO = re.compile(
    r"Average (?:Precision|Recall)\s+\((A[PR])\) @\[ IoU=([\d.:]+)\s*\| area=\s*(\w+) \| "
    r"maxDets=\s*(\d+) \]"
)
_TUTORIAL = re.compile(r"^\d+m \d+s \(- \d+m \d+s\) \((\d+) \d+%\) (?=[\d.]+\s*$)", re.MULTILINE)
"""PyTorch's tutorials of translation and of names print time, step, share, and a bare loss."""
_ROUND = re.compile(r"第\s*(\d+)\s*(?:/\s*\d+\s*)?[轮輪代回]")
"""The number of an epoch, in Chinese and Japanese."""
_CHECKPOINT = re.compile(r"^.*\bsaved checkpoint\b.*$", re.MULTILINE | re.IGNORECASE)
"""What fairseq calls a score there is the validation loss, which it has said before."""
_COUNTED = re.compile(r"(?<![A-Za-z_])(epochs?|iter|step|ep)(?=\d)", re.IGNORECASE)
"""A counter that its number is glued to, as in `Epoch1/5`."""
_BOTH = re.compile(
    r"(?:(?<![\w/])(?P<before>[a-z][a-z_]{1,15}) ?)?[(\[]?\b(?P<one>train(?:ing)?) ?/ ?"
    r"(?P<other>val(?:id(?:ation)?)?|dev|test(?:ing)?)\b[)\]]?(?P<after> [a-z][\w. -]{0,20}?)?"
    r" ?[:=]? ?"
    r"(?P<a>[-+]?\d[\d.]*(?:e[-+]?\d+)?%?) ?[/|] ?(?P<b>[-+]?\d[\d.]*(?:e[-+]?\d+)?%?)(?![\w/])",
    re.IGNORECASE,
)
"""Two values behind the names of two splits, as in `Train/Valid Acc.: 52.4%/44.3%`."""
_HABITS = (
    ("maxDets", _COCO, r"\1@\2_\3_\4"),
    ("~ AM", re.compile("~ AM"), "~"),
    ("~ PM", re.compile("~ PM"), "~"),
    ("s (- ", _TUTORIAL, r"step \1 loss: "),
    ("第", _ROUND, r"epoch \1 "),
    ("aved checkpoint", _CHECKPOINT, ""),
)
"""What some programs write, by a sign of it, and how it is read."""
_BAR = re.compile(r"[━─╸╺▬]{2,}")
_GLYPHS = dict.fromkeys(map(ord, "█▉▊▋▌▍▎▏░▒▓◼⣿━╸╺▬─═┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩╬╞╪╡"), " ") | {
    ord("│"): "|", ord("┃"): "|", ord("║"): "|", ord("："): ":", ord("，"): ",", ord("（"): "(",
    ord("）"): ")", 0xA0: " ", ord("→"): ">", ord("↑"): " ", ord("↓"): " ", 0xFEFF: " ", 0: " ",
}  # fmt: skip
_LEVEL = re.compile(
    r"\b(?:INFO|DEBUG|WARNING|WARN|NOTICE)\b\]?[\s\]):|-]*"
    r"(?:(?:root|tensorflow|absl|__main__)\b[:\s]*|[A-Za-z_]\w*(?:\.\w+)+\s*[-:|]\s+)?"
)
_BEFORE_LEVEL = 80
"""Characters in which a logger says what it is; what follows its level is the line."""
_LEVELS = ("INFO", "DEBUG", "WARN", "NOTICE")


def without_colours(text: str) -> str:
    """The text without what moves and colours a terminal's cursor."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def cleaned(text: str) -> str:
    """The text without colours, clock times, dates and the marks of loggers."""
    if SLOT in text:
        text = text.replace(SLOT, " ")
    text = without_colours(text)
    if "\b" in text:
        text = re.sub("\b+", "\n", text)
    if not text.isascii():
        text = _BAR.sub(" [=] ", text).translate(_GLYPHS)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _TIMES.sub("~", text)
    head = text[:HEAD]
    for marks, instead in ((_WEEKDAY, "~ "), (_GLOG, ""), (_SOURCE, "~"), (_COUNTED, r"\1 ")):
        if marks.search(head):
            text = marks.sub(instead, text)
    if "float" in text or "tensor(" in text or "rray(" in text:
        text = _WRAPPED.sub(r"\1", text)
    if "rain/" in text or "raining/" in text or "rain /" in text or "RAIN/" in text:
        text = _BOTH.sub(_apart, text)
    for sign, habit, instead in _HABITS:
        if sign in text:
            text = habit.sub(instead, text)
    return text


def _apart(both: re.Match[str]) -> str:
    """Each of two values with the name of its own split."""
    name = (both["after"] or both["before"] or "").strip(" .")
    before = f"{both['before']} " if both["after"] and both["before"] else ""
    return f"{before}{both['one']} {name}: {both['a']}, {both['other']} {name}: {both['b']}"


def lines_of(text: str) -> Iterator[str]:
    """Lines that are not blank, states of progress bars among them."""
    plain = cleaned(text)
    levels = any(level in plain for level in _LEVELS)
    for line in plain.split("\n"):
        bare = line.rstrip()
        if levels:
            level = _LEVEL.search(bare, 0, 3 * _BEFORE_LEVEL)
            if level is not None and level.start() <= _BEFORE_LEVEL:
                bare = bare[level.end() :]
        if bare and not bare.isspace():
            yield bare[:LONGEST]
