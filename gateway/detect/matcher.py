"""One pass over a text for all words of all lists, and RE2 for what officials write as patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import re2
from ahocorasick_rs import BytesAhoCorasick, Implementation

from gateway.detect.normalise import normalise
from gateway.detect.octets import beyond, latin_of, lower_octets, tokens_of

Span: TypeAlias = tuple[int, int]
"""``[start, end)`` in a text."""

_FoundBy: TypeAlias = tuple[tuple[str, ...], int, int]
"""The lists of a needle, and what to add to its ends to leave out its spaces."""

_Sought: TypeAlias = tuple[bytes, list[_FoundBy], list[tuple[str, str]], list[tuple[str, str]]]
"""Needles, by whom each is found, words of other scripts, patterns."""

MAX_HITS: Final = 20_000
"""Hits of one list in one page that are kept: far beyond any mail, so that hostile text costs no memory."""

_CHUNK: Final = 1 << 18
_BETWEEN: Final = b"\n"
"""Between needles, which hold letters, digits and spaces."""


def needle_of(word: str) -> bytes:
    """Return what the automaton looks for: a space where the word must begin or end."""
    left = b"" if word.startswith("*") else b" "
    right = b"" if word.endswith("*") else b" "
    return left + tokens_of(latin_of(word.strip("*"))).strip(b" ") + right


def is_latin(text: str) -> bool:
    """Tell whether every character has one octet in Latin-1."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def compile_pattern(pattern: str) -> Any:
    """Return an RE2 pattern over Latin-1 octets, upper and lower case alike. Raises ValueError with RE2's reason."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 1 << 22
    try:
        return re2.compile(pattern.encode("latin-1"), options)
    except re2.error as error:
        reason = error.args[0] if error.args else "is no pattern"
        raise ValueError(reason.decode("latin-1") if isinstance(reason, bytes) else str(reason)) from None
    except UnicodeEncodeError:
        raise ValueError("patterns may only hold characters of Latin-1") from None


def _either(patterns: Sequence[str]) -> Any:
    """Return one pattern that is found where any of several is; None where they do not go together."""
    try:
        return compile_pattern("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else None
    except ValueError:
        return None  # each is good by itself, but names of groups meet, or all of them are too large


def other_scripts(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words that are not written in Latin letters."""
    return tuple(word for word in words if not is_latin(normalise(word).text.lower()))


def _joined(needles: Iterable[bytes]) -> bytes:
    """Return needles in one piece: a quarter of the room of many."""
    return _BETWEEN.join(needles)


def _parted(octets: bytes) -> list[bytes]:
    return octets.split(_BETWEEN) if octets else []


class Finder:
    """The words of one list, to be looked for in short stretches."""

    __slots__ = ("_automaton", "_needles", "_trims", "longest")

    def __init__(self, words: Sequence[str]) -> None:
        """Compile the words; those of other scripts are left out."""
        plain = (normalise(word).text.lower() for word in words)
        self.__setstate__(_joined(dict.fromkeys(needle_of(word) for word in plain if is_latin(word))))

    def __getstate__(self) -> bytes:
        """Travel as what is looked for."""
        return self._needles

    def __setstate__(self, state: bytes) -> None:
        """Compile what is looked for."""
        self._needles = state
        needles = _parted(state)
        self._trims = [(n.startswith(b" "), n.endswith(b" ")) for n in needles]
        # What the library chooses for short lists, full tables, takes three megabytes more and finds nothing sooner.
        self._automaton = BytesAhoCorasick(needles, implementation=Implementation.ContiguousNFA) if needles else None
        self.longest = max(map(len, needles), default=1)
        """Octets of the longest word, with the spaces around it."""

    def find(self, tokens: bytes, start: int, end: int) -> list[Span]:
        """Return the words that begin inside ``[start, end)``, sorted. ``tokens`` begins with one space too many."""
        if self._automaton is None or start >= end:
            return []
        base = max(0, start)
        spans: list[Span] = []
        for number, left, right in self._automaton.find_matches_as_indexes(
            tokens[base : end + self.longest + 1], overlapping=True
        ):
            opened, closed = self._trims[number]
            begin = base + left - 1 + opened
            if start <= begin < end:
                spans.append((begin, base + right - 1 - closed))
        spans.sort()
        return spans


