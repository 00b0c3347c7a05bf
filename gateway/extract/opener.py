"""Which reader opens a file: by its first octets, since names and declared types lie."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from typing import Final

from gateway.extract.archives import read_7z, read_bzip2, read_gzip, read_rar, read_tar, read_xz, read_zstandard
from gateway.extract.asides import beside
from gateway.extract.compound import read_compound, read_workbook
from gateway.extract.finds import Budget, Finds, Inner, NotRead, Reader, TooBig
from gateway.extract.markup import is_flowing, read_document
from gateway.extract.package import read_package
from gateway.extract.pdf import read_pdf
from gateway.extract.picture import read_picture
from gateway.extract.rtf import read_rtf
from gateway.extract.tnef import read_tnef
from gateway.message.entity import Leaf
from gateway.message.leaves import Opened
from gateway.message.segments import whole
from gateway.message.transfer import data_files
from gateway.model import Origin, Part, PartState, SegmentKind

_FILE: Final = 64 * 1024 * 1024
_NESTING: Final = 12
_DIRECTORY: Final = 70_000
_SAMPLE: Final = 8192
"""Octets in which a kind of file shows itself: one that nobody reads is not decoded whole."""
_TAR: Final = (b"ustar", 257)
_XML: Final = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?x\w|!DOCTYPE|\w+:?\w*[\s>])")
_BINARY_SHEETS: Final = b"xl/workbook.bin"
_SEVERE: Final = (PartState.ENCRYPTED, PartState.TOO_BIG, PartState.UNREADABLE)

_HEADS: Final[tuple[tuple[bytes, Reader], ...]] = (
    (b"PK\x03\x04", read_package),
    (b"PK\x05\x06", read_package),
    (b"PK\x07\x08", read_package),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", read_compound),
    (b"{\\rtf", read_rtf),
    (b"\x1f\x8b", read_gzip),
    (b"BZh", read_bzip2),
    (b"\xfd7zXZ\0", read_xz),
    (b"\x5d\0\0", read_xz),
    (b"\x28\xb5\x2f\xfd", read_zstandard),
    (b"7z\xbc\xaf\x27\x1c", read_7z),
    (b"Rar!\x1a\x07", read_rar),
    (b"\x78\x9f\x3e\x22", read_tnef),
    (b"\x89PNG", read_picture),
    (b"GIF8", read_picture),
    (b"\xff\xd8\xff", read_picture),
    (b"BM", read_picture),
    (b"\0\0\0\x0cjP  \r\n", read_picture),
    (b"II*\0", read_picture),
    (b"MM\0*", read_picture),
)


class Opener:
    """Opens the files of one message; give one to ``parse_message``."""

    def __init__(self) -> None:
        """Start with a whole budget."""
        self._budget = Budget()

    def __call__(self, leaf: Leaf, part: Part, left: int) -> Opened:
        """Open a leaf whose part is UNKNOWN. Never raises; keeps ``left`` characters of text at most."""
        if leaf.depth > _NESTING or leaf.end - leaf.start > 2 * _FILE:
            return Opened(part=replace(part, state=PartState.TOO_BIG))
        if not any(reader_of(sample, part) for sample in leaf.readings(_SAMPLE)):
            return Opened(part=part)
        octets = leaf.readings()[0]
        reader = reader_of(octets, part)
        if reader is None:
            return Opened(part=part)
        texts: list[str] = []
        inner: list[Inner] = []
        state = self._read(reader(octets, self._budget), texts, inner, left)
        text = "".join(texts)
        if len(text) > left:
            text, state = text[: max(left, 0)], PartState.TRUNCATED
        # A message saved as a file is forwarded when it is attached, as one attached as message/rfc822 is.
        forwarded = leaf.level > 0 or _is_message(part)
        kind = SegmentKind.FORWARDED if forwarded else SegmentKind.OWN
        part = replace(
            part,
            text=text,
            state=state,
            origin=Origin.FORWARDED if forwarded else part.origin,
            segments=whole(text, kind) if text else (),
        )
        members = [_leaf(leaf, found, number, forwarded) for number, found in enumerate(inner, 1)]
        return Opened(part=part, members=tuple(members))

    def _read(self, finds: Finds, texts: list[str], inner: list[Inner], left: int) -> PartState:
        """Gather what a reader finds, until there is more text than is judged."""
        try:
            for found in finds:
                if isinstance(found, str):
                    texts += [found, *beside(found)]
                    left -= len(found)
                    if left < 0:
                        break
                else:
                    inner.append(found)
        except NotRead as error:
            return error.state
        except MemoryError:
            return TooBig.state
        except Exception:  # noqa: BLE001 - what a library raises on a broken file has no end
            return PartState.UNREADABLE
        return PartState.SCANNED


def reader_of(octets: bytes, part: Part) -> Reader | None:
    """Return what reads a file; None for kinds that nobody here reads."""
    head = octets[:1024].lstrip(b"\r\n\t ")
    for start, reader in _HEADS:
        if head.startswith(start):
            return _workbook if reader is read_package and _BINARY_SHEETS in octets else reader
    if b"%PDF-" in head:
        return read_pdf
    if octets[_TAR[1] : _TAR[1] + 5] == _TAR[0]:
        return read_tar
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return read_picture
    named = (part.filename or "").lower().endswith((".zip", ".docx", ".xlsx", ".pptx"))
    if named or (head.startswith(b"MZ") and _packed(octets)):
        return read_package
    return _xml if _XML.match(octets) else None


def _packed(octets: bytes) -> bool:
    """Tell a program that unpacks itself from others."""
    return b"PK\x05\x06" in octets[-_DIRECTORY:] and zipfile.is_zipfile(io.BytesIO(octets))


def _workbook(octets: bytes, budget: Budget) -> Finds:
    """Read a workbook whose sheets are binary (xlsb), and the XML beside them."""
    yield from read_workbook(octets, budget)
    for found in read_package(octets, budget):
        if isinstance(found, str) or not found.name.endswith(".bin"):
            yield found


def _xml(octets: bytes, budget: Budget) -> Finds:
    budget.take(len(octets))
    yield from (Inner(name=name.decode("ascii"), octets=data) for name, data in data_files(octets))
    yield from read_document(octets, apart=not is_flowing(octets))


def _is_message(part: Part) -> bool:
    return (part.filename or "").lower().endswith((".msg", ".oft")) or part.media_type == "application/vnd.ms-outlook"


def _leaf(outer: Leaf, found: Inner, number: int, forwarded: bool) -> Leaf:  # noqa: FBT001 - private
    """Return a file inside a file as a leaf."""
    name = found.name.replace("\\", "/").rstrip("/").rpartition("/")[2][:255] or _within(outer.filename)
    return Leaf(
        path=f"{outer.path}/{name or number}",
        media_type="application/octet-stream",
        filename=name,
        attached=True,
        level=max(outer.level, 1) if forwarded else outer.level,
        depth=outer.depth + 1,
        state=found.state,
        source=found.octets,
        start=0,
        end=len(found.octets),
    )


def _within(name: str | None) -> str:
    """Return the name of what a compressed file holds: its own, without the last ending."""
    stem, _, ending = (name or "").rpartition(".")
    if ending.lower() == "tgz":
        return f"{stem}.tar"
    return stem or "innehåll"
