"""HTML to text as a reader sees it, with what a reader does not see kept apart; linear on any input, no tree.

Numbers that markup cuts come out whole: only block elements break lines. Hidden text, comments and attributes are
returned beside the visible text with the place where they stand, and so are the traces that mail clients leave
around an earlier message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from gateway.message.entities import unescape
from gateway.message.flow import Flow
from gateway.message.traces import Range, Trace, trace_of
from gateway.message.wordlist import words_of

TAGS: Final = 200_000
"""Tags of one text that are looked at; what follows is stripped of tags and kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """HTML as text."""

    text: str
    hidden: tuple[tuple[int, str], ...]
    """Where in ``text`` something hidden stands, and its words."""
    ranges: tuple[Range, ...]


_VOID: Final = words_of("area base br col embed hr img input link meta param source track wbr")
_BLOCKS: Final = words_of(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup html legend li main menu nav ol option p pre section select
    summary table tbody textarea tfoot thead tr ul title
    """
)
_PARAGRAPHS: Final = words_of("blockquote dl h1 h2 h3 h4 h5 h6 ol p pre table ul")
_CELLS: Final = frozenset({"td", "th"})
_ROWS: Final = frozenset({"td", "th", "tr"})
_REACH: Final = 64
"""Open elements that are looked through for the one that an end tag means."""

_TABULAR: Final = words_of("caption table tbody td tfoot th thead tr")
_CLOSES_ITSELF: Final = words_of("dd dt li option p td th tr")
_RAW: Final = {
    name: re.compile(rf"</{name}", re.IGNORECASE) for name in ("script", "style", "title", "textarea", "xmp")
}

_SPOKEN: Final = words_of(
    """
    abbr alt aria-description aria-label aria-placeholder aria-valuetext content data-text download label
    placeholder prompt standby summary title value
    """
)
_LINKS: Final = frozenset({"action", "href"})
_SPOKEN_LINK: Final = re.compile(r"\s*(?:mailto|tel|sms|callto|data:text/[^,]{0,99},)[:,]?", re.IGNORECASE)

_DASHED: Final = re.compile(r"(?<![\w-])(?:\d\d)?\d{6}-\d{4}(?![\w-])")
_MARKUP: Final = re.compile(r"<(?=[A-Za-z/!?])")
_NAME: Final = re.compile(r"</?([A-Za-z][^\s/>]{0,60})")
_ATTRIBUTE: Final = re.compile(r"""[\s/"']*([^\s/>="']+)(?:\s{0,64}=\s{0,64}(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?""")
_TAG: Final = re.compile(r"<[^<>]*>")
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
_UNSEEN: Final = re.compile(
    r"display:none|visibility:(?:hidden|collapse)"
    r"|(?:font-size|max-height|opacity|line-height):0(?:\.0+)?(?:px|pt|em|%)?(?:!|;|$)"
)
_CSS_TEXT: Final = re.compile(r"""content\s{0,9}:\s{0,9}(?:"([^"]{1,500})"|'([^']{1,500})')""", re.IGNORECASE)
_DIGIT_RUN: Final = re.compile(r"[0-9][0-9\s+\-\u00ad\u2010-\u2015\u2212]*[0-9]")
_BREAK: Final = re.compile(r"[\t\n]+")
_REVERSED: Final = re.compile("\u202e([^\u202c]{1,2000})")
_PUNCTUATION: Final = re.compile(r"[\s<>(),;:]+")
_NUMBER_SIZES: Final = frozenset({10, 12})


def render(source: str) -> Rendered:
    """Return the text of HTML. Never raises."""
    renderer = _Renderer(source)
    renderer.run()
    return renderer.result()


@dataclass(slots=True)
class _Open:
    """An element that is open."""

    name: str
    unseen: bool = False
    trace: Trace | None = None
    start: int = 0
    reversed: bool = False


class _Renderer:
    """One pass over the source."""

    def __init__(self, source: str, *, nested: bool = False) -> None:
        self._source = source
        self._nested = nested
        self._flow = Flow()
        self._comments_end = True
        self._stack: list[_Open] = []
        self._unseen = 0
        self._pre = 0
        self._veil: list[str] = []
        self._hidden: list[tuple[int, str]] = []
        self._ranges: list[Range] = []

    # --- the pass --------------------------------------------------------------------------

    def run(self) -> None:
        source, position = self._source, 0
        for _ in range(TAGS):
            match = _MARKUP.search(source, position)
            if match is None:
                self._text(source[position:])
                return
            self._text(source[position : match.start()])
            position = self._markup(match.start())
        self._text(_TAG.sub("", source[position:]))

    def result(self) -> Rendered:
        self._lift()
        while self._stack:
            self._pop()
        text = self._flow.text
        shown = frozenset(_PUNCTUATION.split(text))
        hidden = [entry for entry in dict.fromkeys(self._hidden) if entry[1] not in shown]
        hidden += _joined_numbers(text) + _turned(text)
        return Rendered(text=text, hidden=tuple(hidden), ranges=tuple(sorted(self._ranges, key=lambda r: r.start)))

    def _markup(self, start: int) -> int:
        """Handle what begins with ``<`` and return where the text goes on."""
        source = self._source
        if source.startswith("<!--", start):
            return self._comment(start)
        match = _NAME.match(source, start)
        if match is None:
            stop = source.find(">", start)
            return stop + 1 if stop >= 0 else self._cut(start)
        name = match[1].lower()
        stop = source.find(">", match.end())
        if stop < 0:
            return self._cut(match.end())
        if source[start + 1] == "/":
            self._close(name)
            return stop + 1
        inside = source[match.end() : stop]
        if "=" not in inside:
            self._open(name, {"hidden": ""} if "hidden" in inside else {})
        elif inside.count('"') % 2 or inside.count("'") % 2:
            attributes, stop = _careful(source, match.end())
            self._open(name, attributes)
        else:
            self._open(name, _attributes(inside))
        return self._raw(name, stop + 1) if name in _RAW else stop + 1

    def _comment(self, start: int) -> int:
        stop = self._source.find("-->", start + 4) if self._comments_end else -1
        if stop < 0:
            self._comments_end = False
            return start + 4
        self._aside(self._source[start + 4 : stop])
        return stop + 3

    def _cut(self, start: int) -> int:
        """Keep a tag that never ends as hidden text."""
        self._hide(_SPACE.sub(" ", unescape(self._source[start:])))
        return len(self._source)

    def _raw(self, name: str, start: int) -> int:
        """Handle elements whose content is no markup."""
        match = _RAW[name].search(self._source, start)
        stop = match.start() if match else len(self._source)
        content = self._source[start:stop]
        if name == "style":
            for css in _CSS_TEXT.finditer(content):
                self._hide(css[1] or css[2])
        elif name in ("textarea", "xmp"):
            self._text(content)
        else:
            self._hide(_SPACE.sub(" ", unescape(content)))
        return stop

    def _aside(self, markup: str) -> None:
        """Render markup that is not shown: a comment, a srcdoc attribute."""
        if self._nested:
            self._hide(_SPACE.sub(" ", _TAG.sub(" ", markup)))
            return
        if markup.startswith("[if"):
            markup = markup.partition("]>")[2].removesuffix("<![endif]")
        inner = _Renderer(markup, nested=True)
        inner.run()
        rendered = inner.result()
        self._hide(rendered.text)
        for _, words in rendered.hidden:
            self._hide(words)

    # --- elements --------------------------------------------------------------------------

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if attributes:
            self._speak(name, attributes)
        if name == "br":
            self._flow.add_break()
            return
        self._close_implied(name)
        self._break(name, attributes)
        if name in _VOID:
            return
        element = _Open(name)
        if attributes:
            self._qualify(element, attributes)
        elif name == "blockquote":
            self._mark(element, Trace.INDENT)
        self._unseen += element.unseen
        self._pre += name == "pre"
        self._stack.append(element)

    def _close_implied(self, name: str) -> None:
        """Close what a start tag ends without saying so (HTML 13.1.2.4)."""
        if name in _ROWS:
            self._close_within(_CELLS, "table")
        last = self._stack[-1].name if self._stack else ""
        if (last == "p" and name in _BLOCKS) or (last == name and name in _CLOSES_ITSELF):
            self._pop()

    def _close_within(self, names: frozenset[str], barrier: str) -> None:
        """Close the nearest open element of these names, and what is open in it."""
        stack = self._stack
        for depth in range(len(stack) - 1, max(-1, len(stack) - 1 - _REACH), -1):
            if stack[depth].name in names:
                while len(stack) > depth:
                    self._pop()
                return
            if stack[depth].name == barrier:
                return

    def _qualify(self, element: _Open, attributes: dict[str, str]) -> None:
        style = attributes.get("style", "")
        if style:
            style = "".join(style.lower().split())
        element.unseen = "hidden" in attributes or (bool(style) and _UNSEEN.search(style) is not None)
        turned = attributes.get("dir", "").lower() == "rtl" and element.name == "bdo"
        if turned or ("bidi-override" in style and "rtl" in style):
            element.reversed = True
            self._text("\u202e")
        if trace := trace_of(element.name, attributes, style):
            self._mark(element, trace)

    def _mark(self, element: _Open, trace: Trace) -> None:
        self._flow.settle()
        if trace is Trace.DIVIDER:
            self._ranges.append(Range(trace, self._flow.length, self._flow.length))
        else:
            element.trace = trace
            element.start = self._flow.length

    def _close(self, name: str) -> None:
        """Close an element and what is open in it, within the scope that browsers give it."""
        stack = self._stack
        if name in ("br", "p") and not (stack and stack[-1].name == name):
            self._flow.wish(1)
        for depth in range(len(stack) - 1, max(-1, len(stack) - 1 - _REACH), -1):
            open_name = stack[depth].name
            if open_name == name:
                while len(stack) > depth:
                    self._pop()
                break
            if _bars(open_name, name):
                break
        self._break(name, None)

    def _pop(self) -> None:
        element = self._stack.pop()
        self._pre -= element.name == "pre"
        if element.reversed:
            self._text("\u202c")
        if element.unseen:
            self._unseen -= 1
            if not self._unseen:
                self._lift()
        if element.trace is not None:
            self._ranges.append(Range(element.trace, element.start, self._flow.length))

    def _break(self, name: str, attributes: dict[str, str] | None) -> None:
        if name in _PARAGRAPHS:
            tight = name == "p" and attributes is not None and _is_tight(attributes)
            wanted = 1 if tight or (name == "p" and attributes is None) else 2
            self._flow.wish(wanted)
        elif name in _BLOCKS or name == "hr":
            self._flow.wish(1)
        elif name in _CELLS and attributes is not None and not self._flow.blank and not self._flow.breaking:
            self._flow.put("\t")
        elif name == "rt":
            self._flow.put(" ")

    def _speak(self, name: str, attributes: dict[str, str]) -> None:
        """Keep the words of attributes."""
        for key, value in attributes.items():
            if not value:
                continue
            if key in _SPOKEN:
                if name != "meta" or not ("http-equiv" in attributes or attributes.get("name", "").lower() in _NOISE):
                    self._hide(_SPACE.sub(" ", unescape(value)))
            elif key in _LINKS:
                if link := _SPOKEN_LINK.match(value):
                    self._hide(_SPACE.sub(" ", unquote(unescape(value[link.end() :]))))
            elif key == "srcdoc":
                self._aside(unescape(value))
            elif "-" in value and _DASHED.search(value):
                self._hide(_SPACE.sub(" ", unescape(value)))

    # --- output ----------------------------------------------------------------------------

    def _text(self, raw: str) -> None:
        if not raw:
            return
        text = unescape(raw) if "&" in raw else raw
        if not self._pre:
            text = _SPACE.sub(" ", text)
        if self._unseen:
            self._veil.append(text)
        elif self._pre:
            self._flow.put(text.replace("\r\n", "\n"), exact=True)
        elif text != " " or not self._flow.breaking:
            self._flow.put(text)

    def _hide(self, words: str) -> None:
        words = words.strip()
        if words:
            self._hidden.append((self._flow.length, words))

    def _lift(self) -> None:
        """Let hidden text end: it is one stretch of its own."""
        self._hide("".join(self._veil))
        self._veil.clear()


_NOISE: Final = frozenset({"viewport", "generator", "progid", "originator", "format-detection", "color-scheme"})


def _careful(source: str, start: int) -> tuple[dict[str, str], int]:
    """Read attributes whose values may hold ``>``; return them and where the tag ends."""
    found: dict[str, str] = {}
    position = start
    while True:
        match = _ATTRIBUTE.match(source, position)
        if match is None:
            stop = source.find(">", position)
            return found, stop if stop >= 0 else len(source)
        found.setdefault(match[1].lower(), match[2] or match[3] or match[4] or "")
        position = match.end()


def _attributes(inside: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(inside):
        found.setdefault(match[1].lower(), match[2] or match[3] or match[4] or "")
    return found


def _bars(open_name: str, closing: str) -> bool:
    """Tell whether an open element keeps an end tag from reaching further out."""
    if closing in _TABULAR:
        return open_name == "table"
    if closing in _BLOCKS:
        return open_name in _CELLS
    return open_name in _BLOCKS or open_name in _CELLS


def _is_tight(attributes: dict[str, str]) -> bool:
    """Tell a paragraph that is a mere line, as Outlook writes them."""
    if "msonormal" in attributes.get("class", "").lower():
        return True
    style = "".join(attributes.get("style", "").lower().split())
    return "margin:0" in style or "margin-bottom:0" in style


def _joined_numbers(text: str) -> list[tuple[int, str]]:
    """Return numbers of identity-number length that a cell or a line break cuts."""
    out = []
    for match in _DIGIT_RUN.finditer(text):
        run = match[0]
        if ("\n" in run or "\t" in run) and sum(map(str.isdigit, run)) in _NUMBER_SIZES:
            out.append((match.start(), _BREAK.sub("", run)))
    return out


def _turned(text: str) -> list[tuple[int, str]]:
    """Return what stands under a right-to-left override, in reading order."""
    return [(match.start(), match[1][::-1]) for match in _REVERSED.finditer(text)] if "\u202e" in text else []
