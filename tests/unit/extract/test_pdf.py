"""What stands beside the pages, and pages that are pictures."""

from __future__ import annotations

import io
from typing import Any

import pytest

from gateway.extract import pdf as reader
from gateway.extract.finds import Budget, Foreign, Inner
from gateway.extract.opener import reader_of
from gateway.extract.pdf import read_pdf
from gateway.model import Origin, Part, PartState
from tests.support.tools import program
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
