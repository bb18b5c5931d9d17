"""report.html: report.md as one page that holds its plots and asks nothing of any server."""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recipe.report import plots
from recipe.report.wording import anchors

if TYPE_CHECKING:
    from markdown_it.token import Token

OWN_HTML = re.compile(r"(?:\s*(?:</?details>|<summary>[^<>]*</summary>))*\s*")
"""What the report itself writes as HTML; any other is shown as the text it is."""
STATUS = re.compile(r"\S (pass|warn|fail|skip|error)")
"""A cell of the checklist: a sign and a status."""
LINES, HEAD = plots.LINES.encode(), 1024
"""What a plot without photos says of itself, within so many bytes."""
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def html_page(markdown: str, folder: Path) -> str:
    """The report as HTML.

    Args:
        markdown: text of report.md.
        folder: where its plots lie; they are put into the page. Other images are left out.

    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    rules: dict[str, Callable[[Token], str]] = {
        "image": lambda token: _image(token, folder),
        "html_block": _own_html,
        "html_inline": _own_html,
        "heading_close": _heading_close,
        "table_open": _table_open,
        "table_close": lambda _: "</table></div>\n",
        "link_open": lambda _: "",
        "link_close": lambda _: "",
    }
    for name, rule in rules.items():
        parser.add_render_rule(name, _of_token(rule))
    tokens = parser.parse(markdown)
    title = _prepare(tokens)
    tokens = _folded(tokens)
    environment = Environment(
        loader=PackageLoader("recipe.report"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    # The parser escapes all text of the body, and `_own_html` the HTML that is not ours.
    body = parser.renderer.render(tokens, parser.options, {})
    return environment.get_template("report.html.j2").render(title=title, body=body)


def _of_token(rule: Callable[["Token"], str]) -> Callable[..., str]:
    def render(_renderer: Any, tokens: Sequence["Token"], index: int, *_: Any) -> str:
        return rule(tokens[index])

    return render


def _prepare(tokens: Sequence["Token"]) -> str:
    """Give headings an anchor, tables a name and cells of the checklist their status as a class;
    returns the first heading.
    """
    heads = [index for index, token in enumerate(tokens) if token.type == "heading_open"]
    titles = [_text(tokens[index + 1]) for index in heads]
    named = dict(zip(heads, zip(titles, anchors(titles), strict=True), strict=True))
    title = ""
    for index, token in enumerate(tokens):
        if index in named:
            title, anchor = named[index]
            token.attrSet("id", anchor)
            tokens[index + 2].meta["anchor"] = anchor  # what closes it
        elif token.type == "table_open":
            token.meta["heading"] = title
        elif token.type == "td_open" and STATUS.fullmatch(tokens[index + 1].content):
            token.attrSet("class", tokens[index + 1].content[2:])
    return titles[0] if titles else "Report"


FOLDED = ("step-by-step", "the-search", "laboratory-notebook", "glossary")
"""Parts whose pieces, or which themselves, a reader opens: what is done with them stands above."""


def _folded(tokens: Sequence["Token"]) -> list["Token"]:
    """The steps one by one, and the long tables behind them, each behind its heading."""
    from markdown_it.token import Token

    def html(content: str) -> Token:
        return Token("html_block", "", 0, content=content, meta={"own": True})

    found: list[Token] = []
    within, is_open = "", False
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag in {"h2", "h3"}:
            if token.tag == "h2":
                within = str(token.attrGet("id"))
            fold = within == FOLDED[0] and token.tag == "h3"
            whole = within in FOLDED[1:] and token.tag == "h2"
            if is_open and (token.tag == "h2" or fold):
                found.append(html("</details>\n"))
                is_open = False
            if fold or whole:
                name = escape(_text(tokens[index + 1]))
                found.append(html(f'<details class="part"><summary>{name}</summary>\n'))
                is_open = True
        found.append(token)
    return [*found, *([html("</details>\n")] if is_open else [])]


def _text(inline: "Token") -> str:
    """What a reader sees of a line."""
    return "".join(token.content for token in inline.children or ())


def _image(token: "Token", folder: Path) -> str:
    """A plot as part of the page; only its text where it is no PNG file of the run folder."""
    text = escape(token.content)
    path = (folder / str(token.attrGet("src"))).resolve()
    inside = path.is_relative_to(folder.resolve()) and path.is_file()
    content = path.read_bytes() if inside else b""
    if not content.startswith(PNG_HEAD):
        return text
    # A PNG file says its size first, so that the page does not jump while it loads.
    width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
    source = f"data:image/png;base64,{b64encode(content).decode()}"
    kind = ' class="lines"' if LINES in content[:HEAD] else ""
    return f'<img src="{source}" alt="{text}" width="{width}" height="{height}"{kind}>'


def _own_html(token: "Token") -> str:
    own = token.meta.get("own") or OWN_HTML.fullmatch(token.content)
    return token.content if own else escape(token.content)


def _heading_close(token: "Token") -> str:
    """With a link to itself, to be copied."""
    anchor = escape(token.meta["anchor"])
    return (
        f' <a class="anchor" href="#{anchor}" aria-label="Link to this part">#</a></{token.tag}>\n'
    )


def _table_open(token: "Token") -> str:
    """In a box of its own, which scrolls where the table is wider than the page."""
    label = escape(f"Table: {token.meta['heading']}")
    return f'<div class="table" role="region" tabindex="0" aria-label="{label}"><table>\n'
