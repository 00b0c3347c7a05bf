"""The relay leg of one client session: the envelope goes out as it comes in, the content at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.content import Content
from gateway.model import Unavailable
from gateway.smtp.xforward import xforward_line
from gateway.upstream.client import RelayRefusal, RelaySession
from gateway.upstream.wire import NO_CAPABILITIES, Capabilities, RelayReply


class RelayLeg:
    """Own the connection to the relay and what it has heard of the current transaction.

    The connection is opened when the client greets, given back while the session idles, and opened
    again when needed. If the relay closed it before DATA, the envelope is replayed; the client's
    transaction goes on only when every reply is the same as before.
    """

    def __init__(
        self,
        open_session: Callable[[bytes, bool], Awaitable[RelaySession]],
        impersonate: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        """``open_session(name, extended)`` connects and greets; it raises RelayRefusal or Unavailable.

        ``impersonate`` brings what a relay that offers XCLIENT is told of our client; None never does.
        """
        self._connect = open_session
        self._impersonate = impersonate
        self._session: RelaySession | None = None
        self._name = b""
        self._extended = True
        self._said: list[tuple[bytes, RelayReply]] = []
        self._origin: Mapping[str, str] = {}
        self.pinned = False
        """The client is authenticated on this very connection: it can be neither given back nor replaced."""

    @property
    def encrypted(self) -> bool:
        """Tell whether the present connection is encrypted."""
        return self._session is not None and self._session.encrypted

    @property
    def capabilities(self) -> Capabilities:
        """Return what the relay offered on the present connection."""
        return self._session.capabilities if self._session else NO_CAPABILITIES

    @property
    def connected(self) -> bool:
        """Tell whether a connection is held."""
        return self._session is not None

    @property
    def in_transaction(self) -> bool:
        """Tell whether the relay has a MAIL open."""
        return bool(self._said)

    @property
    def pipelining(self) -> bool:
        """Tell whether commands may go out in a group."""
        return "PIPELINING" in self.capabilities

    async def greet(self, name: bytes, *, extended: bool) -> None:
        """Greet the relay with the client's name, on a new connection.

        Raises RelayRefusal with the relay's words, Unavailable when it cannot be reached.
        """
        self._name, self._extended = name, extended
        if self.pinned and self._session is not None:
            reply = await self._session.hello(name, extended=extended)
            if not reply.positive:
                raise RelayRefusal(reply)
            self._said.clear()
            return
        await self.part()
        self._session = await self._open()

    async def authenticate(self, line: bytes, answer: Callable[[RelayReply], Awaitable[bytes]]) -> RelayReply:
        """Relay an AUTH exchange; ``answer`` brings the client's line for each challenge (334)."""
        session = await self._ready()
        reply = await session.command(line)
        while reply.code == 334:  # noqa: PLR2004 - RFC 4954 4
            reply = await session.command(await answer(reply))
        self.pinned = reply.positive
        return reply

    async def mail(self, line: bytes, origin: Mapping[str, str]) -> RelayReply:
        """Relay a MAIL line and return the relay's reply; ``origin`` goes before it to a relay that takes XFORWARD."""
        self._said.clear()
        self._origin = origin
        session = await self._ready()
        await self._tell_origin(session)
        reply = await session.command(line)
        if reply.positive:
            self._said.append((line, reply))
        return reply

    async def rcpt(self, lines: Sequence[bytes]) -> list[RelayReply]:
        """Relay RCPT lines, as a group where the relay takes groups; return a reply for each."""
        replies = await (await self._ready()).commands(lines)
        self._said += zip(lines, replies, strict=True)
        return replies

    async def ask(self, line: bytes) -> RelayReply:
        """Relay a command that leaves the transaction alone (VRFY, EXPN, HELP)."""
        return await (await self._ready()).command(line)

    async def reset(self) -> RelayReply | None:
        """Take the transaction back; return the relay's reply, None where it had nothing to take back."""
        if not self._said or self._session is None:
            self._said.clear()
            return None
        self._said.clear()
        try:
            reply = await self._session.command(b"RSET")
        except Unavailable:
            self.abort()
            return None
        if not reply.positive:
            self.abort()
        return reply

    async def begin_data(self) -> RelayReply:
        """Send DATA and return the relay's reply, 354 or a refusal."""
        reply = await (await self._ready()).command(b"DATA")
        if reply.positive:
            self.abort()
            raise Unavailable("relay", "it answered DATA with success")
        return reply

    async def send_content(self, content: Content) -> RelayReply | None:
        """Send the content without its final dot; return a refusal that came too early, else None."""
        session = self._held()
        try:
            await session.send_content(content)
        except Unavailable:
            words = session.last_words
            self.abort()
            if words is not None and words.code >= 400:  # noqa: PLR2004 - RFC 5321 4.2.1
                return words
            raise
        return None

    async def finish(self) -> RelayReply:
        """Send the final dot and return the relay's verdict; the transaction is over either way."""
        session = self._held()
        self._said.clear()
        try:
            return await session.finish()
        except BaseException:
            self.abort()
            raise

    async def _tell_origin(self, session: RelaySession) -> None:
        known = session.capabilities.keywords.get("XFORWARD", b"").decode("ascii", "replace").upper().split()
        if known and (line := xforward_line(self._origin, known)):
            await session.command(line)

    def _held(self) -> RelaySession:
        if self._session is None:
            raise Unavailable("relay", "not connected")
        return self._session

    async def _open(self) -> RelaySession:
        session = await self._connect(self._name, self._extended)
        known = session.capabilities.keywords.get("XCLIENT", b"").decode("ascii", "replace").upper().split()
        if self._impersonate is None or not known:
            return session
        try:
            await session.impersonate(xforward_line(self._impersonate(), known, verb=b"XCLIENT"), self._name)
        except BaseException:
            session.abort()
            raise
        return session

    async def _ready(self) -> RelaySession:
        if self._session is not None and self._session.alive:
            return self._session
        self._drop()
        if self.pinned:
            raise Unavailable("relay", "the authenticated connection ended")
        session = await self._open()
        said = self._said
        if said:
            try:
                await self._tell_origin(session)
                replies = await session.commands([line for line, _ in said])
            except Unavailable:
                session.abort()
                raise
            if [r.outcome for r in replies] != [r.outcome for _, r in said]:
                session.abort()
                raise Unavailable("relay", "it judged the envelope differently after a new connection")
        self._session = session
        return session

    async def part(self) -> None:
        """End the connection in order, if there is one."""
        session, self._session = self._session, None
        in_transaction = bool(self._said)
        self._said.clear()
        if session is None:
            return
        if session.alive and not in_transaction:
            await session.quit()
        else:
            session.abort()

    def abort(self) -> None:
        """Close at once; nothing under way is delivered."""
        self._said.clear()
        self._drop()

    def _drop(self) -> None:
        if self._session is not None:
            self._session.abort()
            self._session = None
