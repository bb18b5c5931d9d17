"""The lines about steps and rules."""

from collections.abc import Iterable, Iterator, Sequence

from recipe.catalogue import Entry, Example, of_step
from recipe.registry import Plugin
from recipe.report.rule_words import CONSEQUENCES, gravity, measured, opened, parts
from recipe.report.words import count
from recipe.step import why_of
from recipe.ui.typeset import Line, Span, line

COLOURS = {"fail": "bold red", "warn": "yellow", "note": "cyan"}
HEAD, QUIET = "bold", "dim"
INDENT = "  "


def step_line(plugin: Plugin) -> Line:
    """A step on one line, for pipes."""
    name, title = plugin.step.name, plugin.step.title
    return line(f"{name:<18} {title} (after {_before(plugin)}; {plugin.package})")


def step_list(plugins: Sequence[Plugin]) -> Iterator[Line]:
    """The steps with their reasoning."""
    for plugin in plugins:
        yield from _step_head(plugin)
        yield _indented(why_of(plugin.step).partition(". ")[0].rstrip(".") + ".")
        yield line()
    yield line("recipe explain STEP says more of a step, and shows its rules.", QUIET)


def step_in_full(plugin: Plugin, own: Sequence[Entry]) -> Iterator[Line]:
    """A step, its reasoning and its rules."""
    yield from _step_head(plugin)
    if why := why_of(plugin.step):
        yield from _part("Why", [why])
    if own:
        yield from (line(), line("Rules", HEAD))
    for entry in own:
        yield from _brief(entry, plugin.step.name)


def rule_line(entry: Entry, width: int) -> Line:
    """A rule on one line, for pipes: name, severity, steps and what it finds."""
    rule, names = entry.rule, ",".join(entry.step_names)
    return line(f"{rule.name:<{width}}  {rule.severity}  {names:<24}  {rule.what}")


def rule_list(plugins: Iterable[Plugin], found: Sequence[Entry], total: int) -> Iterator[Line]:
    """The rules by step, each under the first step that judges by it."""
    for plugin in plugins:
        here = of_step(found, plugin.step)
        if here:
            yield from _step_head(plugin)
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
    where = f" - {', '.join(entry.step_names)}"
    yield Line(((gravity(rule), COLOURS[rule.severity]), (where, "")))
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
    said: tuple[Span, ...] = ((found.severity, COLOURS[found.severity]), (f": {found.message}", ""))
    yield Line(said, ((INDENT, ""),))
    yield Line(((found.advice, ""),), ((f"{INDENT}-> ", ""),))


def _part(head: str, texts: Iterable[str]) -> Iterator[Line]:
    yield from (line(), line(head, HEAD))
    yield from map(_indented, texts)


def _indented(text: str) -> Line:
    return Line(((text, ""),), ((INDENT, ""),))


def _step_head(plugin: Plugin) -> Iterator[Line]:
    step = plugin.step
    yield Line(
        (
            (step.title, HEAD),
            (f" - {step.name}, after {_before(plugin)}, of {plugin.package}", QUIET),
        )
    )


def _brief(entry: Entry, here: str) -> Iterator[Line]:
    rule = entry.rule
    others = [name for name in entry.step_names if name != here]
    also = f"  (and {', '.join(others)})" if others else ""
    lead = (f"{INDENT}{rule.severity:<4}  ", COLOURS[rule.severity])
    yield Line(((rule.name, HEAD), (also, QUIET)), (lead,))
    yield Line(((opened(rule.what), ""),), ((" " * len(lead[0]), ""),))


def _before(plugin: Plugin) -> str:
    return ", ".join(sorted(plugin.step.requires)) or "nothing"
