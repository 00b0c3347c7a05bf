"""Text that flows out of markup: pieces, and the line breaks between them."""

from __future__ import annotations

from typing import Final

_MOST_BREAKS: Final = 3


class Flow:
    """Visible text as it grows; breaks are held back until more text follows."""

    __slots__ = ("_breaks", "_pieces", "_trail", "blank", "length")

    def __init__(self) -> None:
        """Start empty."""
        self.length = 0
        self.blank = True
        """Nothing stands in the current line, or it ends in a blank."""
        self._pieces: list[str] = []
        self._breaks = 0
        self._trail = 0

    @property
    def breaking(self) -> bool:
        """Tell whether a break is held back."""
        return self._breaks > 0

    @property
    def text(self) -> str:
        """Return all that was put."""
        return "".join(self._pieces)

    def wish(self, breaks: int) -> None:
        """Ask for at least so many line breaks before the next text; wishes do not add up."""
        self._breaks = max(self._breaks, breaks)

    def add_break(self) -> None:
        """Ask for one more line break."""
        self._breaks = min(max(self._breaks, self._trail) + 1, _MOST_BREAKS)

    def settle(self) -> None:
        """Put the breaks that are held back, so that ``length`` is where the next text will stand."""
        wanted = self._breaks - self._trail
        self._breaks = 0
        if wanted > 0 and self.length:
            self._pieces.append("\n" * wanted)
            self.length += wanted
            self._trail += wanted
            self.blank = True

    def put(self, text: str, *, exact: bool = False) -> None:
        """Add text; unless ``exact``, blanks at the beginning of a line go."""
        self.settle()
        if self.blank and not exact:
            text = text.lstrip(" ")
        if text:
            self._pieces.append(text)
            self.length += len(text)
            self.blank = text[-1] in " \t\n"
            self._trail = len(text) - len(text.rstrip("\n")) if text[-1] == "\n" else 0
