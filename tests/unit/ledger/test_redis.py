"""What is special about the ledger in Redis, with a real server; its contract is in tests/conformance."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.ledger import KeyMismatch, Ledger, Outcome
from gateway.ledger import redis as ledger_redis
from gateway.ledger.keys import key_of, record_of
from gateway.ledger.redis import redis_ledger
from gateway.model import Unavailable
from tests.support.claims import START, WINDOW, claim, deliver, like, permit, persons
from tests.support.redis_server import RedisServer

KEY = key_of(b"f" * 32, given=True)
GRANTED, OVER = Outcome.GRANTED, Outcome.OVER


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of this test alone."""
    with RedisServer(tmp_path) as started:
        yield started


async def reached(ledger: Ledger, attempt: str = "z") -> int:
    return (await ledger.reserve(claim(attempt, [], "id:1"))).usage.reached


# --- away and back -------------------------------------------------------------------------------


async def test_a_server_that_comes_late_is_used_when_it_comes(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    ledger = redis_ledger(server.url)
    with pytest.raises(Unavailable, match="ledger: no connection"):
        await ledger.reserve(claim("a", persons(1, 3)))
    with server:
        assert (await ledger.reserve(claim("a", persons(1, 3)))).outcome is GRANTED
        await ledger.close()


async def test_a_server_that_was_started_again_empty_goes_on_counting(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    flying = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    server.stop()
    with pytest.raises(Unavailable):
        await ledger.ping()
    server.start()
    await ledger.commit(flying, persons(1, 60), START)
    second = await ledger.reserve(claim("b", persons(61, 101), "id:1"))
    await ledger.close()
    assert (second.outcome, second.usage.mailing) == (OVER, flying.usage.mailing)


async def test_many_connections_cut_at_once_are_made_again(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    await asyncio.gather(*(deliver(ledger, claim(f"a{n}", persons(n, n), "id:1")) for n in range(20)))
    server.do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await asyncio.gather(*(deliver(ledger, claim(f"b{n}", persons(n + 20, n + 20), "id:1")) for n in range(20)))
    assert await reached(ledger) == 40
    await ledger.close()


async def test_a_server_that_hangs_makes_nobody_hang(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_redis, "_SECONDS", 0.2)
    monkeypatch.setattr(ledger_redis, "_DEADLINE", 0.5)
    ledger = redis_ledger(server.url)
    await ledger.ping()
    server.freeze()
    with pytest.raises(Unavailable, match="ledger: no answer in time"):
        await ledger.reserve(claim("a", persons(1, 3)))
    server.thaw()
    assert (await ledger.reserve(claim("a", persons(1, 3)))).outcome is GRANTED
    await ledger.close()


async def test_a_caller_that_leaves_early_spoils_nothing(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    await ledger.ping()
    tasks = [asyncio.create_task(ledger.reserve(claim(f"a{n}", persons(1, 60), "id:1"))) for n in range(30)]
    await asyncio.sleep(0.001)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    answers = await asyncio.gather(*(ledger.reserve(claim(f"b{n}", [f"{n}"], f"id:b{n}")) for n in range(30)))
    assert [a.usage.own for a in answers] == [1] * 30
    assert len({a.usage.mailing for a in answers}) == 30
    await ledger.close()


# --- what administrators do ----------------------------------------------------------------------


async def test_flushall_between_reserve_and_commit_loses_nobody_of_that_message(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    flying = await ledger.reserve(claim("a", persons(1, 60), "id:1", fingerprint=like(1.0)))
    server.do("FLUSHALL")
    server.do("SCRIPT", "FLUSH")
    await ledger.commit(flying, persons(1, 60), START)
    await ledger.release(flying)
    by_content = await ledger.reserve(claim("b", persons(61, 101), "id:2", fingerprint=like(0.9)))
    await ledger.close()
    assert (by_content.outcome, by_content.usage.reached) == (OVER, 60)


async def test_a_script_that_was_dropped_is_loaded_again(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    await deliver(ledger, claim("a", persons(1, 60), "id:1"))
    server.do("SCRIPT", "FLUSH")
    assert await reached(ledger) == 60
    await ledger.close()


async def test_a_lost_key_is_given_back(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    await deliver(ledger, claim("a", persons(1, 60), "id:1"))
    record = server.do("GET", "utpost:key")
    server.do("DEL", "utpost:key")
    assert await reached(ledger) == 60
    assert server.do("GET", "utpost:key") == record
    await ledger.close()


async def test_a_key_that_another_host_made_meanwhile_is_adopted(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    await ledger.ping()
    theirs = key_of(b"t" * 32, given=False)
    server.do("FLUSHALL")
    server.do("SET", "utpost:key", record_of(theirs))
    await deliver(ledger, claim("a", persons(1, 60), "id:1"))
    await ledger.close()
    other = redis_ledger(server.url)
    assert await reached(other) == 60
    await other.close()


@pytest.mark.parametrize("record", [record_of(key_of(b"t" * 32, given=True)), "rubbish", ""])
async def test_a_key_that_does_not_fit_is_refused(server: RedisServer, record: str) -> None:
    server.do("SET", "utpost:key", record)
    for key in (None, KEY):
        ledger = redis_ledger(server.url, key)
        with pytest.raises(KeyMismatch):
            await ledger.ping()
        await ledger.close()


async def test_hosts_that_start_at_once_agree_on_one_key(server: RedisServer) -> None:
    ledgers = [redis_ledger(server.url) for _ in range(8)]
    await asyncio.gather(*(ledger.ping() for ledger in ledgers))
    await asyncio.gather(*(deliver(x, claim(f"a{n}", persons(1, 10), "id:1")) for n, x in enumerate(ledgers)))
    assert await reached(ledgers[0]) == 10
    await asyncio.gather(*(ledger.close() for ledger in ledgers))


async def test_without_memory_nothing_is_granted_but_what_was_accepted_still_counts(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    flying = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    server.do("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(Unavailable, match="ledger: the store's memory is full"):
        await ledger.reserve(claim("b", persons(61, 90), "id:1"))
    with pytest.raises(Unavailable, match="ledger: the store's memory is full"):
        await ledger.reserve(claim("b", persons(61, 90), "id:2"))
    await ledger.commit(flying, persons(1, 60), START)
    server.do("CONFIG", "SET", "maxmemory", "0")
    second = await ledger.reserve(claim("c", persons(61, 100), "id:1"))
    await ledger.close()
    assert (second.outcome, second.usage.reached, second.usage.reserved) == (GRANTED, 60, 0)


async def test_a_replica_is_a_ledger_that_is_away(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    await ledger.ping()
    server.do("REPLICAOF", "127.0.0.1", "1")
    with pytest.raises(Unavailable, match="read-only replica"):
        await ledger.reserve(claim("a", persons(1, 3)))
    server.do("REPLICAOF", "NO", "ONE")
    assert (await ledger.reserve(claim("a", persons(1, 3)))).outcome is GRANTED
    await ledger.close()


async def test_keys_of_somebody_else_under_our_names_are_no_crash(server: RedisServer) -> None:
    server.do("SET", "utpost:due", "anna.ek@exempel.se")
    ledger = redis_ledger(server.url)
    with pytest.raises(Unavailable, match="the store refuses") as caught:
        await ledger.reserve(claim("a", persons(1, 3)))
    assert "anna" not in str(caught.value)
    await ledger.close()


# --- what stays ----------------------------------------------------------------------------------


async def test_everything_but_the_key_and_permits_goes_by_itself(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    await ledger.grant(permit(150, until=datetime.now(UTC) + WINDOW))
    now = datetime.now(UTC)
    await deliver(ledger, claim("a", {"alla@exempel.se": 60, "b": 61}, "id:1", at=now, fingerprint=like(1.0)))
    await ledger.reserve(claim("b", persons(1, 3), "id:2", at=now))
    await ledger.close()
    lasting = {key.split(b":")[1] for key in server.do("KEYS", "*") if server.do("TTL", key) == -1}
    assert lasting == {b"key", b"due", b"permits", b"p"}


async def test_sweeping_leaves_nothing_of_what_has_expired(server: RedisServer) -> None:
    ledger = redis_ledger(server.url)
    await ledger.grant(permit(150))
    for number in range(20):
        await deliver(ledger, claim(f"a{number}", {"alla@exempel.se": 120, f"{number}": 1}, f"id:{number}", limit=None))
    while await ledger.sweep(START + 3 * WINDOW):
        pass
    await ledger.close()
    kinds = {key.split(b":")[1] for key in server.do("KEYS", "*")}
    assert kinds <= {b"key", b"k", b"room"}


# --- who may -------------------------------------------------------------------------------------


async def test_a_password_opens_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    with RedisServer(tmp_path, "--requirepass", "hemligt-ord") as server:
        for password, works in (("hemligt-ord", True), ("fel-ord", False)):
            ledger = redis_ledger(server.url.replace("//", f"//:{password}@"))
            if works:
                assert (await ledger.reserve(claim("a", persons(1, 3)))).outcome is GRANTED
            else:
                with pytest.raises(Unavailable, match="refuses our password") as caught:
                    await ledger.ping()
                assert password not in str(caught.value)
            await ledger.close()


def certify(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 that signs itself, and its key; return both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redis.exempel.se")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8, bare = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(pem, pkcs8, bare))
    return paths


async def test_tls_is_spoken_and_the_certificate_is_checked(tmp_path: Path) -> None:
    certificate, key = certify(tmp_path)
    server = RedisServer(tmp_path)
    server.secure(certificate, key)
    with server:
        url = server.url.replace("redis://", "rediss://")
        trusting = redis_ledger(f"{url}?ssl_ca_certs={certificate}")
        assert (await trusting.reserve(claim("a", persons(1, 3)))).outcome is GRANTED
        await trusting.close()
        doubting = redis_ledger(url)
        with pytest.raises(Unavailable, match="ledger: no connection"):
            await doubting.ping()
        await doubting.close()
