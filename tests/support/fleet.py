"""Utposts that live for the whole run, one for each set of settings, lent to one test at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay


class Fleet:
    """Starts what is asked for once; the relay of each is as new whenever it is lent."""

    def __init__(self, folder: Callable[[str], Path]) -> None:
        """``folder`` makes a new directory for a name."""
        self._folder = folder
        self._pairs: dict[tuple[str, ...], tuple[Utpost, ScriptedRelay]] = {}
        self._lent: list[tuple[Utpost, int]] = []

    def lend(self, *settings: str) -> tuple[Utpost, ScriptedRelay]:
        """Return a Utpost with these settings (KEY=VALUE), and its relay. Do not stop either."""
        if settings not in self._pairs:
            relay = ScriptedRelay().start()
            try:
                utpost = Utpost(relay.address, state=self._folder("fleet") / "state", settings=settings).start()
            except BaseException:
                relay.stop()
                raise
            self._pairs[settings] = utpost, relay
        utpost, relay = self._pairs[settings]
        relay.reset()
        self._lent.append((utpost, len(utpost.complaints)))
        return utpost, relay

    def take_back(self) -> list[str]:
        """Return what the lent ones have logged since that no run may contain."""
        found = [line for utpost, before in self._lent for line in utpost.complaints[before:]]
        self._lent.clear()
        return found

    def end(self) -> None:
        """Stop everything."""
        for utpost, relay in self._pairs.values():
            utpost.stop()
            relay.stop()
