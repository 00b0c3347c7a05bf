"""Documents with one identity number in an awkward place, made here; and others that must not be flagged or opened."""

from __future__ import annotations

import base64
import bz2
import datetime as dt
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any, Final

NUMBER: Final = "780914-2388"
BARE: Final = "7809142388"
W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES: Final = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def zipped(members: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return kept.getvalue()


def office(members: dict[str, str | bytes]) -> bytes:
    return zipped({"[Content_Types].xml": _TYPES, **members})


def word(body: str = "<w:p><w:r><w:t>Hej</w:t></w:r></w:p>", **others: str) -> bytes:
    parts = {f"word/{name}.xml": f"<w:x {W}>{content}</w:x>" for name, content in others.items()}
    return office({"word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>", **parts})


def run(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def sheet(cells: str, strings: str = "", prefix: str = "") -> bytes:
    tag = f"{prefix}:" if prefix else ""
    space = f'xmlns{":" + prefix if prefix else ""}="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    data = f"<{tag}worksheet {space}><{tag}sheetData>{cells}</{tag}sheetData></{tag}worksheet>"
    members: dict[str, str | bytes] = {"xl/worksheets/sheet1.xml": data}
    if strings:
        members["xl/sharedStrings.xml"] = f"<sst>{strings}</sst>"
    return office(members)


def workbook(*, hidden: bool = False) -> bytes:
    import openpyxl  # noqa: PLC0415 - slow to import

    book = openpyxl.Workbook()
    book.active["A1"] = "Kommunfullmäktige"
    second = book.create_sheet("Elever")
    second["B3"] = f"elev {NUMBER}"
    second.sheet_state = "hidden" if hidden else "visible"
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def old_workbook(heading: str = "Personnummer", value: float | str = 7809142388.0) -> bytes:
    import xlwt  # noqa: PLC0415 - slow to import

    book = xlwt.Workbook()
    book.add_sheet("Blad1").write(0, 0, "Sammanställning")
    second = book.add_sheet("Blad2")
    second.write(0, 0, "Namn")
    second.write(0, 1, heading)
    second.write(1, 0, "Test")
    second.write(1, 1, value)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def open_document(content: str, **others: str) -> bytes:
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": others.pop("manifest", "<manifest/>"),
            "content.xml": f'<o xmlns:text="t" xmlns:table="b" xmlns:office="o">{content}</o>',
            **{f"{name}.xml": f'<o xmlns:text="t" xmlns:office="o">{other}</o>' for name, other in others.items()},
        }
    )


def pdf(draw: Callable[[Any], None], **encryption: str) -> bytes:
    import fpdf  # noqa: PLC0415 - slow to import

    document = fpdf.FPDF()
    document.set_creation_date(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    document.add_page()
    document.set_font("helvetica", size=12)
    if encryption:
        document.set_encryption(owner_password="a", user_password=encryption["password"])
    draw(document)
    return bytes(document.output())


def _annotated(document: Any) -> None:
    document.cell(text="Hej")
    document.text_annotation(20, 20, f"obs {NUMBER}")


def _titled(document: Any) -> None:
    document.cell(text="Hej")
    document.set_title(f"Akt {NUMBER}")


def _with_file(document: Any) -> None:
    document.cell(text="Hej")
    document.embed_file(bytes=word(run(f"Elev {NUMBER}")), basename="bilaga.docx")


def picture(kind: str = "PNG") -> bytes:
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - slow to import

    image = Image.new("L", (1200, 300), 255)
    ImageDraw.Draw(image).text((40, 100), f"Personnummer {NUMBER}", font=ImageFont.load_default(60), fill=0)
    kept = io.BytesIO()
    image.save(kept, kind)
    return kept.getvalue()


def _scan(document: Any) -> None:
    document.image(io.BytesIO(picture("JPEG")), w=180)


def tape(name: str, octets: bytes) -> bytes:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(octets)
        archive.addfile(member, io.BytesIO(octets))
    return kept.getvalue()


def seven(password: str | None = None) -> bytes:
    import py7zr  # noqa: PLC0415 - slow to import

    kept = io.BytesIO()
    with py7zr.SevenZipFile(kept, "w", password=password) as archive:
        archive.writestr(f"Elev {NUMBER}", "elev.txt")
    return kept.getvalue()


def locked_zip() -> bytes:
    import pyzipper  # noqa: PLC0415 - slow to import

    kept = io.BytesIO()
    with pyzipper.AESZipFile(kept, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"hemligt")
        archive.writestr("elev.txt", f"Elev {NUMBER}")
    return kept.getvalue()


def slides() -> bytes:
    space = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    return office(
        {
            "ppt/slides/slide1.xml": f"<p {space}><a:p><a:r><a:t>Budget</a:t></a:r></a:p></p>",
            "ppt/notesSlides/notesSlide1.xml": f"<p {space}><a:p><a:r><a:t>Elev {NUMBER}</a:t></a:r></a:p></p>",
        }
    )


def winmail() -> bytes:
    def attribute(level: int, identity: int, data: bytes) -> bytes:
        return struct.pack("<BII", level, identity, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x00089006, struct.pack("<I", 0x00010000))
        + attribute(2, 0x00069002, bytes(14))
        + attribute(2, 0x00018010, b"elev.txt\0")
        + attribute(2, 0x0006800F, f"Elev {NUMBER}".encode())
    )


