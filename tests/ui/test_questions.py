import pytest

from recipe.core.errors import UsageError
from recipe.ui.questions import Back, Item, Numbers, Question, ask_all


class Script:
    """Answers from a list; keeps what was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def choose(self, text, items, default, *, back):
        self.asked.append((text, default, back))
        return self._next([item.value for item in items])

    def write(self, text, default, check, *, back, path):
        self.asked.append((text, default, back))
        return check(self._next(None))

    def _next(self, values):
        answer = self.answers.pop(0)
        if answer is Back:
            raise Back
        assert values is None or answer in values
        return answer


QUESTIONS = [
    Question("kind", "Kind?", items=lambda _: [Item("A", "a"), Item("B", "b")]),
    Question("size", "Size?", when=lambda a: a["kind"] == "b"),
    Question("name", "Name?", default=lambda a: a["kind"] * 2),
]


def test_questions_follow_from_the_answers_before():
    script = Script("a", "x")
    assert ask_all(QUESTIONS, script, {}) == {"kind": "a", "name": "x"}
    assert [text for text, *_ in script.asked] == ["Kind?", "Name?"]
    assert script.asked[1] == ("Name?", "aa", True)
    assert script.asked[0][2] is False  # there is nothing to go back to


def test_going_back_asks_anew_and_forgets_what_followed():
    script = Script("b", "9", Back, Back, "a", "x")
    assert ask_all(QUESTIONS, script, {}) == {"kind": "a", "name": "x"}
    assert [text for text, *_ in script.asked] == [
        "Kind?", "Size?", "Name?", "Size?", "Kind?", "Name?"]  # fmt: skip


def test_numbers_ask_until_the_answer_can_be_used(monkeypatch, capsys):
    typed = iter(["7", "two", "2"])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(typed))
    items = [Item("first", "a"), Item("second", "b")]
    assert Numbers().choose("Which?", items, "a", back=False) == "b"
    said = capsys.readouterr().out
    assert "  2. second" in said
    assert "'7' is no number from 1 to 2." in said
    assert "'two' is no number from 1 to 2." in said


def test_numbers_say_what_is_wrong_with_a_text_and_take_the_sign_for_back(monkeypatch, capsys):
    def check(typed):
        if typed != "good":
            raise UsageError(f"{typed!r} is bad.")
        return typed

    typed = iter(["bad", "good", "<"])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(typed))
    assert Numbers().write("Say", "", check, back=True, path=False) == "good"
    assert "'bad' is bad." in capsys.readouterr().out
    with pytest.raises(Back):
        Numbers().write("Say", "", check, back=True, path=False)
