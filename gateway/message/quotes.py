"""Which lines of a body are the sender's own and which are an earlier message, from plain text and HTML alike."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Final, NamedTuple

from gateway.message import cues
from gateway.message.cues import Label
from gateway.message.traces import Range, Trace
from gateway.model import Headers, SegmentKind

LINES: Final = 20_000
"""Lines of one text that are looked at one by one; the rest is of the kind of the last."""

_BLOCK_LINES: Final = 40
_ATTRIBUTION_LINES: Final = 4
_ATTRIBUTION: Final = 400
_WRAPPED: Final = 60
_LABEL: Final = 24
"""Characters of a line in which the colon of a label must stand."""
_DRAWN: Final = frozenset(">-_*=~\u2014\u2015\u2500")
"""What quoted lines and lines that a program draws begin with."""
_INVISIBLE: Final = " \t\r\u00a0\u200b\ufeff\u2060\u200e\u200f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the header says about the words of a body."""

    reply: bool = False
    forward: bool = False

    @property
    def default(self) -> SegmentKind:
        """Return the kind of an earlier message whose own marks do not tell."""
        return SegmentKind.QUOTED if self.reply and not self.forward else SegmentKind.FORWARDED


def setting_of(headers: Headers) -> Setting:
    """Return the setting: the first prefix of the subject decides, then In-Reply-To."""
    subject = headers.subject
    answers = bool(headers.in_reply_to)
    if cues.FORWARD.match(subject) or (cues.AMBIGUOUS.match(subject) and not answers):
        return Setting(forward=True)
    return Setting(reply=answers or bool(cues.REPLY.match(subject) or cues.AMBIGUOUS.match(subject)))


class Line(NamedTuple):
    """A line of a body."""

    start: int
    text: str
    """Without the blanks and invisible characters around it."""


_LINE: Final[Callable[[Iterable[object]], Line]] = partial(tuple.__new__, Line)


def split_lines(text: str) -> list[Line]:
    """Return the lines of a text, ``LINES`` of them and one for the rest."""
    lines = text.split("\n", LINES)
    starts = accumulate([len(line) + 1 for line in lines], initial=0)
    return list(map(_LINE, zip(starts, [line.strip(_INVISIBLE) for line in lines], strict=False)))


def attribute(lines: Sequence[Line], setting: Setting, ranges: Sequence[Range] = ()) -> list[SegmentKind]:
    """Return for each line whether it is own, quoted or forwarded."""
    return _Attribution(lines, setting, ranges).run()


