"""PDF files whose end is lost, and what they keep of their past."""

from __future__ import annotations

import io

import pikepdf
import pytest

from gateway.extract.finds import Budget, Inner, NotRead
from gateway.extract.pdf import read_pdf
from tests.unit.extract.compounds import found_in
from tests.unit.extract.documents import NUMBER, pdf


def test_what_an_earlier_revision_said_is_found() -> None:
    first = pdf(lambda document: document.cell(text=f"Elev {NUMBER}"))
    document = pikepdf.open(io.BytesIO(first))
    page, root = document.pages[0].Contents.objgen[0], document.trailer.Root.objgen[0]
    start = int(first[first.rfind(b"startxref") + 9 :].split()[0])
    body = b"%d 0 obj\n<</Length 5>>\nstream\nBT ET\nendstream\nendobj\n" % page
    table = b"xref\n%d 1\n%010d 00000 n \n" % (page, len(first))
    trailer = b"trailer\n<</Size %d /Root %d 0 R /Prev %d>>\n" % (int(document.trailer.Size), root, start)
    second = body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % (len(first) + len(body))
    assert NUMBER in found_in(read_pdf, first + second)[0]


@pytest.mark.parametrize("catalogue", [b"/Type /Catalog", b"/Lost /Catalog"])
def test_a_file_whose_end_was_cut_off_is_read(catalogue: bytes) -> None:
    octets = pdf(lambda document: document.cell(text=f"Elev {NUMBER}")).replace(b"/Type /Catalog", catalogue)
    found: list[str | Inner] = []
    with pytest.raises(NotRead):
        found.extend(read_pdf(octets[: octets.rfind(b"xref\n0")], Budget()))
    assert NUMBER in str(found)


@pytest.mark.parametrize("piece", [b"1 0 obj ", b"/Type/Page ", b"1 0 obj /Type /Page ", b"%%EOF "])
def test_work_on_a_broken_file_is_linear(piece: bytes) -> None:
    with pytest.raises(NotRead):
        list(read_pdf(b"%PDF-1.4\n" + piece * 100_000, Budget()))
