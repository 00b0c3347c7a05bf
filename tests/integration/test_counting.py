"""What one message after the other counts on a real Utpost: stages, replies of the relay, claims, circles."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509

from tests.conftest import StartUtpost
from tests.support.certificates import Authority
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay, drop
from tests.support.smtp import RawClient

SENDER = b"anna.berg@politik.orkelljunga.se"
MESSAGE = b"From: <anna.berg@politik.orkelljunga.se>\r\nSubject: Protokoll\r\n\r\nProtokollet skickas i morgon.\r\n"


async def deliver(utpost: Utpost, message: bytes, *recipients: bytes, sender: bytes = SENDER) -> bytes:
    async with await RawClient.greeted(utpost.smtp) as client:
        return await client.deliver(sender, list(recipients or (b"info@example.org",)), message)


def stages(utpost: Utpost) -> dict[str, float]:
    names = ("receive", "inspect", "ledger", "judge", "letter", "relay", "total")
    return {name: utpost.metric("utpost_stage_seconds_count", stage=name) for name in names}


async def test_a_message_in_scope_counts_each_stage_that_it_went_through(utpost: Utpost) -> None:
    assert (await deliver(utpost, MESSAGE)).startswith(b"250")
    assert stages(utpost) == {"receive": 1, "inspect": 1, "ledger": 1, "judge": 1, "letter": 0, "relay": 1, "total": 1}
    assert utpost.metric("utpost_claims_total", outcome="granted") == 1
    assert utpost.metric("utpost_relay_replies_total", stage="end", **{"class": "2xx"}) == 1
    assert utpost.metric("utpost_relay_replies_total", stage="connect", **{"class": "2xx"}) >= 1
    assert utpost.metric("utpost_smtp_replies_total", stage="end", **{"class": "2xx"}) == 1
    assert utpost.metric("utpost_smtp_replies_total", stage="other", **{"class": "4xx"}) == 0


async def test_a_mailing_over_the_line_is_a_claim_that_was_over_and_its_letter_a_stage(utpost: Utpost) -> None:
    crowd = [f"person{number}@example.org".encode() for number in range(101)]
    assert (await deliver(utpost, MESSAGE, *crowd)).startswith(b"550")
    assert utpost.metric("utpost_claims_total", outcome="over") == 1
    assert utpost.metric("utpost_recipients_bucket", le="100.0") == 0
    assert utpost.metric("utpost_recipients_bucket", le="101.0", front="smtp") == 1
    assert stages(utpost)["letter"] == 1
    utpost.wait_for_metric("utpost_relay_replies_total", 1, stage="letter", **{"class": "2xx"})


async def test_a_relay_that_leaves_after_the_dot_is_counted_as_lost(utpost: Utpost, relay: ScriptedRelay) -> None:
    for sender in (SENDER, b"anna@example.org"):
        relay.answer("final", drop())
        await deliver(utpost, MESSAGE.replace(SENDER, sender), sender=sender)
    utpost.wait_for_metric("utpost_relay_replies_total", 2, stage="end", **{"class": "lost"})


async def test_what_goes_in_circles_is_counted(utpost: Utpost) -> None:
    await deliver(utpost, b"Received: from a by b; Mon, 2 Jun 2025 10:00:00 +0200\r\n" * 16 + MESSAGE)
    assert utpost.metric("utpost_loops_total") == 1


def test_the_end_of_a_certificate_is_told(start_utpost: StartUtpost, relay: ScriptedRelay, tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("localhost")
    utpost = start_utpost(relay.address, settings=pair.settings)
    ends = x509.load_pem_x509_certificate(pair.certificate.read_bytes()).not_valid_after_utc.timestamp()
    assert utpost.metric("utpost_certificate_expiry_timestamp_seconds", port="smtp") == ends
    assert 'utpost_certificate_expiry_timestamp_seconds{port="metrics"} NaN' in utpost.get("/metrics")[1]
