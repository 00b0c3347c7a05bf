"""winmail.dat: what Outlook sends to those who do not have it (MS-OXTNEF)."""

from __future__ import annotations

from typing import Any

from gateway.extract.finds import Budget, Finds, Inner
from gateway.extract.rtf import read_rtf
from gateway.message.charset import declared_inside, decode_plain, decode_text
from gateway.message.html import render


def read_tnef(octets: bytes, budget: Budget) -> Finds:
    """Yield the texts and attachments of a TNEF stream."""
    import tnefparse  # noqa: PLC0415 - needed for few messages

    found = tnefparse.TNEF(octets, do_checksum=False)
    for noted in found.msgprops:
        if noted.name == tnefparse.TNEF.ATTSUBJECT:
            yield _text(noted.data) + "\n"
    if found.body:
        yield _text(found.body) + "\n"
    if found.htmlbody:
        rendered = render(_text(found.htmlbody))
        yield "\n".join([rendered.text, *(words for _, words in rendered.hidden)]) + "\n"
    if found.rtfbody:
        yield from read_rtf(found.rtfbody, budget)
    for attachment in found.attachments:
        budget.file()
        data = bytes(attachment.data or b"")
        budget.take(len(data))
        yield Inner(name=_name(attachment), octets=data)


def _text(body: str | bytes) -> str:
    return body if isinstance(body, str) else decode_text(body, declared_inside(body))[0]


def _name(attachment: Any) -> str:
    try:
        return str(attachment.long_filename()) or "bilaga"
    except UnicodeDecodeError:  # a name in Windows-1252, where the library thinks of UTF-8
        return decode_plain(attachment._name).strip("\0")  # noqa: SLF001 - the library offers no other way to its octets
