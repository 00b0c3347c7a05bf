"""Inspection here and elsewhere: the same result, and a hostile message costs only itself."""

import asyncio
import contextlib
import ctypes
import io
import os
import pickle
import signal
import time
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

import pytest

from gateway import offload
from gateway.content import Content
from gateway.detect.lexicon import Lexicon, build_lexicon
from gateway.inspection import inspect
from gateway.model import Circumstances, Inspection, PartState, Unavailable
from gateway.offload import INLINE, Zygote, start_zygote
from gateway.policy.load import read_tree

NOBODY = Circumstances(sender=None, recipients=())
HEAD = b"From: <a@politik.orkelljunga.se>\r\nSubject: Hej\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
NUMBER = b"Personnummer: 780914-2388\r\n"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    built, problems = build_lexicon(read_tree(Path(__file__).parents[2] / "policies").files)
    assert not problems
    return built


@pytest.fixture
def zygote(lexicon: Lexicon) -> Iterator[Zygote]:
    started = start_zygote(lexicon)
    yield started
    started.close()
    os.waitpid(started.pid, 0)


def big(size: int = 400_000) -> bytes:
    return HEAD + b"Nu talar vi om skolan.\r\n" * (size // 24) + NUMBER


async def test_a_fork_sees_what_the_loop_would_see(zygote: Zygote, lexicon: Lexicon) -> None:
    octets = big()
    elsewhere = await zygote.inspect(Content.of(octets), NOBODY, 20)
    here = inspect(octets, NOBODY, lexicon, files=False)
    assert elsewhere == here
    assert [f.rule for f in here.findings] == ["personnummer"]
    assert all(part.text == "" for part in here.message.parts)


async def test_content_in_memory_beyond_the_inline_size_goes_elsewhere_too(zygote: Zygote) -> None:
    octets = big(INLINE + 1000)
    content = Content.of(octets)
    assert content.descriptor is None
    assert (await zygote.inspect(content, NOBODY, 20)).findings


async def test_dots_are_unstuffed_first(zygote: Zygote) -> None:
    content = Content(stuffed=True)
    content.write(HEAD + b"..leading\r\n" + b"x" * 70 + b"\r\n..\r\n" + NUMBER)
    assert (await zygote.inspect(content, NOBODY, 20)).message.size == len(content) - 2


async def test_several_at_once(zygote: Zygote) -> None:
    contents = [Content.of(big()) for _ in range(6)]
    results = await asyncio.gather(*(zygote.inspect(c, NOBODY, 30) for c in contents))
    assert all(len(r.findings) == 1 for r in results)


async def test_time_runs_out(zygote: Zygote) -> None:
    with pytest.raises(Unavailable) as caught:
        await zygote.inspect(Content.of(big(30_000_000)), NOBODY, 0.02)
    assert caught.value.what == "inspection"
    assert (await zygote.inspect(Content.of(big()), NOBODY, 20)).findings


async def test_a_dead_zygote_is_noticed(lexicon: Lexicon) -> None:
    started = start_zygote(lexicon)
    noticed: list[bool] = []
    started.dead = lambda: noticed.append(True)
    os.kill(started.pid, signal.SIGKILL)
    os.waitpid(started.pid, 0)  # noqa: ASYNC222 - it is dead already
    with pytest.raises(Unavailable):
        await started.inspect(Content.of(big()), NOBODY, 5)
    assert noticed
    started.close()


async def test_new_word_lists_reach_the_forks(zygote: Zygote) -> None:
    empty, _ = build_lexicon({})
    await zygote.renew(empty)
    result = await zygote.inspect(Content.of(big()), NOBODY, 20)
    assert isinstance(result, Inspection)


class Evil:
    """A pickle that would run code."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.system, ("true",))


@pytest.mark.parametrize("octets", [b"", b"garbage", pickle.dumps(Evil()), pickle.dumps("text"), pickle.dumps(NOBODY)])
def test_only_our_own_values_come_back(octets: bytes) -> None:
    with pytest.raises(Unavailable):
        offload._unpickle(octets)


def test_what_comes_back_is_read_however_this_python_writes_enumerations(
    lexicon: Lexicon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian 12's Python 3.11.2 writes a member as a call of getattr: no attached file could be opened there."""
    found = inspect(HEAD + NUMBER, NOBODY, lexicon, files=False)
    assert found.findings
    monkeypatch.setattr(Enum, "__reduce_ex__", lambda member, _: (getattr, (type(member), member.name)))
    with pytest.raises(Unavailable):
        offload._unpickle(pickle.dumps(found))
    assert offload._unpickle(offload._pickled(found)) == found


def test_the_fence_of_the_unpickler() -> None:
    with pytest.raises(pickle.UnpicklingError):
        offload._ModelUnpickler(io.BytesIO(pickle.dumps(Evil()))).load()


def crash(octets: bytes, budget: object) -> Iterator[str]:
    del octets, budget
    yield "början"
    ctypes.string_at(0)


def stall(octets: bytes, budget: object) -> Iterator[str]:
    del octets, budget
    yield "början"
    while True:
        pass


def swell(octets: bytes, budget: object) -> Iterator[str]:
    del budget
    yield "början"
    kept = [octets]
    while True:
        kept.append(bytes(64_000_000))


@pytest.mark.parametrize(
    ("reader", "seconds", "state"),
    [(crash, 30, PartState.UNREADABLE), (stall, 5, PartState.TIMED_OUT), (swell, 30, PartState.TOO_BIG)],
)
async def test_file_costs_itself_alone(
    reader: Callable[..., Iterator[str]],
    seconds: float,
    state: PartState,
    lexicon: Lexicon,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.extract.opener.reader_of", lambda _octets, _part: reader)
    with contextlib.closing(start_zygote(lexicon)) as zygote, contextlib.closing(Content.of(big())) as other:
        assert (await zygote.inspect(other, NOBODY, 20)).findings
        before = open_descriptors()
        found = await zygote.inspect(Content.of(WITH_FILE), NOBODY, seconds)
        assert [f.rule for f in found.findings] == ["personnummer"]
        assert [p.state for p in found.message.parts if p.filename] == [state]
        assert (await zygote.inspect(other, NOBODY, 20)).findings
        assert open_descriptors() == before


def outlive(octets: bytes, budget: object) -> Iterator[str]:
    del octets, budget
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    yield "början"
    while True:
        time.sleep(60)


async def test_what_outlives_its_alarm_is_killed(lexicon: Lexicon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.extract.opener.reader_of", lambda _octets, _part: outlive)
    with contextlib.closing(start_zygote(lexicon)) as zygote:
        children = Path(f"/proc/{zygote.pid}/task/{zygote.pid}/children")
        # Two fifths are left for the text, judged in a second fork: enough on a busy machine too.
        looking = asyncio.create_task(zygote.inspect(Content.of(WITH_FILE), NOBODY, 5))
        await until(lambda: len(children.read_text().split()) == 1)
        await until(lambda: Path("/proc", children.read_text().strip(), "oom_score_adj").read_text() == "1000\n")
        found = await looking
        assert [p.state for p in found.message.parts if p.filename] == [PartState.TIMED_OUT]
        await until(lambda: not children.read_text())


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - another process is watched
        await asyncio.sleep(0.02)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


WITH_FILE = (
    b"From: <a@politik.orkelljunga.se>\r\nSubject: Hej\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n" + NUMBER + b"--x\r\n"
    b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjcK\r\n--x--\r\n"
)
