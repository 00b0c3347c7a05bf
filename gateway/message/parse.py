"""Octets to a message: leaves decoded, rendered to text, and cut into segments by whose words they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from gateway.message import cues
from gateway.message.entity import MESSAGE_NAMES, Leaf
from gateway.message.headers import HEADER_BLOCK, headers_of
from gateway.message.leaves import Opened, open_leaf
from gateway.message.mime import PARTS, take_apart
from gateway.message.quotes import Setting, setting_of
from gateway.message.segments import whole
from gateway.message.words import decode_words
from gateway.model import Headers, Message, Origin, Part, PartState, SegmentKind

TEXT: Final = 4 * 1024 * 1024
"""Characters of text that are kept of one message."""

MEMBERS: Final = 4 * PARTS
"""Parts of one message, files inside parts included."""

_WORD: Final = re.compile(r"\w+")
_NUMBER: Final = 4

OpenAttachment = Callable[[Leaf, Part, int], Opened]
"""Opens a leaf whose part is UNKNOWN, keeping so many characters; returns its part in a new state, and files inside."""


def parse_message(octets: bytes, open_attachment: OpenAttachment | None = None) -> Message:
    """Open a message for judging. Never raises; what cannot be opened is a state of a part.

    ``open_attachment`` reads the formats that need isolation; without it such parts stay UNKNOWN.
    """
    structure = take_apart(octets)
    headers = headers_of(structure.fields, octets[:HEADER_BLOCK])
    headers = replace(headers, defects=tuple(dict.fromkeys([*headers.defects, *structure.defects])))
    setting = setting_of(headers)
    parts = _inherit(_parts(structure.leaves, setting, open_attachment), setting)
    nested = [_subject(path, text, SegmentKind.FORWARDED, Origin.FORWARDED) for path, text in structure.subjects]
    text = "\n".join(dict.fromkeys(map(decode_words, structure.fields.values.get(b"subject", ()))))
    subject = _subject("subject", text, _subject_kind(headers, setting, parts), Origin.OWN)
    if "header_block_too_long" in structure.fields.defects:
        subject = replace(subject, state=PartState.TRUNCATED)
    return Message(headers=headers, parts=(subject, *nested, *parts), size=len(octets))


def _parts(leaves: Sequence[Leaf], setting: Setting, open_attachment: OpenAttachment | None) -> list[Part]:
    parts: list[Part] = []
    first: dict[str, str] = {}
    left = TEXT
    for leaf in leaves:
        for part in _open(leaf, setting, left, open_attachment):
            parts.append(_alternative(part, leaf, first))
            left -= len(part.text)
            if len(parts) > MEMBERS:
                parts[-1] = replace(parts[-1], state=PartState.TRUNCATED)
                return parts
    return parts


def _open(leaf: Leaf, setting: Setting, left: int, open_attachment: OpenAttachment | None) -> Iterator[Part]:
    """Yield the part of a leaf and the files inside it."""
    if leaf.depth and (leaf.filename or "").lower().endswith(MESSAGE_NAMES):
        opened = _saved_message(leaf)
    else:
        opened = open_leaf(leaf, setting, left)
        if opened.part.state is PartState.UNKNOWN and open_attachment is not None:
            opened = open_attachment(leaf, opened.part, left)
    yield opened.part
    left -= len(opened.part.text)
    for member in opened.members:
        for part in _open(member, setting, left, open_attachment):
            yield part
            left -= len(part.text)


def _saved_message(leaf: Leaf) -> Opened:
    """Return a message that was saved as a file, as its subjects and its leaves."""
    structure = take_apart(leaf.body())
    subjects = [decode_words(value) for value in structure.fields.values.get(b"subject", ())]
    text = "\n".join([*subjects, *(subject for _, subject in structure.subjects)])
    part = Part(
        path=leaf.path,
        media_type="message/rfc822",
        filename=leaf.filename,
        origin=Origin.FORWARDED,
        state=PartState.SCANNED,
        text=text,
        segments=whole(text, SegmentKind.FORWARDED) if text else (),
    )
    level, depth = max(leaf.level, 1), leaf.depth + 1
    inside = [
        replace(found, path=f"{leaf.path}/{found.path}", level=found.level + level, depth=depth, attached=True)
        for found in structure.leaves
    ]
    return Opened(part=part, members=tuple(inside))


# --- whose ------------------------------------------------------------------------------------


def _alternative(part: Part, leaf: Leaf, first: dict[str, str]) -> Part:
    """Mark the second rendering of a body, unless it says something that the first does not."""
    if not part.body or part.media_type == "text/calendar":
        return part
    known = first.setdefault(leaf.group, part.text)
    if known is part.text or not _says_the_same(part.text, known):
        return part
    return replace(part, alternative=True)


def _says_the_same(text: str, known: str) -> bool:
    """Tell whether few words are new, and no numbers."""
    words = set(_WORD.findall(text.casefold()))
    new = words.difference(_WORD.findall(known.casefold()))
    return len(new) <= len(words) // 4 and not any(len(word) >= _NUMBER and word.isdigit() for word in new)


def _inherit(parts: list[Part], setting: Setting) -> list[Part]:
    """Give the attachments of a forward its origin: subject and a forwarded block say so together."""
    if not (setting.forward and _has(parts, SegmentKind.FORWARDED)):
        return parts
    return [_as_forwarded(part) if not part.body and part.origin is Origin.OWN else part for part in parts]


def _as_forwarded(part: Part) -> Part:
    segments = whole(part.text, SegmentKind.FORWARDED) if part.segments else ()
    return replace(part, origin=Origin.FORWARDED, segments=segments)


def _has(parts: Sequence[Part], kind: SegmentKind) -> bool:
    return any(segment.kind is kind for part in parts if part.body for segment in part.segments)


def _subject_kind(headers: Headers, setting: Setting, parts: Sequence[Part]) -> SegmentKind:
    """Tell whose words a subject carries: after SV: or VB: another's, where the message bears that out."""
    answers = bool(headers.in_reply_to or headers.references)
    if setting.forward:
        return SegmentKind.FORWARDED if answers or _has(parts, SegmentKind.FORWARDED) else SegmentKind.OWN
    if cues.REPLY.match(headers.subject) or cues.AMBIGUOUS.match(headers.subject):
        return SegmentKind.QUOTED if answers or _has(parts, SegmentKind.QUOTED) else SegmentKind.OWN
    return SegmentKind.OWN


def _subject(path: str, text: str, kind: SegmentKind, origin: Origin) -> Part:
    return Part(
        path=path,
        media_type="text/x-subject",
        filename=None,
        origin=origin,
        state=PartState.SCANNED,
        text=text,
        segments=whole(text, kind),
    )
