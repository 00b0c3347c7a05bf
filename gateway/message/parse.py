"""Octets to a message: leaves decoded, rendered to text, and cut into segments by whose words they are."""

from __future__ import annotations

import hashlib
from typing import Final

from gateway.message.charset import decode_text
from gateway.message.headers import HEADER_BLOCK, headers_of
from gateway.message.html import render
from gateway.message.mime import Leaf, open_message
from gateway.message.segments import whole
from gateway.message.transfer import is_textual
from gateway.model import Message, Origin, Part, PartState, SegmentKind

TEXT: Final = 4 * 1024 * 1024
"""Characters of text kept of one message."""


def parse_message(octets: bytes) -> Message:
    """Open a message for judging. Never raises; what cannot be opened is a state of a part."""
    opened = open_message(octets)
    headers = headers_of(opened.fields, octets[:HEADER_BLOCK])
    parts = [
        Part(
            path="subject",
            media_type="text/x-subject",
            filename=None,
            origin=Origin.OWN,
            state=PartState.SCANNED,
            text=headers.subject,
            segments=whole(headers.subject, SegmentKind.OWN),
        )
    ]
    seen_plain = False
    for leaf in opened.leaves:
        part = _part(leaf, seen_plain)
        seen_plain = seen_plain or part.body
        parts.append(part)
    return Message(headers=headers, parts=tuple(parts), size=len(octets))


def _part(leaf: Leaf, seen_plain: bool) -> Part:
    origin = Origin.FORWARDED if leaf.level else Origin.OWN
    kind = SegmentKind.FORWARDED if leaf.level else SegmentKind.OWN
    body = not (leaf.attached or leaf.aside or leaf.level)
    text = ""
    state = PartState.UNKNOWN
    octets = leaf.readings()[0]
    if leaf.encrypted:
        state = PartState.ENCRYPTED
    elif leaf.media_type.startswith("text/") and is_textual(octets):
        text = decode_text(octets, leaf.charset)[0][:TEXT]
        text = render(text) if leaf.html else text
        state = PartState.SCANNED
    return Part(
        path=leaf.path,
        media_type=leaf.media_type,
        filename=leaf.filename,
        origin=origin,
        state=state,
        text=text,
        segments=whole(text, SegmentKind.CALENDAR if leaf.media_type == "text/calendar" else kind),
        body=body and leaf.media_type.startswith("text/"),
        alternative=body and leaf.html and seen_plain,
    )


def digest(leaf: Leaf) -> bytes:
    """Return the digest of a leaf's decoded octets."""
    found = hashlib.sha256()
    for chunk in leaf.chunks():
        found.update(chunk)
    return found.digest()[:16]
