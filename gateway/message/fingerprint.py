"""What the content of a message looks like, to recognise one mailing in many messages.

Greeting, addresses, numbers, case and layout do not matter, nor does the order of paragraphs: a mailing that greets
each person by name and numbers its cases is still one mailing. Quotes, signatures and notices do not count.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from zlib import crc32

from gateway.model import Fingerprint, Message, Part, SegmentKind

TEXT: Final = 64 * 1024
"""Characters of own text that are looked at."""

SHINGLES: Final = 25
"""Shingles below which a text is too short to be compared by likeness."""

VERSION: Final = b"2"
"""Goes into every digest, and changes with the way in which minima are made: nothing stored before is then the same."""

_BINS: Final = 64
_KEPT: Final = 8 * _BINS
"""Checksums of a long text that are looked at, the lowest: that a bin has none of them happens to one text in fifty."""
_DIGEST: Final = 16

# Checksums are made for all words at once, by arithmetic on one long number with 64 bits for each word.
_LANE: Final = 64
_LANES: Final = 4096
"""Words for which masks are kept; where there are more they are made anew."""
_BREAK_BEFORE: Final = crc32(b"\0").to_bytes(8, "little")
_BREAK_AFTER: Final = (crc32(b"\0") | 2**63).to_bytes(8, "little")
"""What stands between two paragraphs is marked in the highest bit."""
_OUT: Final = 2**29
"""Added to a checksum that counts for nothing; numbers below 2³⁰ sort twice as fast as others."""
_FLAG: Final = 63 - 29
_MIXED: Final = (0x2545F491, 0x1B873593, 0x3C6EF373)
"""Odd factors below 2³⁰, so that a sum of three products with 32 bits fits into a lane."""
_MIDDLE: Final = 20
"""The lowest bit of a sum that goes into the checksum: those below know the words' low bits only."""


def _masks(lanes: int) -> tuple[int, int, int]:
    """Return the bits of the words' checksums, of breaks, and of the runs' checksums, in so many lanes."""
    ones = int.from_bytes((1).to_bytes(8, "little") * lanes, "little")
    return (ones << 32) - ones, ones << 63, ones * (_OUT - 1)


_MASKS: Final = _masks(_LANES)

_GREETING: Final = re.compile(
    r"\s*(?:hej(?:san| hej)?|hallå|god (?:morgon|dag|kväll)|goddag|godmorgon|kära|käre|bästa|bäste|tjena|tja|hi|hello"
    r"|dear|good (?:morning|afternoon|evening)|hei|moi|hyvä|kære|kjære|hallo|guten tag|liebe|lieber|sehr geehrter?)"
    r"(?!\w)[^\n,!.:]{0,60}(?:[,!.:]+|\n|$)",
    re.IGNORECASE,
)
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_TAG: Final = re.compile(r"<[^<>\n]{1,500}>")
_LETTERS: Final = bytes(c if chr(c).isalpha() or c > 0x7F or not c else 0x20 for c in range(256))  # noqa: PLR2004 - ASCII
_MARKS: Final = re.compile(
    "[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u303f]+"
)
"""Marks, spaces and digits beyond ASCII."""
_LETTER_BEYOND: Final = re.compile("[\u00b5\u00df\u0100-\u1fff\u2126\u212a\u212b\u2c00-\u2fff\u3040-\U0010ffff]")
"""Letters that have no octet in Latin-1, or none once they are folded."""
_FOLDED: Final = bytes(
    ord(chr(c).lower()) if not c or (chr(c).isalpha() and not _MARKS.match(chr(c))) else 0x20 for c in range(256)
)
"""Octets of Latin-1 in lower case, spaces for all but letters and what stands between paragraphs."""
_REPLACED: Final = re.compile(rb"\?")
_MANY: Final = 100
_USUAL: Final = bytes(frozenset(range(256)) - frozenset(b"\xad\xb5\xdf"))
"""Octets of Latin-1 but for those that are invisible or are not folded to one octet."""
_BETWEEN: Final = " \0 "
_PARAGRAPH: Final = re.compile(r"\n[ \t\r\u00a0]*\n")


def fingerprint(message: Message) -> Fingerprint:
    """Return the fingerprint of a message; empty where it has neither own words nor attachments.

    ``exact`` is the digest of the words or, where there are enough of them, of the paragraphs, whatever the order, and
    of the attachments. ``minhash`` holds 64 minima over the shingles of three words: one hash for each shingle, one
    minimum for each of 64 bins (one-permutation minhash, Li, Owen and Zhang 2012), empty bins filled by optimal
    densification (Shrivastava 2017).
    """
    folded = _folded(_paragraphs(_own_text(message)))
    attachments = sorted(part.digest for part in message.parts if part.digest and not part.body)
    if not (folded.strip(b" \0") or attachments):
        return Fingerprint()
    words = folded.split()
    minima = _minima(_checksums(words))
    exact = hashlib.sha256(VERSION)
    if minima:
        exact.update(b"\0".join(sorted(filter(None, folded.translate(None, b" ").split(b"\0")))))
    else:
        exact.update(b" ".join(sorted(word for word in words if word != b"\0")))
    for digest in attachments:
        exact.update(b"\0" + digest)
    return Fingerprint(exact=exact.digest()[:_DIGEST], minhash=minima)