RTF: Final = r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\header Elev 780914\_2388}{\*\generator X;}Hej\par p\'e5}"
_SPLIT: Final = r"{\rtf1\ansi Elev {\b 7809}{\i 14}-23\u56?8\par}"

FOUND: Final[dict[str, Callable[[], bytes]]] = {
    "text.txt": f"Elev {NUMBER}".encode,
    "utf16.csv": lambda: f"Namn;Personnummer\r\nTest;{BARE}\r\n".encode("utf-16"),
    "body.docx": lambda: word(run(f"Elev {NUMBER}")),
    "split.docx": lambda: word(
        "<w:p><w:r><w:t>Elev 7809</w:t></w:r><w:r><w:t>14</w:t><w:noBreakHyphen/><w:t>2388</w:t></w:r></w:p>"
    ),
    "header.docx": lambda: word(header1=run(f"Elev {NUMBER}")),
    "footer.docx": lambda: word(footer2=run(f"Elev {NUMBER}")),
    "footnote.docx": lambda: word(footnotes=run(f"Elev {NUMBER}")),
    "comment.docx": lambda: word(comments=run(f"Elev {NUMBER}")),
    "deleted.docx": lambda: word(f"<w:p><w:del><w:r><w:delText>Elev {NUMBER}</w:delText></w:r></w:del></w:p>"),
    "box.docx": lambda: word(f"<w:p><w:r><w:pict><w:txbxContent>{run(NUMBER)}</w:txbxContent></w:pict></w:r></w:p>"),
    "described.docx": lambda: word(f'<w:p><wp:docPr xmlns:wp="x" id="1" descr="Elev {NUMBER}"/></w:p>'),
    "replaced.docx": lambda: word(
        f"<w:p><w:r><w:t>Elev </w:t></w:r><w:del><w:r><w:delText>{NUMBER}</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>en annan</w:t></w:r></w:ins></w:p>"
    ),
    "corrected.docx": lambda: word(
        "<w:p><w:r><w:t>Elev 780914-23</w:t></w:r><w:del><w:r><w:delText>99</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>88</w:t></w:r></w:ins></w:p>"
    ),
    "cells.docx": lambda: word(f"<w:tbl><w:tr><w:tc>{run('780914-')}</w:tc><w:tc>{run('2388')}</w:tc></w:tr></w:tbl>"),
    "boxes.docx": lambda: word(f"<w:tr>{''.join(f'<w:tc>{run(digit)}</w:tc>' for digit in NUMBER)}</w:tr>"),
    "form.docx": lambda: word(
        f"{run('Personnummer')}<w:tr>{''.join(f'<w:tc>{run(digit)}</w:tc>' for digit in BARE)}</w:tr>"
    ),
    "bookmark.docx": lambda: word(f'<w:p><w:bookmarkStart w:id="0" w:name="Elev_{NUMBER}"/></w:p>'),
    "link.docx": lambda: office(
        {
            "word/document.xml": "<a/>",
            "word/_rels/document.xml.rels": f'<a><b Target="mailto:a@b.example?subject=Elev%20{NUMBER}"/></a>',
        }
    ),
    "drawing.docx": lambda: office(
        {"word/document.xml": "<a/>", "word/media/a.emf": bytes(8) + f"Elev {NUMBER}".encode("utf-16-le")}
    ),
    "inside.docx": lambda: office({"word/document.xml": "<a/>", "word/embeddings/bok.xlsx": workbook()}),
    "second.xlsx": workbook,
    "hidden.xlsx": lambda: workbook(hidden=True),
    "inline.xlsx": lambda: sheet(f'<row r="1"><c r="A1" t="inlineStr"><is><t>Elev {NUMBER}</t></is></c></row>'),
    "shared.xlsx": lambda: sheet(
        '<row r="1"><c r="A1" t="s"><v>1</v></c></row>',
        "<si><t>a</t></si><si><r><t>Elev 780914</t></r><r><t>-2388</t></r></si>",
    ),
    "prefixed.xlsx": lambda: sheet(
        f'<x:row><x:c r="A1" t="inlineStr"><x:is><x:t>{NUMBER}</x:t></x:is></x:c></x:row>', prefix="x"
    ),
    "float.xlsx": lambda: sheet(
        '<row r="1"><c r="A1" t="str"><v>Personnummer</v></c></row><row r="2"><c r="A2"><v>7.809142388E9</v></c></row>'
    ),
    "zero.xlsx": lambda: sheet(
        '<row r="1"><c r="A1" t="str"><v>Personnummer</v></c></row><row r="2"><c r="A2"><v>101012391</v></c></row>'
    ),
    "zeros.xlsx": lambda: sheet(
        '<row r="1"><c r="A1" t="str"><v>Pnr</v></c></row><row r="2"><c r="A2"><v>1012392</v></c></row>'
    ),
    "shares.xlsx": lambda: sheet(
        '<row r="1"><c r="A1" t="str"><v>Personnummer</v></c></row>'
        '<row r="2"><c r="A2"><v>780914</v></c><c r="B2"><v>2388</v></c></row>'
    ),
    "format.xlsx": lambda: office(
        {
            "xl/styles.xml": '<a><numFmt numFmtId="164" formatCode="000000\\-0000"/><cellXfs><xf numFmtId="0"/>'
            '<xf numFmtId="164"/></cellXfs></a>',
            "xl/worksheets/sheet1.xml": '<worksheet><row><c r="A1" s="1"><v>101012391</v></c></row></worksheet>',
        }
    ),
    "formula.xlsx": lambda: sheet(
        f'<row r="1"><c r="A1"><f>IF(B1="Elev {NUMBER}",1,0)</f><v>0</v></c></row>'.replace('="', "=&quot;", 1)
    ),
    "named.xlsx": lambda: office({"xl/workbook.xml": f'<a><sheet name="Elev {NUMBER}"/></a>'}),
    "old.xls": old_workbook,
    "notes.pptx": slides,
    "text.odt": lambda: open_document("<text:p>Elev <text:span>780914</text:span>-2388</text:p>"),
    "header.odt": lambda: open_document("<text:p>Hej</text:p>", styles=f"<text:p>Elev {NUMBER}</text:p>"),
    "cells.ods": lambda: open_document(
        "<table:table-row><table:table-cell><text:p>Personnummer</text:p></table:table-cell></table:table-row>"
        f"<table:table-row><table:table-cell><text:p>{BARE}</text:p></table:table-cell></table:table-row>"
    ),
    "zero.ods": lambda: open_document(
        "<office:spreadsheet><table:table-row><table:table-cell table:number-columns-repeated='2'/>"
        "<table:table-cell><text:p>Personnummer</text:p></table:table-cell></table:table-row>"
        "<table:table-row><table:table-cell/><table:table-cell/>"
        "<table:table-cell><text:p>101012391</text:p></table:table-cell></table:table-row></office:spreadsheet>"
    ),
    "link.odt": lambda: open_document(
        f'<text:p><text:a href="mailto:a@b.example?subject=Elev%20{NUMBER}">skriv</text:a></text:p>'
    ),
    "mark.odt": lambda: open_document(f'<text:p><text:index-mark text:string-value="Elev {NUMBER}"/>Hej</text:p>'),
    "ruby.odt": lambda: open_document(
        f"<text:p><text:ruby-base>Elev</text:ruby-base><text:ruby-text>{NUMBER}</text:ruby-text></text:p>"
    ),
    "links.epub": lambda: zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": "<a/>",
            "a.xhtml": f'<html><body><a href="mailto:a@b.example?subject=Elev%20{NUMBER}">skriv</a></body></html>',
            "b.xhtml": "<html><body>Två</body></html>",
        }
    ),
    "book.epub": lambda: zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": "<a/>",
            "kapitel.xhtml": f"<!DOCTYPE html><html><body><p>Elev {NUMBER}</p></body></html>",
        }
    ),
    "drawing.svg": f"<svg><text>Elev <tspan>{NUMBER}</tspan></text></svg>".encode,
    "flat.fodt": lambda: b'<?xml version="1.0"?><o xmlns:t="t"><t:p>Elev 780914<t:s/>-2388</t:p></o>',
    "page.pdf": lambda: pdf(lambda document: document.cell(text=f"Elev {NUMBER}")),
    "annotation.pdf": lambda: pdf(_annotated),
    "title.pdf": lambda: pdf(_titled),
    "attached.pdf": lambda: pdf(_with_file),
    "behind.pdf": lambda: b"X-Kopia: ja\r\n" * 20 + pdf(lambda document: document.cell(text=f"Elev {NUMBER}")),
    "inside.html": lambda: (
        b'<a href="data:application/vnd.a.b;base64,%b">' % base64.b64encode(word(run(f"Elev {NUMBER}")))
    ),
    "inside.svg": lambda: (
        b'<svg><image href="data:application/x-a;base64,%b"/></svg>' % base64.b64encode(word(run(f"Elev {NUMBER}")))
    ),
    "header.rtf": lambda: RTF.encode("latin-1"),
    "split.rtf": lambda: _SPLIT.encode("latin-1"),
    "deleted.rtf": lambda: rb"{\rtf1 Elev {\deleted 780914-2388}{Kalle}\par}",
    "bookmark.rtf": lambda: rb"{\rtf1 {\*\bkmkstart Elev_780914-2388}Hej\par}",
    "link.rtf": lambda: (
        rb'{\rtf1 {\field{\*\fldinst HYPERLINK "mailto:a@b.example?subject=Elev%20780914-2388"}{\fldrslt x}}}'
    ),
    "nested.zip": lambda: zipped({"mapp/": "", "mapp/inre.zip": zipped({"gammal.xls": old_workbook()})}),
    "bzip.zip": lambda: zipped({"a.txt": f"Elev {NUMBER}"}, zipfile.ZIP_BZIP2),
    "lzma.zip": lambda: zipped({"a.txt": f"Elev {NUMBER}"}, zipfile.ZIP_LZMA),
    "cut.zip": lambda: zipped({"a.txt": f"Elev {NUMBER} " * 30})[:-30],
    "mail.zip": lambda: zipped({"brev.eml": f"From: a@b.example\r\nSubject: x\r\n\r\nElev {NUMBER}\r\n"}),
    "two.gz": lambda: gzip.compress(b"Elev ") + gzip.compress(NUMBER.encode()),
    "one.bz2": lambda: bz2.compress(f"Elev {NUMBER}".encode()),
    "one.xz": lambda: lzma.compress(f"Elev {NUMBER}".encode()),
    "files.tar": lambda: tape("elev.txt", f"Elev {NUMBER}".encode()),
    "files.tgz": lambda: gzip.compress(tape("elev.docx", word(run(f"Elev {NUMBER}")))),
    "files.7z": seven,
    "old.lzma": lambda: lzma.compress(f"Elev {NUMBER}".encode(), format=lzma.FORMAT_ALONE),
    "new.zst": lambda: bytes.fromhex("28b52ffd2010810000456c6576203738303931342d32333838"),
    "self.exe": lambda: b"MZ\x90\0" + bytes(200) + zipped({"a.txt": f"Elev {NUMBER}"}),
    "folder.zip": lambda: zipped({f"Elev {NUMBER}/": "", f"Elev {NUMBER}/a.txt": "a"}),
    "records.xml": f"<?xml version='1.0'?><elever><namn>Kalle</namn><nr>{NUMBER}</nr><x>7</x></elever>".encode,
    "old.xml": lambda: (
        b"<?xml version='1.0'?><Workbook><Row><Cell><Data>Namn</Data></Cell><Cell><Data>Elev</Data></Cell></Row>"
        b"<Row><Cell><Data>Kalle</Data></Cell><Cell><Data>%b</Data></Cell></Row></Workbook>" % NUMBER.encode()
    ),
    "attached.ics": lambda: (
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:"
        + base64.b64encode(word(run(f"Elev {NUMBER}")))
        + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ),
    "note.vcf": lambda: b"BEGIN:VCARD\r\nNOTE;ENCODING=b:%b\r\nEND:VCARD\r\n" % base64.b64encode(NUMBER.encode()),
    "attribute.html": f'<html><div data-nr="{NUMBER}">Hej</div></html>'.encode,
    "zero.csv": lambda: b"Namn;Personnummer;Klass\r\nKalle;101012391;7\r\n",
    "float.csv": lambda: b'"Namn","Personnummer"\r\n"Kalle",7809142388.0\r\n',
    "winmail.dat": winmail,
    "card.vcf": lambda: b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Test\r\nNOTE:personnummer 7809\r\n 14-2388\r\nEND:VCARD\r\n",
}

