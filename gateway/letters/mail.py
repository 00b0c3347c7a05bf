"""A letter as octets: automatic mail that nobody answers by accident, and that we recognise as our own.

Headers follow RFC 5322, RFC 2047 and RFC 3834. Nothing that comes from a message reaches a header but its Message-IDs,
and those only in strict form, so no header can be injected.
"""

from __future__ import annotations

import base64
import email.utils
import hashlib
import hmac
import quopri
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from typing import Final

from gateway.letters.letter import DeliveryStatus

MARK: Final = "X-Utpost-Letter"
"""The header that proves a letter to be ours."""

MOST_REFERENCES: Final = 10
CRLF: Final = "\r\n"

_MESSAGE_ID: Final = re.compile(r"<[!-;=?A-Z\[\]^-~]{1,200}@[!-;=?A-Z\[\]^-~]{1,200}>")
"""Visible ASCII without angle brackets; stricter than RFC 5322 3.6.4, and without its comments and quoted spaces."""
_DOT_ATOM: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LINE: Final = 76


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The machine-readable part of a delivery status notification (RFC 3464)."""

    status: DeliveryStatus
    reporting: str
    """Our name."""
    arrived: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What goes into one letter's octets; texts have LF line ends."""

    sender: str
    sender_name: str
    reply_to: str
    recipient: str
    subject: str
    message_id: str
    date: datetime
    text: str = field(repr=False)
    html: str = field(repr=False)
    in_reply_to: str = ""
    """Message-ID of the message that the letter is about, as it came."""
    references: tuple[str, ...] = ()
    generated: bool = False
    """True where the letter answers no single message (RFC 3834 5)."""
    report: Report | None = None
    """Makes it a multipart/report (RFC 6522)."""


def write_mail(sheet: Sheet, key: bytes) -> bytes:
    """Return a multipart/alternative message, or a report, with CRLF line ends, marked as ours."""
    boundary = f"=_{hashlib.sha256(sheet.message_id.encode()).hexdigest()[:24]}"
    body = _body(sheet, boundary)
    kind = "alternative"
    if sheet.report is not None:
        kind, inner = "report; report-type=delivery-status", f"{boundary}i"
        body = _reported(sheet, sheet.report, boundary, (inner, _body(sheet, inner)))
    date = email.utils.format_datetime(sheet.date)
    mark = _mark(key, sheet.message_id, sheet.recipient, date, body)
    lines = [
        *_headers(sheet, date),
        f"{MARK}: {mark}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"',
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def make_message_id(reference: str, kind: str, hostname: str, key: bytes) -> str:
    """Return the one Message-ID of the letter of this kind about this message; it cannot be guessed."""
    secret = hmac.digest(key, f"message-id\0{kind}\0{reference}".encode(), hashlib.sha256)
    return f"<{kind}.{_token(reference)}.{secret[:10].hex()}@{_token(hostname) or 'localhost'}>"


def verify_mark(octets: bytes, recipient: str, key: bytes) -> bool:
    """Tell whether a message is a letter of ours to ``recipient``, untouched since we wrote it.

    Its Message-ID, recipient, date and body are covered. Where any of those headers occurs twice it is not.
    """
    head, blank, body = octets.partition(b"\r\n\r\n")
    message_id, date, mark = (_only(head, name) for name in ("Message-ID", "Date", MARK))
    if not (blank and message_id and date and mark):
        return False
    expected = _mark(key, message_id, recipient, date, body)
    return hmac.compare_digest(expected.encode(), mark.encode())


def _mark(key: bytes, message_id: str, recipient: str, date: str, body: bytes) -> str:
    covered = "\0".join(("letter", message_id, recipient.casefold(), date, hashlib.sha256(body).hexdigest()))
    return base64.urlsafe_b64encode(hmac.digest(key, covered.encode(), hashlib.sha256)).decode().rstrip("=")


def _only(head: bytes, name: str) -> str:
    """Return a header's value where it occurs exactly once and on one line; else nothing."""
    prefix = f"{name.lower()}:".encode()
    lines = head.split(b"\r\n")
    found = [number for number, line in enumerate(lines) if line[: len(prefix)].lower() == prefix]
    if len(found) != 1 or (found[0] + 1 < len(lines) and lines[found[0] + 1][:1] in {b" ", b"\t"}):
        return ""
    return lines[found[0]][len(prefix) :].strip().decode("ascii", "replace")


# --- headers -------------------------------------------------------------------------------------


def _headers(sheet: Sheet, date: str) -> list[str]:
    lines = [
        f"Date: {date}",
        f"From: {_mailbox(sheet.sender_name, sheet.sender)}",
        f"To: {addr_spec(sheet.recipient)}",
        f"Reply-To: {addr_spec(sheet.reply_to)}",
        f"Subject: {_unstructured('Subject', sheet.subject)}",
        f"Message-ID: {sheet.message_id}",
    ]
    answered = strict_ids([sheet.in_reply_to])
    if answered:
        lines.append(f"In-Reply-To: {answered[0]}")
    thread = [*strict_ids(sheet.references)[-MOST_REFERENCES:], *answered]
    if thread:
        lines.append("References: " + "\r\n ".join(dict.fromkeys(thread)))
    return [
        *lines,
        f"Auto-Submitted: auto-{'generated' if sheet.generated else 'replied'}",
        "X-Auto-Response-Suppress: All",
    ]


def strict_ids(texts: Iterable[str]) -> list[str]:
    """Return the Message-IDs that may stand in a header of ours."""
    return [found for text in texts for found in [text.strip()] if _MESSAGE_ID.fullmatch(found)]


def addr_spec(address: str) -> str:
    """Return an address as a header has it: the local part quoted where it must be (RFC 5322 3.4.1)."""
    local, _, domain = _one_line(address).rpartition("@")
    if not _DOT_ATOM.fullmatch(local):
        local = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{local}@{re.sub(r'[^0-9A-Za-z.:_-]', '', domain) if not domain.startswith('[') else _literal(domain)}"


def _literal(domain: str) -> str:
    return f"[{re.sub(r'[^0-9A-Za-z.:]', '', domain)}]"


def _mailbox(name: str, address: str) -> str:
    name = _one_line(name)
    if not name:
        return addr_spec(address)
    if not name.isascii():
        return f"{Header(name, 'utf-8', header_name='From').encode(linesep=CRLF)}{CRLF} <{addr_spec(address)}>"
    if not _PHRASE.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{addr_spec(address)}>"


def _unstructured(name: str, text: str) -> str:
    text = _one_line(text)
    if text.isascii() and len(name) + 2 + len(text) <= _LINE and "=?" not in text:
        return text
    return Header(text, "utf-8", header_name=name).encode(linesep=CRLF)


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).strip()