class _Attribution:
    """One pass over the lines."""

    def __init__(self, lines: Sequence[Line], setting: Setting, ranges: Sequence[Range]) -> None:
        self._lines = lines
        self._setting = setting
        self._kinds = [SegmentKind.OWN] * len(lines)
        self._quoted = [line.text.startswith(">") for line in lines]
        self._indents: dict[int, int] = {}
        self._dividers: set[int] = set()
        self._barren = 0
        """No header block begins before this line: the labels up to it were too few."""
        self._kind = SegmentKind.FORWARDED if setting.forward else SegmentKind.QUOTED
        if ranges:
            self._place(ranges)
        self._telling = [n for n, (_, text) in enumerate(lines) if text and _may_tell(text)]
        """Lines that can be a mark or a part of one."""
        if ranges:
            marked = (n for n, quoted in enumerate(self._quoted) if quoted)
            self._telling = sorted({*self._telling, *self._dividers, *marked})
        self._colons = [n for n, line in enumerate(lines) if line.text.endswith(":")]
        """Lines that can end an introduction."""

    def _place(self, ranges: Sequence[Range]) -> None:
        """Turn the traces of HTML into marks on lines."""
        starts = [line.start for line in self._lines]
        blocks = [r.start for r in ranges if r.trace in (Trace.CITE, Trace.INDENT)]
        covered = 0
        for found in ranges:
            if found.trace is Trace.SIGNATURE:
                continue
            first = bisect_right(starts, found.start) - 1
            stop = max(bisect_right(starts, found.end - 1), first + 1)
            if found.trace is Trace.DIVIDER:
                self._dividers.add(first)
            elif found.trace is Trace.INDENT:
                self._indents.setdefault(first, stop)
            elif stop > covered and not (found.trace is Trace.CONTAINER and _holds(blocks, found)):
                first = max(first, covered)
                self._quoted[first:stop] = [True] * (stop - first)
                covered = stop

    # --- the pass --------------------------------------------------------------------------

    def run(self) -> list[SegmentKind]:
        position = 0
        while position < len(self._lines):
            position = self._step(position)
            # Any mark has a telling line among its first ones: plain lines farther than that from one are own.
            following = bisect_left(self._telling, position - 1)
            if following == len(self._telling):
                break
            position = max(position, self._telling[following] - _ATTRIBUTION_LINES + 1)
        return self._kinds

    def _step(self, position: int) -> int:
        """Settle the line at ``position``, or a whole block, and return the next line."""
        text = self._lines[position].text
        if not text and position not in self._dividers:
            return position + 1
        if self._quoted[position] or self._is_wrapped_quote(position):
            return self._quotation(position)
        if (kind := self._marked(position, text)) is not None:
            return self._rest(position, self._header_block(position + 1), kind)
        begin = self._next(position + 1) if cues.RULE.fullmatch(text) else position
        stop = self._header_block(begin)
        if stop > begin:
            return self._rest(position, stop, self._setting.default)
        return self._introduced(position)

    def _marked(self, position: int, text: str) -> SegmentKind | None:
        """Return the kind of what follows a dividing line; None for any other line."""
        if cues.FORWARD_MARK.fullmatch(text):
            return SegmentKind.FORWARDED
        if position in self._dividers or cues.ORIGINAL_MARK.fullmatch(text):
            return self._setting.default
        return None

    def _quotation(self, position: int) -> int:
        """Settle lines that are marked as quoted; words of forwarding at their head make them forwarded."""
        stop = position + 1
        while stop < len(self._lines) and (self._quoted[stop] or not self._lines[stop].text):
            stop += 1
        for line in self._lines[position : min(stop, position + 3)]:
            if cues.FORWARD_MARK.fullmatch(line.text):
                return self._rest(position, stop, SegmentKind.FORWARDED)
            if cues.FORWARD_MARK.fullmatch(line.text.lstrip("> ")):
                return self._settle(position, stop, SegmentKind.FORWARDED)
        return self._settle(position, stop, self._kind)

    def _settle(self, position: int, stop: int, kind: SegmentKind) -> int:
        self._kinds[position:stop] = [kind] * (stop - position)
        return stop

    def _rest(self, position: int, stop: int, kind: SegmentKind) -> int:
        """Settle a mark and what follows: marked lines only where there are such, else everything."""
        introduced, _ = self._introduction(self._next(stop))
        for end in (stop, introduced):
            following = self._next(end)
            if following < len(self._lines) and self._lines[following].text.startswith(">"):
                self._kind = kind
                return self._settle(position, end, kind)
        return self._settle(position, len(self._lines), kind)

    def _next(self, position: int) -> int:
        """Return the next line with text."""
        while position < len(self._lines) and not self._lines[position].text:
            position += 1
        return position

    def _is_wrapped_quote(self, position: int) -> bool:
        """Tell the tail of a long quoted line that a program broke and did not mark."""
        if not 0 < position < len(self._lines) - 1:
            return False
        before = self._lines[position - 1].text
        if len(before) < _WRAPPED or not before.startswith(">"):
            return False
        return self._lines[position + 1].text.startswith(">") and self._lines[position].text[:1].islower()

    # --- marks -----------------------------------------------------------------------------

    def _header_block(self, position: int) -> int:
        """Return where a copied header block that begins at ``position`` ends; ``position`` where there is none."""
        if position < self._barren or position >= len(self._lines):
            return position
        if self._lines[position].text and not _label(self._lines[position].text)[0]:
            return position
        found: dict[Label, str] = {}
        stop = here = position
        blanks = 0
        while here < len(self._lines) and here - position < _BLOCK_LINES:
            text = self._lines[here].text
            label, value = _label(text)
            if label:
                found.setdefault(label, value)
                stop, blanks = here + 1, 0
            elif not text:
                blanks += 1
            elif not found or blanks or not _continues(text):
                break
            if blanks > 1:
                break
            here += 1
        if _is_header(found, self._setting):
            return stop
        self._barren = here
        return position

    def _introduced(self, position: int) -> int:
        """Settle a line like ``Den 4 nov. kl. 10:12 skrev …:`` with what it introduces, or an own line."""
        stop, words = self._introduction(position)
        return self._after_introduction(position, stop, words) if stop > position else position + 1

    def _introduction(self, position: int) -> tuple[int, str]:
        """Return where an introducing line, broken or not, ends, and its words; ``position`` where there is none."""
        nearest = bisect_left(self._colons, position)
        if nearest == len(self._colons) or self._colons[nearest] >= position + _ATTRIBUTION_LINES:
            return position, ""
        joined = ""
        for stop in range(position + 1, min(position + _ATTRIBUTION_LINES, len(self._lines)) + 1):
            text = self._lines[stop - 1].text
            joined = f"{joined} {text}"
            if not text or len(joined) > _ATTRIBUTION or (stop - 1 > position and self._quoted[stop - 1]):
                break
            if text.endswith(":") and cues.WROTE.search(joined):
                if stop > position + 1 and not cues.OPENING.match(joined):
                    break
                return stop, joined
        return position, ""

    def _after_introduction(self, position: int, stop: int, words: str) -> int:
        following = self._next(stop)
        if following < len(self._lines):
            if self._quoted[following]:
                return self._settle(position, stop, self._kind)
            if following in self._indents:
                return self._settle(position, self._indents[following], self._kind)
        timed = cues.CLOCK.search(words) and (cues.DAY.search(words) or words.lstrip()[:1].isdigit())
        if timed or cues.MAILBOX.search(words):
            return self._settle(position, len(self._lines), self._kind)
        return position + 1


