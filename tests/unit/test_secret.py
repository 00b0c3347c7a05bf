"""Digests under a secret."""

from __future__ import annotations

import hmac

from hypothesis import given
from hypothesis import strategies as st

from gateway.secret import Mac


@given(key=st.binary(max_size=200), values=st.lists(st.binary(max_size=200), max_size=3))
def test_a_digest_is_hmac_sha_256(key: bytes, values: list[bytes]) -> None:
    mac = Mac(key)
    assert [mac.digest(value) for value in values] == [hmac.digest(key, value, "sha256") for value in values]
