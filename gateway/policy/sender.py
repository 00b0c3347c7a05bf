"""Who answers for a message: the authenticated user, else the envelope sender, else the author in From."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.model import Address, Client, Envelope, Headers, Message, Responsible, SenderSource

_REPLY: Final = re.compile(r"\s*(?:sv|re|aw|antw|vs)\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*:", re.IGNORECASE)
_FORWARD: Final = re.compile(
    r"\s*(?:vb|fw|fwd|wg|vl|vidarebefordra[a-zåäö]{0,3})\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose mail is judged."""

    domains: frozenset[str]
    """Case-folded A-labels; not their subdomains."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Folded address, or bare user name → canonical address."""


def fold(address: Address, aliases: Mapping[str, str]) -> Address:
    """Return the address without its plus-tag and with its alias resolved."""
    local, plus, _ = address.local.partition("+")
    plain = Address(local=local, domain=address.domain) if plus and local else address
    known = aliases.get(str(plain))
    return plain if known is None else read_plain(known)


def read_plain(text: str) -> Address:
    """Take apart an address that was checked before, or the user name of an authenticated client."""
    local, at, domain = text.strip().casefold().rpartition("@")
    return Address(local=local, domain=domain) if at else Address(local=domain, domain="")


def responsible_sender(client: Client, envelope: Envelope, headers: Headers, scope: Scope) -> Responsible | None:
    """Return the in-scope person who answers for a message; None puts it out of scope.

    The first identity in scope counts: an account of another domain or a mere account name does not hide the
    representative in whose name it sends. The null reverse-path is free for true reports and automatic replies
    only (RFC 3834 3.3, RFC 6522); otherwise From stands in its place. From under a foreign envelope sender is a
    message that somebody redistributed: the person is named (``SenderSource.HEADER``) and not answerable.
    """
    if envelope.sender is None and is_automatic(headers, envelope):
        return None
    if client.user and (user := _in_scope(read_plain(client.user), scope)):
        return Responsible(address=user, source=SenderSource.AUTHENTICATED)
    if envelope.sender is not None and (sender := _in_scope(envelope.sender, scope)):
        return Responsible(address=sender, source=SenderSource.ENVELOPE)
    if headers.from_ is not None and (author := _in_scope(headers.from_, scope)):
        source = SenderSource.ENVELOPE if envelope.sender is None else SenderSource.HEADER
        return Responsible(address=author, source=source)
    return None


def _in_scope(address: Address, scope: Scope) -> Address | None:
    folded = fold(address, scope.aliases)
    return folded if folded.domain in scope.domains else None


def is_automatic(headers: Headers, envelope: Envelope) -> bool:
    """Tell a true report or automatic reply by its structure.

    A header alone proves nothing: an automatic reply has one recipient and answers something, which the null
    reverse-path or In-Reply-To shows (RFC 3834 3.1, 3.3).
    """
    if headers.report:
        return envelope.sender is None
    if not headers.automatic or len(envelope.recipients) != 1:
        return False
    return bool(headers.in_reply_to or headers.references) or (envelope.sender is None and not headers.bulk)


def is_reply(headers: Headers) -> bool:
    """Tell whether a message answers another one (In-Reply-To, or SV:, RE: in the subject) and is no forward."""
    if is_forward(headers):
        return False
    return bool(headers.in_reply_to) or _REPLY.match(headers.subject) is not None


def is_forward(headers: Headers) -> bool:
    """Tell whether the subject says that a message is passed on (VB:, FW:)."""
    return _FORWARD.match(headers.subject) is not None


def has_received_subject(headers: Headers) -> bool:
    """Tell whether the subject is somebody else's with SV: or VB: before it."""
    return is_forward(headers) or _REPLY.match(headers.subject) is not None


def is_answer(message: Message, envelope: Envelope, uncounted: Collection[str] = ()) -> bool:
    """Tell whether a message is an answer to one person, or automatic: such messages are no mailing, even if alike.

    Answering shows in In-Reply-To together with a subject like SV:, and in a header that names exactly the one
    recipient. Copies to the sender and to ``uncounted`` addresses (the handling lane) do not matter.
    """
    headers = message.headers
    if is_automatic(headers, envelope):
        return True
    if not headers.in_reply_to or headers.bulk or not _REPLY.match(headers.subject):
        return False
    reached = {str(r.address) if r.address else "" for r in envelope.recipients}
    visible = {str(address) for address in headers.visible}
    ours = {str(a) for a in (envelope.sender, headers.from_) if a is not None} | set(uncounted)
    return len(reached - ours) == 1 and reached - ours == visible - ours
