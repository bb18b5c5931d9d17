"""All rules on one Markdown page."""

from collections.abc import Iterable, Mapping, Sequence

from recipe.plugin.registry import Plugin
from recipe.plugin.rule_catalogue import Entry, of_step
from recipe.plugin.step import Step, why_of
from recipe.report.rule_words import BLOCKS, CONSEQUENCES, measured, parts
from recipe.report.wording import anchors, cell, prose, sentence

TITLE, CONTENTS = "Rules", "Contents"
INTRODUCTION = """\
What the recipe says of a model, its data and its training, step by step. `recipe explain NAME`
shows the same in the terminal, and `recipe rules WORD` lists the rules that speak of something.

Severity is the usual one: `fail` ends the run after the step, `warn` is counted, `note` is a
remark. The numbers are examples, and the words below them are what the rule says of these numbers.
A rule of two steps stands under the first of them. This page is written by
`recipe rules --markdown`."""


def page(plugins: Iterable[Plugin], known: Sequence[Entry]) -> str:
    """The page: a table of contents, then every rule under the first step that judges by it."""
    sections = [(p.step, here) for p in plugins if (here := of_step(known, p.step))]
    things: list[Step | Entry] = []
    for step, here in sections:
        things += [step, *here]
    titles = [_heading(thing) for thing in things]
    links = dict(zip(map(id, things), anchors([TITLE, CONTENTS, *titles])[2:], strict=True))
    by_name = {e.rule.name: links[id(e)] for _, here in reversed(sections) for e in here}
    lines = [f"# {TITLE}", "", INTRODUCTION, "", f"## {CONTENTS}", ""]
    for step, here in sections:
        lines.append(f"- [{_heading(step)}](#{links[id(step)]})")
        lines += [f"  - [{e.rule.name}](#{links[id(e)]})" for e in here]
    for step, here in sections:
        lines += ["", f"## {_heading(step)}", *_paragraphs(f"`{step.name}`", prose(why_of(step)))]
        for entry in here:
            lines += ["", f"### {_heading(entry)}", *_entry(entry, by_name)]
    return "\n".join(lines) + "\n"


def _heading(thing: Step | Entry) -> str:
    return thing.rule.name if isinstance(thing, Entry) else prose(thing.title)


def _paragraphs(*texts: str) -> list[str]:
    return [line for text in texts if text for line in ("", text)]


def _entry(entry: Entry, links: Mapping[str, str]) -> list[str]:
    rule = entry.rule
    steps = " and ".join(f"`{name}`" for name in entry.step_names)
    blocks = f". {BLOCKS}" if rule.blocks else ""
    lines = _paragraphs(f"`{rule.severity}`, in {steps}{blocks}")
    for head, (first, *rest) in parts(rule):
        lines += _paragraphs(f"**{head}:** {prose(first)}", *map(prose, rest))
    if rule.explains:
        names = (f"[{n}](#{links[n]})" if n in links else n for n in sorted(rule.explains))
        lines += _paragraphs(f"**Explains:** {CONSEQUENCES} {', '.join(names)}.")
    return lines + _example(entry)


def _example(entry: Entry) -> list[str]:
    example = entry.example()
    if example is None:
        return []
    found = example.finding
    rows = [f"| `{name}` | {cell(value)} |" for name, value in measured(example.evidence)]
    said = [f"> {found.severity}: {sentence(found.message)}", ">", f"> {sentence(found.advice)}"]
    return ["", "For example:", "", "| evidence | value |", "|---|---|", *rows, "", *said]
