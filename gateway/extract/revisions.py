"""PDF files as they come: their end cut off, earlier revisions in front of the last (ISO 32000-1, 7.5.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from gateway.extract.finds import Locked, NotRead

PAGES: Final = 3000
"""Pages of one file that are read."""
_REVISIONS: Final = 3
_END: Final = b"%%EOF"
_CATALOG: Final = re.compile(rb"/Type\s{0,9}/Catalog\b")
_PAGE: Final = re.compile(rb"/Type\s{0,9}/Page\b")
_OBJECT: Final = re.compile(rb"(\d{1,7})\s{1,9}0\s{1,9}obj\b(?!.*\bobj\b)", re.DOTALL)
_HEAD: Final = 500
"""Octets between the number of an object and its kind."""
_OWN: Final = 4_000_000
"""A number for an object that no file has."""


def opened(octets: bytes) -> tuple[Any, bytes]:
    """Return the document, and the octets with a new end where theirs was cut off. Raises Locked, NotRead."""
    import pypdfium2  # noqa: PLC0415 - heavy, and needed for few messages

    try:
        return pypdfium2.PdfDocument(octets), octets
    except pypdfium2.PdfiumError as error:
        if any(word in str(error).lower() for word in ("password", "security")):
            raise Locked from None
    for end in _ends(octets):
        try:
            return pypdfium2.PdfDocument(octets + end), octets + end
        except pypdfium2.PdfiumError:
            continue
    raise NotRead


def _ends(octets: bytes) -> Iterator[bytes]:
    """Yield what could stand where the end was cut off: a trailer for the catalogue, or a catalogue of the pages."""
    trailer = b"trailer\n<< /Root %s 0 R >>\nstartxref\n0\n%%%%EOF\n"
    for catalog in _numbers(octets, _CATALOG)[-1:]:
        yield b"\nendobj\n" + trailer % catalog
    pages = _numbers(octets, _PAGE)
    if pages:
        kids = b" ".join(b"%s 0 R" % page for page in pages)
        own = b"\nendstream\nendobj\n%d 0 obj\n<< /Type /Catalog /Pages %d 0 R >>\nendobj\n" % (_OWN, _OWN + 1)
        own += b"%d 0 obj\n<< /Type /Pages /Count %d /Kids [%s] >>\nendobj\n" % (_OWN + 1, len(pages), kids)
        yield own + trailer % (b"%d" % _OWN)


def _numbers(octets: bytes, kind: re.Pattern[bytes]) -> list[bytes]:
    """Return the numbers of the objects of a kind, as they stand in the file."""
    found: dict[bytes, None] = {}
    for place in islice(kind.finditer(octets), PAGES):
        if (head := _OBJECT.search(octets, max(0, place.start() - _HEAD), place.start())) is not None:
            found[head[1]] = None
    return list(found)


def earlier(octets: bytes) -> Iterator[Any]:
    """Yield the earlier revisions of a file as documents."""
    import pypdfium2  # noqa: PLC0415 - see above

    ends = [found.end() for found in re.finditer(_END, octets)][:-1]
    if b"/Linearized" in octets[:1024]:
        ends = ends[1:]  # of the first page alone
    for end in ends[-_REVISIONS:]:
        try:
            yield pypdfium2.PdfDocument(octets[:end])
        except pypdfium2.PdfiumError:
            continue


def page_of(document: Any, number: int) -> Any:
    """Return a page; None where it is broken."""
    import pypdfium2  # noqa: PLC0415 - see above

    try:
        return document[number]
    except pypdfium2.PdfiumError:
        return None
