"""Answers as HTML for a notebook: everything escaped, in whatever colours the page has.

No colour and no background is set, so that it is read on a dark page as on a light one.
"""

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from segml.core.cells import cell


class Html(str):
    """Markup in which everything is escaped that has to be; any other text is not HTML yet."""

    __slots__ = ()


def joined(*parts: str) -> Html:
    """Return parts one after the other, escaped where they are not HTML yet."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def strong(text: str) -> Html:
    """Return a text that stands out."""
    return Html(f"<strong>{joined(text)}</strong>")


def paragraph(*parts: str) -> Html:
    """Return a paragraph of parts."""
    return Html(f"<p>{joined(*parts)}</p>")


def bullets(texts: Iterable[str]) -> Html:
    """Return a list of texts."""
    return Html(f"<ul>{''.join(f'<li>{joined(text)}</li>' for text in texts)}</ul>")


def document(value: Any) -> Html:
    """Return plain data as a JSON document."""
    return Html(f"<pre>{joined(json.dumps(value, indent=1, ensure_ascii=False))}</pre>")


def folded(title: str, content: Html) -> Html:
    """Return content that a click on its title unfolds."""
    return Html(f"<details><summary>{joined(title)}</summary>{content}</details>")


def meter(share: float) -> Html:
    """Return a bar that is full to a share from 0 to 1."""
    return Html(f'<meter min="0" max="1" value="{share:.4f}"></meter>')


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Sequence[str] = ()
) -> Html:
    """Return a table; the columns in `numbers` are grouped and aligned to the right."""
    grouped = [column in numbers for column in columns]
    sides = [f' style="text-align:{"right" if group else "left"}"' for group in grouped]

    def row(tag: str, cells: Iterable[str]) -> str:
        found = zip(sides, cells, strict=True)
        return f"<tr>{''.join(f'<{tag}{side}>{joined(one)}</{tag}>' for side, one in found)}</tr>"

    body = "".join(
        row("td", (_cell(value, group) for value, group in zip(values, grouped, strict=True)))
        for values in rows
    )
    return Html(f"<table><thead>{row('th', columns)}</thead><tbody>{body}</tbody></table>")


def _cell(value: Any, grouped: bool) -> str:
    return value if isinstance(value, Html) else cell(value, grouped=grouped)