def _may_tell(text: str) -> bool:
    """Tell whether a line may be quoted, drawn, a mark, a label, or end an introduction."""
    if not text[0].isalnum():
        return text[0] in _DRAWN or text[0].isspace() or ":" in text or "\uff1a" in text
    return (":" in text and (":" in text[:_LABEL] or ":" in text[-_LABEL:])) or "\uff1a" in text[:_LABEL]


def _holds(blocks: Sequence[int], container: Range) -> bool:
    """Tell whether a blockquote begins inside a container: then it alone is quoted, answers may stand around it."""
    first = bisect_left(blocks, container.start)
    return first < len(blocks) and blocks[first] < container.end


def _label(text: str) -> tuple[Label | None, str]:
    match = cues.LABEL_LINE.match(text) if ":" in text[:_LABEL] or "\uff1a" in text[:_LABEL] else None
    if match is None:
        return None, ""
    return cues.LABELS.get(match[1].strip().casefold()), match[2]


def _continues(text: str) -> bool:
    """Tell the second line of a long list of recipients."""
    return "@" in text or text.endswith((";", ","))


def _is_header(found: dict[Label, str], setting: Setting) -> bool:
    """Tell a copied header block from other lines with colons: a memo, a journey from one town to another."""
    if Label.FROM not in found or len(found) < 2:  # noqa: PLR2004 - one label is prose
        return False
    by_mail = Label.SENT in found or any("@" in value for value in found.values())
    if setting.reply or setting.forward:
        return by_mail or Label.SUBJECT in found
    return by_mail
