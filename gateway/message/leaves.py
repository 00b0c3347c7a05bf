"""One leaf opened: what it is, its text in all readings, its segments, and its state."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.message.charset import declared_inside, decode_plain, decode_text
from gateway.message.columns import restored
from gateway.message.contentlines import attachments_in, read_content_lines
from gateway.message.entity import Leaf
from gateway.message.html import Rendered, render
from gateway.message.quotes import Setting
from gateway.message.sealed import SEALED, cryptographic_state, extension_of
from gateway.message.segments import merged, segment, whole
from gateway.message.transfer import (
    FILE_HEADS,
    Encoding,
    base64_islands,
    data_files,
    files_within,
    is_textual,
)
from gateway.model import Origin, Part, PartState, Segment, SegmentKind

_SAMPLE: Final = 8192
_PDF_REACH: Final = 1024
_DIGEST: Final = 16
_OCTETS_PER_CHARACTER: Final = 4

_HTML: Final = frozenset({"text/html", "text/x-amp-html", "text/enriched", "text/richtext", "application/xhtml+xml"})
_HTML_NAMES: Final = ("htm", "html", "xhtml", "shtml")
_CALENDAR: Final = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})
_CALENDAR_NAMES: Final = ("ics", "ifb", "vcs")
_CARD: Final = frozenset({"text/vcard", "text/x-vcard", "text/directory"})
_CARD_NAMES: Final = ("vcf",)
_FORMATTED: Final = frozenset({"text/rtf", "text/pdf"})
_XML: Final = frozenset({"image/svg+xml", "text/xml", "application/xml"})
_XML_NAMES: Final = ("svg", "xml", "fodt", "fods", "fodp", "xspf", "kml")
_PDF: Final = re.compile(rb"^%PDF-\d\.\d", re.MULTILINE)
"""Readers of PDF look for its head in the first 1024 octets (ISO 32000-1, annex H)."""
_TAPE: Final = slice(257, 262)
"""Where a tape archive says what it is; its zeros look like UTF-16."""
_YENC: Final = b"=ybegin "
_ARMOUR: Final = b"-----BEGIN PGP MESSAGE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A leaf as a part, and the files that stood in its text, not yet opened."""

    part: Part
    members: tuple[Leaf, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """Text with what is said beside it."""

    shown: str
    segments: tuple[Segment, ...]
    beside: tuple[tuple[int, str], ...] = ()
    """Offset in ``shown``, and words that belong there but are not seen."""


def open_leaf(leaf: Leaf, setting: Setting, left: int) -> Opened:
    """Open a leaf as far as that is possible without a file format; ``left`` is how much text may still be kept."""
    part = _bare(leaf)
    if leaf.encrypted or leaf.media_type in SEALED or leaf.state is not None:
        return Opened(part=replace(part, state=leaf.state or PartState.ENCRYPTED))
    sample = leaf.readings(_SAMPLE)[0][:_SAMPLE]
    if (state := cryptographic_state(leaf, sample)) is not None:
        return Opened(part=replace(part, state=state))
    if not sample.strip():
        return Opened(part=replace(part, state=_empty_state(leaf)))
    if _is_for_others(leaf, sample):
        return Opened(part=part)
    if left <= 0:
        return Opened(part=replace(part, state=PartState.TRUNCATED))
    return _open_text(leaf, part, setting, left)


def _is_for_others(leaf: Leaf, sample: bytes) -> bool:
    """Tell a leaf that is no text to be read here."""
    if leaf.media_type in _FORMATTED or sample[_TAPE] == b"ustar":
        return True
    if leaf.attached and _PDF.search(sample, 0, _PDF_REACH):
        return True
    return (_is_file(sample) and _YENC not in sample) or _is_markup(leaf, sample)


def _is_file(octets: bytes) -> bool:
    """Tell a file format, to be opened elsewhere, from text."""
    return octets.lstrip(b"\r\n\t ").startswith(FILE_HEADS) or not is_textual(octets)


def _is_markup(leaf: Leaf, sample: bytes) -> bool:
    """Tell XML that is a document of its own (flat OpenDocument, a drawing), where words are split by elements."""
    if not leaf.attached or _form(leaf) == "html":
        return False
    start = sample.lstrip(b"\xef\xbb\xbf \t\r\n")
    named = leaf.media_type in _XML or extension_of(leaf.filename) in _XML_NAMES
    return start.startswith(b"<" if named else b"<?xml")


def _bare(leaf: Leaf) -> Part:
    """Return the part of a leaf that nobody has looked into."""
    shown = leaf.media_type.startswith("text/") and leaf.media_type != "text/rfc822-headers"
    body = shown and not (leaf.attached or leaf.aside or leaf.level)
    return Part(
        path=leaf.path,
        media_type=leaf.media_type,
        filename=leaf.filename,
        origin=Origin.FORWARDED if leaf.level else Origin.OWN,
        state=PartState.UNKNOWN,
        body=body,
        digest=b"" if body or leaf.aside else _digest(leaf.chunks()),
    )


def _digest(chunks: Iterable[bytes]) -> bytes:
    found = hashlib.sha256()
    for chunk in chunks:
        found.update(chunk)
    return found.digest()[:_DIGEST]


# --- what it is -------------------------------------------------------------------------------


def _empty_state(leaf: Leaf) -> PartState:
    """Tell an empty leaf from one whose octets decode to nothing."""
    return PartState.UNREADABLE if leaf.encodings and leaf.body(_SAMPLE).strip() else PartState.SCANNED


def _form(leaf: Leaf) -> str:
    """Return what kind of text a leaf holds."""
    extension = extension_of(leaf.filename)
    if leaf.html or leaf.media_type in _HTML or extension in _HTML_NAMES:
        return "html"
    if leaf.media_type in _CALENDAR or extension in _CALENDAR_NAMES:
        return "calendar"
    if leaf.media_type in _CARD or extension in _CARD_NAMES:
        return "card"
    return "plain"


# --- its text ---------------------------------------------------------------------------------


def _open_text(leaf: Leaf, part: Part, setting: Setting, left: int) -> Opened:
    cap = left * _OCTETS_PER_CHARACTER
    readings = leaf.readings(cap)
    files, readings[0] = files_within(readings[0])
    if not files and not leaf.encodings and readings[0].startswith(FILE_HEADS):
        return Opened(part=part)  # a file that says "=ybegin" somewhere: as a member it would be opened for ever
    if Encoding.BASE64 not in leaf.encodings:
        readings += base64_islands(readings[0])
    files += data_files(readings[0])
    files += [(b"base64", octets) for octets in readings if octets.startswith(FILE_HEADS)]
    form = _form(leaf)
    if form in ("calendar", "card"):
        files += attachments_in(readings[0])
    charset = leaf.charset or declared_inside(readings[0])
    texts = [text for octets in readings if not _is_file(octets) for text in decode_text(octets, charset)]
    found = _combined([_text(text[:left], form, part, setting) for text in texts or [""]])
    cut = leaf.cut or leaf.end - leaf.start > cap or len(found.shown) >= left
    state = PartState.TRUNCATED if cut else PartState.SCANNED
    if _ARMOUR in readings[0]:
        state = PartState.ENCRYPTED
    text, segments = _written_out(found, left)
    members = tuple(_member(leaf, name, data) for name, data in files)
    return Opened(part=replace(part, state=state, text=text, segments=segments), members=members)


def _text(text: str, form: str, part: Part, setting: Setting) -> _Text:
    """Render a text and say whose words it carries."""
    if form == "html":
        rendered = render(text)
        return _Text(shown=rendered.text, segments=_whose(rendered, part, setting), beside=rendered.hidden)
    if form in ("calendar", "card"):
        shown, markup = read_content_lines(text)
        kind = SegmentKind.CALENDAR if form == "calendar" else _plain_kind(part)
        beside = [(len(shown), words) for source in markup for words in _all_words(render(source))]
        return _Text(shown=shown, segments=whole(shown, kind), beside=tuple(beside))
    shown = text.replace("\r\n", "\n").replace("\r", "\n")
    segments = _whose(Rendered(text=shown, hidden=(), ranges=()), part, setting)
    lines = () if part.body else tuple((len(shown), line) for line in restored(shown))
    return _Text(shown=shown, segments=segments, beside=lines)


def _whose(rendered: Rendered, part: Part, setting: Setting) -> tuple[Segment, ...]:
    if part.body:
        return segment(rendered.text, setting, rendered.ranges)
    return whole(rendered.text, _plain_kind(part))


def _plain_kind(part: Part) -> SegmentKind:
    return SegmentKind.FORWARDED if part.origin is Origin.FORWARDED else SegmentKind.OWN


def _all_words(rendered: Rendered) -> list[str]:
    return [rendered.text, *(words for _, words in rendered.hidden)]


def _combined(texts: Sequence[_Text]) -> _Text:
    """Join the readings of a text: the first whole, of the others only the lines that are new."""
    first, *others = texts
    if not others:
        return first
    known = set(first.shown.split("\n"))
    beside = list(first.beside)
    for other in others:
        for line in _all_lines(other):
            if line not in known:
                known.add(line)
                beside.append((len(first.shown), line))
    return replace(first, beside=tuple(beside))


def _all_lines(text: _Text) -> list[str]:
    return [*text.shown.split("\n"), *(words for _, words in text.beside)]


def _written_out(found: _Text, left: int) -> tuple[str, tuple[Segment, ...]]:
    """Return shown text with what stands beside it appended, each under the kind of its place."""
    if not found.beside:
        return found.shown, found.segments
    pieces = [found.shown, "\n\n"]
    starts = [(s.start, s.kind) for s in found.segments]
    length = len(found.shown) + 2
    segments = iter(found.segments)
    current = next(segments, None)
    for place, words in sorted(found.beside, key=lambda entry: entry[0]):
        if not words or length + len(words) > left + _SAMPLE:
            continue
        while current is not None and current.end < place and (following := next(segments, None)) is not None:
            current = following
        starts.append((length, current.kind if current is not None else SegmentKind.OWN))
        pieces += (words, "\n")
        length += len(words) + 1
    text = "".join(pieces)
    return text, merged(starts if starts[0][0] == 0 else [(0, starts[0][1]), *starts], len(text))


def _member(leaf: Leaf, name: bytes, data: bytes) -> Leaf:
    """Return a file that stood in a text as a leaf of its own."""
    filename = decode_plain(name)[:255]
    return Leaf(
        path=f"{leaf.path}/{filename}",
        media_type="application/octet-stream",
        filename=filename,
        attached=True,
        level=leaf.level,
        source=data,
        start=0,
        end=len(data),
    )
