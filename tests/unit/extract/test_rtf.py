"""Rich text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.extract.rtf import read_rtf
from tests.unit.extract.compounds import found_in
from tests.unit.extract.documents import NUMBER


def read(source: str) -> str:
    return found_in(read_rtf, (r"{\rtf1\ansi\ansicpg1252" + source + "}").encode("latin-1"))[0]


@pytest.mark.parametrize(
    "source",
    [
        r"Elev 780914\_2388",
        r"Elev 7809{\b 14}-23\u56?{\*\bkmkstart _Hlk1}8",
        r"{\header Elev 780914-2388}Text",
        r"{\footerf Elev 780914-2388}Text",
        r"Ord{\footnote Elev 780914-2388}mer",
        r"Ord{\*\annotation Elev 780914-2388}mer",
        r"{\info{\title Elev 780914-2388}{\author Ek}}",
        r"{\*\userprops{\propname Akt}\proptype30{\staticval Elev 780914-2388}}",
        r"{\shp{\*\shpinst{\sp{\sn wzDescription}{\sv Elev 780914-2388}}{\shptxt Hej\par}}}",
        r"{\shp{\*\shpinst{\sp{\sn lTxid}{\sv 65536}}{\shptxt Elev 780914-2388\par}}}",
        r"{\field{\*\fldinst FORMTEXT {\*\formfield{\fftype0{\*\ffdeftext Elev 780914-2388}}}}{\fldrslt x}}",
        r"{\v Elev 780914-2388}",
        r"{\deleted\revauthdel1 Elev 780914-2388}",
        r"\trowd Namn\cell Elev 780914-2388\cell\row",
    ],
)
def test_number_stands_by_itself_wherever_it_is(source: str) -> None:
    cells = re.split(r"[\t\n]", read(source))
    assert f"Elev {NUMBER}" in [cell.strip() for cell in cells]


@pytest.mark.parametrize(
    "source",
    [r"{\fonttbl{\f0 Arial 780914;}}", r"{\*\generator 780914-2388;}", r"{\pict\pngblip 780914}", r"{\*\okänt 780914}"],
)
def test_what_is_no_text_is_not_read(source: str) -> None:
    assert "780914" not in read(source)


def test_font_says_how_its_octets_are_meant() -> None:
    fonts = r"{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}{\f2\fcharset128 C;}}"
    text = read(fonts + r"\f1\'c4\'e0\f0\'e5{\f2\'83\'5c\'83]}")
    assert text == "Даåソゾ"


def test_reading_for_those_who_know_unicode_is_taken() -> None:
    assert read(r"{\upr{\title ?}{\*\ud{\title \u322?}}}").split() == ["?", "ł"]


def test_embedded_object_is_handed_on() -> None:
    file = b"PK\x03\x04rest"
    source = r"{\rtf1{\object{\*\objdata 0105" + file.hex() + "}}}"
    _, (found,) = found_in(read_rtf, source.encode())
    assert found.octets == file


@given(st.text(alphabet="{}\\'*ubinf0123456789 \n\u00e5objdatfonttblheader", max_size=300))
def test_nothing_breaks_it(source: str) -> None:
    found_in(read_rtf, ("{\\rtf1" + source).encode("latin-1"))


def test_pictures_are_handed_on_without_what_is_said_of_them() -> None:
    png = b"\x89PNG\r\n"
    source = (
        r"{\rtf1 {\pict{\*\picprop{\sp{\sn abc}{\sv de}}}\pngblip\picw3 "
        + png.hex()
        + "}{\\pict\\wmetafile8 0100}Hej\\par}"
    )
    text, inner = found_in(read_rtf, source.encode())
    assert [found.octets for found in inner] == [png]
    assert text.strip() == "Hej"
