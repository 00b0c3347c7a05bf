"""Address lists read as tolerantly as mail clients read them (RFC 5322 3.4), in one pass over the text."""

from __future__ import annotations

import re
from typing import Final

from gateway.message.charset import decode_plain
from gateway.message.words import decode_words
from gateway.model import Address

_PLAIN: Final = re.compile(
    rb'(?:"?([A-Za-z0-9 ._\-/]{0,100}?)"? {1,4}<|<?)([A-Za-z0-9._+\-]{1,64})@([A-Za-z0-9.\-]{1,255})>?'
)
"""The common shapes: ``Name <a@b>``, ``"Name" <a@b>``, ``<a@b>`` and ``a@b``, in ASCII."""

_TOKEN: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)("?)|\[[^\]]*\]?|[^\s"(),:;<>\[]+|\s+|(.)', re.DOTALL)
_AROUND: Final = re.compile(r"[ \t]{0,99}([@.])[ \t]{0,99}")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_BARE: Final = re.compile(r"[^\s@<>\"(),;:]{1,64}@[^\s@<>\"(),;:]{1,255}")
_MAX_DOMAIN: Final = 255
_MAX_LOCAL: Final = 320


def read_addresses(value: bytes) -> list[tuple[str, Address]]:
    """Return the mailboxes of a list with their display names, in order; groups are flattened.

    What is no address is left out. Semicolons divide like commas, since people type them.
    """
    plain = _read_plain(value)
    if plain is not None:
        return plain
    reader = _Reader()
    reader.read(decode_plain(value))
    return reader.out


def _read_plain(value: bytes) -> list[tuple[str, Address]] | None:
    """Read a list in which every mailbox has a common shape; None where one has not."""
    out = []
    for piece in value.split(b","):
        match = _PLAIN.fullmatch(piece.strip())
        address = make_address(match[2].decode(), match[3].decode()) if match else None
        if not match or not address:
            return None
        out.append(((match[1] or b"").decode().strip(), address))
    return out


def make_address(local: str, domain: str) -> Address | None:
    """Return an address for judging: folded, its domain an A-label; None where it cannot be one."""
    domain = domain.strip().rstrip(".").casefold()
    local = local.strip().casefold()
    if not local or not domain or len(domain) > _MAX_DOMAIN or len(local) > _MAX_LOCAL:
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return Address(local=local, domain=domain)


class _Reader:
    """The state between two commas."""

    __slots__ = ("_angle", "_depth", "_inside", "_words", "out")

    def __init__(self) -> None:
        self.out: list[tuple[str, Address]] = []
        self._words: list[str] = []
        self._angle: list[str] = []
        self._inside = False
        self._depth = 0

    def read(self, text: str) -> None:
        """Read to the end; a quote that never closes is read again as if it were not there."""
        for token in _TOKEN.finditer(text):
            sign = token[3]
            if self._depth:
                self._depth += (sign == "(") - (sign == ")")
            elif sign == "(":
                self._depth = 1
            elif sign:
                self._sign(sign)
            elif token[2] == "":
                self.read(text[token.start() :].replace('"', " "))
                return
            else:
                self._word(token)
        self._flush()

    def _word(self, token: re.Match[str]) -> None:
        quoted = token[1]
        text = token[0] if quoted is None else _ESCAPED.sub(r"\1", quoted)
        if self._inside:
            self._angle.append(text.strip())
        else:
            self._words.append(text if quoted is None else text + "\0")

    def _sign(self, sign: str) -> None:
        if sign == "<":
            self._inside = True
            self._angle.clear()
        elif sign == ">":
            self._inside = False
        elif sign == ":" and not self._inside:
            self._words.clear()
        elif sign == ":":
            self._angle.clear()
        elif sign in ",;" and not (self._inside and self._is_route()):
            self._flush()

    def _is_route(self) -> bool:
        """Tell an obsolete source route (``<@relay,@relay:a@b>``), whose commas do not divide."""
        return bool(self._angle) and self._angle[0].startswith("@")

    def _flush(self) -> None:
        phrase = "".join(self._words)
        spec = "".join(self._angle) if self._angle else _AROUND.sub(r"\1", phrase)
        name = decode_words(phrase.replace("\0", "").encode("utf-8", "replace")).strip() if self._angle else ""
        found = _spec(spec) or _rescue(phrase)
        if found:
            self.out.append((name, found))
        self._words.clear()
        self._angle.clear()
        self._inside = False


def _spec(text: str) -> Address | None:
    local, at, domain = text.strip().rpartition("@")
    if not at or " " in domain or (" " in local and "\0" not in local):
        return None
    return make_address(local.replace("\0", ""), domain)


def _rescue(phrase: str) -> Address | None:
    """Find an address inside a phrase, an encoded word included."""
    if "@" not in phrase and "=?" not in phrase:
        return None
    match = _BARE.search(decode_words(phrase.replace("\0", " ").encode("utf-8", "replace")))
    if not match:
        return None
    local, _, domain = match[0].partition("@")
    return make_address(local, domain)
