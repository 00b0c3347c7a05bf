"""winmail.dat: what Outlook sends to those who do not have it (MS-OXTNEF)."""

from __future__ import annotations

from gateway.extract.finds import Budget, Finds, Inner
from gateway.extract.rtf import read_rtf
from gateway.message.charset import decode_text
from gateway.message.html import render


def read_tnef(octets: bytes, budget: Budget) -> Finds:
    """Yield the texts and attachments of a TNEF stream."""
    import tnefparse  # noqa: PLC0415 - needed for few messages

    found = tnefparse.TNEF(octets, do_checksum=False)
    for body in (found.body, found.htmlbody):
        if body:
            text = body if isinstance(body, str) else decode_text(body, "")[0]
            yield (render(text).text if body is found.htmlbody else text) + "\n"
    if found.rtfbody:
        yield from read_rtf(found.rtfbody, budget)
    for attachment in found.attachments:
        budget.file()
        data = bytes(attachment.data or b"")
        budget.take(len(data))
        yield Inner(name=str(attachment.long_filename() or attachment.name or "bilaga"), octets=data)
