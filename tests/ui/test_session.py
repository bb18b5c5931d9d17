import warnings

from recipe.core.settings import Settings
from recipe.ui.session import Session, once


def test_what_is_said_at_one_place_is_shown_once():
    shown = []
    show = once(lambda message, *_, **__: shown.append(str(message)))
    for line in (3, 3, 4, 3):
        show(UserWarning("sizes differ"), UserWarning, "model.py", line)
    show(UserWarning("and another"), UserWarning, "model.py", 3)
    assert shown == ["sizes differ", "sizes differ", "and another"]


def test_a_session_shows_a_warning_once_whatever_the_filters_and_puts_all_back(monkeypatch):
    shown = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, *_, **__: shown.append(message))
    before = warnings.showwarning
    with Session(Settings(no_input=True)):
        for _ in range(3):
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                warnings.warn("sizes differ", UserWarning, stacklevel=1)
    assert len(shown) == 1
    assert warnings.showwarning is before