PICTURES: Final[dict[str, Callable[[], bytes]]] = {
    "photo.png": picture,
    "photo.jpg": lambda: picture("JPEG"),
    "fax.tif": lambda: picture("TIFF"),
    "photo.gif": lambda: picture("GIF"),
    "photo.webp": lambda: picture("WEBP"),
    "photo.bmp": lambda: picture("BMP"),
    "scan.pdf": lambda: pdf(_scan),
    "picture.docx": lambda: office({"word/document.xml": "<a/>", "word/media/image1.png": picture()}),
}

LOCKED: Final[dict[str, Callable[[], bytes]]] = {
    "locked.zip": locked_zip,
    "locked.7z": lambda: seven("hemligt"),
    "locked.pdf": lambda: pdf(lambda document: document.cell(text=f"Elev {NUMBER}"), password="b"),
    "locked.bin": lambda: b"Salted__" + bytes(range(64)),
    "locked.pem": lambda: (
        b"-----BEGIN CMS-----\n"
        + base64.b64encode(bytes.fromhex("3080060b2a864886f70d0109100117a080") + bytes(9))
        + b"\n-----END CMS-----\n"
    ),
    "certificate.pdf": lambda: pdf(lambda document: document.cell(text="Hej"), password="b").replace(
        b"/Filter /Standard", b"/Filter /Adobe.PS"
    ),
    "whole.odt": lambda: zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": "<manifest><encryption-data/></manifest>",
            "encrypted-package": b"\0\1\2",
        }
    ),
    "locked.odt": lambda: open_document("<text:p/>", manifest="<manifest><encryption-data/></manifest>"),
}

