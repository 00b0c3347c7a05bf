"""PDF (ISO 32000): the text of pages, what stands beside it in objects, attached files, scanned pages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

from gateway.extract.finds import Budget, Finds, Foreign, Inner, Locked, NotRead
from gateway.extract.picture import read_image, reads_pictures

_PAGES: Final = 3000
_OBJECTS: Final = 200_000
_SAID: Final = frozenset(
    {"/Contents", "/V", "/DV", "/TU", "/T", "/Title", "/Subject", "/Author", "/Keywords", "/Alt", "/ActualText", "/RC"}
)
_SCALE: Final = 200 / 72
"""A point is 1/72 inch; scanned pages are read at 200 dots an inch."""
_SCANNED: Final = 8
"""Characters under which a page holds a picture rather than text."""
_AREA: Final = 40_000_000
_PICTURE: Final = 3


def read_pdf(octets: bytes, budget: Budget) -> Finds:
    """Yield the text of a PDF file and the files attached to it."""
    import pypdfium2  # noqa: PLC0415 - heavy, and needed for few messages

    missed: NotRead | None = None
    try:
        document = pypdfium2.PdfDocument(octets)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Locked from None
        missed = NotRead()
    else:
        try:
            yield from _pages(document, budget)
        except NotRead as error:
            missed = error
    try:
        yield from _objects(octets, budget)
    except NotRead:
        raise
    except Exception:  # noqa: BLE001 - the pages were read; only what stands beside them was not
        missed = NotRead()
    if missed is not None:
        raise missed


def _pages(document: Any, budget: Budget) -> Iterator[str]:
    """Yield the text of each page. Raises Foreign in the end where a picture of text could not be read."""
    unread = False
    for number in range(min(len(document), _PAGES)):
        page = document[number]
        text = page.get_textpage().get_text_range()
        yield text.replace("\r\n", "\n").replace("\ufffe", "-") + "\n"
        if len(text.strip()) >= _SCANNED:
            continue
        if reads_pictures() and _holds(page) and budget.picture():
            yield from _scanned(page)
        else:
            unread |= _holds(page, (_PICTURE,))
    if len(document) > _PAGES:
        raise NotRead
    if unread:
        raise Foreign


def _holds(page: Any, kinds: tuple[int, ...] | None = None) -> bool:
    """Tell whether something is drawn on a page: of these kinds (FPDF_PAGEOBJ), or at all."""
    return next(iter(page.get_objects(filter=kinds, max_depth=4)), None) is not None


def _scanned(page: Any) -> Iterator[str]:
    width, height = page.get_size()
    scale = min(_SCALE, (_AREA / max(1.0, width * height)) ** 0.5)
    yield from read_image(page.render(scale=scale, grayscale=True).to_pil())


def _objects(octets: bytes, budget: Budget) -> Finds:
    import pikepdf  # noqa: PLC0415 - heavy, and needed for few messages

    try:
        document = pikepdf.open(io.BytesIO(octets))
    except pikepdf.PasswordError:
        raise Locked from None
    with document:
        for number, found in enumerate(document.objects):
            if number > _OBJECTS:
                raise NotRead
            yield from _sayings(pikepdf, found, 0)
        for name, attached in document.attachments.items():
            budget.file()
            data = attached.get_file().read_bytes()
            budget.take(len(data))
            yield Inner(name=name, octets=data)
        if (metadata := document.Root.get("/Metadata")) is not None:
            yield Inner(name="metadata.xml", octets=metadata.read_bytes())


def _sayings(pikepdf: Any, found: Any, depth: int) -> Iterator[str]:
    """Yield what a person wrote into an object: notes, fields of a form, bookmarks, descriptions."""
    if isinstance(found, pikepdf.Array) and depth < _NESTED:
        for item in found:
            if not getattr(item, "is_indirect", False):
                yield from _sayings(pikepdf, item, depth + 1)
    if not isinstance(found, pikepdf.Dictionary):
        return
    for key, value in found.items():
        if isinstance(value, pikepdf.String):
            if key in _SAID or not key.startswith(("/ID", "/O", "/U", "/DA", "/Lang", "/NM", "/M", "/CreationDate")):
                yield str(value) + "\n"
        elif depth < _NESTED and not getattr(value, "is_indirect", False):
            yield from _sayings(pikepdf, value, depth + 1)


_NESTED: Final = 6
