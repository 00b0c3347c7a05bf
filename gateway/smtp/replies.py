"""Every reply that the gateway itself originates towards a client, refusals of policy apart."""

from __future__ import annotations

from typing import Final

from gateway.model import Reply


def _reply(code: int, enhanced: str, *lines: str) -> Reply:
    return Reply(code=code, enhanced=enhanced, lines=lines)


OK: Final = _reply(250, "2.0.0", "OK")
RECIPIENT_OK: Final = _reply(250, "2.1.5", "Recipient OK")
RECEIVED: Final = _reply(250, "2.0.0", "Received")
BYE: Final = _reply(221, "2.0.0", "Bye")
GO_AHEAD: Final = _reply(354, "", "End data with <CR><LF>.<CR><LF>")
CANNOT_VERIFY: Final = _reply(252, "2.5.2", "Cannot verify, send some mail")
HELP: Final = _reply(214, "2.0.0", "EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT (RFC 5321)")

UNKNOWN_COMMAND: Final = _reply(500, "5.5.2", "Command not recognized")
BAD_OCTETS: Final = _reply(500, "5.5.2", "Lines end with CRLF and hold no control characters")
LINE_TOO_LONG: Final = _reply(500, "5.5.2", "Line too long")
NOT_IMPLEMENTED: Final = _reply(502, "5.5.1", "Command not implemented")
NO_ARGUMENT: Final = _reply(501, "5.5.4", "No argument is allowed")
NAME_NEEDED: Final = _reply(501, "5.5.4", "Syntax: EHLO name")
VRFY_WHOM: Final = _reply(501, "5.5.4", "Syntax: VRFY address")
HELLO_FIRST: Final = _reply(503, "5.5.1", "Say EHLO first")
MAIL_FIRST: Final = _reply(503, "5.5.1", "Say MAIL first")
RCPT_FIRST: Final = _reply(503, "5.5.1", "Say RCPT first")
NESTED_MAIL: Final = _reply(503, "5.5.1", "A transaction is open already")
NO_RECIPIENTS: Final = _reply(554, "5.5.1", "No valid recipients")
TOO_MANY_RECIPIENTS: Final = _reply(452, "4.5.3", "Too many recipients")
ACCESS_DENIED: Final = _reply(554, "5.7.1", "Access denied")

BAD_LINE_ENDS: Final = _reply(550, "5.6.0", "Message refused: bare CR, bare LF or NUL in its content")
TOO_BIG: Final = _reply(552, "5.3.4", "Message too big")
NO_ROOM: Final = _reply(452, "4.3.1", "Too much mail at this moment, try again")

RELAY_AWAY: Final = _reply(451, "4.4.1", "The next mail server does not answer, try again later")
NO_RELAY: Final = _reply(421, "4.4.1", "The next mail server does not answer, try again later")
RELAY_LOST: Final = _reply(421, "4.4.2", "The next mail server closed the connection, try again later")
LOCAL_ERROR: Final = _reply(451, "4.3.0", "Temporary failure, try again later")
TOO_MANY_SESSIONS: Final = _reply(421, "4.3.2", "Too many connections, try again later")
SHUTTING_DOWN: Final = _reply(421, "4.3.2", "Service is closing, try again later")
TIMED_OUT: Final = _reply(421, "4.4.2", "Time-out")
NO_LINE_END: Final = _reply(421, "4.5.2", "Lines end with CRLF")
TOO_MANY_ERRORS: Final = _reply(421, "4.7.0", "Too many errors")
NOT_SMTP: Final = _reply(421, "4.7.0", "This is a mail server")

READY_FOR_TLS: Final = _reply(220, "2.0.0", "Ready to start TLS")
AUTHENTICATED_ALREADY: Final = _reply(503, "5.5.1", "Authenticated already")
NO_MECHANISM: Final = _reply(504, "5.5.4", "Mechanism not offered")
BAD_RESPONSE: Final = _reply(501, "5.5.2", "A response is one line of base64")
RESPONSE_TOO_LONG: Final = _reply(500, "5.5.6", "The response is too long")
ENCRYPT_FIRST: Final = _reply(538, "5.7.11", "Encryption required for authentication")
IN_TRANSACTION: Final = _reply(503, "5.5.1", "Not during a transaction")
