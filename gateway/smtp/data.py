"""The octets after 354: taken as they come, ended by CRLF.CRLF and by nothing else."""

from __future__ import annotations

from typing import Final

from gateway.content import Content

_END: Final = b"\r\n.\r\n"


class DotReader:
    """Collect one message in its raw, dot-stuffed form (RFC 5321 4.5.2), without a socket.

    Line ends are judged while octets arrive, each chunk once with one octet carried over: a bare
    CR, a bare LF or a NUL makes the message unfit (a lenient relay could take ``LF.LF`` for an
    end), and more than ``limit`` octets make it too big. What cannot be sent on is read to its true
    end and forgotten as it comes.
    """

    __slots__ = ("_carry", "_dots", "_limit", "_tail", "content", "malformed", "no_room", "size", "too_big")

    def __init__(self, limit: int) -> None:
        """Accept messages of up to ``limit`` octets."""
        self.content = Content(stuffed=True)
        self.malformed = False
        self.too_big = False
        self.no_room = False
        """The machine, or all messages together, had no room for it."""
        self.size = 0
        self._limit = limit
        self._tail = b"\r\n"
        self._carry = b""
        self._dots = 0

    @property
    def fit(self) -> bool:
        """Tell whether the message may go on."""
        return not (self.malformed or self.too_big or self.no_room)

    def give_up(self) -> None:
        """Keep nothing of the message any more, for want of room."""
        self.no_room = True
        self.content.close()

    def feed(self, octets: bytes) -> bytes | None:
        """Take octets; return None while the message goes on, or what follows its end."""
        tail = self._tail + octets[:4]
        end = tail.find(_END)
        if end >= 0:
            cut = end + 5 - len(self._tail)
        else:
            end = octets.find(_END)
            cut = end + 5 if end >= 0 else -1
        if cut < 0:
            self._take(octets)
            self._tail = (self._tail + octets[-4:])[-4:]
            return None
        self._take(octets[:cut])
        self._finish()
        return octets[cut:]

    def _take(self, octets: bytes) -> None:
        self.size += len(octets)
        # Dots of transparency are no octets of the message (RFC 1870 5).
        self._dots += (self._tail[-2:] + octets).count(b"\r\n.")
        if not self.malformed and self._is_malformed(octets):
            self.malformed = True
        if self.size - self._dots > self._limit + 3:
            self.too_big = True
        if not self.fit:
            self.content.close()
            return
        try:
            self.content.write(octets)
        except OSError:
            self.give_up()

    def _is_malformed(self, octets: bytes) -> bool:
        text = self._carry + octets
        self._carry = b"\r" if text.endswith(b"\r") else b""
        body = text[:-1] if self._carry else text
        rest = body.replace(b"\r\n", b"")  # a third of what counting line ends costs
        return b"\n" in rest or b"\r" in rest or b"\0" in rest

    def _finish(self) -> None:
        self.size -= 3
        if self.size - self._dots + 1 > self._limit:
            self.too_big = True
            self.content.close()
        if self.fit:
            self.content.truncate(self.size)
