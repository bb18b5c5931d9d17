"""The lines about steps and rules."""

from collections.abc import Iterable, Iterator, Sequence

from recipe.plugin.registry import Plugin
from recipe.plugin.rule_catalogue import Entry, Example, of_step
from recipe.plugin.step import in_brief, why_of
from recipe.report.rule_words import BLOCKS, CONSEQUENCES, measured, opened, parts
from recipe.report.wording import count
from recipe.ui.line_layout import Line, line

COLOURS = {"fail": "bold red", "warn": "yellow", "note": "cyan"}
HEAD, QUIET = "bold", "dim"
INDENT = "  "


def step_line(plugin: Plugin) -> Line:
    """A step on one line, for pipes."""
    name, title = plugin.step.name, plugin.step.title
    return line(f"{name:<18} {title} ({_place(plugin)})")


def step_list(plugins: Sequence[Plugin]) -> Iterator[Line]:
    """The steps with their reasoning."""
    for plugin in plugins:
        yield from (_step_head(plugin), line(_place(plugin), QUIET, indent=2))
        if why := why_of(plugin.step):
            yield _indented(in_brief(why))
        yield line()
    yield line("recipe explain STEP says more of a step, and shows its rules.", QUIET)


def step_in_full(plugin: Plugin, own: Sequence[Entry]) -> Iterator[Line]:
    """A step, its reasoning and its rules."""
    yield from (_step_head(plugin), line(_place(plugin), QUIET))
    if why := why_of(plugin.step):
        yield from _part("Why", [why])
    if own:
        yield from (line(), line("Rules", HEAD))
    for entry in own:
        yield from _brief(entry, plugin.step.name)


def rule_lines(found: Iterable[Entry], every: Iterable[Entry]) -> Iterator[Line]:
    """A line per rule, for pipes: name, severity, steps and what it finds. The columns are those
    of all rules, whichever are found.
    """
    cells = [(entry.rule.name, ",".join(entry.step_names)) for entry in every]
    name_width, steps_width = (max(map(len, column)) for column in zip(*cells, strict=True))
    for entry in found:
        rule, steps = entry.rule, ",".join(entry.step_names)
        head = f"{rule.name:<{name_width}}  {rule.severity}  {steps:<{steps_width}}"
        yield line(f"{head}  {rule.what}")


def rule_list(plugins: Iterable[Plugin], found: Sequence[Entry], total: int) -> Iterator[Line]:
    """The rules by step, each under the first step that judges by it."""
    for plugin in plugins:
        here = of_step(found, plugin.step)
        if here:
            yield _step_head(plugin)
            for entry in here:
                yield from _brief(entry, plugin.step.name)
            yield line()
    some = count(total, "rule") if len(found) == total else f"{len(found)} of {total} rules"
    more = "recipe explain NAME says more, recipe rules WORD finds rules."
    yield line(f"{some}. {more}", QUIET)


def rules_in_full(named: Sequence[Entry]) -> Iterator[Line]:
    """All that is known of the rules of one name, which is one unless steps share a name."""
    for number, entry in enumerate(named):
        if number:
            yield line()
        yield from _in_full(entry)


def _in_full(entry: Entry) -> Iterator[Line]:
    rule = entry.rule
    yield line(rule.name, HEAD)
    where = f", in {' and '.join(entry.step_names)}"
    yield Line(((rule.severity, COLOURS[rule.severity]), (where, "")))
    if rule.blocks:
        yield line(BLOCKS)
    for head, texts in parts(rule):
        yield from _part(head, texts)
    if rule.explains:
        yield from _part("Explains", [f"{CONSEQUENCES} {', '.join(sorted(rule.explains))}."])
    example = entry.example()
    if example is not None:
        yield from _example(example)


def _example(example: Example) -> Iterator[Line]:
    rows = measured(example.evidence)
    width = max((len(name) for name, _ in rows), default=0)
    found = example.finding
    yield from (line(), line("For example", HEAD))
    for name, value in rows:
        yield Line(((value, ""),), ((f"{INDENT}{name:<{width}}  ", QUIET),))
    yield line()
    yield Line(
        ((found.message, ""),), ((INDENT, ""), (f"{found.severity}: ", COLOURS[found.severity]))
    )
    yield Line(((found.advice, ""),), ((f"{INDENT}-> ", ""),))


def _part(head: str, texts: Iterable[str]) -> Iterator[Line]:
    yield from (line(), line(head, HEAD))
    yield from map(_indented, texts)


def _indented(text: str) -> Line:
    return Line(((text, ""),), ((INDENT, ""),))


def _step_head(plugin: Plugin) -> Line:
    return Line(((plugin.step.title, HEAD), (f" ({plugin.step.name})", QUIET)))


def _place(plugin: Plugin) -> str:
    return f"after {', '.join(sorted(plugin.step.requires)) or 'nothing'}; {plugin.package}"


def _brief(entry: Entry, here: str) -> Iterator[Line]:
    rule = entry.rule
    others = [name for name in entry.step_names if name != here]
    also = f"  (and {', '.join(others)})" if others else ""
    lead = (f"{INDENT}{rule.severity:<4}  ", COLOURS[rule.severity])
    yield Line(((rule.name, HEAD), (also, QUIET)), (lead,))
    yield Line(((opened(rule.what), ""),), ((" " * len(lead[0]), ""),))
