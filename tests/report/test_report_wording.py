import html
import re

import pytest
from markdown_it import MarkdownIt

from recipe.report import wording


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.123456, "0.1235"), (12, "12"), (None, wording.MISSING), (True, "yes"), (False, "no"),
     ("sgd", "sgd"), (0.0, "0"), (3e-7, "3e-07")],
)  # fmt: skip
def test_show_has_four_significant_digits(value, shown):
    assert wording.show(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(8.24, "8.2 s"), (59.99, "1 min 00 s"), (93, "1 min 33 s"), (7500, "2 h 05 min")],
)
def test_duration(seconds, shown):
    assert wording.duration(seconds) == shown


def test_text_cannot_break_markdown():
    assert wording.humanise("train_loss") == "train loss"
    assert wording.prose("a\n <b> `x < y`") == "a &lt;b> `x < y`"
    assert wording.cell("a | b\nc") == "a \\| b c"
    assert wording.code("a`b\nc") == "`a'b c`"
    assert wording.sentence("done") == "done."
    assert wording.sentence("done!") == "done!"
    assert wording.sentence("see C:\\data\\") == r"see C:\data\\."
    assert wording.sentence("12") == r"12\."
    assert wording.count(1, "trial") == "1 trial"
    assert wording.count(0, "trial") == "0 trials"


ODD = [
    "__init__ and weight_decay *3*, 8 * 8, a*b, a__b_",
    "[x](http://a.b) ![y](z.png) [64] [a][b]",
    r"C:\_temp\*.csv and a\b and \`<b>`",
    "C:\\data\\",
    "7.",
    "7)",
    "7",
    "&amp; is & and &#60;",
    "<script>alert('x')</script> <img src=x>",
    "a | b \\| c",
    "~~no~~ ~5",
    "`unclosed <b>",
    "``<b>` and `c|d`",
    *("# x", "- y", "+ y", "* y", "12. z", "1) z", "---", "===", "> q", "[a]: http://b", "-0.5"),
]


def written(text: str) -> str:
    """Without the marks of code, around which spaces do not count."""
    return re.sub(r" *`+ *| +", " ", text).strip()


@pytest.mark.parametrize("text", ODD)
def test_text_is_read_as_it_was_written(text):
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")

    def read(source: str, tag: str) -> list[str]:
        rendered = re.findall(rf"<{tag}>(.*?)</{tag}>", markdown.render(source), re.DOTALL)
        plain = [re.sub(r"</?code>", "`", part).replace("\n", " ") for part in rendered]
        assert not any("<" in part for part in plain), "no tag but code spans"
        return [written(html.unescape(part)) for part in plain]

    assert read(f"before\n{wording.prose(text)}", "p") == [written(f"before {text}")]
    assert read(wording.prose(text), "p") == [written(text)]
    table = f"| a | b |\n|---|---|\n| {wording.cell(text)} | end |\n"
    assert read(table, "td") == [written(text), "end"]


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("a b\nc", 5, "a b c"),
        ("one two three", 9, "one two…"),
        ("one `two three` four", 12, "one…"),
        ("one `two` three", 12, "one `two`…"),
        ("unbroken", 4, "unb…"),
    ],
)
def test_shortened(text, most, short):
    assert wording.shortened(text, most) == short
