"""The last minute's inspections: a mail server that splits a mailing sends the same octets again and again.

Postfix hands a message to 250 recipients over as five of fifty, others as one for each recipient; a client repeats what
was deferred. What is inside does not change with the recipients' names, so it is looked at once. Results hold masked
findings and no text, live in memory for a minute, and are dropped when word lists change.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Final

from gateway.content import Content
from gateway.model import Address, Circumstances, Inspection
from gateway.offload import Inspector

SECONDS: Final = 60.0
ENTRIES: Final = 64
LARGEST: Final = 1024 * 1024
"""Octets of content above which a digest would hold the event loop up for longer than a millisecond."""

_Key = tuple[bytes, Address | None, tuple[str, ...]]


@dataclass(slots=True)
class Recent:
    """An inspector that remembers for a minute what another one saw."""

    inspector: Inspector
    _seen: dict[_Key, Inspection] = field(default_factory=dict)

    async def inspect(self, content: Content, circumstances: Circumstances, seconds: float) -> Inspection:
        """Return what was seen in these very octets lately, else look. Raises as ``inspector`` does."""
        domains = tuple(sorted({address.domain for address in circumstances.recipients}))
        # Detectors see the domains alone, so that a remembered result is what they would say again.
        known = Circumstances(
            sender=circumstances.sender, recipients=tuple(Address(local="", domain=domain) for domain in domains)
        )
        if len(content) > LARGEST:
            return await self.inspector.inspect(content, known, seconds)
        # SHA-256, since processors have instructions for it: half the time of BLAKE2b on 10 KiB.
        digest = hashlib.sha256(b"stuffed\0" if content.stuffed else b"plain\0")
        digest.update(content.raw())
        key = (digest.digest(), known.sender, domains)
        found = self._seen.get(key)
        if found is None:
            seen = self._seen
            found = await self.inspector.inspect(content, known, seconds)
            if seen is self._seen:
                self._remember(key, found)
        return found

    def _remember(self, key: _Key, found: Inspection) -> None:
        if found.crashed or key in self._seen:
            return
        if len(self._seen) >= ENTRIES:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = found
        asyncio.get_running_loop().call_later(SECONDS, self._seen.pop, key, None)

    def forget(self) -> None:
        """Drop everything, also what is still being looked at: the word lists have changed."""
        self._seen = {}
