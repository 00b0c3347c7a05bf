"""What the registrar takes out of the register of who wrote to whom (2.8): a table for one sender and some days."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gateway.config import Settings
from gateway.journal.record import pseudonym
from gateway.journal.sent import FILE, Sent, Unsealed
from gateway.model import Refused, Unavailable
from gateway.operator import note, responsible_of
from gateway.policy.rules import Policy
from gateway.secret import installation_secret
from gateway.stores import open_sent

COLUMNS: Final = ("Datum", "Tid", "Avsändare", "Mottagare", "Referens", "Sekretessprövning")
"""The last one is empty: whoever reviews secrecy fills it in."""
_ZONE: Final = ZoneInfo("Europe/Stockholm")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One export. Both days belong to it, by the clock in Sweden."""

    sender: str
    first: date
    last: date
    format: str
    """``csv`` or ``xlsx``."""


def export(settings: Settings, policy: Policy, wanted: Wanted) -> tuple[bytes, int]:
    """Return the table as a file's octets, and how many messages it lists; the export is journalled before.

    Raises Refused: no register, a sender out of scope, days the wrong way round, another key, a journal that is away.
    """
    if settings.records.key_file is None:
        raise Refused("there is no register: records.key_file is not set")
    if not (settings.state.directory / FILE).is_file():
        raise Refused(f"{settings.state.directory} holds no register; name the state directory with --state")
    if wanted.first > wanted.last:
        raise Refused("--from is after --to")
    address = responsible_of(settings, policy, wanted.sender)
    found = asyncio.run(_found(settings, address, wanted))
    name = pseudonym(address, installation_secret(settings.state.directory))
    try:
        note(settings, "records_exported", f"{name} {wanted.first} {wanted.last} {wanted.format} {len(found)}")
    except Refused:
        raise Refused("the journal could not note the export: nothing was exported") from None
    table = [COLUMNS, *map(_row, found)]
    return (_xlsx if wanted.format == "xlsx" else _csv)(table), len(found)


async def _found(settings: Settings, address: str, wanted: Wanted) -> list[Sent]:
    register = open_sent(settings)
    if register is None:
        return []
    since = datetime.combine(wanted.first, time.min, _ZONE)
    until = datetime.combine(wanted.last + timedelta(days=1), time.min, _ZONE)
    try:
        return await register.of_sender(address, since, until)
    except Unsealed:
        raise Refused("a row cannot be opened: records.key_file holds another key than the one that wrote it") from None
    except Unavailable as error:
        raise Refused(f"the register cannot be read: {error.why}") from None
    finally:
        await register.close()


def _row(sent: Sent) -> tuple[str, ...]:
    at = sent.at.astimezone(_ZONE)
    return f"{at:%Y-%m-%d}", f"{at:%H:%M:%S}", sent.sender, "; ".join(sent.recipients), sent.reference, ""


def _csv(table: Iterable[tuple[str, ...]]) -> bytes:
    """Return CSV as a Swedish spreadsheet opens it: semicolons, UTF-8 with a mark, no cell that becomes a formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in table:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _xlsx(table: Iterable[tuple[str, ...]]) -> bytes:
    import xlsxwriter  # noqa: PLC0415 - only for an export

    octets = io.BytesIO()
    with xlsxwriter.Workbook(octets, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Utgående mejl")
        bold = book.add_format({"bold": True})
        for number, row in enumerate(table):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, None if number else bold)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return octets.getvalue()
