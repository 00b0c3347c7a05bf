"""Zip archives, and the documents that are zip archives: Office Open XML, OpenDocument, EPUB."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from gateway.extract.asides import in_relations, in_stream, in_tags
from gateway.extract.finds import Budget, Finds, Inner, Locked, NotRead, TooBig
from gateway.extract.markup import between_tags, read_document
from gateway.extract.sheets import dashed_styles, shared_strings, sheet_lines
from gateway.message.html import render
from gateway.model import PartState

_MEMBERS: Final = 5000
_ENTRY: Final = b"PK\x03\x04"
_ENCRYPTED: Final = 1
_PLAIN: Final = re.compile(
    r"(?:^|/)(?:styles\w*|theme\d*|fontTable|settings|webSettings|numbering|presProps|viewProps|tableStyles|calcChain"
    r"|slideLayout\d*|\[Content_Types\])\.xml$"
)
_SHEET: Final = re.compile(r"(?:^|/)(?:worksheets|macrosheets|dialogsheets)/[^/]*\.xml$")
_UNSAID: Final = ("mimetype", "settings.xml", "layout-cache")
_PAGE: Final = (".xhtml", ".html", ".htm")
_SKIPPED: Final = (".odttf", ".ttf", ".otf", ".css", ".js", ".rdf")
_METAFILES: Final = (".emf", ".wmf")
"""Drawings whose letters stand in them as such."""


def read_package(octets: bytes, budget: Budget) -> Finds:
    """Yield what is in a zip archive or a document made as one."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(octets))
    except (zipfile.BadZipFile, ValueError, OverflowError):
        yield from _salvaged(octets, budget)
        raise NotRead from None
    members = archive.infolist()[:_MEMBERS]
    names = {member.filename for member in members}
    if "[Content_Types].xml" in names:
        yield from _office(archive, members, budget)
    elif "mimetype" in names and ({"META-INF/manifest.xml", "META-INF/container.xml"} & names):
        yield from _open_document(archive, members, budget)
    else:
        yield from _archive(archive, members, budget)
    if len(archive.infolist()) > _MEMBERS:
        raise TooBig


def _archive(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], budget: Budget) -> Finds:
    folders = dict.fromkeys(member.filename.rpartition("/")[0] for member in members)
    yield "\n".join(folder.replace("/", "\n") for folder in folders if folder)
    for member in members:
        if member.comment:
            yield f"\n{member.comment.decode('utf-8', 'replace')}\n"
        if member.is_dir():
            continue
        budget.file()
        if member.flag_bits & _ENCRYPTED:
            yield Inner(name=member.filename, state=PartState.ENCRYPTED)
        else:
            yield from _inner(archive, member, budget)
    if archive.comment:
        yield archive.comment.decode("utf-8", "replace")


def _inner(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> Finds:
    try:
        yield Inner(name=member.filename, octets=_octets(archive, member, budget))
    except TooBig:
        yield Inner(name=member.filename, state=PartState.TOO_BIG)
        raise
    except _BROKEN:
        yield Inner(name=member.filename, state=PartState.UNREADABLE)


_BROKEN: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError)


def _octets(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> bytes:
    with archive.open(member) as stream:
        return budget.gather(stream.read)


# --- documents --------------------------------------------------------------------------------


def _each(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], budget: Budget, read: Callable[[str, bytes], Finds]
) -> Finds:
    """Yield what ``read`` finds in each member; one that is broken does not hide the others."""
    broken = False
    for member in members:
        if member.is_dir() or member.filename.lower().endswith(_SKIPPED):
            continue
        if member.flag_bits & _ENCRYPTED:
            raise Locked
        try:
            if octets := _octets(archive, member, budget):
                yield from read(member.filename, octets)
        except TooBig:
            raise
        except (NotRead, *_BROKEN):
            broken = True
    if broken:
        raise NotRead


