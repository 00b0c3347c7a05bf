"""What stands beside the pages, and pages that are pictures."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest

from gateway.extract import pdf as reader
from gateway.extract.finds import Budget, Foreign, Inner
from gateway.extract.opener import reader_of
from gateway.extract.pdf import read_pdf
from gateway.model import Origin, Part, PartState
from tests.support.tools import program
from tests.unit.extract.compounds import found_in
from tests.unit.extract.documents import NUMBER, pdf, picture


def draw_scan(document: Any) -> None:
    document.image(io.BytesIO(picture("JPEG")), w=180)
    document.embed_file(bytes=b"Elev", basename="a.txt")


def gathered(octets: bytes, budget: Budget) -> list[str | Inner]:
    found: list[str | Inner] = []
    with pytest.raises(Foreign):
        found.extend(read_pdf(octets, budget))  # keeps what came before the end
    return found


def test_scan_is_not_clean_where_pictures_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "reads_pictures", lambda: False)
    found = gathered(pdf(draw_scan), Budget())
    assert [one.octets for one in found if isinstance(one, Inner)] == [b"Elev"]


def test_scan_is_not_clean_when_enough_pictures_were_read() -> None:
    program("tesseract")
    assert NUMBER not in str(gathered(pdf(draw_scan), Budget(pictures=0)))
    assert NUMBER in str(list(read_pdf(pdf(draw_scan), Budget(pictures=1))))


def test_page_without_pictures_is_read_without_tesseract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "reads_pictures", lambda: False)
    assert "Hej" in str(list(read_pdf(pdf(lambda document: document.cell(text="Hej")), Budget())))


def test_metadata_in_a_packet_is_markup() -> None:
    packet = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    part = Part(path="1", media_type="a/b", filename=None, origin=Origin.OWN, state=PartState.UNKNOWN)
    assert reader_of(packet, part) is not None


def changed(change: Callable[[Any], None]) -> bytes:
    """Return a page with something added to its objects."""
    document = pikepdf.open(io.BytesIO(pdf(lambda page: page.cell(text="Hej"))))
    change(document)
    kept = io.BytesIO()
    document.save(kept)
    return kept.getvalue()


def _form(document: Any) -> None:
    data = f"<xfa:data xmlns:xfa='x'><nummer>{NUMBER}</nummer></xfa:data>"
    document.Root.AcroForm = pikepdf.Dictionary(XFA=["datasets", document.make_stream(data.encode())])


def _script(document: Any) -> None:
    code = document.make_stream(f"app.alert('Elev {NUMBER}')".encode())
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=code)


def _replaced(document: Any) -> None:
    document.pages[0].contents_add(f"/Span <</ActualText (Elev {NUMBER})>> BDC EMC".encode())


def _noted(document: Any) -> None:
    file = pikepdf.AttachedFileSpec(document, f"Elev {NUMBER}".encode(), filename="a.txt")
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment, FS=file.obj)
    document.pages[0].Annots = document.make_indirect([note])


def _chosen(document: Any) -> None:
    field = pikepdf.Dictionary(FT=pikepdf.Name.Ch, Opt=[f"Elev {NUMBER}", "b"])
    document.Root.AcroForm = pikepdf.Dictionary(Fields=[document.make_indirect(field)])


def _linked(document: Any) -> None:
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=f"mailto:a@b.example?subject={NUMBER}")


def _stamped(document: Any) -> None:
    stamp = document.make_stream(f"BT /F1 12 Tf 2 2 Td (Elev {NUMBER}) Tj ET".encode())
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    stamp.Type, stamp.Subtype, stamp.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, [0, 0, 200, 20]
    stamp.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Stamp, Rect=[100, 100, 300, 120])
    note.AP = pikepdf.Dictionary(N=stamp)
    document.pages[0].Annots = document.make_indirect([document.make_indirect(note)])


@pytest.mark.parametrize("change", [_form, _script, _replaced, _noted, _chosen, _linked, _stamped])
def test_words_beside_the_pages_are_found(change: Callable[[Any], None]) -> None:
    text, inner = found_in(read_pdf, changed(change))
    assert NUMBER in text + "".join(found.octets.decode("latin-1") for found in inner)