INNOCENT: Final[dict[str, Callable[[], bytes]]] = {
    "organisation.docx": lambda: word(run("Organisationsnummer 212000-0883")),
    "identifiers.docx": lambda: word(
        '<w:p><w:bookmarkStart w:name="_Toc1978091423"/><a:x xmlns:a="a" id="{19780914-2388-4A11-9C01-7809142388AB}"/>'
        f'<a:creationId xmlns:a="a" val="{BARE}"/></w:p>'
    ),
    "numbered.xlsx": lambda: sheet(
        '<row r="1"><c r="A1" t="str"><v>Fakturanummer</v></c></row>'
        '<row r="2"><c r="A2"><v>780914</v></c><c r="B2"><v>2388</v></c></row>'
    ),
    "marks.docx": lambda: word(f"<w:tr>{''.join(f'<w:tc>{run(digit)}</w:tc>' for digit in BARE)}</w:tr>"),
    "comments.xlsx": lambda: office(
        {"xl/vml1.vml": '<xml xmlns:v="v"><v:shape fillcolor="#ffffe1"><v:path t="none"/></v:shape></xml>'}
    ),
    "numbers.csv": lambda: b"Ort;Fakturanummer;Antal\r\nX;101012391;7\r\n",
    "staff.xlsx": lambda: sheet(
        '<row r="1"><c r="A1" t="str"><v>Personalnr</v></c></row><row r="2"><c r="A2"><v>1012392</v></c></row>'
    ),
    "fraction.xlsx": lambda: sheet('<row r="1"><c r="A1"><v>0.7809142388123456</v></c></row>'),
    "ids.docx": lambda: word(
        f'<w:p w14:paraId="{BARE}" xmlns:w14="x"><w:r w:rsidR="{BARE}"><w:t>Hej</w:t></w:r></w:p>'
    ),
    "invoice.pdf": lambda: pdf(lambda document: document.cell(text="Fakturanummer 2026-114, OCR 55512349")),
}
