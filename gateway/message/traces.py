"""Traces that mail clients leave in HTML around an earlier message: quoting elements, containers, dividing lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Trace(Enum):
    """What a mail client put around earlier words."""

    CITE = "cite"
    """A quoting blockquote."""
    INTRODUCTION = "introduction"
    """The line that introduces a quotation."""
    INDENT = "indent"
    """A blockquote that may quote or merely indent."""
    CONTAINER = "container"
    """An element around an earlier message and perhaps answers within it."""
    DIVIDER = "divider"
    """A line under which the earlier message follows to the end."""
    SIGNATURE = "signature"
    """An element that a program keeps for the signature."""


@dataclass(frozen=True, slots=True)
class Range:
    """A half-open range of the visible text that a trace covers."""

    trace: Trace
    start: int
    end: int


_CONTAINERS: Final = (
    "gmail_quote",
    "yahoo_quoted",
    "protonmail_quote",
    "tutanota_quote",
    "moz-forward-container",
    "zmail_extra",
    "ms-outlook-mobile-reference-message",
    "mail-editor-reference-message-container",
    "forwardbody1",
)
_INTRODUCTIONS: Final = ("gmail_attr", "moz-cite-prefix", "reply-intro")
_DIVIDERS: Final = ("divrplyfwdmsg", "appendonsend", "outlookmessageheader")
_SIGNATURES: Final = (
    "gmail_signature",
    "moz-signature",
    "applemailsignature",
    "ms-outlook-mobile-signature",
    "protonmail_signature_block",
)
_OUTLOOK_RULE: Final = re.compile(r"border-top:solid.{0,200}padding:3(?:\.0)?pt0")


def trace_of(name: str, attributes: Mapping[str, str], style: str) -> Trace | None:
    """Return what an element says about the words in it; ``style`` is folded and without blanks."""
    label = f"{attributes.get('class', '')} {attributes.get('id', '')}".lower()
    if name == "blockquote":
        sure = (
            "quote" in label or "cite" in label or "cite" in attributes or attributes.get("type", "").lower() == "cite"
        )
        return Trace.CITE if sure or "border-left" in style else Trace.INDENT
    if len(label) > 1:
        if any(word in label for word in _DIVIDERS):
            return Trace.DIVIDER
        if any(word in label for word in _INTRODUCTIONS):
            return Trace.INTRODUCTION
        if any(word in label for word in _CONTAINERS):
            return Trace.CONTAINER
        if attributes.get("id", "").lower().removeprefix("x_") == "signature" or any(w in label for w in _SIGNATURES):
            return Trace.SIGNATURE
    return Trace.DIVIDER if name == "div" and _OUTLOOK_RULE.search(style) else None
