"""How addresses are spelt in policy files."""

from __future__ import annotations

import pytest

from gateway.policy.load.schema import canonical_spelling


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("Anna.Berg@Politik.Orkelljunga.SE", "anna.berg@politik.orkelljunga.se"),
        ("anna@örkelljunga.se", "anna@xn--rkelljunga-dcb.se"),
        ("åsa@orkelljunga.se", "åsa@orkelljunga.se"),
        ("x@kontor.example", "x@kontor.example"),
    ],
)
def test_spelling(text: str, spelling: str) -> None:
    assert canonical_spelling(text) == spelling


@pytest.mark.parametrize(
    "text", ["", "anna", "@orkelljunga.se", "anna@localhost", "a b@example.com", "a@b@example.com", "*@example.com."]
)
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is not a mail address") as caught:
        canonical_spelling(text)
    assert "anna" not in str(caught.value)
