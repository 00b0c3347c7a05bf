"""What we lean on in aiosmtpd and asyncio must still be there."""

import asyncio
import inspect

from aiosmtpd.smtp import SMTP

from gateway.smtp.connection import Connection


def test_the_session_class_we_extend() -> None:
    assert issubclass(Connection, SMTP)
    assert issubclass(SMTP, asyncio.StreamReaderProtocol)
    assert issubclass(SMTP, asyncio.streams.FlowControlMixin)
    for name in ("connection_made", "data_received", "eof_received", "connection_lost", "smtp_AUTH", "smtp_STARTTLS"):
        assert callable(getattr(SMTP, name))


def test_its_destructor_forgives_what_we_leave_out() -> None:
    assert "getattr(self" in inspect.getsource(SMTP.__del__)
