"""The relay leg of one client session: the envelope goes out as it comes in, the content at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.content import Content
from gateway.model import PeerViolation, Unavailable
from gateway.smtp.xforward import xforward_lines
from gateway.upstream.client import RelayRefusal, RelaySession
from gateway.upstream.wire import NO_CAPABILITIES, Capabilities, RelayReply


class RelayLeg:
    """Own the connection to the relay and what it has heard of the current transaction.

    The connection is opened when the client greets, given back while the session idles, and opened
    again when needed. If it ended before DATA, the envelope is replayed; the client's transaction
    goes on only when every reply is the same as before.
    """

    __slots__ = (
        "_connect",
        "_extended",
        "_impersonate",
        "_name",
        "_origin",
        "_said",
        "_session",
        "_used",
        "capabilities",
        "encrypted",
        "pinned",
    )

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
        self._used = False
        """The present connection has answered a MAIL: it may end for idleness at any moment."""
        self.pinned = False
        """The client is authenticated on this very connection: it can be neither given back nor replaced."""
        self.capabilities: Capabilities = NO_CAPABILITIES
        """What the relay offered when it was last greeted."""
        self.encrypted = False
        """The connection that was last opened is encrypted."""

    @property
    def connected(self) -> bool:
        """Tell whether a connection is held."""
        return self._session is not None

    @property
    def heard_at(self) -> float | None:
        """Return when the relay was last spoken with (the loop's time); None where no connection is held."""
        return self._session.heard_at if self._session is not None else None

    @property
    def in_transaction(self) -> bool:
        """Tell whether the relay has a MAIL open."""
        return bool(self._said)

    @property
    def pipelining(self) -> bool:
        """Tell whether commands may go out in a group."""
        return self._session is not None and self._session.pipelining

    # --- greeting ----------------------------------------------------------------------------

    async def greet(self, name: bytes, *, extended: bool) -> None:
        """Greet the relay with the client's name, anew where a connection is held.

        Raises RelayRefusal with the relay's words, Unavailable when it cannot be reached.
        """
        self._name, self._extended = name, extended
        self._said.clear()
        if self._session is not None and self._session.alive and await self._greet_again(self._session):
            return
        if self.pinned:
            raise Unavailable("relay", "the authenticated connection ended")
        self._drop()
        self._session = await self._open()

    async def _greet_again(self, session: RelaySession) -> bool:
        try:
            await session.hello(self._name, extended=self._extended)
        except Unavailable:
            if session.lost:
                return False
            raise
        self.capabilities = session.capabilities
        return True

    async def ready(self) -> RelaySession:
        """Return a connection that has heard all of the present envelope.

        Raises Unavailable; RelayRefusal where the relay refuses a new connection between transactions.
        """
        if self._session is not None and self._session.alive:
            return self._session
        self._drop()
        if self.pinned:
            raise Unavailable("relay", "the authenticated connection ended")
        if not self._said:
            self._session = await self._open()
            return self._session
        try:
            session = await self._open()
        except RelayRefusal:
            raise Unavailable("relay", "it refused the connection that the envelope needs") from None
        await self._replay(session)
        self._session = session
        return session

    async def _replay(self, session: RelaySession) -> None:
        try:
            await self._tell_origin(session)
            replies = await session.commands([line for line, _ in self._said])
        except BaseException:
            session.abort()
            raise
        if [r.outcome for r in replies] != [r.outcome for _, r in self._said]:
            session.abort()
            raise Unavailable("relay", "it judged the envelope differently after a new connection")

    async def _open(self) -> RelaySession:
        self._used = False
        # XCLIENT is offered to EHLO alone; whoever says HELO is announced all the same.
        session = await self._connect(self._name, self._extended or self._impersonate is not None)
        try:
            if self._impersonate is not None:
                await self._announce(session, self._impersonate())
        except BaseException:
            session.abort()
            raise
        self.capabilities, self.encrypted = session.capabilities, session.encrypted
        return session

    async def _announce(self, session: RelaySession, origin: Mapping[str, str]) -> None:
        lines = xforward_lines(origin, session.capabilities.words("XCLIENT"), verb=b"XCLIENT")
        for line in lines:
            await session.impersonate(line)
        if lines or not self._extended:
            await session.hello(self._name, extended=self._extended)

    # --- the envelope ------------------------------------------------------------------------

    async def authenticate(self, line: bytes, answer: Callable[[RelayReply], Awaitable[bytes]]) -> RelayReply:
        """Relay an AUTH exchange; ``answer`` brings the client's line for each challenge (334).

        When ``answer`` raises PeerViolation, the exchange is cancelled with the relay first (RFC 4954 4).
        """
        session = await self.ready()
        try:
            reply = await session.command(line)
            while reply.code == 334:  # noqa: PLR2004 - RFC 4954 4
                reply = await session.command(await answer(reply))
        except PeerViolation:
            await session.command(b"*")
            raise
        except BaseException:
            self.abort()  # never let another command be taken for a response
            raise
        self.pinned = reply.positive
        return reply

    async def mail(self, line: bytes, origin: Mapping[str, str]) -> RelayReply:
        """Relay a MAIL line and return the relay's reply; ``origin`` goes before it to a relay that takes XFORWARD.

        A connection that was used before and ends just now is replaced: it has heard nothing of this envelope.
        """
        self._said.clear()
        self._origin = origin
        session = self._session
        if session is None or not session.alive:
            session = await self.ready()
        used, self._used = self._used, True
        try:
            reply = await self._mail(session, line)
        except Unavailable:
            if not (used and session.lost) or self.pinned:
                raise
            session = await self.ready()
            reply = await self._mail(session, line)
        if reply.positive:
            self._said.append((line, reply))
        return reply

    async def _mail(self, session: RelaySession, line: bytes) -> RelayReply:
        if "XFORWARD" in session.capabilities.keywords:
            await self._tell_origin(session)
        return _answer(await session.command(line))

    async def _tell_origin(self, session: RelaySession) -> None:
        for line in xforward_lines(self._origin, session.capabilities.words("XFORWARD")):
            await session.command(line)

    async def send_rcpts(self, lines: Sequence[bytes]) -> None:
        """Relay RCPT lines, more than one only while ``pipelining``; each is answered by ``rcpt_reply``."""
        session = self._session
        if session is None or not session.alive:
            session = await self.ready()
        session.send(lines)

    @property
    def rcpt_answered(self) -> bool:
        """Tell whether ``rcpt_reply`` would return without waiting."""
        return self._session is not None and self._session.spoke

    async def rcpt_reply(self, line: bytes) -> RelayReply:
        """Return the reply to the next of the lines sent."""
        reply = _answer(await self._held().next_reply())
        self._said.append((line, reply))
        return reply

    async def ask(self, line: bytes) -> RelayReply:
        """Relay a command that leaves the transaction alone (VRFY, EXPN)."""
        return _answer(await (await self.ready()).command(line))

    async def reset(self) -> RelayReply | None:
        """Take the transaction back; return the relay's reply, None where it had nothing to take back."""
        said = bool(self._said)
        self._said.clear()
        if not said or self._session is None or not self._session.alive:
            return None
        try:
            reply = await self._session.command(b"RSET")
        except Unavailable:
            self.abort()
            return None
        if not reply.positive:
            self.abort()
        return reply

    # --- the content -------------------------------------------------------------------------

    async def begin_data(self) -> RelayReply:
        """Send DATA and return the relay's reply, 354 or a refusal."""
        session = self._session
        if session is None or not session.alive:
            session = await self.ready()
        return await session.begin_data()

    async def send_content(self, content: Content, above: bytes = b"") -> RelayReply | None:
        """Send fields of ours and the content without its dot; return a refusal that came too early, else None."""
        early = await self._held().send_content(content, above)
        if early is not None:
            self.abort()
        return early

    async def finish(self) -> RelayReply:
        """Send the final dot and return the relay's verdict; the transaction is over either way."""
        session = self._held()
        self._said.clear()
        try:
            return await session.finish()
        except BaseException:
            self.abort()
            raise

    def _held(self) -> RelaySession:
        if self._session is None:
            raise Unavailable("relay", "not connected")
        return self._session

    # --- the end -----------------------------------------------------------------------------

    def detach(self) -> RelaySession | None:
        """Hand out the connection, to be parted from; the envelope stays, and is replayed when it is needed."""
        session, self._session = self._session, None
        return session

    def forget(self) -> None:
        """Have nothing of an envelope, and nobody authenticated."""
        self._said.clear()
        self.pinned = False
        self.capabilities, self.encrypted = NO_CAPABILITIES, False

    def abort(self) -> None:
        """Close at once; nothing under way is delivered."""
        self._said.clear()
        self._drop()

    def _drop(self) -> None:
        if self._session is not None:
            self._session.abort()
            self._session = None


def _answer(reply: RelayReply) -> RelayReply:
    """Return a reply that is a plain yes or no. Raises Unavailable: 3xx has no place in an envelope."""
    if not (reply.positive or reply.negative):
        raise Unavailable("relay", f"it answered {reply.code} out of place")
    return reply
