"""The PROXY header: both versions, every address, and nothing read behind it."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.proxied import Announced, NoHeader, read_header

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
FOUR = bytes([198, 51, 100, 7, 192, 0, 2, 1]) + struct.pack("!HH", 4711, 25)
LONG = b"2001:0db8:0000:0000:0000:0000:0000:0007"
SIX = bytes.fromhex("20010db8000000000000000000000007" + "20010db8000000000000000000000001") + struct.pack("!HH", 9, 25)


def version_2(command: int, family: int, rest: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


async def read(octets: bytes) -> tuple[Announced | None, bytes]:
    """Return what the header announces, and what was not read."""
    rest = bytearray(octets)

    async def exactly(count: int) -> bytes:
        if len(rest) < count:
            raise NoHeader
        taken = bytes(rest[:count])
        del rest[:count]
        return taken

    return await read_header(exactly), bytes(rest)


GOOD = {
    "v1 IPv4": (b"PROXY TCP4 198.51.100.7 192.0.2.1 4711 25\r\n", Announced("198.51.100.7", 4711)),
    "v1 IPv6": (b"PROXY TCP6 2001:db8::7 2001:db8::1 9 25\r\n", Announced("2001:db8::7", 9)),
    "v1 IPv6 at its longest": (b"PROXY TCP6 " + LONG + b" " + LONG + b" 65535 1\r\n", Announced("2001:db8::7", 65535)),
    "v1 port 0": (b"PROXY TCP4 198.51.100.7 192.0.2.1 0 0\r\n", Announced("198.51.100.7", 0)),
    "v1 unknown": (b"PROXY UNKNOWN\r\n", None),
    "v1 unknown with more": (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None),
    "v2 IPv4": (version_2(0x21, 0x11, FOUR), Announced("198.51.100.7", 4711)),
    "v2 IPv6": (version_2(0x21, 0x21, SIX), Announced("2001:db8::7", 9)),
    "v2 with extensions": (version_2(0x21, 0x11, FOUR + b"\x02\x00\x04host"), Announced("198.51.100.7", 4711)),
    "v2 local": (version_2(0x20, 0x00, b""), None),
    "v2 local with an address": (version_2(0x20, 0x11, FOUR), None),
    "v2 unspecified": (version_2(0x21, 0x00, b"xyz"), None),
    "v2 unix": (version_2(0x21, 0x31, b"/" * 216), None),
}  # fmt: skip

BAD = {
    "nothing": b"",
    "SMTP": b"EHLO client.example\r\n",
    "other case": b"proxy TCP4 198.51.100.7 192.0.2.1 4711 25\r\n",
    "no space": b"PROXYTCP4 198.51.100.7 192.0.2.1 4711 25\r\n",
    "nothing behind": b"PROXY\r\nEHLO x\r\n",
    "two blanks": b"PROXY  TCP4 198.51.100.7 192.0.2.1 4711 25\r\n",
    "bare LF": b"PROXY TCP4 198.51.100.7 192.0.2.1 4711 25\n" + b"x" * 100,
    "wrong family": b"PROXY TCP6 198.51.100.7 192.0.2.1 4711 25\r\n",
    "other family": b"PROXY UDP4 198.51.100.7 192.0.2.1 4711 25\r\n",
    "no address": b"PROXY TCP4 here.example 192.0.2.1 4711 25\r\n",
    "address out of range": b"PROXY TCP4 198.51.100.700 192.0.2.1 4711 25\r\n",
    "port out of range": b"PROXY TCP4 198.51.100.7 192.0.2.1 65536 25\r\n",
    "port with a zero before": b"PROXY TCP4 198.51.100.7 192.0.2.1 0471 25\r\n",
    "no port": b"PROXY TCP4 198.51.100.7 192.0.2.1 4711\r\n",
    "without end": b"PROXY UNKNOWN " + b"x" * 500,
    "too long": b"PROXY UNKNOWN " + b"x" * 100 + b"\r\n",
    "v2 of version 1": version_2(0x11, 0x11, FOUR),
    "v2 other command": version_2(0x22, 0x11, FOUR),
    "v2 datagrams": version_2(0x21, 0x12, FOUR),
    "v2 other family": version_2(0x21, 0x41, FOUR),
    "v2 too short": version_2(0x21, 0x11, FOUR[:-1]),
    "v2 too long": SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 65535) + bytes(65535),
    "v2 cut off": version_2(0x21, 0x21, SIX)[:-1],
    "signature alone": SIGNATURE,
}


@pytest.mark.parametrize("name", GOOD)
async def test_a_header_is_read_to_its_end_and_no_further(name: str) -> None:
    octets, announced = GOOD[name]
    assert await read(octets + b"EHLO client.example\r\n") == (announced, b"EHLO client.example\r\n")


@pytest.mark.parametrize("name", BAD)
async def test_anything_else_is_no_header(name: str) -> None:
    with pytest.raises(NoHeader):
        await read(BAD[name])


@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=100).map(lambda b: SIGNATURE + b),
        st.binary(max_size=100).map(lambda b: b"PROXY " + b),
    )
)
async def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        _, rest = await read(octets)
    except NoHeader:
        return
    assert octets.endswith(rest)