def _token(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z.-]", "", text)


# --- body ----------------------------------------------------------------------------------------


def _body(sheet: Sheet, boundary: str) -> bytes:
    parts = [_part("plain", sheet.text), _part("html", sheet.html)]
    opening = f"--{boundary}\r\n".encode()
    return b"".join(opening + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()


def _part(subtype: str, text: str) -> bytes:
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"
    encoded = quopri.encodestring(lines.encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    head = (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "Content-Disposition: inline\r\n\r\n"
    )
    return head.encode() + encoded


def _reported(sheet: Sheet, report: Report, boundary: str, words: tuple[str, bytes]) -> bytes:
    """Return the three parts of a report: words for people, fields for machines, and what names the message."""
    status = report.status
    about = [f"Reporting-MTA: dns; {_token(report.reporting) or 'localhost'}"]
    about.append(f"Arrival-Date: {email.utils.format_datetime(report.arrived)}")
    if status.envid:
        about.insert(0, f"Original-Envelope-Id: {_one_line(status.envid)[:100]}")
    text = " ".join(_one_line(status.text).encode("ascii", "replace").decode().split())
    fields = [
        f"Final-Recipient: rfc822; {addr_spec(status.recipient)}",
        "Action: failed",
        f"Status: {status.enhanced}",
        f"Diagnostic-Code: smtp; {status.code} {status.enhanced} {text}"[:900],
    ]
    answered = strict_ids([sheet.in_reply_to])
    parts = (
        f'Content-Type: multipart/alternative; boundary="{words[0]}"\r\n\r\n'.encode() + words[1],
        ("Content-Type: message/delivery-status\r\n\r\n" + CRLF.join([*about, "", *fields, ""])).encode(),
        ("Content-Type: text/rfc822-headers\r\n\r\n" + "".join(f"Message-ID: {i}\r\n" for i in answered)).encode(),
    )
    opening = f"--{boundary}\r\n".encode()
    return b"".join(opening + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
