"""PowerPoint before 2007."""

from __future__ import annotations

import zlib

import pytest

from gateway.extract.finds import Budget, Locked, TooBig
from gateway.extract.slides import read_slides
from tests.unit.extract.compounds import compound, found_in, record, word_streams
from tests.unit.extract.documents import NUMBER

WIDE = f"Elev {NUMBER}".encode("utf-16-le")


@pytest.mark.parametrize(
    "stream",
    [
        record(0x03E8, record(0x0FA0, WIDE), version=15),
        record(0x03F0, record(0x0FA8, f"Elev {NUMBER}".encode()), version=15),
        record(0x0FD9, record(0x0FBA, WIDE, instance=2), version=15),
        record(0x138B, record(0x2EE0, record(0x0FBA, WIDE, instance=1), version=15)),
    ],
    ids=["text", "notes", "footer", "comment"],
)
def test_words_are_found_wherever_they_stand(stream: bytes) -> None:
    assert found_in(read_slides, stream)[0] == f"Elev {NUMBER}\n"


def test_names_of_tags_are_no_words() -> None:
    assert found_in(read_slides, record(0x0FBA, "___PPT10".encode("utf-16-le")))[0] == ""


def test_encrypted_presentation_is_told() -> None:
    with pytest.raises(Locked):
        found_in(read_slides, record(0x2F14, bytes(40), version=15))


@pytest.mark.parametrize("instance", [0, 1])
def test_embedded_document_is_handed_on(instance: int) -> None:
    inner = compound(word_streams(f"Elev {NUMBER}\r"))
    data = len(inner).to_bytes(4, "little") + zlib.compress(inner) if instance else inner
    _, (found,) = found_in(read_slides, record(0x1011, data, instance=instance))
    assert found.octets == inner


def test_macros_are_no_document() -> None:
    macros = zlib.compress(compound({"VBA/dir": b"x"}))
    assert found_in(read_slides, record(0x1011, bytes(4) + macros, instance=1)) == ("", [])


def test_object_unfolds_no_further_than_the_budget() -> None:
    bomb = record(0x1011, bytes(4) + zlib.compress(bytes(50_000_000)), instance=1)
    with pytest.raises(TooBig):
        list(read_slides(bomb, Budget(octets=1_000_000)))
