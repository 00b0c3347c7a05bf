"""A message shown to clamd (clamav.net, clamd(8), command INSTREAM) beside the inspection of our own.

What clamd names becomes a finding of the rule ``malware``. A clamd that is away, slow, or refuses the size has said
nothing: never "clean", but what the rule's ``on_error`` says.
"""

from __future__ import annotations

import asyncio
import re
import struct
from dataclasses import dataclass, replace
from typing import Final

import structlog

from gateway.content import Content
from gateway.model import Circumstances, Confidence, Finding, Inspection, Origin, SegmentKind
from gateway.offload import Inspector
from gateway.telemetry.board import Metrics

CLAMD: Final = "clamd"
_CHUNK: Final = 256 * 1024
_ANSWER: Final = 1024
_FOUND: Final = re.compile(rb"stream: ([^\0\r\n]{1,200}) FOUND")
_NAME: Final = re.compile(r"[^A-Za-z0-9._-]")
_LOG = structlog.get_logger()


class Silent(Exception):
    """Clamd has not said what it thinks; ``why`` holds nothing of the message."""

    def __init__(self, why: str) -> None:
        """Say why."""
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Clamd:
    """Where clamd listens, and how long it may take."""

    host: str = ""
    port: int = 0
    path: str = ""
    seconds: float = 10.0

    async def scan(self, octets: bytes) -> str | None:
        """Return the name of the malware in these octets, None where clamd calls them clean. Raises Silent."""
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self._ask(octets)
        except TimeoutError:
            raise Silent("no answer in time") from None
        except OSError as error:
            raise Silent(error.strerror or "the connection was lost") from None
        if (found := _FOUND.search(answer)) is not None:
            return _NAME.sub("_", found[1].decode("ascii", "replace"))
        if not answer.startswith(b"stream: OK"):
            raise Silent("it could not scan the message")
        return None

    async def _ask(self, octets: bytes) -> bytes:
        reader, writer = await (
            asyncio.open_unix_connection(self.path) if self.path else asyncio.open_connection(self.host, self.port)
        )
        try:
            writer.write(b"zINSTREAM\0")
            for start in range(0, len(octets), _CHUNK):
                piece = octets[start : start + _CHUNK]
                writer.write(struct.pack("!I", len(piece)) + piece)
                await writer.drain()
            writer.write(struct.pack("!I", 0))
            await writer.drain()
            return await reader.read(_ANSWER)
        finally:
            writer.close()


@dataclass(frozen=True, slots=True)
class Scanned:
    """An inspector that asks clamd at the same time."""

    inspector: Inspector
    clamd: Clamd
    metrics: Metrics

    async def inspect(self, content: Content, circumstances: Circumstances, seconds: float) -> Inspection:
        """Return what was seen, malware included. Raises as ``inspector`` does."""
        asked = asyncio.ensure_future(self.clamd.scan(content.unstuffed()))
        try:
            seen = await self.inspector.inspect(content, circumstances, seconds)
            return self._with_answer(seen, await _said(asked))
        finally:
            asked.cancel()

    def _with_answer(self, seen: Inspection, answer: str | Silent | None) -> Inspection:
        if isinstance(answer, Silent):
            _LOG.warning("clamd_silent", why=answer.why)
            self.metrics.inc("antivirus", result="silent")
            return replace(seen, crashed=(*seen.crashed, CLAMD))
        self.metrics.inc("antivirus", result="malware" if answer else "clean")
        return replace(seen, findings=(*seen.findings, _finding(answer))) if answer else seen


async def _said(asked: asyncio.Future[str | None]) -> str | Silent | None:
    try:
        return await asked
    except Silent as silent:
        return silent


def _finding(name: str) -> Finding:
    return Finding(
        rule="malware",
        detector=CLAMD,
        confidence=Confidence.HIGH,
        part="",
        segment=SegmentKind.OWN,
        origin=Origin.OWN,
        evidence=name[:60],
        reason="Virusskyddet känner igen skadlig kod i mejlet.",
    )
