"""The header facts that judging needs, from one capped scan of the outermost header block."""

from __future__ import annotations

import re
from typing import Final

from gateway.message.addresses import read_addresses
from gateway.message.fields import HEADER_BLOCK, Fields, read_fields
from gateway.message.parameters import read_valued
from gateway.message.words import decode_words
from gateway.model import Address, Headers

__all__ = ["HEADER_BLOCK", "WANTED", "headers_of", "scan_headers"]

WANTED: Final = frozenset(
    {
        b"from",
        b"to",
        b"cc",
        b"subject",
        b"message-id",
        b"in-reply-to",
        b"references",
        b"auto-submitted",
        b"x-autoreply",
        b"x-autorespond",
        b"precedence",
        b"list-id",
        b"list-unsubscribe",
        b"content-type",
        b"x-utpost-letter",
        b"received",
    }
)
"""Names of the fields that ``headers_of`` looks at."""

_IDENTIFIERS: Final = 100
_IDENTIFIER: Final = re.compile(rb"<([^<>\s]{1,998})>")
_BULK: Final = frozenset({"bulk", "list", "junk"})
_REPORT: Final = re.compile(
    rb"^content-type[ \t]*:\s*(?:text/rfc822-headers"
    rb"|message/(?:delivery-status|disposition-notification|feedback-report|global-[a-z-]{1,40}))",
    re.IGNORECASE | re.MULTILINE,
)


def scan_headers(prefix: bytes) -> Headers:
    """Read the facts from the first octets of a message, ``HEADER_BLOCK`` of them at most. Never raises.

    A report is only believed where one of its machine-readable parts lies within ``prefix`` (RFC 6522 3).
    """
    fields = read_fields(prefix, 0, len(prefix), WANTED)
    return headers_of(fields, prefix)


def headers_of(fields: Fields, prefix: bytes) -> Headers:
    """Return the facts of fields that were read from the beginning of ``prefix``."""
    values = fields.values
    defects = list(dict.fromkeys([*fields.defects, *_conflicts(values)]))
    authors = [mailbox for value in values.get(b"from", ()) for mailbox in read_addresses(value)]
    if len(authors) > 1:
        defects.append("several_from")
    elif not authors:
        defects.append("no_from")
    name, author = authors[0] if authors else ("", None)
    return Headers(
        from_=author,
        from_name=name,
        subject=decode_words(fields.first(b"subject")),
        message_id=_identifier(fields.first(b"message-id")),
        in_reply_to=_identifier(fields.first(b"in-reply-to")),
        references=_identifiers(values.get(b"references", [])),
        visible=_visible(values),
        automatic=_is_automatic(fields),
        report=_is_report(fields, prefix),
        bulk=b"list-id" in values or b"list-unsubscribe" in values or _precedence(fields) in _BULK,
        own_letter=decode_words(fields.first(b"x-utpost-letter")),
        hops=len(values.get(b"received", ())),
        defects=tuple(defects),
    )


def _conflicts(values: dict[bytes, list[bytes]]) -> list[str]:
    """Name what may stand only once and stands there in several readings (RFC 5322 3.6)."""
    out = []
    if len(values.get(b"from", ())) > 1:
        out.append("duplicate_from")
    if len(values.get(b"subject", ())) > 1:
        out.append("duplicate_subject")
    if len(set(values.get(b"content-type", ()))) > 1:
        out.append("conflicting_content_type")
    return out


def _visible(values: dict[bytes, list[bytes]]) -> tuple[Address, ...]:
    seen: dict[Address, None] = {}
    for name in (b"to", b"cc"):
        for value in values.get(name, ()):
            for _, address in read_addresses(value):
                seen[address] = None
    return tuple(seen)


def _identifier(value: bytes) -> str:
    match = _IDENTIFIER.search(value)
    found = match[1] if match else value.partition(b" ")[0]
    return found.decode("utf-8", "replace")


def _identifiers(values: list[bytes]) -> tuple[str, ...]:
    found = [match.decode("utf-8", "replace") for value in values for match in _IDENTIFIER.findall(value)]
    return tuple(dict.fromkeys(found[-_IDENTIFIERS:]))


def _is_automatic(fields: Fields) -> bool:
    """Tell by the marks of RFC 3834 5 and the older ones of common responders."""
    submitted = fields.first(b"auto-submitted")
    if submitted and read_valued(submitted).main not in ("", "no"):
        return True
    return b"x-autoreply" in fields.values or b"x-autorespond" in fields.values or _precedence(fields) == "auto_reply"


def _precedence(fields: Fields) -> str:
    return fields.first(b"precedence").decode("ascii", "replace").lower()


def _is_report(fields: Fields, prefix: bytes) -> bool:
    value = fields.first(b"content-type")
    if b"report" not in value.lower():
        return False
    kind = read_valued(value)
    return kind.main == "multipart/report" and bool(_REPORT.search(prefix, fields.body))
