"""What the content of a message looks like, to recognise one mailing in many messages.

Greeting, addresses, numbers, case and layout do not matter, nor does the order of paragraphs: a mailing that greets
each person by name and numbers its cases is still one mailing. Quotes, signatures and notices do not count.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final
from zlib import crc32

from gateway.model import Fingerprint, Message, Part, SegmentKind

TEXT: Final = 64 * 1024
"""Characters of own text that are looked at."""

SHINGLES: Final = 25
"""Shingles below which a text is too short to be compared by likeness."""

_BINS: Final = 64
_BIN: Final = 2**32 // _BINS
_DIGEST: Final = 16

_GREETING: Final = re.compile(
    r"\s*(?:hej(?:san| hej)?|hallå|god (?:morgon|dag|kväll)|goddag|godmorgon|kära|käre|bästa|bäste|tjena|tja|hi|hello"
    r"|dear|good (?:morning|afternoon|evening)|hei|moi|hyvä|kære|kjære|hallo|guten tag|liebe|lieber|sehr geehrter?)"
    r"(?!\w)[^\n,!.:]{0,60}(?:[,!.:]+|\n|$)",
    re.IGNORECASE,
)
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_TAG: Final = re.compile(r"<[^<>\n]{1,500}>")
_LETTERS: Final = bytes(c if chr(c).isalpha() or c > 0x7F else 0x20 for c in range(256))  # noqa: PLR2004 - ASCII ends
_MARKS: Final = re.compile(
    "[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u303f]+"
)
"""Marks, spaces and digits beyond ASCII."""
_LETTER_BEYOND: Final = re.compile("[\u00b5\u00df\u0100-\u1fff\u2126\u212a\u212b\u2c00-\u2fff\u3040-\U0010ffff]")
"""Letters that have no octet in Latin-1, or none once they are folded."""
_FOLDED: Final = bytes(
    ord(chr(c).lower()) if chr(c).isalpha() and not _MARKS.match(chr(c)) else 0x20 for c in range(256)
)
"""Octets of Latin-1 in lower case, spaces for all but letters."""
_PARAGRAPH: Final = re.compile(r"\n[ \t\r\u00a0]*\n")


def fingerprint(message: Message) -> Fingerprint:
    """Return the fingerprint of a message; empty where it has neither own words nor attachments.

    ``exact`` is the digest of the words or, where there are enough of them, of their shingles, whatever the order, and
    of the attachments. ``minhash`` holds 64 minima of 32 bits over the shingles of three words: one hash for each
    shingle, one minimum for each of 64 bins (one-permutation minhash, Li, Owen and Zhang 2012), empty bins filled by
    optimal densification (Shrivastava 2017).
    """
    paragraphs = [words for text in _paragraphs(_own_text(message)) if (words := _words(text))]
    attachments = sorted(part.digest for part in message.parts if part.digest and not part.body)
    if not paragraphs and not attachments:
        return Fingerprint()
    checksums = sorted(set(map(crc32, _shingles(paragraphs))))
    if len(checksums) < SHINGLES:
        exact = hashlib.sha256(b" ".join(sorted(word for words in paragraphs for word in words)))
        minima: tuple[int, ...] = ()
    else:
        exact = hashlib.sha256(array("I", checksums).tobytes())
        minima = _minima(checksums)
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


def _paragraphs(text: str) -> list[str]:
    text = _INVISIBLE.sub("", text)
    if greeting := _GREETING.match(text):
        text = text[greeting.end() :]
    return _PARAGRAPH.split(_TAG.sub(" ", text) if "<" in text else text)


def _words(text: str) -> list[bytes]:
    """Return the words of a paragraph, folded, without addresses and numbers."""
    if "@" in text or "/" in text or "www." in text:
        text = " ".join(token for token in text.split() if not _is_address(token))
    latin = text.encode("latin-1", "replace")
    # All that becomes a question mark is a mark itself, or the slower way is taken: the result is the same.
    if not ((b"?" in latin or b"\xb5" in latin or b"\xdf" in latin) and _LETTER_BEYOND.search(text)):
        return latin.translate(_FOLDED).decode("latin-1").encode().split()
    return _words_of_any_script(text)


def _words_of_any_script(text: str) -> list[bytes]:
    text = text.casefold()
    if not text.isascii():
        text = _MARKS.sub(" ", text)
    return text.encode("utf-8", "replace").translate(_LETTERS).split()


def _is_address(token: str) -> bool:
    return "@" in token or "://" in token or "www." in token


def _shingles(paragraphs: Iterable[list[bytes]]) -> Iterator[bytes]:
    """Yield the runs of three words that lie within one paragraph; a shorter paragraph is one run."""
    for words in paragraphs:
        if len(words) < 3:  # noqa: PLR2004 - a shingle has three words
            yield b" ".join(words)
        else:
            yield from map(b" ".join, zip(words, words[1:], words[2:], strict=False))


def _minima(checksums: list[int]) -> tuple[int, ...]:
    """Return for each bin of the range of checksums the lowest that lies in it, from its beginning.

    An empty bin takes the minimum of the first one that is not empty among others in an order of its own: two texts
    then agree there as often as they do elsewhere.
    """
    found: list[int | None] = []
    for start in range(0, _BINS * _BIN, _BIN):
        at = bisect_left(checksums, start)
        inside = at < len(checksums) and checksums[at] < start + _BIN
        found.append(checksums[at] - start if inside else None)
    return tuple(_filled(found, bin_) if value is None else value for bin_, value in enumerate(found))


def _filled(found: list[int | None], bin_: int) -> int:
    step = 0
    value = None
    while value is None:
        value = found[crc32(b"%d %d" % (bin_, step)) // _BIN]
        step += 1
    return value