def _own_text(message: Message) -> str:
    pieces: list[str] = []
    left = TEXT
    for part in message.parts:
        if part.body and not part.alternative:
            for text in _own_stretches(part):
                pieces.append(text[:left])
                left -= len(pieces[-1])
                if left <= 0:
                    return "\n\n".join(pieces)
    return "\n\n".join(pieces)


def _own_stretches(part: Part) -> Iterator[str]:
    for segment in part.segments:
        if segment.kind in (SegmentKind.OWN, SegmentKind.CALENDAR):
            yield part.text[segment.start : min(segment.end, segment.start + TEXT)]


def _paragraphs(text: str) -> str:
    """Return the text without greeting, tags and addresses, with NUL between its paragraphs and around them."""
    if _INVISIBLE.search(_unusual(text)):
        text = _INVISIBLE.sub("", text)
    if "\0" in text:
        text = text.replace("\0", " ")
    if greeting := _GREETING.match(text):
        text = text[greeting.end() :]
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = f"{_BETWEEN}{_PARAGRAPH.sub(_BETWEEN, text)}{_BETWEEN}"
    return _BETWEEN.join(map(_without_addresses, text.split(_BETWEEN))) if _is_address(text) else text


def _without_addresses(text: str) -> str:
    return " ".join(token for token in text.split() if not _is_address(token)) if _is_address(text) else text


def _is_address(token: str) -> bool:
    return "@" in token or "://" in token or "www." in token


def _folded(text: str) -> bytes:
    """Return a text folded, spaces for all but letters and NUL."""
    # All that becomes a question mark is a mark itself, or the slower way is taken: the result is the same.
    if _LETTER_BEYOND.search(_unusual(text)):
        return _folded_in_any_script(text)
    return text.encode("latin-1", "replace").translate(_FOLDED).decode("latin-1").encode()


def _unusual(text: str) -> str:
    """Return the characters of a text that have no octet in Latin-1, or need a look; where they are many, all."""
    latin = text.encode("latin-1", "replace")
    if latin.count(b"?") > _MANY + len(latin) // _MANY:
        return text
    places = [place.start() for place in _REPLACED.finditer(latin)]
    return latin.translate(None, _USUAL).decode("latin-1") + "".join([text[place] for place in places])


def _folded_in_any_script(text: str) -> bytes:
    text = text.casefold()
    if not text.isascii():
        text = _MARKS.sub(" ", text)
    return text.encode("utf-8", "replace").translate(_LETTERS)


def _checksums(words: list[bytes]) -> array[int]:
    """Return a number below ``_OUT`` for each run of three words that lies within one paragraph, others beside.

    A shorter paragraph is one run. ``words`` begins and ends with what stands between paragraphs, and may hold it
    anywhere.
    """
    size = len(words)
    lanes = array("Q", list(map(crc32, words))).tobytes().replace(_BREAK_BEFORE, _BREAK_AFTER)
    word, break_, checksum = _MASKS if size <= _LANES else _masks(size)
    first = int.from_bytes(lanes, "little")
    breaks, first = first & break_, first & word
    mixed = first * _MIXED[0] + (first >> _LANE) * _MIXED[1] + (first >> 2 * _LANE) * _MIXED[2]
    # A run counts if it holds no break, or begins at one and is a paragraph of one word or of two.
    second, third, fourth = breaks >> _LANE, breaks >> 2 * _LANE, breaks >> 3 * _LANE
    out = second | (breaks ^ third) & ~(breaks & ~third & fourth)
    return array("Q", (mixed >> _MIDDLE & checksum | out >> _FLAG).to_bytes(8 * size, "little"))


def _minima(checksums: array[int]) -> tuple[int, ...]:
    """Return the lowest of the checksums in each bin, that is of each remainder; nothing where they are too few.

    An empty bin takes the minimum of the first one that is not empty among others in an order of its own: two texts
    then agree there as often as they do elsewhere.
    """
    size = len(checksums)
    found = _lowest(checksums, _OUT * _KEPT // size) if size > _KEPT else {}
    if len(found) < _BINS:
        counted = {value for value in checksums if value < _OUT}
        if len(counted) < SHINGLES:
            return ()
        found = _lowest(counted, _OUT)
    return tuple(found[bin_] if bin_ in found else _filled(found, bin_) for bin_ in range(_BINS))


def _lowest(checksums: Iterable[int], limit: int) -> dict[int, int]:
    """Return bin → the lowest checksum in it, of those below the limit."""
    falling = sorted([value for value in checksums if value < limit], reverse=True)
    return {value % _BINS: value // _BINS for value in falling}


def _filled(found: Mapping[int, int], bin_: int) -> int:
    step = 0
    value = None
    while value is None:
        value = found.get(crc32(b"%d %d" % (bin_, step)) % _BINS)
        step += 1
    return value
