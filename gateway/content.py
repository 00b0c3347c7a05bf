"""The octets of one message, held once: in memory when small, in a memfd above that."""

from __future__ import annotations

import os
from typing import Final

SPILL: Final = 256 * 1024
"""Octets above which content lives in a memfd, so that another process can read it without a copy."""


class Content:
    """The raw form of a message as the client sent it, written once and then only read.

    ``stuffed`` tells whether it still carries SMTP's transparency dots (RFC 5321 4.5.2); the
    final CRLF stays, the terminating dot does not belong to it.
    """

    __slots__ = ("_fd", "_memory", "_size", "stuffed")

    def __init__(self, *, stuffed: bool) -> None:
        """Start empty."""
        self.stuffed = stuffed
        self._memory = bytearray()
        self._fd = -1
        self._size = 0

    @classmethod
    def of(cls, octets: bytes, *, stuffed: bool = False) -> Content:
        """Return content that holds ``octets``."""
        content = cls(stuffed=stuffed)
        content.write(octets)
        return content

    @classmethod
    def from_descriptor(cls, descriptor: int, size: int, *, stuffed: bool) -> Content:
        """Adopt a memfd received from another process; it is closed with the content."""
        content = cls(stuffed=stuffed)
        content._fd = descriptor
        content._size = size
        return content

    def __len__(self) -> int:
        return self._size

    @property
    def descriptor(self) -> int | None:
        """The memfd, or None while the content is in memory."""
        return None if self._fd < 0 else self._fd

    def write(self, octets: bytes | bytearray | memoryview) -> None:
        """Append; spills to a memfd once. Raises OSError when the machine is out of memory."""
        self._size += len(octets)
        if self._fd < 0:
            self._memory += octets
            if self._size > SPILL:
                self._fd = os.memfd_create("utpost-content", os.MFD_CLOEXEC)
                _write_all(self._fd, self._memory)
                self._memory = bytearray()
        else:
            _write_all(self._fd, octets)

    def truncate(self, size: int) -> None:
        """Cut the content to ``size`` octets (the reader takes the terminator off the end)."""
        self._size = size
        if self._fd < 0:
            del self._memory[size:]
        else:
            os.ftruncate(self._fd, size)

    def read(self, start: int, length: int) -> bytes:
        """Return up to ``length`` octets of the raw form from ``start``."""
        if self._fd < 0:
            return bytes(self._memory[start : start + length])
        return os.pread(self._fd, min(length, max(0, self._size - start)), start)

    def raw(self) -> bytes:
        """Return the raw form as one object. Costs a copy: for small content and for judging processes."""
        return self.read(0, self._size)

    def unstuffed(self) -> bytes:
        """Return the message without transparency dots, as one object."""
        raw = self.raw()
        if not self.stuffed:
            return raw
        if raw.startswith(b"."):
            raw = raw[1:]
        return raw.replace(b"\r\n.", b"\r\n") if b"\r\n." in raw else raw

    def close(self) -> None:
        """Give the memory back."""
        self._memory = bytearray()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._size = 0


def _write_all(descriptor: int, octets: bytes | bytearray | memoryview) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(descriptor, view) :]
