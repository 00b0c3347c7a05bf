"""One entity: what its fields say together."""

from __future__ import annotations

import pytest

from gateway.message.entity import Entity, Place
from gateway.message.fields import read_fields

WANTED = frozenset({b"content-type", b"content-transfer-encoding", b"content-disposition"})


def entity(octets: bytes, place: Place | None = None) -> Entity:
    fields = read_fields(octets, 0, len(octets), WANTED)
    return Entity(source=octets, fields=fields, end=len(octets), place=place or Place())


@pytest.mark.parametrize(
    ("head", "filename"),
    [
        (b"Content-Disposition: attachment; filename=a.txt\nContent-Type: text/plain; name=b.txt", "a.txt"),
        (b"Content-Type: text/plain; name=b.txt", "b.txt"),
        (b"Content-Disposition: attachment; filename*=utf-8''%C3%A5.txt; filename=a.txt", "å.txt"),
        (b"Content-Type: text/plain", None),
        (b"Content-Type: text/plain; name=" + b"x" * 1000, "x" * 255),
    ],
)
def test_filename(head: bytes, filename: str | None) -> None:
    assert entity(head + b"\n\n").filename == filename


def test_kinds() -> None:
    assert entity(b"Content-Type: multipart/mixed\n\n").is_multipart
    assert entity(b"Content-Type: text/plain; boundary=x\n\n").is_multipart
    assert entity(b"Content-Type: message/rfc822\n\n").is_message
    assert entity(b"Content-Type: x/y; name=a.EML\n\n").is_message
    assert entity(b"\n", Place(digest=True)).is_message
    assert entity(b"Content-Type: application/pkcs7-mime\n\n").is_cms
    assert entity(b"Content-Transfer-Encoding: base64\n\n").is_encoded
    assert not entity(b"Content-Transfer-Encoding: 8bit\n\n").is_encoded
    assert entity(b"Content-Type: a/b\nContent-Type: c/d\n\n").is_conflicting
    assert not entity(b"Content-Type: a/b\n\n").is_conflicting


def test_leaf() -> None:
    found = entity(b"Content-Type: text/html; charset=utf-8; name=a.html\nContent-Disposition: attachment\n\nhej")
    leaf = found.leaf(end=found.end, named_body=True)
    assert (leaf.path, leaf.media_type, leaf.charset, leaf.attached, leaf.html) == (
        "1",
        "text/html",
        "utf-8",
        True,
        True,
    )
    assert leaf.body() == b"hej"
    assert leaf.body(2) == b"he"
    assert b"".join(leaf.chunks()) == b"hej"
    assert leaf.readings() == [b"hej"]


def test_places() -> None:
    assert Place().leaf_path == "1"
    assert Place(path="2").leaf_path == "2.1"
    assert Place(path="2", root=False).leaf_path == "2"
    assert Place().child(3).path == "3"
    assert Place(path="2").child(3).path == "2.3"
    split = Place(path="2", depth=4).split()
    assert (split.path, split.root, split.depth) == ("2.1", False, 5)
    inside = entity(b"Content-Type: multipart/alternative\n\n", Place(path="3")).inside()
    assert (inside.group, inside.depth, inside.root) == ("3", 1, False)
    assert entity(b"Content-Type: multipart/encrypted\n\n").inside().encrypted
