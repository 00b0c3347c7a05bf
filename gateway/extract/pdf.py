"""PDF (ISO 32000): the text of pages, what stands beside it in objects, attached files, scanned pages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final

from gateway.extract.asides import in_stream
from gateway.extract.finds import Budget, Finds, Foreign, Inner, Locked, NotRead
from gateway.extract.picture import read_image, reads_pictures
from gateway.extract.revisions import PAGES, earlier, opened, page_of

_OBJECTS: Final = 200_000
_UNSAID: Final = frozenset(
    {"/ID", "/O", "/U", "/OE", "/UE", "/Perms", "/DA", "/Lang", "/NM", "/M", "/CreationDate", "/ModDate", "/CheckSum"}
    | {"/Registry", "/Ordering", "/Panose", "/CharSet"}
)
"""Strings that nobody wrote."""
_SCALE: Final = 200 / 72
"""A point is 1/72 inch; scanned pages are read at 200 dots an inch."""
_SCANNED: Final = 8
"""Characters under which a page holds a picture rather than text."""
_AREA: Final = 40_000_000
_DRAWN: Final = (2, 3, 4)
_PICTURE: Final = 3
"""FPDF_PAGEOBJ: paths, images and shadings; an image."""
_LARGE: Final = 0.05
"""Share of a page from which on a picture is no logo."""
_IMAGE: Final = re.compile(rb"/Subtype\s{0,9}/Image\b")
_ACTUAL: Final = re.compile(rb"/ActualText\s*(\((?:[^()\\]|\\.){1,500}\))", re.DOTALL)
_ACTUAL_HEX: Final = re.compile(rb"/ActualText\s*(<[0-9A-Fa-f\s]{1,2000}>)")


def read_pdf(octets: bytes, budget: Budget) -> Finds:
    """Yield the text of a PDF file and the files attached to it."""
    missed: NotRead | None = None
    try:
        document, whole = opened(octets)
        if whole is not octets:
            missed, octets = NotRead(), whole
        yield from _pages(document, budget, illustrated=_IMAGE.search(octets) is not None)
    except Locked:
        raise
    except NotRead as error:
        missed = error
    try:
        yield from _objects(octets, budget)
    except NotRead:
        raise
    except Exception:  # noqa: BLE001 - the pages were read; only what stands beside them was not
        missed = NotRead()
    for document in earlier(octets):
        yield from (_said(page) for page in _readable(document))
    if missed is not None:
        raise missed


def _pages(document: Any, budget: Budget, *, illustrated: bool) -> Iterator[str]:
    """Yield the text of each page, then of pictures. Raises Foreign where a picture could not be read, NotRead."""
    broken = unread = False
    scanned, pictures = [], []
    for number in range(min(len(document), PAGES)):
        page = page_of(document, number)
        if page is None:
            broken = True
            continue
        text = _said(page)
        yield text
        if len(text.strip()) < _SCANNED:
            scanned.append(number)
        elif illustrated and reads_pictures() and _holds(page, (_PICTURE,)):
            pictures.append(number)
    for number in scanned:
        if _holds(document[number], _DRAWN) and reads_pictures() and budget.picture():
            yield from _scanned(document[number])
        else:
            unread |= _holds(document[number], (_PICTURE,))
    for number in pictures:
        yield from _pictures(document[number], budget)
    if broken or len(document) > PAGES:
        raise NotRead
    if unread:
        raise Foreign


def _readable(document: Any) -> Iterator[Any]:
    """Yield the pages that are not broken."""
    pages = (page_of(document, number) for number in range(min(len(document), PAGES)))
    return (page for page in pages if page is not None)


def _said(page: Any) -> str:
    """Return the text of a page, that of stamps and other things laid upon it included."""
    import pypdfium2.raw  # noqa: PLC0415 - see above

    if pypdfium2.raw.FPDFPage_GetAnnotCount(page) > 0:
        pypdfium2.raw.FPDFPage_Flatten(page, pypdfium2.raw.FLAT_NORMALDISPLAY)
    text = str(page.get_textpage().get_text_range())
    return text.replace("\r\n", "\n").replace("\ufffe", "-") + "\n"


def _holds(page: Any, kinds: tuple[int, ...]) -> bool:
    """Tell whether something of these kinds is drawn on a page."""
    return next(iter(page.get_objects(filter=kinds, max_depth=4)), None) is not None


def _scanned(page: Any) -> Iterator[str]:
    width, height = page.get_size()
    scale = min(_SCALE, (_AREA / max(1.0, width * height)) ** 0.5)
    yield from read_image(page.render(scale=scale, grayscale=True).to_pil())


def _pictures(page: Any, budget: Budget) -> Iterator[str]:
    """Yield the text in the large pictures of a page that has text of its own."""
    width, height = page.get_size()
    for picture in page.get_objects(filter=(_PICTURE,), max_depth=4):
        left, bottom, right, top = picture.get_bounds()
        if (right - left) * (top - bottom) >= _LARGE * width * height and budget.picture():
            yield from read_image(picture.get_bitmap(render=True).to_pil())


def _objects(octets: bytes, budget: Budget) -> Finds:
    import pikepdf  # noqa: PLC0415 - heavy, and needed for few messages

    try:
        document = pikepdf.open(io.BytesIO(octets))
    except pikepdf.PasswordError:
        raise Locked from None
    with document:
        named: set[tuple[int, int]] = set()
        for name, attached in document.attachments.items():
            budget.file()
            file = attached.get_file()
            named.add(file.obj.objgen)
            data = file.read_bytes()
            budget.take(len(data))
            yield Inner(name=name, octets=data)
        for number, found in enumerate(document.objects):
            if number > _OBJECTS:
                raise NotRead
            if isinstance(found, pikepdf.Stream) and found.objgen not in named:
                yield from _stream(pikepdf, found, budget)
            yield from _sayings(pikepdf, found, 0)


def _stream(pikepdf: Any, found: Any, budget: Budget) -> Finds:
    """Yield an attached file, a form or metadata in XML; of other streams the numbers and what replaces their signs."""
    if found.get("/Subtype") == "/Image" or "/Length1" in found or found.get("/Type") in ("/ObjStm", "/XRef"):
        return
    try:
        data = found.read_bytes()
    except pikepdf.PdfError:
        return
    budget.take(len(data))
    if found.get("/Type") == "/EmbeddedFile":
        budget.file()
        yield Inner(name="bilaga", octets=data)
    elif data[:64].lstrip().startswith(b"<"):
        yield Inner(name="form.xml", octets=data)
    else:
        yield from in_stream(data, reach=_NEAR)
        if b"/ActualText" in data:
            for said in (*_ACTUAL.findall(data), *_ACTUAL_HEX.findall(data)):
                yield _worded(str(pikepdf.Object.parse(said)))


def _sayings(pikepdf: Any, found: Any, depth: int) -> Iterator[str]:
    """Yield what a person wrote into an object: notes, fields of a form, bookmarks, descriptions."""
    if isinstance(found, pikepdf.Array) and depth < _NESTED:
        for item in found:
            if isinstance(item, pikepdf.String):
                yield _worded(str(item))
            elif not getattr(item, "is_indirect", False):
                yield from _sayings(pikepdf, item, depth + 1)
    if not isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
        return
    signature = "/ByteRange" in found
    for key, value in found.items():
        if isinstance(value, pikepdf.String):
            if key not in _UNSAID and not (signature and key == "/Contents"):
                yield _worded(str(value))
        elif depth < _NESTED and not getattr(value, "is_indirect", False):
            yield from _sayings(pikepdf, value, depth + 1)


def _worded(text: str) -> str:
    """Return a string as a line; nothing where it is binary."""
    return "" if _BINARY.search(text) else f"{text}\n"


_BINARY: Final = re.compile("[\0-\x08\x0e-\x1f\ufffd]")
_NESTED: Final = 6
_NEAR: Final = 40
"""Octets around a number in a stream: more would be orders to the printer."""
