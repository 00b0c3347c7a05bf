"""Where fuzzing begins: small octets of every kind that a target knows, beside those that are kept as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.milter import codec
from tests.fuzz.targets import CORPUS, FILES, POLICIES
from tests.unit.extract.documents import FOUND, LOCKED

MESSAGES: Final = Path(__file__).resolve().parents[2] / "demo" / "messages"
LARGEST: Final = 64 * 1024

_MAIL: Final = (
    b"From: Hedda Sten <hedda.sten@politik.orkelljunga.se>\r\nSubject: =?utf-8?q?Sv=3A_M=C3=B6te?=\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n'
    b"<p>Hej,</p><blockquote type=cite>19121212-1212</blockquote>\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
    b"From: a@example.com\r\n\r\nbegin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n--x--\r\n"
)
_TYPED: Final[dict[str, tuple[bytes, ...]]] = {
    "data": (b"Subject: x\r\n\r\n..a\r\n.\r\nQUIT\r\n", b".\r\n", b"a\nb\r\n.\r\n", b"a\r\n.\rb\r\n.\n"),
    "commands": (
        b"<a@b.example> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=a+2Bb SMTPUTF8",
        b'<"a b"@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+40b',
        b"<@x.example:a@b.example>",
        b"NAME=a.example ADDR=192.0.2.1 PROTO=ESMTP HELO=a+20b",
        "<åsa@exempel.example> SMTPUTF8".encode(),
    ),
    "balancer": (
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 25\r\n",
        b"PROXY UNKNOWN\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\4\xd2\0\x19",
        b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
    ),
    "replies": (b"250-a\r\n250-SIZE 10\r\n250 2.0.0 ok\r\n", b"550 5.7.1 no\n220\r\n", b"250-a\r\n550 b\r\n"),
    "milter": (
        codec.packet(b"O", b"\0\0\0\6\0\0\1\xff\0\x1f\xff\xff") + codec.packet(b"C", b"a\0" + b"4\x04\xd2192.0.2.1\0"),
        codec.packet(b"D", b"Mi\0abc\0{auth_authen}\0a\0")
        + codec.packet(b"M", b"<a@b>\0SIZE=1\0")
        + codec.packet(b"E"),
    ),
    "message": (_MAIL,),
    "html": (
        b"<p>a<b style='display:none'>b</b><!-- c --><table><tr><td>1</td><td>2</table><script>x</script>&aring;&#229;",
        b"<div title='a'><style>p{}</style><textarea>x<img alt=y src=data:,z><![CDATA[q]]><?x?>",
    ),
    "segments": (
        b"\1Hej\r\n\r\nDen 4 maj 2026 skrev A <a@example.com>:\r\n> x\r\nsvar\r\n-- \r\nA",
        "\2Hej\n-----Ursprungligt meddelande-----\nFrån: a\nTill: b\nÄmne: c\n\nx".encode(),
    ),
    "policies": ((POLICIES / "rules" / "financial.toml").read_bytes(),),
}


def seeds(target: str) -> Iterator[bytes]:
    """Yield what a target begins with: kept finds first."""
    for path in sorted((CORPUS / target).glob("*")):
        yield path.read_bytes()
    yield from _TYPED.get(target, ())
    if target == "message":
        yield from (path.read_bytes() for path in sorted(MESSAGES.glob("*.eml")))
    if target == "files":
        for name, make in {**FOUND, **LOCKED}.items():
            octets = make()
            known = [n for n in FILES if n.rpartition(".")[2] == name.rpartition(".")[2]]
            if len(octets) <= LARGEST:
                yield bytes([FILES.index(known[0] if known else "a.bin")]) + octets
