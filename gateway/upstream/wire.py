"""The client half of SMTP without a socket: octets in, whole replies and capabilities out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

REPLY_OCTETS: Final = 64 * 1024
"""A reply longer than this never ends for us (RFC 5321 4.5.3.1.5 allows 512 octets a line)."""

_LINE: Final = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\r\n]*))?")
_WHOLE: Final = re.compile(rb"([2-5][0-9]{2})(?: [^\r\n]{0,1000})?\r\n")
_SEVERAL: Final = re.compile(rb"(?:[2-5][0-9]{2}-[^\r\n]{0,500}\r\n){1,40}[2-5][0-9]{2}(?: [^\r\n]{0,500})?\r\n")
_ENHANCED: Final = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?= |$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayReply:
    """One whole reply of the relay, octet for octet."""

    code: int
    raw: bytes
    """All lines, each with its CRLF."""

    @property
    def positive(self) -> bool:
        """Tell whether it is 2xx."""
        return 200 <= self.code < 300  # noqa: PLR2004 - RFC 5321 4.2.1

    @property
    def negative(self) -> bool:
        """Tell whether it is 4xx or 5xx."""
        return self.code >= 400  # noqa: PLR2004 - RFC 5321 4.2.1

    @property
    def texts(self) -> tuple[bytes, ...]:
        """Return the text of each line, without code and separator."""
        return tuple(line[4:] for line in self.raw.split(b"\r\n")[:-1])

    @property
    def enhanced(self) -> str:
        """Return the enhanced status code (RFC 3463) of the last line, or an empty string."""
        found = _ENHANCED.match(self.texts[-1])
        return found.group().decode() if found else ""

    @property
    def outcome(self) -> tuple[int, str]:
        """Return what makes two replies the same in meaning: code and enhanced code."""
        return self.code, self.enhanced


class _NoReply(Exception):
    """A line that ends the conversation; carries no octets of it."""


class ReplyParser:
    """Cut the relay's octets into replies, however they are fragmented (RFC 5321 4.2)."""

    __slots__ = ("_code", "_reply", "_rest", "violation")

    def __init__(self) -> None:
        """Start between replies."""
        self._rest = bytearray()
        self._reply = bytearray()
        self._code = b""
        self.violation: str | None = None
        """What the relay sent that is no SMTP reply, without an octet of it; nothing after it is read."""

    @property
    def clean(self) -> bool:
        """Tell whether the last octet fed ended a reply."""
        return not self._rest and not self._reply and self.violation is None

    def feed(self, octets: bytes) -> list[RelayReply]:
        """Return the replies that ``octets`` complete; those before a violation count, however they were cut."""
        replies: list[RelayReply] = []
        if self.violation is not None:
            return replies
        if not self._rest and not self._reply:
            if (whole := _WHOLE.fullmatch(octets)) is not None:
                # What nearly all replies are: one line in one piece.
                self._code = whole.group(1)
                return [RelayReply(code=int(self._code), raw=bytes(octets))]
            if (known := _several_lines(octets)) is not None:
                return [known]
        self._rest += octets
        start = 0
        while (end := self._rest.find(b"\n", start)) >= 0:
            line = bytes(self._rest[start:end])
            start = end + 1
            try:
                reply = self._line(line.removesuffix(b"\r"))
            except _NoReply as error:
                self.violation = str(error)
                return replies
            if reply is not None:
                replies.append(reply)
        del self._rest[:start]
        if len(self._rest) + len(self._reply) > REPLY_OCTETS:
            self.violation = f"a reply of more than {REPLY_OCTETS} octets"
        return replies

    def _line(self, line: bytes) -> RelayReply | None:
        found = _LINE.fullmatch(line)
        if found is None:
            raise _NoReply("a line that is no SMTP reply")
        if self._reply and found.group(1) != self._code:
            # RFC 5321 4.2.1: one code for all lines. Clients differ over which of two they believe.
            raise _NoReply("a reply with two codes")
        self._code = found.group(1)
        self._reply += line + b"\r\n"
        if found.group(2) == b"-":
            return None
        reply = RelayReply(code=int(self._code), raw=bytes(self._reply))
        self._reply.clear()
        return reply


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a relay offered in its EHLO: upper-case keyword → parameters as written (RFC 5321 4.1.1.1)."""

    keywords: Mapping[str, bytes]

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.keywords

    def words(self, keyword: str) -> list[str]:
        """Return the upper-case parameters of a keyword; none where it was not offered."""
        return self.keywords.get(keyword, b"").decode("ascii", "replace").upper().split()

    @property
    def size(self) -> int | None:
        """Return the SIZE limit in octets; None when there is none or it is 0 (RFC 1870)."""
        digits = self.keywords.get("SIZE", b"").strip()
        return int(digits) or None if digits.isdigit() and len(digits) <= 20 else None  # noqa: PLR2004


NO_CAPABILITIES: Final = Capabilities({})


@lru_cache(maxsize=8)
def _several_lines(octets: bytes) -> RelayReply | None:
    """Return the one reply of several lines that these octets are, else None; a relay answers EHLO always alike."""
    if _SEVERAL.fullmatch(octets) is None:
        return None
    lines = octets.split(b"\r\n")[:-1]
    if any(line[:3] != octets[:3] for line in lines):
        return None
    return RelayReply(code=int(octets[:3]), raw=octets)


@lru_cache(maxsize=8)
def parse_capabilities(reply: RelayReply) -> Capabilities:
    """Return the keywords of a positive EHLO reply; the first line is the greeting."""
    keywords: dict[str, bytes] = {}
    for text in reply.texts[1:]:
        keyword, _, parameters = text.strip().partition(b" ")
        if keyword:
            keywords.setdefault(keyword.decode("ascii", "replace").upper(), parameters)
    return Capabilities(keywords)
