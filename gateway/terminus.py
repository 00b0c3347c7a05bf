"""Mail to Utpost itself: the address that the letter about a mailing tells its reader to answer to.

A reason for a mailing (guideline 2.3) reaches Utpost at ``letters.motivation``, with a one-time code behind a plus
sign. The code proves that the answer belongs to a letter of ours; what the sender wrote is kept in a register of its
own, and a permit lets the mailing reach more persons.
"""

from __future__ import annotations

from gateway.case import Submission
from gateway.decision import Receipt
from gateway.model import Address, Inspection, Unavailable


class NoTerminus:
    """Utpost receives nothing: every address belongs to the relay."""

    def terminates(self, address: Address) -> bool:  # noqa: ARG002 - the protocol's signature
        """No address is ours."""
        return False

    async def receive(self, submission: Submission, inspection: Inspection | None) -> Receipt:  # noqa: ARG002
        """Nothing can come here."""
        raise Unavailable("policy", "no address of ours is configured")
