"""The matrix as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final, Protocol

from tests.reliability.cell import Tally

PAGE: Final = Path(__file__).parents[2] / "docs" / "reliability.md"

_HEAD: Final = """\
# Reliability: faults and stages

What becomes of mail when something breaks, counted message by message with a real Postfix as the relay.

Each cell brings its messages to one stage together, lets the fault happen, mends it, and has every client send again
what was not answered with 2xx or 5xx, as a mail server does. A third of the messages each are out of scope, pass with a
warning, and are refused. Every attempt carries a name of its own, so that deliveries are counted by message and by
attempt. The same faults meet a plain TCP pipe in the place of Utpost: where a pipe has repeats, nothing in between can
avoid them all (RFC 1047), because the relay has the message and its answer did not get through.

The stages: *before MAIL*, the client has said EHLO; *after RCPT*, it is accepted; *in DATA*, half of the content is
sent; *after the final dot*, the client has sent all and the relay has nothing of the content; *before the relay's
reply*, the relay has answered the final dot and its answer is still on its way; *after it*, the client has read its
answer; *at any moment*, nobody waits: messages begin within 0.4 seconds, and the fault comes somewhere in them.
"""

_PROMISES: Final = """\
## What is promised, and checked in every cell

- One attempt of a client is delivered at most once.
- What was acknowledged with 2xx is delivered; what was refused is not.
- A message is repeated only in a cell where the pipe has repeats too (*at any moment*: where it can have).
- A refusal has its letter, delivered or waiting in the outbox. No sender gets two letters about one message; a second
  copy of one letter has the same Message-ID.
- Every client has its answer in the end, and no process leaves a stack trace.

A letter about a message that was delivered with a warning may be missing where a process was killed between the relay's
answer and the release of that letter: pending letters of the dead are dropped, because a warning too few is better than
a false one. The column *warnings without* counts them.
"""

_NOTES: Final = """\
## Cells that stand for less than their name

- *before the relay's reply* has no refused messages: those never reach the relay.
- *after it*: the client has its answer, so nothing can happen to the message any more; what is seen there is the
  letter.
- The zygotes, the bookkeeper, Redis, the disk and the outbox have no counterpart in a pipe (–): no repeat is allowed
  there.
- *Redis gone* runs with the ledger in Redis, all else with the ledger in SQLite; there is no bookkeeper with Redis.
- *kill -9 of the workers* breaks the relay's connections at the same moment, and what they had not carried is lost. A
  killed parent's workers finish what is under way, so that those cells have fewer repeats than the pipe.
- *disk full* lets no process of Utpost write an octet to any file (RLIMIT_FSIZE); the relay's disk is its own matter.

## Beside the matrix

`make test-long`, in tests/reliability, counted the same way:

- *Reload* (ten times) and *stop and start behind an open socket* (eight times), while six clients send one message
  after the other and one more stands in the middle of its DATA: no connection is refused, what was acknowledged was
  delivered, no attempt twice, and the half message ends with 250 (`test_life.py`).
- *Three hosts on one Redis*, state folders of their own, a mailing to 150 persons one by one (`test_hosts.py`): one
  host is killed in the middle, or Redis hangs in the middle. Exactly 100 messages are acknowledged, no attempt is
  delivered twice; while Redis hangs mail out of scope flows, and what must be counted is told 451.
- *A network that parts* (namespaces, as root): the host that is cut off from Redis passes mail out of scope and
  answers 451 to mailings, the other goes on; when the line is back, both count what the other has reached, without a
  restart.
- *Many messages* without growth of memory, descriptors or files: `make soak`, figures in bench/RESULTS.md
  (`soak.py`).
"""


class Counted(Protocol):
    """A cell with what it came to."""

    @property
    def fault(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def tally(self) -> Tally: ...
    @property
    def pipe(self) -> Tally | None: ...
    @property
    def broken(self) -> list[str]: ...


def _rows(results: Sequence[Counted]) -> Iterator[str]:
    yield (
        "| fault | stage | messages | attempts | acknowledged | refused | delivered | repeats (pipe) | lost "
        "| letters (copies) | warnings without | kept |"
    )
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|"
    for result in results:
        tally = result.tally
        pipe = "–" if result.pipe is None else str(result.pipe.repeats)
        yield (
            f"| {result.fault} | {result.stage} | {tally.messages} | {tally.attempts} | {tally.acknowledged} "
            f"| {tally.refused} | {tally.delivered} | {tally.repeats} ({pipe}) | {tally.lost} "
            f"| {tally.letters} ({tally.copies}) | {tally.silent_warnings} | {'; '.join(result.broken) or 'yes'} |"
        )


def table(results: Sequence[Counted]) -> str:
    """Return the Markdown table of the results, a row for each cell."""
    return "\n".join(_rows(results))


def page(results: Sequence[Counted], command: str, day: date) -> str:
    """Return the whole page, with the command that made it."""
    messages = sum(result.tally.messages + (result.pipe.messages if result.pipe else 0) for result in results)
    made = f"Made by `{command}` on {day.isoformat()}: {len(results)} cells, {messages} messages.\n"
    return "\n".join((_HEAD, _PROMISES, "## The table\n", made, table(results) + "\n", _NOTES))
