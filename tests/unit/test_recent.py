"""The last minute's inspections: the same octets are looked at once, and nothing else is taken for them."""

from __future__ import annotations

import asyncio

import pytest

from gateway import recent
from gateway.content import Content
from gateway.model import Address, Circumstances, Headers, Inspection, Message, Unavailable
from gateway.recent import ENTRIES, LARGEST, Recent


class Inspector:
    """Sees who asks, and answers with what it was told to."""

    def __init__(self) -> None:
        self.asked: list[Circumstances] = []
        self.crashed: tuple[str, ...] = ()
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def inspect(self, content: Content, circumstances: Circumstances, seconds: float) -> Inspection:  # noqa: ARG002
        self.asked.append(circumstances)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        message = Message(headers=Headers(), parts=(), size=len(content))
        return Inspection(message=message, findings=(), crashed=self.crashed)


@pytest.fixture
def inspector() -> Inspector:
    return Inspector()


def to(*addresses: str, sender: str = "a@x.example") -> Circumstances:
    def address(text: str) -> Address:
        local, _, domain = text.partition("@")
        return Address(local=local, domain=domain)

    return Circumstances(sender=address(sender), recipients=tuple(map(address, addresses)))


HEJ = b"Subject: hej\r\n\r\nhej\r\n"


async def test_portions_of_one_mailing_are_looked_at_once(inspector: Inspector) -> None:
    remembering = Recent(inspector)
    first = await remembering.inspect(Content.of(HEJ), to("b@y.example", "c@z.example"), 1)
    second = await remembering.inspect(Content.of(HEJ), to("d@z.example", "e@y.example", "f@y.example"), 1)
    assert second is first
    assert len(inspector.asked) == 1


async def test_detectors_are_shown_what_the_memory_goes_by(inspector: Inspector) -> None:
    await Recent(inspector).inspect(Content.of(HEJ), to("b@y.example", "c@y.example", "d@x.example"), 1)
    (shown,) = inspector.asked
    assert shown == to("@x.example", "@y.example")


@pytest.mark.parametrize(
    ("octets", "circumstances"),
    [
        (HEJ + b"!", to("b@y.example")),
        (HEJ, to("b@z.example")),
        (HEJ, to("b@y.example", "b@z.example")),
        (HEJ, to("b@y.example", sender="b@x.example")),
    ],
    ids=["octets", "domain", "more domains", "sender"],
)
async def test_any_difference_is_looked_at(inspector: Inspector, octets: bytes, circumstances: Circumstances) -> None:
    remembering = Recent(inspector)
    await remembering.inspect(Content.of(HEJ), to("b@y.example"), 1)
    await remembering.inspect(Content.of(octets), circumstances, 1)
    assert len(inspector.asked) == 2


async def test_the_same_octets_mean_something_else_without_transparency_dots(inspector: Inspector) -> None:
    remembering = Recent(inspector)
    for stuffed in (True, False):
        await remembering.inspect(Content.of(HEJ, stuffed=stuffed), to("b@y.example"), 1)
    assert len(inspector.asked) == 2


async def test_failures_and_crashes_are_not_remembered(inspector: Inspector) -> None:
    remembering = Recent(inspector)
    inspector.error = Unavailable("inspection", "away")
    with pytest.raises(Unavailable):
        await remembering.inspect(Content.of(HEJ), to("b@y.example"), 1)
    inspector.error, inspector.crashed = None, ("personnummer",)
    await remembering.inspect(Content.of(HEJ), to("b@y.example"), 1)
    inspector.crashed = ()
    assert not (await remembering.inspect(Content.of(HEJ), to("b@y.example"), 1)).crashed
    assert len(inspector.asked) == 3


async def test_new_word_lists_forget_everything_also_what_is_under_way(inspector: Inspector) -> None:
    remembering = Recent(inspector)
    inspector.gate.clear()
    early = asyncio.create_task(remembering.inspect(Content.of(HEJ), to("b@y.example"), 1))
    await asyncio.sleep(0)
    remembering.forget()
    inspector.gate.set()
    await early
    await remembering.inspect(Content.of(HEJ), to("b@y.example"), 1)
    assert len(inspector.asked) == 2


async def test_it_remembers_little_and_not_for_long(inspector: Inspector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "SECONDS", 0.05)
    remembering = Recent(inspector)
    for number in range(ENTRIES + 1):
        await remembering.inspect(Content.of(HEJ + b"%d" % number), to("b@y.example"), 1)
    assert len(remembering._seen) == ENTRIES
    await asyncio.sleep(0.2)
    assert not remembering._seen


async def test_large_content_is_not_digested(inspector: Inspector) -> None:
    remembering = Recent(inspector)
    content = Content.of(b"a" * (LARGEST + 1))
    for _ in range(2):
        await remembering.inspect(content, to("b@y.example"), 1)
    assert len(inspector.asked) == 2
