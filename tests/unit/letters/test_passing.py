"""Signatures above untouched octets: verified by dkimpy, whatever the message looks like."""

from __future__ import annotations

from pathlib import Path

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.letters.dkim import Algorithm, SigningKey, load_key, make_key
from gateway.letters.passing import HEADER, PassingSigner

MESSAGE = (
    b"Received: from a by b\r\nFrom: =?utf-8?q?=C3=85sa?= <asa@politik.orkelljunga.se>\r\n"
    b"To: bo@x.example,\r\n\tcc@x.example\r\n"
    b"Subject:  tva   blanka \r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: <a@b>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain;\r\n charset=utf-8\r\n\r\n.punkt\r\n\r\ntext  med   blanka \r\n\r\n\r\n"
)


def key(folder: Path, algorithm: Algorithm, domain: str = "orkelljunga.se", selector: str = "u1") -> SigningKey:
    file = folder / f"{selector}.{domain}.pem"
    file.write_bytes(make_key(algorithm))
    file.chmod(0o600)
    return load_key(file, domain, selector)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> list[SigningKey]:
    folder = tmp_path_factory.mktemp("keys")
    return [key(folder, Algorithm.RSA), key(folder, Algorithm.ED25519, selector="u2")]


def verified(octets: bytes, keys: list[SigningKey]) -> list[bool]:
    records = {f"{k.record_name}.".encode(): k.record.encode() for k in keys}
    checker = dkim.DKIM(octets)

    def verify(number: int) -> bool:
        try:
            return bool(checker.verify(number, dnsfunc=lambda name, **_: records[name]))
        except dkim.DKIMException:
            return False

    return [verify(number) for number in range(len(keys))]


@pytest.mark.parametrize(
    "octets",
    [
        MESSAGE,
        MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n",
        MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n",
        MESSAGE.replace(b"blanka \r\n\r\n\r\n", b"utan radslut"),
        b"From: a@politik.orkelljunga.se\r\nFROM: b@politik.orkelljunga.se\r\n\r\nhej\r\n",
        b"From: a@politik.orkelljunga.se\r\nSubject: x\r\n\r\n" + bytes(range(128, 256)) * 50 + b"\r\n",
    ],
    ids=["usual", "empty", "no body", "no line end", "two authors", "eight bits"],
)
def test_every_signature_verifies(keys: list[SigningKey], octets: bytes) -> None:
    above = PassingSigner(keys).sign(octets, "politik.orkelljunga.se")
    assert above.count(b"DKIM-Signature:") == 2
    assert all(len(line) <= 78 for line in above.split(b"\r\n"))
    assert verified(above + octets, keys) == [True, True]


@settings(max_examples=60, deadline=None)
@given(
    subject=st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=60),
    body=st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\r", b"").replace(b"\n", b"")), max_size=8),
)
def test_whatever_is_written(keys: list[SigningKey], subject: str, body: list[bytes]) -> None:
    octets = b"From: a@orkelljunga.se\r\nSubject: " + subject.encode() + b"\r\n\r\n" + b"\r\n".join([*body, b""])
    assert verified(PassingSigner(keys).sign(octets, "orkelljunga.se") + octets, keys) == [True, True]


@pytest.mark.parametrize(("old", "new"), [(b"tva", b"tre"), (b"punkt", b"komma"), (b"asa@", b"bo@")])
def test_any_change_is_seen(keys: list[SigningKey], old: bytes, new: bytes) -> None:
    above = PassingSigner(keys).sign(MESSAGE, "orkelljunga.se")
    assert verified(above + MESSAGE.replace(old, new), keys) == [False, False]


def test_a_second_author_above_breaks_it(keys: list[SigningKey]) -> None:
    above = PassingSigner(keys).sign(MESSAGE, "orkelljunga.se")
    assert verified(b"From: evil@x.example\r\n" + above + MESSAGE, keys) == [False, False]


def test_refolding_on_the_way_does_no_harm(keys: list[SigningKey]) -> None:
    above = PassingSigner(keys).sign(MESSAGE, "orkelljunga.se")
    assert verified(above + MESSAGE.replace(b",\r\n\tcc", b",  cc"), keys) == [True, True]


@pytest.mark.parametrize("domain", ["example.com", "notorkelljunga.se", "", "se"])
def test_other_domains_are_not_signed_for(keys: list[SigningKey], domain: str) -> None:
    assert PassingSigner(keys).sign(MESSAGE, domain) == b""


def test_a_header_without_end_is_not_signed(keys: list[SigningKey]) -> None:
    assert PassingSigner(keys).sign(b"From: a@orkelljunga.se\r\n" + b"X: y\r\n" * HEADER, "orkelljunga.se") == b""


def test_many_blank_lines_cost_little(keys: list[SigningKey]) -> None:
    octets = b"From: a@orkelljunga.se\r\n\r\n" + b"\r\n" * 500_000
    assert verified(PassingSigner(keys[:1]).sign(octets, "orkelljunga.se") + octets[:40], keys[:1]) == [True]
