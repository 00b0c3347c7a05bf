"""Outlook's messages saved as files."""

from __future__ import annotations

import compressed_rtf
import pytest

from gateway.extract.compound import read_compound
from gateway.extract.finds import NotRead
from tests.unit.extract.compounds import compound, found_in, within
from tests.unit.extract.documents import NUMBER

SAID = f"Elev {NUMBER} i årskurs två"
ATTACHMENT = "__attach_version1.0_#00000000"


def message(**properties: bytes) -> dict[str, bytes]:
    named = {f"__substg1.0_{tag[1:]}": data for tag, data in properties.items()}
    return {"__properties_version1.0": bytes(32), **named}


@pytest.mark.parametrize(
    "streams",
    [
        message(_1000001F=SAID.encode("utf-16-le")),
        message(_1000001E=SAID.encode("cp1252")),
        message(_1000001E=SAID.encode()),
        message(_0037001F=SAID.encode("utf-16-le")),
        message(_10130102=f"<meta charset=windows-1252><p>{SAID}</p>".encode("cp1252")),
        message(_10130102=f"<p>{SAID}</p>".encode()),
        message(_1013001F=f"<p>{SAID}</p>".encode("utf-16-le")),
        message(_10090102=compressed_rtf.compress(rf"{{\rtf1\ansi {SAID}\par}}".encode("cp1252"))),
        message(_80A3001F=SAID.encode("utf-16-le")),
    ],
    ids=["wide", "windows", "utf-8", "subject", "html", "html-utf-8", "html-wide", "rtf", "named"],
)
def test_words_are_found_in_every_form(streams: dict[str, bytes]) -> None:
    assert found_in(read_compound, compound(streams))[0] == SAID + "\n"


def test_body_in_three_forms_is_said_once() -> None:
    streams = message(
        _1000001F=SAID.encode("utf-16-le"),
        _10130102=f"<p>{SAID}</p><p>Dolt</p>".encode(),
        _10090102=compressed_rtf.compress(rf"{{\rtf1\ansi {SAID}\par}}".encode("cp1252")),
    )
    assert found_in(read_compound, compound(streams))[0] == f"{SAID}\nDolt\n"


def test_attachment_is_handed_on_under_its_long_name() -> None:
    held = {"__substg1.0_37010102": b"Elev", "__substg1.0_3707001F": "årsbok.txt".encode("utf-16-le")}
    _, (found,) = found_in(read_compound, compound({**message(), **within(held, ATTACHMENT)}))
    assert (found.name, found.octets) == ("årsbok.txt", b"Elev")


def test_message_in_a_message_is_read() -> None:
    inner = within(message(_1000001F=SAID.encode("utf-16-le")), f"{ATTACHMENT}/__substg1.0_3701000D")
    assert found_in(read_compound, compound({**message(), **inner}))[0] == SAID + "\n"


def test_object_of_another_program_is_searched() -> None:
    held = within({"CONTENTS": b"fil", "Blad": SAID.encode("utf-16-le")}, f"{ATTACHMENT}/__substg1.0_3701000D")
    text, (found,) = found_in(read_compound, compound({**message(), **held}))
    assert text == SAID + "\n"
    assert found.octets == b"fil"


def test_messages_in_messages_end_somewhere() -> None:
    streams = message(_1000001F=SAID.encode("utf-16-le"))
    for _ in range(15):
        streams = {**message(), **within(streams, f"{ATTACHMENT}/__substg1.0_3701000D")}
    with pytest.raises(NotRead):
        found_in(read_compound, compound(streams))
