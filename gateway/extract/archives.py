"""Compressed streams, tape archives and 7z."""

from __future__ import annotations

import bz2
import io
import lzma
import sys
import tarfile
import zlib
from pathlib import PurePosixPath
from typing import Final, Protocol

from gateway.extract.finds import Budget, Finds, Inner, Locked
from gateway.model import PartState

_CHUNK: Final = 1 << 20
_GZIP: Final = 31
_WINDOW: Final = 27
"""Base-2 logarithm of the octets that a stream may refer back to; what zstd itself allows without being asked."""
_MEMORY: Final = 128 * 1024 * 1024


class _Unfolding(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gunzip:
    """zlib's decompressor with the manners of bz2's and lzma's: it keeps what it has not used yet."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def read_gzip(octets: bytes, budget: Budget) -> Finds:
    """Yield what a gzip file holds, all its members together (RFC 1952 2.2)."""
    yield from _stream(octets, budget, _Gunzip)


def read_bzip2(octets: bytes, budget: Budget) -> Finds:
    """Yield what a bzip2 file holds."""
    yield from _stream(octets, budget, bz2.BZ2Decompressor)


def read_xz(octets: bytes, budget: Budget) -> Finds:
    """Yield what an xz file holds."""
    yield from _stream(octets, budget, lambda: lzma.LZMADecompressor(memlimit=_MEMORY))


def read_zstandard(octets: bytes, budget: Budget) -> Finds:
    """Yield what a Zstandard file holds (RFC 8878)."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - rarely needed
    else:
        from backports import zstd  # noqa: PLC0415

    window = {int(zstd.DecompressionParameter.window_log_max): _WINDOW}
    yield from _stream(octets, budget, lambda: zstd.ZstdDecompressor(options=window))


def _stream(octets: bytes, budget: Budget, make: type[_Unfolding] | object) -> Finds:
    pieces: list[bytes] = []
    try:
        while octets.strip(b"\0"):
            unfolding = make()  # type: ignore[operator]
            pieces += _unfolded(unfolding, octets, budget)
            octets = unfolding.unused_data
    finally:
        # What came before a broken end is looked at all the same.
        if pieces:
            yield Inner(name="", octets=b"".join(pieces))


def _unfolded(unfolding: _Unfolding, octets: bytes, budget: Budget) -> list[bytes]:
    pieces = []
    piece = unfolding.decompress(octets, _CHUNK)
    while piece:
        budget.take(len(piece))
        pieces.append(piece)
        piece = b"" if unfolding.eof else unfolding.decompress(b"", _CHUNK)
    return pieces


def read_tar(octets: bytes, budget: Budget) -> Finds:
    """Yield the files of a tape archive."""
    with tarfile.open(fileobj=io.BytesIO(octets), mode="r:") as archive:
        for member in archive:
            if not member.isfile():
                continue
            budget.file()
            if (stream := archive.extractfile(member)) is not None:
                yield Inner(name=member.name, octets=budget.gather(stream.read))


def read_7z(octets: bytes, budget: Budget) -> Finds:
    """Yield the files of a 7z archive."""
    import py7zr  # noqa: PLC0415 - heavy, and rarely needed
    from py7zr.io import BytesIOFactory  # noqa: PLC0415

    try:
        with py7zr.SevenZipFile(io.BytesIO(octets)) as archive:
            if archive.needs_password():
                raise Locked
            size = sum(member.uncompressed for member in archive.list())
            budget.take(size)
            kept = BytesIOFactory(size + 1)
            archive.extractall(factory=kept)  # noqa: S202 - into memory
    except py7zr.exceptions.PasswordRequired:
        raise Locked from None
    for name, product in kept.products.items():
        budget.file()
        product.seek(0)
        yield Inner(name=PurePosixPath(name).name, octets=product.read())


def read_rar(octets: bytes, budget: Budget) -> Finds:
    """Tell a rar archive whose directory is encrypted; nothing here unfolds the others."""
    del budget
    sealed = octets[7:8] == b"\1" and octets[11:12] == b"\4" if octets[6:7] == b"\1" else bool(octets[10:11] == b"\x80")
    yield Inner(name="rar", state=PartState.ENCRYPTED if sealed else PartState.UNKNOWN)
