"""Outlook's messages saved as files (MS-OXMSG): properties are streams, attachments and what they hold are storages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from gateway.extract.finds import Budget, Finds, Inner, NotRead
from gateway.extract.rtf import read_rtf
from gateway.extract.runs import runs_of
from gateway.message.charset import declared_inside, decode_plain, decode_text
from gateway.message.html import render

_SUBJECT, _BODY, _HTML, _RTF = "0037", "1000", "1013", "1009"
_NAMES: Final = ("3707", "3704", "3001")
_DATA: Final = "37010102"
_OBJECT: Final = "__substg1.0_3701000D"
_PROPERTIES: Final = "__properties_version1.0"
_NAMED: Final = re.compile(r"__substg1\.0_([89A-F][0-9A-F]{3})001[EF]")
"""Fields of contacts, tasks and appointments, each under a number of the file's own (2.2.3)."""
_DEPTH: Final = 10


def read_message(file: Any, budget: Budget) -> Finds:
    """Yield the texts of a message and of the messages within it, and its attachments. ``file`` is an OleFileIO."""
    yield from _message(file, (), budget)


def _message(file: Any, inside: tuple[str, ...], budget: Budget) -> Finds:
    if len(inside) > _DEPTH:
        raise NotRead
    inner: list[Inner] = []
    yield from _once(_texts(file, inside, budget, inner))
    yield from inner
    for storage in _attachments(file, inside):
        budget.file()
        yield from _attachment(file, (*inside, storage), budget)


def _texts(file: Any, inside: tuple[str, ...], budget: Budget, inner: list[Inner]) -> Iterator[str]:
    """Yield subject, names and all forms of the body; files embedded in a body go to ``inner``."""
    for tag in (_SUBJECT, "0C1A", "0E04", "0E03", _BODY):
        yield _property(file, inside, tag) + "\n"
    page = _binary(file, inside, f"{_HTML}0102")
    source = decode_text(page, declared_inside(page))[0] if page else _property(file, inside, _HTML)
    if source:
        rendered = render(source)
        yield "\n".join([rendered.text, *(words for _, words in rendered.hidden)]) + "\n"
    if packed := _binary(file, inside, f"{_RTF}0102"):
        for found in _packed(packed, budget):
            if isinstance(found, str):
                yield found
            else:
                inner.append(found)
    yield from _named(file, inside)


def _once(texts: Iterable[str]) -> Iterator[str]:
    """Yield only the lines that are new: Outlook keeps a body in up to three forms."""
    known = {""}
    for text in texts:
        for line in text.splitlines():
            if (bare := " ".join(line.split())) not in known:
                known.add(bare)
                yield line.rstrip() + "\n"


def _named(file: Any, inside: tuple[str, ...]) -> Iterator[str]:
    for path in file.listdir():
        if tuple(path[:-1]) == inside and (found := _NAMED.fullmatch(path[-1])):
            yield _property(file, inside, found[1]) + "\n"


def _attachments(file: Any, inside: tuple[str, ...]) -> list[str]:
    depth = len(inside)
    paths = file.listdir(streams=False, storages=True)
    return sorted(p[depth] for p in paths if len(p) == depth + 1 and _under(p, inside) and p[depth].startswith("__att"))


def _attachment(file: Any, here: tuple[str, ...], budget: Budget) -> Finds:
    held = (*here, _OBJECT)
    if file.exists("/".join([*held, _PROPERTIES])):
        yield from _message(file, held, budget)
        return
    name = next((found for tag in _NAMES if (found := _property(file, here, tag))), "bilaga")
    if file.exists("/".join(held)):
        yield from _foreign(file, held, name, budget)
        return
    data = _binary(file, here, _DATA)
    budget.take(len(data))
    yield Inner(name=name, octets=data)


def _foreign(file: Any, held: tuple[str, ...], name: str, budget: Budget) -> Finds:
    """Yield the streams of another program's object: whole files as such, of the others what can be read."""
    for path in file.listdir():
        if _under(path, held):
            data = file.openstream(path).read()
            budget.take(len(data))
            if path[-1] in ("Package", "CONTENTS"):
                yield Inner(name=name, octets=data)
            else:
                yield from runs_of(data)


def _under(path: list[str], inside: tuple[str, ...]) -> bool:
    return tuple(path[: len(inside)]) == inside


def _packed(packed: bytes, budget: Budget) -> Finds:
    import compressed_rtf  # noqa: PLC0415 - needed for few messages

    yield from read_rtf(compressed_rtf.decompress(packed), budget)


def _property(file: Any, inside: tuple[str, ...], tag: str) -> str:
    if wide := _binary(file, inside, f"{tag}001F"):
        return wide.decode("utf-16-le", "replace").rstrip("\0")
    return decode_plain(_binary(file, inside, f"{tag}001E")).rstrip("\0")


def _binary(file: Any, inside: tuple[str, ...], tag: str) -> bytes:
    path = "/".join([*inside, f"__substg1.0_{tag}"])
    return bytes(file.openstream(path).read()) if file.exists(path) else b""
