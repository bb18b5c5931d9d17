"""Commands about what is installed: the steps, the rules that they judge by, the format that a run
writes.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from recipe.core.errors import UsageError
from recipe.ui.line_layout import show
from recipe.ui.terminal import plain_wanted

if TYPE_CHECKING:
    from recipe.plugin.rule_catalogue import Entry


@click.command()
def steps() -> int:
    """List the steps, in order."""
    from recipe.plugin import registry
    from recipe.ui import explanations as say

    plugins = registry.load()
    plain = plain_wanted(sys.stdout)
    show(map(say.step_line, plugins) if plain else say.step_list(plugins))
    return 0


@click.command()
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.option("--markdown", is_flag=True, help="Write the page of these rules.")
def rules(words: tuple[str, ...], *, markdown: bool) -> int:
    """List the rules by step: all of them, or those that mention every WORD."""
    from recipe.plugin import registry
    from recipe.plugin.rule_catalogue import entries
    from recipe.ui import explanations as say

    plugins = registry.load()
    every = entries(plugins)
    found = [entry for entry in every if entry.speaks_of(words)]
    if not found:
        raise UsageError(f"No rule speaks of {' and '.join(words)!r}: `recipe rules` lists all.")
    if markdown:
        from recipe.report.rules_page import page

        click.echo(page(plugins, found), nl=False)
    elif plain_wanted(sys.stdout):
        show(say.rule_lines(found, every))
    else:
        show(say.rule_list(plugins, found, total=len(every)))
    return 0


@click.command()
@click.argument("name", metavar="[RULE|STEP]", required=False)
def explain(name: str | None) -> int:
    """Explain what RULE means, why it matters and how to fix it; or what STEP is for."""
    from recipe.plugin import registry
    from recipe.plugin.rule_catalogue import entries
    from recipe.ui import explanations as say

    plugins = registry.load()
    every = entries(plugins)
    if name is None:
        hint = f", such as `recipe explain {every[0].rule.name}`" if every else ""
        raise UsageError(f"Name a rule or a step{hint}; `recipe rules` lists the rules.")
    named = [entry for entry in every if entry.rule.name == name]
    plugin = next((p for p in plugins if p.step.name == name), None)
    if named:
        show(say.rules_in_full(named))
    elif plugin is not None:
        by_rule = {entry.rule: entry for entry in every}
        show(say.step_in_full(plugin, [by_rule[rule] for rule in plugin.step.rules]))
    else:
        raise UsageError(_unknown(name, every, [p.step.name for p in plugins]))
    return 0


@click.command()
def schema() -> int:
    """Print the JSON schema of result.json."""
    from importlib.resources import files

    click.echo(files("recipe").joinpath("result.schema.json").read_text("utf-8"), nl=False)
    return 0


def _unknown(name: str, every: "Sequence[Entry]", steps: Iterable[str]) -> str:
    """What to type in place of a name that is none: the nearest, or a search for it."""
    from recipe.core.names import nearest

    near = nearest(name, [*(entry.rule.name for entry in every), *steps])
    speaking = sum(entry.speaks_of([name]) for entry in every)
    hint = "`recipe rules` lists the rules, `recipe steps` the steps."
    if near is not None:
        hint = f"did you mean {near!r}?"
    elif speaking:
        hint = f"`recipe rules {name}` lists the {speaking} that speak of it."
    return f"Unknown rule or step {name!r}: {hint}"
