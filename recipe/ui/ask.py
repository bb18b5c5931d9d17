"""Questions at a terminal: with a menu where it can be drawn, by numbers where it cannot."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import click

from recipe.errors import UsageError
from recipe.ui.typeset import plain_asked

BACK = "<"
"""What goes back to the question before, where an answer is typed."""
Answers = Mapping[str, Any]
Check = Callable[[str], Any]
"""The value of what was typed; UsageError when it cannot be used."""


class Back(Exception):  # noqa: N818 - a wish, no error
    """The user wants to go back to the question before."""


@dataclass(frozen=True)
class Item:
    """One thing to choose."""

    title: str
    value: Any


class Asker(Protocol):
    """How a question is asked; both raise Back and KeyboardInterrupt."""

    def choose(self, text: str, items: Sequence[Item], default: Any, *, back: bool) -> Any:
        """One of `items`; its value."""
        ...

    def write(self, text: str, default: str, check: Check, *, back: bool, path: bool) -> Any:
        """Something typed, checked at once."""
        ...


def asker() -> Asker:
    """The one that this terminal can show."""
    return Numbers() if plain_asked() and os.name != "nt" else Menus()


def unicode_works() -> bool:
    """Whether the terminal can write what is not ASCII."""
    return "utf" in (sys.stdout.encoding or "").lower()


class Menus:
    """Menus by arrow keys (questionary)."""

    def choose(self, text: str, items: Sequence[Item], default: Any, *, back: bool) -> Any:
        """One of `items`, by arrow keys or by typing its beginning."""
        import questionary

        shown = [questionary.Choice(item.title, item) for item in items]
        if back:
            shown.append(questionary.Choice("back", BACK))
        first = next((choice for choice, item in zip(shown, items, strict=False)
                      if item.value == default), shown[0])  # fmt: skip
        answer = questionary.select(
            text, shown, default=first, qmark="?", pointer=">", instruction=" ",
        ).unsafe_ask()  # fmt: skip
        if answer == BACK:
            raise Back
        return answer.value

    def write(self, text: str, default: str, check: Check, *, back: bool, path: bool) -> Any:
        """Typed, with completion of paths; what cannot be used is said below the line."""
        import questionary

        ask = questionary.path if path else questionary.text
        hint = f"{text} ({BACK} goes back)" if back else text
        typed = ask(
            hint, default=default, qmark="?", validate=lambda t: _complaint(t, check, back=back),
            validate_while_typing=False,
        ).unsafe_ask()  # fmt: skip
        if back and typed.strip() == BACK:
            raise Back
        return check(typed.strip())


def _complaint(typed: str, check: Check, *, back: bool) -> bool | str:
    if back and typed.strip() == BACK:
        return True
    try:
        check(typed.strip())
    except UsageError as error:
        return " ".join(str(error).split())
    return True


class Numbers:
    """Plain lines and numbers: for screen readers, and terminals that cannot move the cursor."""

    def choose(self, text: str, items: Sequence[Item], default: Any, *, back: bool) -> Any:
        """One of `items`, by its number."""
        preset = next((n for n, item in enumerate(items, 1) if item.value == default), 1)
        click.echo(text)
        for number, item in enumerate(items, 1):
            click.echo(f"  {number}. {item.title}")

        def check(typed: str) -> Any:
            if not typed.isdigit() or not 1 <= int(typed) <= len(items):
                raise UsageError(f"{typed!r} is no number from 1 to {len(items)}.")
            return items[int(typed) - 1].value

        return self.write("Number", str(preset), check, back=back, path=False)

    def write(self, text: str, default: str, check: Check, *, back: bool, path: bool) -> Any:  # noqa: ARG002
        """Typed; what cannot be used is said, and asked again."""
        hint = f"{text} ({BACK} goes back)" if back else text
        while True:
            typed = str(click.prompt(hint, default=default or None, type=str)).strip()
            if back and typed == BACK:
                raise Back
            try:
                return check(typed)
            except UsageError as error:
                click.echo(" ".join(str(error).split()))


@dataclass(frozen=True)
class Question:
    """One question of a course; what it asks may hang on the answers before it."""

    name: str
    """Of the option that it answers, where there is one."""
    text: str
    items: Callable[[Answers], Sequence[Item]] | None = None
    """What there is to choose from; None: something is typed."""
    default: Callable[[Answers], Any] = lambda _: ""
    check: Callable[[str, Answers], Any] = lambda typed, _: typed
    when: Callable[[Answers], bool] = lambda _: True
    path: bool = False

    def ask(self, asker: Asker, answers: Answers, *, back: bool) -> Any:
        """The answer."""
        if self.items is not None:
            items = self.items(answers)
            return asker.choose(self.text, items, self.default(answers), back=back)
        return asker.write(
            self.text, str(self.default(answers)), lambda typed: self.check(typed, answers),
            back=back, path=self.path,
        )  # fmt: skip


def ask_all(questions: Sequence[Question], asker: Asker, given: Answers) -> dict[str, Any]:
    """The answers by name, those in `given` included; going back asks the one before anew."""
    answers: dict[str, Any] = dict(given)
    asked: list[tuple[int, dict[str, Any]]] = []
    position = 0
    while position < len(questions):
        question = questions[position]
        if not question.when(answers):
            position += 1
            continue
        try:
            answer = question.ask(asker, answers, back=bool(asked))
        except Back:
            position, answers = asked.pop()
            continue
        asked.append((position, dict(answers)))
        answers[question.name] = answer
        position += 1
    return answers
