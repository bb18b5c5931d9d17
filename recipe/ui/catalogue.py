"""Commands about what is installed: the steps, and the rules that they judge by."""

import click


@click.command()
def steps() -> int:
    """List the steps, in order."""
    from recipe import registry

    for plugin in registry.load():
        after = ", ".join(sorted(plugin.step.requires)) or "nothing"
        click.echo(f"{plugin.step.name:<18} {plugin.step.title} (after {after}; {plugin.package})")
    return 0


@click.command()
def rules() -> int:
    """List the rules, by step."""
    from recipe import registry

    for plugin in registry.load():
        click.echo(f"{plugin.step.name}: {plugin.step.title}")
        for rule in plugin.step.rules:
            click.echo(f"  {rule.name:<30} {rule.severity:<5} {rule.what}")
    return 0


@click.command()
@click.argument("rule_name", metavar="RULE")
def explain(rule_name: str) -> int:
    """Say what RULE means, why it matters and how to fix it."""
    from textwrap import fill

    from recipe import registry

    known = registry.all_rules(registry.load())
    registry.check_names("rule", [rule_name], known)
    rule = known[rule_name]
    click.echo(f"{rule.name} [{rule.severity}]")
    for head, text in (("What", rule.what), ("Why", rule.why), ("Fix", rule.fix)):
        click.echo(f"\n{head}")
        for paragraph in text.split("\n\n"):
            click.echo(fill(paragraph, 78, initial_indent="  ", subsequent_indent="  "))
    return 0
