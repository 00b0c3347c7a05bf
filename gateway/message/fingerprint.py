"""What the content of a message looks like (first form: an exact digest of its own text)."""

from __future__ import annotations

import hashlib

from gateway.model import Fingerprint, Message


def fingerprint(message: Message) -> Fingerprint:
    """Return the fingerprint of a message; empty where there is nothing to compare."""
    text = " ".join(" ".join(part.text.casefold().split()) for part in message.parts if part.body and not part.alternative)
    return Fingerprint(exact=hashlib.sha256(text.encode()).digest()[:16]) if text.strip() else Fingerprint()
