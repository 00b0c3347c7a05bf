"""The milter protocol on the wire: whole packets however they come, and violations by name."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.milter import codec
from gateway.milter.codec import Action, Packet, PacketReader, PeerViolation, Step

PACKETS = st.lists(st.tuples(st.sampled_from([b"M", b"R", b"B", b"L"]), st.binary(max_size=80)), max_size=12)


@given(packets=PACKETS, cuts=st.lists(st.integers(0, 400), max_size=12))
def test_any_segmentation_gives_the_same_packets(packets: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    octets = b"".join(codec.packet(command, data) for command, data in packets)
    edges = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    reader = PacketReader()
    found = [p for left, right in pairwise(edges) for p in reader.feed(octets[left:right])]
    assert found == [Packet(command, data) for command, data in packets]


@pytest.mark.parametrize("length", [0, codec.LARGEST + 1, 0xFFFFFFFF])
def test_a_length_that_no_packet_has(length: int) -> None:
    with pytest.raises(PeerViolation, match="length"):
        list(PacketReader().feed(struct.pack("!I", length) + b"B"))


@given(st.binary(max_size=200))
def test_rubbish_is_packets_or_a_violation(octets: bytes) -> None:
    reader = PacketReader()
    try:
        for packet in reader.feed(octets):
            for read in (codec.strings, codec.macros_of, codec.connection_of, codec.negotiate):
                try:
                    read(packet.data)
                except PeerViolation:
                    continue
    except PeerViolation:
        return


@pytest.mark.parametrize(
    ("version", "actions", "steps", "agreed"),
    [
        (6, 0x1FF, 0x1FFFFF, (6, codec.WANTED_ACTIONS, codec.WANTED_STEPS)),
        (2, 0x3F, 0x7F, (2, Action.ADD_HEADERS | Action.DELETE_RECIPIENTS | Action.QUARANTINE, 0)),
        (6, 0, 0, (6, 0, 0)),
        (9, 1, int(Step.NR_BODY), (6, 1, Step.NR_BODY)),
    ],
)
def test_what_we_ask_for_is_what_was_offered(
    version: int, actions: int, steps: int, agreed: tuple[int, int, int]
) -> None:
    terms = codec.negotiate(struct.pack("!III", version, actions, steps))
    assert (terms.version, terms.actions, terms.steps) == agreed
    assert codec.agreement(terms) == codec.packet(b"O", struct.pack("!III", *agreed))


@pytest.mark.parametrize("data", [b"", b"\0\0\0\6", struct.pack("!III", 1, 0, 0)])
def test_terms_that_cannot_be(data: bytes) -> None:
    with pytest.raises(PeerViolation):
        codec.negotiate(data)


def test_macros_lose_their_braces() -> None:
    command, macros = codec.macros_of(b"Mi\x004ABC\0{auth_authen}\0anna\xff\0")
    assert (command, macros) == (b"M", {b"i": b"4ABC", b"auth_authen": b"anna\xff"})
    for wrong in (b"", b"Mi\0", b"Mi\x004ABC"):
        with pytest.raises(PeerViolation):
            codec.macros_of(wrong)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"client.example\x004\x30\x39192.0.2.7\0", ("192.0.2.7", 12345)),
        (b"client.example\x006\x00\x19IPv6:2001:db8::1\0", ("2001:db8::1", 25)),
        (b"localhost\0L\0\0/run/x\0", ("", 0)),
        (b"unknown\0U", ("", 0)),
    ],
)
def test_the_client_behind_the_mta(data: bytes, expected: tuple[str, int]) -> None:
    assert codec.connection_of(data) == expected


def test_replies_are_folded_and_percent_signs_doubled() -> None:
    assert codec.reply_packet(b"550-5.7.1 100 %\r\n550 5.7.1 b\r\n") == codec.packet(
        b"y", b"550-5.7.1 100 %%\r\n550 5.7.1 b\0"
    )
