"""What the content of a message looks like, to recognise one mailing in many messages.

Greeting, addresses, numbers, case and layout do not matter, nor does the order of paragraphs: a mailing that greets
each person by name and numbers its cases is still one mailing. Quotes, signatures and notices do not count.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.model import Fingerprint, Message, Part, SegmentKind

TEXT: Final = 64 * 1024
"""Characters of own text that are looked at."""

SHINGLES: Final = 25
"""Shingles below which a text is too short to be compared by likeness."""

_MOST_SHINGLES: Final = 256
_PERMUTATIONS: Final = 64
_DIGEST: Final = 16
_ROW: Final = struct.Struct(f"<{_PERMUTATIONS}I")

_GREETING: Final = re.compile(
    r"\s*(?:hej(?:san| hej)?|hallå|god (?:morgon|dag|kväll)|goddag|godmorgon|kära|käre|bästa|bäste|tjena|tja|hi|hello"
    r"|dear|good (?:morning|afternoon|evening)|hei|moi|hyvä|kære|kjære|hallo|guten tag|liebe|lieber|sehr geehrter?)"
    r"(?!\w)[^\n,!.:]{0,60}(?:[,!.:]+|\n|$)",
    re.IGNORECASE,
)
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_TAG: Final = re.compile(r"<[^<>\n]{1,500}>")
_WORD: Final = re.compile(r"[^\W\d_]+")
_PARAGRAPH: Final = re.compile(r"\n[ \t\r\u00a0]*\n")


def fingerprint(message: Message) -> Fingerprint:
    """Return the fingerprint of a message; empty where it has neither own words nor attachments.

    ``exact`` is the digest of the words, whatever their order, and of the attachments; ``minhash`` holds 64
    minima of 32 bits over shingles of three words (Broder 1997), of the lowest 256 shingles by checksum.
    """
    paragraphs = [words for text in _paragraphs(_own_text(message)) if (words := _words(text))]
    attachments = sorted(part.digest for part in message.parts if part.digest and not part.body)
    if not paragraphs and not attachments:
        return Fingerprint()
    exact = hashlib.sha256(b" ".join(sorted(word for words in paragraphs for word in words)))
    for digest in attachments:
        exact.update(b"\0" + digest)
    return Fingerprint(exact=exact.digest()[:_DIGEST], minhash=_minhash(_shingles(paragraphs)))


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
    return " ".join(_WORD.findall(text.casefold())).encode("utf-8", "replace").split()


def _is_address(token: str) -> bool:
    return "@" in token or "://" in token or "www." in token


def _shingles(paragraphs: Iterable[list[bytes]]) -> set[bytes]:
    """Return the runs of three words that lie within one paragraph; a shorter paragraph is one run."""
    out: set[bytes] = set()
    for words in paragraphs:
        if len(words) < 3:  # noqa: PLR2004 - a shingle has three words
            out.add(b" ".join(words))
        else:
            out.update(map(b" ".join, zip(words, words[1:], words[2:], strict=False)))
    return out


def _minhash(shingles: set[bytes]) -> tuple[int, ...]:
    if len(shingles) < SHINGLES:
        return ()
    chosen = sorted(shingles, key=lambda shingle: (zlib.crc32(shingle), shingle))[:_MOST_SHINGLES]
    rows = [_ROW.unpack(hashlib.shake_128(shingle).digest(_ROW.size)) for shingle in chosen]
    return tuple(map(min, *rows))
