"""Questions at a terminal: with a menu where it can be drawn, by numbers where it cannot."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any, Protocol

import click

from recipe.core.errors import UsageError
from recipe.core.plain_text import visible
from recipe.ui.busy import busy
from recipe.ui.line_layout import broken
from recipe.ui.terminal import plain_wanted

MANY = 10
"""Items from which a list can be filtered by typing."""
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
    return Numbers() if plain_wanted(sys.stdout) else Menus()


class Menus:
    """Menus by arrow keys (questionary)."""

    def __init__(self) -> None:
        """Load what draws them: what is imported ahead would slow down the first question."""
        import questionary  # noqa: F401

    def choose(self, text: str, items: Sequence[Item], default: Any, *, back: bool) -> Any:
        """One of `items`, by arrow keys or by typing its beginning."""
        import questionary

        room = shutil.get_terminal_size().columns - len(" >  ")
        shown = [questionary.Choice(shorten(item.title, room, placeholder=" ..."), item)
                 for item in items]  # fmt: skip
        if back:
            shown.append(questionary.Choice("back", BACK))
        first = next((choice for choice, item in zip(shown, items, strict=False)
                      if item.value == default), shown[0])  # fmt: skip
        many = len(shown) > MANY
        answer = questionary.select(
            text, shown, default=first, qmark="?", pointer=">", use_search_filter=many,
            use_jk_keys=not many, instruction="(type to filter)" if many else " ",
        ).unsafe_ask()  # fmt: skip
        if answer == BACK:
            raise Back
        return answer.value

    def write(self, text: str, default: str, check: Check, *, back: bool, path: bool) -> Any:
        """Typed, with completion of paths; what cannot be used is said, and can be corrected."""
        import questionary

        ask = questionary.path if path else questionary.text

        def read(proposed: str, typed: str) -> str:
            # What is proposed stands there in grey, and the first key takes its place.
            return str(ask(
                _hint(text, back=back), default=typed, placeholder=proposed, qmark="?",
            ).unsafe_ask())  # fmt: skip

        return _checked(read, default, check, back=back)


def _hint(text: str, *, back: bool) -> str:
    return f"{text} ({BACK} = back)" if back else text


def _checked(read: Callable[[str, str], str], default: str, check: Check, *, back: bool) -> Any:
    """What `check` makes of what is read; what it complains of is said, and can be mended.

    Args:
        read: given what is proposed, and what was typed and can be mended.
        default: what is proposed, and taken where nothing is typed.
        check: see `Check`.
        back: whether there is a question before.

    """
    mended = ""
    while True:
        typed = read(default, mended).strip() or default
        if back and typed == BACK:
            raise Back
        try:
            with busy(f"looking at {typed}", sys.stdout):
                return check(typed)
        except UsageError as error:
            width = shutil.get_terminal_size().columns - 1
            for line in broken(" ".join(str(error).split()), width, hanging=0):
                click.secho(visible(line), fg="red")
            mended = "" if typed == default else typed


class Numbers:
    """Plain lines and numbers: for screen readers, and terminals that cannot move the cursor."""

    def choose(self, text: str, items: Sequence[Item], default: Any, *, back: bool) -> Any:
        """One of `items`, by its number."""
        preset = next((n for n, item in enumerate(items, 1) if item.value == default), 1)
        click.echo(text)
        for number, item in enumerate(items, 1):
            click.echo(visible(f"  {number}. {item.title}"))

        def check(typed: str) -> Any:
            if not typed.isdigit() or not 1 <= int(typed) <= len(items):
                raise UsageError(f"{typed!r} is no number from 1 to {len(items)}.")
            return items[int(typed) - 1].value

        return self.write("Number", str(preset), check, back=back, path=False)

    def write(self, text: str, default: str, check: Check, *, back: bool, path: bool) -> Any:  # noqa: ARG002
        """Typed; what cannot be used is said, and asked again."""

        def read(proposed: str, _: str) -> str:
            hint = _hint(text, back=back)
            return str(click.prompt(hint, default=proposed or None, type=str))

        return _checked(read, default, check, back=back)


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

    def ask(self, asker: Asker, answers: Answers, earlier: Answers, *, back: bool) -> Any:
        """The answer; an earlier one is proposed again."""
        with busy("looking at the data", sys.stdout):
            default = earlier[self.name] if self.name in earlier else self.default(answers)
            items = None if self.items is None else self.items(answers)
        if items is not None:
            return asker.choose(self.text, items, default, back=back)
        return asker.write(
            self.text, str(default), lambda typed: self.check(typed, answers),
            back=back, path=self.path,
        )  # fmt: skip


def ask_all(
    questions: Sequence[Question], asker: Asker, given: Answers, earlier: Answers | None = None
) -> dict[str, Any]:
    """The answers by name, those in `given` included; going back asks the one before anew.

    Args:
        questions: in their order.
        asker: how they are asked.
        given: answers that need no question.
        earlier: what was answered the last time, proposed again.

    """
    earlier = dict(earlier or {})
    answers: dict[str, Any] = dict(given)
    asked: list[tuple[int, dict[str, Any]]] = []
    position = 0
    while position < len(questions):
        question = questions[position]
        with busy("looking at the data", sys.stdout):
            wanted = question.when(answers)
        if not wanted:
            position += 1
            continue
        try:
            answer = question.ask(asker, answers, earlier, back=bool(asked))
        except Back:
            earlier |= answers
            position, answers = asked.pop()
            continue
        if earlier.get(question.name, answer) != answer:
            earlier = {}  # what was answered behind it was about something else
        asked.append((position, dict(answers)))
        answers[question.name] = answer
        position += 1
    return answers
