"""Mails that hide an attachment from readers that follow the rules too closely, made from the grammar of MIME."""

from __future__ import annotations

import base64
import binascii
import itertools
import quopri
import re
from collections.abc import Callable, Iterator
from typing import Any

HEAD = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
BODY = b"Content-Type: text/plain\r\n\r\nhej\r\n"
NAMED = b'Content-Type: application/octet-stream; name="fil"\r\nContent-Disposition: attachment; filename="fil"\r\n'
CTE = b"Content-Transfer-Encoding: base64\r\n"


class Maker:
    """Builds mails around one secret."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.flat = base64.b64encode(secret)
        self.lines = self.broken(76)

    def broken(self, width: int) -> bytes:
        return b"\r\n".join(self.flat[i : i + width] for i in range(0, len(self.flat), width))

    def part(self, cte: bytes = CTE, data: bytes | None = None, head: bytes = NAMED) -> bytes:
        return head + cte + b"\r\n" + (self.lines if data is None else data)

    def mail(
        self, declared: bytes = b"multipart/mixed; boundary=foo", used: bytes = b"foo", part: bytes = b""
    ) -> bytes:
        head = HEAD + (b"Content-Type: " + declared + b"\r\n" if declared else b"") + b"\r\n"
        part = part or self.part()
        return head + b"--%s\r\n%s--%s\r\n%s\r\n--%s--\r\n" % (used, BODY, used, part, used)

    def cte(self, value: bytes, data: bytes | None = None) -> bytes:
        return self.mail(part=self.part(b"Content-Transfer-Encoding: " + value + b"\r\n", data))

    def data(self, data: bytes) -> bytes:
        return self.mail(part=self.part(data=data))


def boundaries(make: Maker) -> Iterator[tuple[str, bytes]]:
    """Spellings of the boundary parameter, and the boundary that is used."""
    for declared, used in (
        (b'multipart/mixed; boundary="foo"', b"foo"),
        (b"multipart/mixed; boundary='foo'", b"'foo'"),
        (b"multipart/mixed; boundary='foo'", b"foo"),
        (b"multipart/mixed; boundary=(c)foo", b"foo"),
        (b"multipart/mixed; (bar;) boundary=foo (x)", b"foo"),
        (b"multipart/mixed; boundary*=us-ascii''foo", b"foo"),
        (b"multipart/mixed; boundary*0=fo; boundary*1=o", b"foo"),
        (b"multipart/mixed; boundary*1=o; boundary*0*=''f%6f", b"foo"),
        (b"multipart/mixed; boundary=bar; boundary=foo", b"foo"),
        (b"multipart/mixed; boundary=foo; boundary=bar", b"foo"),
        (b"multipart/mixed; boundary=foo\r\nContent-Type: multipart/mixed; boundary=bar", b"foo"),
        (b"multipart/mixed; boundary=bar\r\nContent-Type: multipart/mixed; boundary=foo", b"foo"),
        (b"text/plain\r\nContent-Type: multipart/mixed; boundary=foo", b"foo"),
        (b"multipart/mixed", b"foo"),
        (b'multipart/mixed; boundary=""', b""),
        (b'multipart/mixed; boundary="foo "', b"foo "),
        (b'multipart/mixed; boundary="foo "', b"foo"),
        (b"multipart/mixed; boundary=foo", b"foobar"),
        (b"multipart/mixed; boundary=foo bar", b"foo bar"),
        (b"multipart/mixed; boundary=foo bar", b"foo"),
        (b'multipart/mixed; boundary="foo;bar"', b"foo;bar"),
        (b'multipart/mixed; boundary="f\\oo"', b"foo"),
        (b'multipart/mixed; boundary="f\\oo"', b"f\\oo"),
        (b'multipart/mixed; boundary="foo', b"foo"),
        (b'multipart/mixed; boundary=f"o"o', b"foo"),
        (b'multipart/mixed; boundary="foo"bar', b"foo"),
        (b'multipart/mixed; boundary="foo"bar', b"foobar"),
        (b"multipart/mixed; boundary = foo", b"foo"),
        (b"multipart/mixed; BOUNDARY=foo", b"foo"),
        (b"multipart/mixed boundary=foo", b"foo"),
        (b"multipart/mixed, boundary=foo", b"foo"),
        (b"multipart/mixed;\r\n\tboundary=\r\n foo", b"foo"),
        (b"\r\n multipart/mixed;\r\n \r\n boundary=foo", b"foo"),
        (b'multipart/mixed; charset="a;boundary=bar"; boundary=foo', b"foo"),
        (b"multipart/mixed; boundary=f\xf6o", b"f\xf6o"),
        (b'multipart/mixed; boundary="=?us-ascii?Q?foo?="', b"=?us-ascii?Q?foo?="),
        (b'multipart/mixed; boundary="=?us-ascii?Q?foo?="', b"foo"),
        (b"multipart/mixed; boundary=" + b"x" * 300, b"x" * 300),
        (b"multipart/mixed; boundary=bar", b"foo"),
        (b"multipart/foobar; boundary=foo", b"foo"),
        (b"multipart; boundary=foo", b"foo"),
        (b"multipart / mixed; boundary=foo", b"foo"),
        (b"(a)multipart(b)/(c)mixed; boundary=foo", b"foo"),
        (b'"multipart/mixed"; boundary=foo', b"foo"),
        (b"text/plain; boundary=foo", b"foo"),
        (b"text/plain", b"foo"),
        (b"", b"foo"),
    ):
        yield f"{declared[:70]!r} {used[:20]!r}", make.mail(declared, used)


def structures(make: Maker) -> Iterator[tuple[str, bytes]]:
    """Parts in odd places, odd lines."""
    att, plain = make.part(), make.mail()
    yield "content-type with a blank", plain.replace(b"Content-Type:", b"Content-Type :", 1)
    yield (
        "content-type in capitals",
        plain.replace(b"Content-Type: multipart/mixed", b"CONTENT-TYPE: MULTIPART/MIXED", 1),
    )
    yield "content-type with nul", plain.replace(b"Content-Type:", b"Content-Type\0:", 1)
    yield "no mime-version", plain.replace(b"MIME-Version: 1.0\r\n", b"")
    yield "garbage in the header", plain.replace(b"MIME-Version", b"garbage\r\nMIME-Version")
    yield "white line in the header", plain.replace(b"MIME-Version", b" \r\nMIME-Version")
    yield "lf", plain.replace(b"\r\n", b"\n")
    yield "cr", plain.replace(b"\r\n", b"\r")
    yield "cr cr lf", plain.replace(b"\r\n", b"\r\r\n")
    yield "lf after boundaries", plain.replace(b"--foo\r\n", b"--foo\n")
    yield "byte order mark", b"\xef\xbb\xbf" + plain
    yield "blanks after boundaries", plain.replace(b"--foo\r\n", b"--foo  \t\r\n")
    yield "blanks before boundaries", plain.replace(b"--foo", b" --foo")
    yield "junk after boundaries", plain.replace(b"--foo\r\n", b"--foo;bar\r\n")
    yield "no closing boundary", plain.removesuffix(b"--foo--\r\n")
    yield "after the closing boundary", make.mail(part=BODY) + b"--foo\r\n" + att + b"\r\n--foo--\r\n"
    yield "preamble", make.mail(part=BODY).replace(b"--foo", b"--bar\r\n" + att + b"\r\n--bar--\r\n--foo", 1)
    yield "epilogue", make.mail(part=BODY) + b"--bar\r\n" + att + b"\r\n--bar--\r\n"
    yield "epilogue without a boundary", make.mail(part=BODY) + att + b"\r\n"
    yield "blank line before the fields", make.mail(part=b"\r\n" + att)
    yield "indented fields", make.mail(part=b" " + att.replace(b"\r\nContent", b"\r\n Content"))


def nests(make: Maker) -> Iterator[tuple[str, bytes]]:
    """Parts inside parts and messages."""
    att, plain = make.part(), make.mail()
    nested = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n" + att
    yield "nested", make.mail(part=nested % (b"bar", b"bar"))
    yield "nested, same boundary", make.mail(part=nested % (b"foo", b"foo"))
    yield "nested, boundary with the same head", make.mail(part=nested % (b"foobar", b"foobar"))
    parts = b"--foo\r\n" + BODY + b"--foo\r\n" + att + b"\r\n--foo--\r\n"
    head = HEAD + b"Content-Type: multipart/mixed; boundary=foo\r\nContent-Transfer-Encoding: "
    yield "base64 around a multipart", head + b"base64\r\n\r\n" + base64.encodebytes(parts)
    yield (
        "quoted around a multipart",
        head + b"quoted-printable\r\n\r\n" + parts.replace(b"=", b"=3D").replace(b"--", b"=2D-"),
    )
    yield "encoding declared for a multipart, not used", head + b"base64\r\n\r\n" + parts
    inner = b"Content-Type: message/rfc822\r\n"
    yield "attached message", make.mail(part=inner + b"\r\n" + plain)
    yield "attached message, same boundary", make.mail(part=inner + b"\r\n" + HEAD + nested % (b"foo", b"foo"))
    yield "attached message in base64", make.mail(part=inner + CTE + b"\r\n" + base64.encodebytes(plain))
    yield (
        "attached message in quoted-printable",
        make.mail(
            part=inner
            + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            + quopri.encodestring(plain.replace(b"\r", b""))
        ),
    )
    yield "part of a message", make.mail(part=b"Content-Type: message/partial; id=x; number=1; total=1\r\n\r\n" + plain)
    yield (
        "message by name",
        make.mail(part=b"Content-Type: x/y; name=x.eml\r\n" + CTE + b"\r\n" + base64.encodebytes(plain)),
    )
    yield "message as a message", HEAD + inner + b"\r\n" + plain
    yield "one part", HEAD + att
    yield "in the body", HEAD + b"\r\nhej\r\n\r\n" + make.lines + b"\r\n\r\nmer\r\n"


def encodings(make: Maker) -> Iterator[tuple[str, bytes]]:
    """Spellings of the transfer encoding, true and false."""
    for value in (
        *(b"base64;", b"base64;x=y", b"(c)base64", b"base64 (c)", b'"base64"', b"\r\n base64", b"\r\n \r\n base64"),
        *(
            b"\t base64 \t",
            b"BASE64",
            b"base64 foo",
            b"foo base64",
            b"base64,7bit",
            b"x-base64",
            b"base-64",
            b"base64\0",
        ),
        *(b"=?us-ascii?Q?base64?=", b"7bit", b"8bit", b"binary", b"foobar", b"", b"quoted-printable", b"uuencode"),
        *(b"base64\r\nContent-Transfer-Encoding: 7bit", b"7bit\r\nContent-Transfer-Encoding: base64"),
        b"quoted-printable\r\nContent-Transfer-Encoding: base64",
        b"base64\r\nContent-Transfer-Encoding: quoted-printable",
        *(b"base64/7bit", b"b a s e 6 4", b"base 64", b"base6"),
    ):
        yield f"cte {value!r}", make.cte(value)
    for name in (b"", b"Content-Transfer-Encoding : base64", b"Content-Transfer-Encoding\r\n : base64"):
        yield f"cte field {name!r}", make.mail(part=make.part(name + b"\r\n" if name else b""))
    for name in (
        b"Content_Transfer_Encoding: base64",
        b"Content-Transfer-Encoding= base64",
        b"Content-Encoding: base64",
    ):
        yield f"cte field {name!r}", make.mail(part=make.part(name + b"\r\n"))


def base64_shapes(make: Maker) -> Iterator[tuple[str, bytes]]:
    """Base64 as decoders tolerate it."""
    flat, secret = make.flat, make.secret
    yield "one line", make.data(flat)
    yield "no padding", make.data(flat.rstrip(b"="))
    yield "padding between", make.data(base64.b64encode(secret[:20]) + b"\r\n" + base64.b64encode(secret[20:]))
    yield "padding inside a line", make.data(base64.b64encode(secret[:20]) + base64.b64encode(secret[20:]))
    yield "stray padding", make.data(flat[:8] + b"=" + flat[8:])
    yield "stray double padding", make.data(flat[:9] + b"==" + flat[9:])
    yield "each octet alone", make.data(b"\r\n".join(base64.b64encode(secret[i : i + 1]) for i in range(len(secret))))
    yield (
        "lines of ten",
        make.data(b"\r\n".join(base64.b64encode(secret[i : i + 10]) for i in range(0, len(secret), 10))),
    )
    for junk in (b".", b"~", b"-", b"*", b" ", b"\0", b"\xff", b",", b"(", b"\t", b"!"):
        yield f"junk {junk!r}", make.data(junk.join(flat[i : i + 3] for i in range(0, len(flat), 3)))
        yield f"junk around lines {junk!r}", make.data(junk * 3 + make.lines.replace(b"\r\n", junk + b"\r\n" + junk))
    yield "blank after each digit", make.data(b" ".join(flat[i : i + 1] for i in range(len(flat))))
    for width in (1, 3, 77):
        yield f"lines of {width}", make.data(make.broken(width))
    yield "text before", make.data(b"This is text:\r\n\r\n" + make.lines)
    yield "blank lines", make.data(make.lines.replace(b"\r\n", b"\r\n\r\n"))
    yield "footer of a list", make.data(make.lines + b"\r\n\r\n--\r\nHello this is a footer of the list.\r\n")
    yield "too much padding", make.data(flat.rstrip(b"=") + b"====")
    yield "padding first", make.data(b"=" + flat)
    yield "inside quoted-printable", make.cte(b"quoted-printable", flat.replace(b"=", b"=3D"))
    soft = b"=\r\n".join(flat[i : i + 70] for i in range(0, len(flat), 70))
    yield "inside quoted-printable with soft breaks", make.cte(b"quoted-printable", soft)


def other_shapes(make: Maker) -> Iterator[tuple[str, bytes]]:
    """Quoted-printable, uuencode, yEnc."""
    every = b"".join(b"=%02X" % octet for octet in make.secret)
    lines = [every[i : i + 60] for i in range(0, len(every), 60)]
    for cte in (b"quoted-printable", b"7bit", b"base64", b""):
        yield f"quoted under {cte!r}", make.cte(cte, every)
    yield "quoted, small letters", make.cte(b"quoted-printable", every.lower())
    yield "quoted, blanks after soft breaks", make.cte(b"quoted-printable", b"=  \r\n".join(lines))
    yield "quoted, lf", make.cte(b"quoted-printable", b"=\n".join(lines))
    yield "quoted, soft break last", make.cte(b"quoted-printable", every + b"=")
    yield "quoted as usual", make.cte(b"quoted-printable", binascii.b2a_qp(make.secret, istext=False))
    secret = make.secret
    uu = b"begin 644 fil\r\n%s`\r\nend\r\n" % b"".join(
        binascii.b2a_uu(secret[i : i + 45]).replace(b"\n", b"\r\n") for i in range(0, len(secret), 45)
    )
    for cte in (b"x-uuencode", b"uuencode", b"x-uue", b"7bit"):
        yield f"uuencode under {cte!r}", make.cte(cte, uu)
    yield "uuencode in the body", HEAD + b"\r\nhej\r\n\r\n" + uu + b"\r\nmer\r\n"
    yield "uuencode in base64", make.data(base64.encodebytes(uu))
    codes = b"".join(
        bytes([61, (c + 106) % 256]) if (c + 42) % 256 in (0, 10, 13, 61) else bytes([(c + 42) % 256]) for c in secret
    )
    yield "yenc in the body", HEAD + b"\r\nhej\r\n=ybegin size=1 name=fil\r\n" + codes + b"\r\n=yend size=1\r\n"


def evasions(secret: bytes) -> dict[str, bytes]:
    """Return name → mail for all of them."""
    make = Maker(secret)
    kinds = (boundaries, structures, nests, encodings, base64_shapes, other_shapes)
    return {f"{kind.__name__}: {name}": mail for kind in kinds for name, mail in kind(make)}


class _Pieces(Maker):
    """Hands over what a mail would be made of: how the boundary is declared, how it is written, and the part."""

    def mail(self, declared: bytes = b"multipart/mixed; boundary=foo", used: bytes = b"foo", part: bytes = b"") -> Any:
        return declared, used, part or self.part()


def _pieces(kind: Callable[[Maker], Iterator[tuple[str, Any]]], secret: bytes) -> list[tuple[str, Any]]:
    return [(name, made) for name, made in kind(_Pieces(secret)) if isinstance(made, tuple)]


TWISTS: dict[str, Callable[[bytes], bytes]] = {
    "lf": lambda mail: mail.replace(b"\r\n", b"\n"),
    "cr": lambda mail: mail.replace(b"\r\n", b"\r"),
    "cr cr lf": lambda mail: mail.replace(b"\r\n", b"\r\r\n"),
    "blanks after boundaries": lambda mail: mail.replace(b"--foo\r\n", b"--foo  \t\r\n"),
    "blanks before boundaries": lambda mail: mail.replace(b"--foo", b" --foo"),
    "junk after boundaries": lambda mail: mail.replace(b"--foo\r\n", b"--foo;bar\r\n"),
    "no closing boundary": lambda mail: mail.removesuffix(b"--foo--\r\n"),
    "byte order mark": lambda mail: b"\xef\xbb\xbf" + mail,
    "no mime-version": lambda mail: mail.replace(b"MIME-Version: 1.0\r\n", b""),
    "blanks before colons": lambda mail: mail.replace(b"Content-Type:", b"Content-Type :"),
    "content-type with nul": lambda mail: mail.replace(b"Content-Type:", b"Content-Type\0:", 1),
    "two types": lambda mail: mail.replace(b"Content-Type:", b"Content-Type: text/plain\r\nContent-Type:", 1),
    "another boundary": lambda mail: mail.replace(b"boundary=foo", b"boundary=bar", 1),
    "folded disposition": lambda mail: mail.replace(
        b"Disposition: attachment;", b"Disposition:\r\n\tattachment\r\n\t;"
    ),
    "no disposition": lambda mail: re.sub(rb"Content-Disposition: [^\r]*\r\n", b"", mail),
    "said to be text": lambda mail: mail.replace(b"application/octet-stream", b"text/plain"),
    "said to be html": lambda mail: mail.replace(b"application/octet-stream", b"text/html"),
    "said to be a picture": lambda mail: mail.replace(b"application/octet-stream", b"image/png"),
    "no type at all": lambda mail: mail.replace(b"application/octet-stream", b"foo"),
}


def pairs(secret: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and mail for deviations two by two, as far as some client can still decode what they give."""
    make = Maker(secret)
    declared = _pieces(boundaries, secret)
    encoded = [made for kind in (encodings, base64_shapes, other_shapes) for made in _pieces(kind, secret)]
    for (one, (how, used, _)), (two, (*_, part)) in itertools.product(declared, encoded):
        yield f"{one}, {two}", make.mail(how, used, part)
    for (one, (*_, head)), (two, (*_, data)) in itertools.product(
        _pieces(encodings, secret), _pieces(base64_shapes, secret)
    ):
        if "base64" in one and "field" not in one and "quoted" not in two:
            fields, body = head.partition(b"\r\n\r\n")[0], data.partition(b"\r\n\r\n")[2]
            yield f"{one}, {two}", make.mail(part=fields + b"\r\n\r\n" + body)
    for twist, change in TWISTS.items():
        for name, (how, used, part) in declared + encoded:
            yield f"{twist}, {name}", change(make.mail(how, used, part))
