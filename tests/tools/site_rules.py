"""A page of the site for each rule, made of rules.md, so that a search finds it."""

import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

HEADING = re.compile(r"^### (.+)$", re.MULTILINE)


def rules_of(text: str) -> dict[str, str]:
    """The text of each rule in rules.md; one that two steps have is joined."""
    pages: dict[str, str] = {}
    parts = HEADING.split(text)
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        own = body.split("\n## ")[0].strip()
        pages[name] = f"{pages[name]}\n\n{own}" if name in pages else own
    return pages


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """The second heading of a name has another anchor here than on a page of a repository."""
    if page.file.src_uri != "rules.md":
        return markdown
    return re.sub(r"\(#([\w-]+)-(\d)\)", r"(#\1_\2)", markdown)


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add rules/NAME.md for each rule."""
    source = files.get_file_from_path("rules.md")
    if source is None:
        return files
    for name, text in rules_of(source.content_string).items():
        linked = re.sub(r"\(#([\w-]+?)(?:-\d)?\)", r"(\1.md)", text)
        page = f"---\nsearch:\n  boost: 2\n---\n# {name}\n\n{linked}\n"
        files.append(File.generated(config, f"rules/{name}.md", content=page))
    return files
