"""The alarm rings at the earliest time asked for."""

import asyncio

from gateway.alarm import Alarm


async def test_it_rings_once_at_the_earliest_time() -> None:
    loop = asyncio.get_running_loop()
    rung: list[float] = []
    done = asyncio.Event()

    def ring() -> None:
        rung.append(loop.time())
        done.set()

    alarm = Alarm(loop, ring)
    start = loop.time()
    alarm.ring_at(start + 60)
    alarm.ring_at(start + 0.01)
    alarm.ring_at(start + 30)
    await done.wait()
    await asyncio.sleep(0.02)
    assert len(rung) == 1
    assert rung[0] >= start + 0.01


async def test_it_can_be_set_again_after_it_rang_and_be_stopped() -> None:
    loop = asyncio.get_running_loop()
    rung: list[int] = []
    alarm = Alarm(loop, lambda: rung.append(1))
    for _ in range(3):
        alarm.ring_at(loop.time())
        await asyncio.sleep(0.005)
    assert len(rung) == 3
    alarm.ring_at(loop.time() + 0.001)
    alarm.stop()
    alarm.stop()
    await asyncio.sleep(0.01)
    assert len(rung) == 3
    alarm.retire()
    alarm.ring_at(loop.time())
    await asyncio.sleep(0.005)
    assert len(rung) == 3
