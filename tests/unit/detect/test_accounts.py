"""Cards, IBANs and accounts: text, and where they stand."""

from __future__ import annotations

import pytest

from gateway.detect.accounts import accounts, cards, ibans, is_grouped, split_card
from gateway.detect.checks import luhn
from tests.unit.detect.conftest import MakePage

# The example of each country in the registry of ISO 13616.
IBANS = (
    "SE4550000000058398257466", "NO9386011117947", "DK5000400440116243", "FI2112345600000785",
    "DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606", "NL91ABNA0417164300",
    "BE68539007547034", "ES9121000418450200051332", "IT60X0542811101000000123456", "PL61109010140000071219812874",
    "EE382200221020145685", "LV80BANK0000435195001", "LT121000011101001000", "AT611904300234573201",
    "CH9300762011623852957", "IE29AIBK93115212345678", "PT50000201231234567890154", "LU280019400644750000",
    "CZ6508000000192000145399", "HU42117730161111101800000000", "UA213223130000026007233566001",
    "RO49AAAA1B31007593840000", "TR330006100519786457841326", "GR1601101250000000012300695",
    "IS140159260076545510730339", "HR1210010051863000160", "BG80BNBG96611020345678", "SK3112000000198742637541",
    "SI56263300012039086", "MT84MALT011000012345MTLCAST001S", "CY17002001280000001200527600",
)  # fmt: skip
WHOLE = "SE45 5000 0000 0583 9825 7466"


def _card(prefix: str, length: int) -> str:
    head = prefix.ljust(length - 1, "0")
    return next(head + check for check in "0123456789" if luhn(head + check))


@pytest.mark.parametrize(
    ("prefix", "length", "issued"),
    [
        ("4", 16, True), ("51", 16, True), ("55", 16, True), ("50", 16, False), ("56", 16, False),
        ("2219", 16, False), ("2221", 16, True), ("23", 16, True), ("69", 16, False), ("2720", 16, True),
        ("2721", 16, False), ("6011", 16, True), ("6012", 16, False), ("65", 16, True), ("644", 16, True),
        ("649", 16, True), ("643", 16, False), ("3528", 16, True), ("3527", 16, False), ("3589", 16, True),
        ("3590", 16, False), ("34", 15, True), ("37", 15, True), ("35", 15, False), ("4", 15, False),
        ("300", 14, True), ("305", 14, True), ("306", 14, False), ("36", 14, True), ("38", 14, True),
        ("39", 14, False), ("4", 13, False), ("4", 17, False), ("4", 18, False), ("4", 19, True), ("6", 19, True),
        ("5", 19, False), ("4", 20, False),
    ],
)  # fmt: skip
def test_a_card_has_an_issuers_prefix_and_length(page: MakePage, prefix: str, length: int, *, issued: bool) -> None:
    text = f"Kort {_card(prefix, length)} gäller"
    found = [text[slice(*span)] for span in cards(text, page(text).digit_runs)]
    assert found == ([_card(prefix, length)] if issued else [])


@pytest.mark.parametrize(("written", "grouped"), [("4111111111111111", False), ("4111 1111 1111 1111", True)])
def test_a_card_may_be_written_in_groups(written: str, *, grouped: bool) -> None:
    assert is_grouped(written) is grouped


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("börjar 4111 1111 och slutar 1111 1111.", "4111 1111 och slutar 1111 1111"),
        ("börjar 41111111, slutar 11111111", "41111111, slutar 11111111"),
        ("börjar 411111111111, slutar 1111", "411111111111, slutar 1111"),
        ("kod 1234, kort 4111 1111 samt 1111 1111", "4111 1111 samt 1111 1111"),
        ("kort 4111 1111 samt 1111 1112", None),
        ("kort 1111 1111 samt 1111 1111", None),
        ("kort 4111 1111 samt 1111", None),
        ("kort 4111 11111 1111 1111 samt 111", None),
    ],
)
def test_the_groups_of_a_card_may_stand_apart(text: str, card: str | None) -> None:
    span = split_card(text, 0, len(text))
    assert (text[slice(*span)] if span else None) == card


def test_groups_of_a_card_are_sought_only_where_told() -> None:
    text = "kort 4111 1111 samt 1111 1111"
    assert split_card(text, 0, len(text) - 1) is None
    assert split_card(text, 6, len(text)) is None


@pytest.mark.parametrize("account", IBANS)
def test_every_country_has_its_length(page: MakePage, account: str) -> None:
    text = f"IBAN {account}."
    assert [text[slice(*span)] for span in ibans(text, page(text).digit_runs)] == [account]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{WHOLE} ABC", [WHOLE]),
        (f"Till {WHOLE} 1234", [WHOLE]),
        ("SE45 5000 0000 0583 9825 7467", []),
        ("SE45 5000 0000 0583 9825 746", []),
        ("SE45 5000 0000 0583 9825 74661", []),
        ("DK45 5000 0000 0583 9825 7466", []),
        (f"QQ45 5000 0000 0583 och {WHOLE}", [WHOLE]),
        (f"{WHOLE}, SE7280000810340009783242", [WHOLE, "SE7280000810340009783242"]),
    ],
)
def test_an_iban_ends_where_its_country_says(page: MakePage, text: str, found: list[str]) -> None:
    assert [text[slice(*span)] for span in ibans(text, page(text).digit_runs)] == found


@pytest.mark.parametrize("between", [" ", ", ", " och ", " samt ", " och även ", "\n", "; Anna Ek: "])
def test_one_number_hides_no_other(page: MakePage, between: str) -> None:
    """A second one that began close behind was read only in part, and passed."""
    numbers = [WHOLE, "SE7280000810340009783242", "SE7280000810340009783242"]
    text = between.join(numbers)
    assert [text[slice(*span)] for span in ibans(text, page(text).digit_runs)] == numbers
    numbers = ["4539 1488 0343 6467", "4111 1111 1111 1111", "378282246310005"]
    text = (between if between.strip(" \n") else " + ").join(numbers)
    assert [text[slice(*span)] for span in cards(text, page(text).digit_runs)] == numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("8327-9, 934 123 456-1", [("8327-9, 934 123 456-1", False)]),
        ("8214-9 983554112", [("8214-9 983554112", False)]),
        ("5321-123 456", [("5321-123 456", False)]),
        ("5321-12 345", []),
        ("5321-123 456 789 01", [("5321-123 456 789 01", False)]),
        ("5321-123 456 789 012", []),
        ("0321-123 456", []),
        ("3300-7003119984", [("3300-7003119984", True)]),
        ("3782-7003119984", [("3782-7003119984", True)]),
        ("3301-7003119984", [("3301-7003119984", False)]),
        ("3300-7003119985", [("3300-7003119985", False)]),
        ("3300-7013119982", [("3300-7013119982", False)]),
        ("3300-70031199843", [("3300-70031199843", False)]),
    ],
)
def test_clearing_and_account(page: MakePage, text: str, found: list[tuple[str, bool]]) -> None:
    """Nordea's personal account is the owner's identity number."""
    assert [(text[slice(*span)], own) for span, own in accounts(text, page(text).digit_runs)] == found