def _office(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], budget: Budget) -> Finds:
    strings = shared_strings(_first(archive, members, "/sharedStrings.xml", budget))
    dashes = dashed_styles(_first(archive, members, "xl/styles.xml", budget))

    def read(name: str, octets: bytes) -> Finds:
        if name.endswith(".rels"):
            yield from in_relations(octets)
        elif name.lower().endswith(_METAFILES):
            yield from in_stream(octets)
        elif name.endswith((".xml", ".vml")) or octets.startswith(b"<?xml"):
            yield from _xml(name, octets, strings, dashes)
        elif not name.endswith(("vbaProject.bin", "printerSettings1.bin")):
            yield Inner(name=name, octets=octets)

    yield from _each(archive, [m for m in members if not m.filename.endswith("/sharedStrings.xml")], budget, read)
    if strings and not any(_SHEET.search(member.filename) for member in members):
        yield "\n".join(strings)


def _first(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], ending: str, budget: Budget) -> bytes:
    """Return the first part with this name; nothing where there is none or it is broken."""
    for member in members:
        if member.filename.endswith(ending):
            try:
                return _octets(archive, member, budget)
            except _BROKEN:
                break
    return b""


def _xml(name: str, octets: bytes, strings: list[str], dashes: frozenset[bytes]) -> Finds:
    if _PLAIN.search(name):
        yield between_tags(octets)
    elif _SHEET.search(name) and not octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield "".join(sheet_lines(octets, strings, dashes))
        tail = octets[octets.rfind(b"</sheetData") :] if b"</sheetData" in octets else b""
        yield between_tags(tail)
        yield from in_tags(octets)
    else:
        yield from read_document(octets, apart=name.startswith(("docProps/", "customXml/")))


def _open_document(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], budget: Budget) -> Finds:
    def read(name: str, octets: bytes) -> Finds:
        if name.lower().endswith(_METAFILES):
            yield from in_stream(octets)
        elif name == "META-INF/manifest.xml":
            if b"encryption-data" in octets:
                raise Locked
        elif name.lower().endswith(_PAGE):
            yield from _page(octets)
        elif name.endswith((".xml", ".opf", ".ncx")) and name != "settings.xml":
            yield from read_document(octets, apart=name == "meta.xml")
        elif name not in _UNSAID and not name.startswith(("Thumbnails/", "Configurations2/")):
            yield Inner(name=name, octets=octets)

    ordered = sorted(members, key=lambda member: member.filename != "META-INF/manifest.xml")
    if ordered and ordered[0].filename == "META-INF/manifest.xml":
        list(read(ordered[0].filename, _octets(archive, ordered[0], budget)))
    yield from _each(archive, ordered[1:], budget, read)


def _page(octets: bytes) -> Iterator[str]:
    rendered = render(octets.decode("utf-8", "replace"))
    yield "\n".join([rendered.text, *(words for _, words in rendered.hidden)]) + "\n"


# --- broken archives --------------------------------------------------------------------------


def _salvaged(octets: bytes, budget: Budget) -> Finds:
    """Yield the members of an archive whose directory is lost, from the heads in front of them (APPNOTE 4.3.7)."""
    at = octets.find(_ENTRY)
    while at >= 0 and at + 30 <= len(octets):
        flags, method = (int.from_bytes(octets[at + i : at + i + 2], "little") for i in (6, 8))
        named, extra = (int.from_bytes(octets[at + i : at + i + 2], "little") for i in (26, 28))
        start = at + 30 + named + extra
        name = octets[at + 30 : at + 30 + named].decode("utf-8", "replace")
        following = octets.find(_ENTRY, start)
        budget.file()
        if flags & _ENCRYPTED:
            yield Inner(name=name, state=PartState.ENCRYPTED)
        elif found := _unfolded(octets[start : following if following >= 0 else None], method, budget):
            if name.endswith(".xml"):
                yield between_tags(found)
            else:
                yield Inner(name=name, octets=found)
        at = following


def _unfolded(octets: bytes, method: int, budget: Budget) -> bytes:
    if method != zipfile.ZIP_DEFLATED:
        return octets if method == zipfile.ZIP_STORED else b""
    unfolding = zlib.decompressobj(-15)
    pieces = []
    while octets and not unfolding.eof:
        try:
            piece = unfolding.decompress(octets, 1 << 20)
        except zlib.error:
            break
        budget.take(len(piece))
        pieces.append(piece)
        octets = unfolding.unconsumed_tail
    return b"".join(pieces)