class Matcher:
    """All words in one Aho-Corasick automaton, all patterns in RE2: linear, no backtracking."""

    __slots__ = (
        "_any_pattern",
        "_automaton",
        "_found_by",
        "_longest",
        "_needles",
        "_patterns",
        "_script",
        "_wide",
        "_written",
    )

    def __init__(self, lists: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> None:
        """Compile lists: name → words, patterns."""
        needles: dict[bytes, list[str]] = {}
        wide: list[tuple[str, str]] = []
        written: list[tuple[str, str]] = []
        for name, (words, patterns) in lists.items():
            for word in words:
                plain = normalise(word).text.lower()
                if is_latin(plain):
                    needles.setdefault(needle_of(plain), []).append(name)
                else:
                    wide.append((plain.strip("*"), name))
            written += [(name, pattern) for pattern in patterns]
        # The tokens have one space more in front than the text: an opening space of the needle undoes it.
        pool: dict[_FoundBy, _FoundBy] = {}
        found_by: list[_FoundBy] = []
        for needle, names in needles.items():
            found = (tuple(dict.fromkeys(names)), needle.startswith(b" ") - 1, -1 - needle.endswith(b" "))
            found_by.append(pool.setdefault(found, found))
        self.__setstate__((_joined(needles), found_by, wide, written))

    def __getstate__(self) -> _Sought:
        """Travel as what is looked for; automata and patterns do not."""
        return self._needles, self._found_by, self._wide, self._written

    def __setstate__(self, state: _Sought) -> None:
        """Compile what is looked for."""
        self._needles, self._found_by, self._wide, self._written = state
        needles = _parted(self._needles)
        self._longest = max(map(len, needles), default=1)
        self._automaton = BytesAhoCorasick(needles) if needles else None
        letters = "".join(sorted({c for word, _ in self._wide for c in word if not is_latin(c)}))
        self._script = re.compile(f"[{re.escape(letters)}]", re.IGNORECASE) if letters else None
        self._patterns = [(name, compile_pattern(pattern)) for name, pattern in self._written]
        self._any_pattern = _either([pattern for _, pattern in self._written])

    def search(self, text: str, latin: bytes) -> dict[str, list[Span]]:
        """Return list → spans in normalised ``text``, sorted; lists that are not found are absent.

        ``latin`` is the text in octets.
        """
        found: dict[str, list[Span]] = {}
        self._search_words(b" " + tokens_of(latin) + b" ", found)
        letters = self._script_letters(text, latin)
        if letters:
            self._search_wide(text.lower(), letters, found)
        if self._patterns:
            self._search_patterns(lower_octets(latin), found)
        for spans in found.values():
            spans.sort()
        return found

    def _script_letters(self, text: str, latin: bytes) -> frozenset[str]:
        """Return the letters of other scripts, in lower case, that the text and the words have in common."""
        if self._script is None:
            return frozenset()
        places = beyond(text, latin)
        written = text if places is None else "".join([text[at] for at in places])
        return frozenset("".join(self._script.findall(written)).lower())

    def _search_words(self, tokens: bytes, found: dict[str, list[Span]]) -> None:
        if self._automaton is None:
            return
        for base in range(0, len(tokens), _CHUNK):
            chunk = tokens[base : base + _CHUNK + self._longest]
            for number, left, right in self._automaton.find_matches_as_indexes(chunk, overlapping=True):
                if left >= _CHUNK:
                    continue
                names, after_left, after_right = self._found_by[number]
                span = (base + left + after_left, base + right + after_right)
                for name in names:
                    spans = found.setdefault(name, [])
                    if len(spans) < MAX_HITS:
                        spans.append(span)

    def _search_wide(self, text: str, letters: frozenset[str], found: dict[str, list[Span]]) -> None:
        for word, name in self._wide:
            if not all(c in letters or is_latin(c) for c in word):
                continue
            at = text.find(word)
            while at >= 0:
                spans = found.setdefault(name, [])
                if len(spans) >= MAX_HITS:
                    break
                spans.append((at, at + len(word)))
                at = text.find(word, at + len(word))

    def _search_patterns(self, octets: bytes, found: dict[str, list[Span]]) -> None:
        if self._any_pattern is not None and self._any_pattern.search(octets) is None:
            return
        for name, pattern in self._patterns:
            for match in pattern.finditer(octets):
                spans = found.setdefault(name, [])
                if len(spans) >= MAX_HITS:
                    break
                spans.append(match.span())
