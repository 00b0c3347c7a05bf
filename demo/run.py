"""Try Utpost out: start it before a relay of our own, send the example messages, show what happened to each.

usage: run.py [--once] [--listen HOST:PORT] [--metrics HOST:PORT]

Everything it writes is under var/demo, which is made anew each time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from demo.examples import read_examples, send  # noqa: E402 - found from any directory
from demo.process import Failed, Gateway, rule_titles  # noqa: E402
from demo.relay import Maildir, start_relay  # noqa: E402
from demo.table import Outcome, table  # noqa: E402

VAR: Final = ROOT / "var" / "demo"
LETTER_SECONDS: Final = 15.0
_T = TypeVar("_T")


async def try_examples(gateway: Gateway, maildir: Maildir) -> list[Outcome]:
    """Send every example, one after the other, and gather what happened."""
    host, _, port = gateway.ready["smtp"][0].rpartition(":")
    outcomes = []
    for example in read_examples():
        before = len(maildir.messages())
        answer = await asyncio.to_thread(send, example, host, int(port))
        entry = await gateway.next_message()
        arrived = [content for _, content in maildir.messages()[before:]]
        outcomes.append(
            Outcome(
                example=example,
                answer=answer,
                verdict=str(entry.get("verdict", "")),
                rules=tuple(entry.get("rules", ())),
                observed=tuple(entry.get("observed", ())),
                reference=str(entry.get("reference", "")),
                delivered=_subject(example.octets) in [_subject(content) for content in arrived],
                exact=example.octets in arrived,
            )
        )
    await _await_letters(outcomes, maildir)
    for outcome in outcomes:
        outcome.faults = _faults(outcome)
    return outcomes


def _subject(content: bytes) -> bytes:
    return next((line for line in content.splitlines() if line.lower().startswith(b"subject:")), b"")


async def _await_letters(outcomes: list[Outcome], maildir: Maildir) -> None:
    """Note which examples were answered by a letter; wait for those that should be."""
    due = [o for o in outcomes if o.example.verdict != "pass"]
    deadline = asyncio.get_running_loop().time() + LETTER_SECONDS
    while True:
        letters = [top + content for top, content in maildir.messages() if top.startswith(b"Return-Path: <>")]
        for outcome in outcomes:
            to = f"Delivered-To: {outcome.example.mail_from}\r\n".encode()
            outcome.letter = any(to in text and outcome.reference.encode() in text for text in letters)
        if all(o.letter for o in due) or asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(0.1)


def _faults(outcome: Outcome) -> list[str]:
    """Compare what happened with what the example's file says."""
    example, found = outcome.example, []
    refused = example.verdict == "block"
    verdict = {"observe": "pass", "bypass": "pass"}.get(outcome.verdict, outcome.verdict)
    if verdict != example.verdict:
        found.append(f"the verdict is {verdict}, not {example.verdict}")
    if sorted(example.rules) != sorted(outcome.rules):
        found.append(f"the rules are {', '.join(outcome.rules) or 'none'}, not {', '.join(example.rules)}")
    if outcome.answer.code != (550 if refused else 250):
        found.append(f"the reply is {outcome.answer.code}")
    if outcome.delivered is refused:
        found.append("the relay has it" if refused else "the relay does not have it")
    if outcome.delivered and not outcome.exact:
        found.append("it was changed on its way")
    if outcome.letter is (example.verdict == "pass"):
        found.append("a letter came" if outcome.letter else "no letter came")
    return found


def _places(gateway: Gateway, maildir: Maildir, outcomes: list[Outcome]) -> str:
    letters = sum(1 for top, _ in maildir.messages() if top.startswith(b"Return-Path: <>"))
    metrics = gateway.ready["metrics"]
    return "\n".join(
        (
            f"Messages   {_shown(maildir.folder)}/new  ({sum(o.delivered for o in outcomes)} handed over unchanged)",
            f"Letters    {_shown(maildir.folder)}/new  ({letters}: files that begin with 'Return-Path: <>')",
            f"Log        {_shown(VAR / 'utpost.log')}",
            f"Metrics    http://{metrics}/metrics   also /livez and /readyz",
        )
    )


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- the whole ---------------------------------------------------------------------------------


async def demonstrate(options: argparse.Namespace) -> int:
    """Run everything; return the exit code. Raises Failed."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    for place in (options.listen, options.metrics):
        _check_free(place)
    shutil.rmtree(VAR, ignore_errors=True)
    maildir = Maildir(VAR / "maildir")
    server, relay = await start_relay(maildir)
    gateway = Gateway(VAR / "utpost.log")
    try:
        place = ("--listen", options.listen, "--metrics", options.metrics, "--relay", relay)
        await _unless(stopping, gateway.start(*place, "--state", str(VAR / "state"), "--set", 'log_level="debug"'))
        outcomes = await _unless(stopping, try_examples(gateway, maildir))
        good = not any(outcome.faults for outcome in outcomes)
        print(table(outcomes, await rule_titles()))
        print(_places(gateway, maildir, outcomes))
        print("Every example got what its file says." if good else "NOT every example got what its file says.")
        if not options.once:
            print(f"\nServing on {gateway.ready['smtp'][0]} until Ctrl-C.")
            sys.stdout.flush()
            await _unless(stopping, _until_ended(gateway))
        return 0 if good else 1
    except _Stopped:
        return 0 if not options.once else 130
    finally:
        server.close()
        await gateway.stop()


def _check_free(place: str) -> None:
    """Make sure that nobody listens there, before anything of an earlier run is taken away. Raises Failed."""
    host, _, port = place.rpartition(":")
    try:
        socket.create_server((host, int(port))).close()
    except ValueError:
        raise Failed(f"{place!r} must be HOST:PORT, for instance 127.0.0.1:2526") from None
    except OSError as error:
        why = os.strerror(error.errno or 0)
        elsewhere = "make run ARGS='--listen 127.0.0.1:2526 --metrics 127.0.0.1:9926'"
        raise Failed(f"Cannot listen on {place}: {why}. Elsewhere: {elsewhere}") from None


class _Stopped(Exception):
    """Ctrl-C."""


async def _unless(stopping: asyncio.Event, work: Coroutine[Any, Any, _T]) -> _T:
    """Do something, unless we are stopped before it is done: then _Stopped is raised."""
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stopping.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    raise _Stopped


async def _until_ended(gateway: Gateway) -> None:
    code = await gateway.ended()
    raise Failed(f"Utpost ended by itself with code {code}; see {_shown(VAR / 'utpost.log')}")


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description="Try Utpost out.")
    parser.add_argument("--once", action="store_true", help="end after the table")
    parser.add_argument("--listen", default="127.0.0.1:2525", metavar="HOST:PORT")
    parser.add_argument("--metrics", default="127.0.0.1:9925", metavar="HOST:PORT")
    options = parser.parse_args()
    try:
        return asyncio.run(demonstrate(options))
    except Failed as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
