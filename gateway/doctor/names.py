"""What the domain name system says about the domains that mail comes from (MX, SPF, DMARC, DKIM)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import dns.exception
import dns.resolver

from gateway.config import Settings
from gateway.doctor.sign import Sign, failure, note, warning, well
from gateway.model import InvalidConfiguration

_SECONDS: Final = 5.0
Lookup = Callable[[str, str], list[str]]
"""(name, type) → the texts of the records; empty where there are none. Raises Silent."""


class Silent(Exception):
    """The resolver does not answer."""


def resolve(name: str, kind: str) -> list[str]:
    """Return the records of a name as the machine's resolver knows them. Raises Silent."""
    try:
        answer = dns.resolver.resolve(name, kind, lifetime=_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        raise Silent(name) from None
    if kind == "TXT":
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
    return [str(record) for record in answer]


def domains(settings: Settings, lookup: Lookup = resolve) -> Iterator[Sign]:
    """Examine the domains in scope and the one that letters come from."""
    letters = settings.letters.sender.rpartition("@")[2].lower()
    try:
        for domain in sorted(settings.scope.folded | {letters}):
            yield _mx(domain, lookup)
            yield _spf(domain, lookup)
        yield _dmarc(letters, lookup)
        yield from _dkim(settings, lookup)
    except Silent as silent:
        yield note("dns", f"the resolver does not answer for {silent}", "correct /etc/resolv.conf, or use --no-dns")


def _mx(domain: str, lookup: Lookup) -> Sign:
    records = lookup(domain, "MX")
    if records:
        return well(f"MX {domain}", ", ".join(sorted(records)))
    return warning(f"MX {domain}", "there is none: answers and reports cannot arrive", "publish an MX record")


def _spf(domain: str, lookup: Lookup) -> Sign:
    name, found = f"SPF {domain}", [t for t in lookup(domain, "TXT") if t.lower().split(" ")[0] == "v=spf1"]
    if len(found) > 1:
        return failure(name, f"there are {len(found)} records (RFC 7208 4.5: an error)", "join them into one")
    if not found:
        return warning(name, "there is none", "publish one that names the relay which strangers see, not Utpost")
    if found[0].lower().rstrip().endswith("+all"):
        return failure(name, "+all lets everybody send as you", "end it in -all or ~all")
    return well(name, found[0])


def _dmarc(domain: str, lookup: Lookup) -> Sign:
    name, found = f"DMARC {domain}", [t for t in lookup(f"_dmarc.{domain}", "TXT") if t.startswith("v=DMARC1")]
    if len(found) == 1:
        return well(name, found[0])
    text = f"there are {len(found)} records" if found else "there is none"
    return warning(name, text, f"publish one TXT record at _dmarc.{domain}")


def _dkim(settings: Settings, lookup: Lookup) -> Iterator[Sign]:
    if not settings.dkim.keys:
        yield note("DKIM", "letters are not signed by Utpost", "utpost dkim keygen FILE, and dkim.keys")
        return
    from gateway.letters.dkim import check_record, load_key  # noqa: PLC0415 - heavy, and only for those who sign

    for domain, selector, file in settings.dkim.parts:
        try:
            key = load_key(file, domain, selector)
        except InvalidConfiguration as error:
            yield failure("DKIM", str(error.problems[0]), "make a key: utpost dkim keygen FILE")
            continue
        wrong = check_record(key, lookup(key.record_name, "TXT"))
        name = f"DKIM {key.record_name}"
        yield failure(name, wrong, "publish what `utpost dkim record` prints") if wrong else well(name, "is published")
