"""One pass over a text for all words of all lists, and RE2 for what officials write as patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import re2
from ahocorasick_rs import BytesAhoCorasick

from gateway.detect.normalise import normalise

Span: TypeAlias = tuple[int, int]
"""``[start, end)`` in a text."""

MAX_HITS: Final = 20_000
"""Hits of one list in one page that are kept: far beyond any mail, so that hostile text costs no memory."""

_CHUNK: Final = 1 << 18
_CAPITALS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ") | frozenset(range(0xC0, 0xDF)) - {0xD7}
_TO_LOWER: Final = bytes(c + 32 if c in _CAPITALS else c for c in range(256))
_TO_TOKENS: Final = bytes(_TO_LOWER[c] if chr(c).isalnum() else 0x20 for c in range(256))


def tokens_of(text: str) -> bytes:
    """Return lower-case text with a space for all that is neither letter nor digit, one octet a character.

    Characters outside Latin-1 come out as spaces: words of other scripts are searched for in the text itself.
    """
    return text.encode("latin-1", "replace").translate(_TO_TOKENS)


def needle_of(word: str) -> bytes:
    """Return what the automaton looks for: a space where the word must begin or end."""
    left = b"" if word.startswith("*") else b" "
    right = b"" if word.endswith("*") else b" "
    return left + tokens_of(word.strip("*")).strip(b" ") + right


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


class Finder:
    """The words of one list, to be looked for in short stretches."""

    __slots__ = ("_automaton", "_trims", "longest")

    def __init__(self, words: Sequence[str]) -> None:
        """Compile the words; those of other scripts are left out."""
        plain = (normalise(word).text.lower() for word in words)
        needles = list(dict.fromkeys(needle_of(word) for word in plain if is_latin(word)))
        self._trims = [(n.startswith(b" "), n.endswith(b" ")) for n in needles]
        self._automaton = BytesAhoCorasick(needles) if needles else None
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

    __slots__ = ("_automaton", "_longest", "_names", "_patterns", "_script", "_trims", "_wide")

    def __init__(self, lists: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> None:
        """Compile lists: name → words, patterns."""
        needles: dict[bytes, list[str]] = {}
        self._wide: list[tuple[str, str]] = []
        self._patterns: list[tuple[str, Any]] = []
        for name, (words, patterns) in lists.items():
            for word in words:
                plain = normalise(word).text.lower()
                if is_latin(plain):
                    needles.setdefault(needle_of(plain), []).append(name)
                else:
                    self._wide.append((plain.strip("*"), name))
            self._patterns += [(name, compile_pattern(p)) for p in patterns]
        letters = "".join(sorted({c for word, _ in self._wide for c in word if not is_latin(c)}))
        self._script = re.compile(f"[{re.escape(letters)}]", re.IGNORECASE) if letters else None
        keys = list(needles)
        self._names = [tuple(dict.fromkeys(needles[key])) for key in keys]
        self._trims = [(key.startswith(b" "), key.endswith(b" ")) for key in keys]
        self._longest = max(map(len, keys), default=1)
        self._automaton = BytesAhoCorasick(keys) if keys else None

    def search(self, text: str) -> dict[str, list[Span]]:
        """Return list → spans in normalised ``text``, sorted; lists that are not found are absent."""
        found: dict[str, list[Span]] = {}
        self._search_words(tokens_of(text), found)
        if self._script is not None and self._script.search(text):
            self._search_wide(text.lower(), found)
        if self._patterns:
            self._search_patterns(text.encode("latin-1", "replace").translate(_TO_LOWER), found)
        for spans in found.values():
            spans.sort()
        return found

    def _search_words(self, tokens: bytes, found: dict[str, list[Span]]) -> None:
        if self._automaton is None:
            return
        tokens = b" " + tokens + b" "
        for base in range(0, len(tokens), _CHUNK):
            chunk = tokens[base : base + _CHUNK + self._longest]
            for number, left, right in self._automaton.find_matches_as_indexes(chunk, overlapping=True):
                if left >= _CHUNK:
                    continue
                opened, closed = self._trims[number]
                # The tokens have one space more in front than the text: an opening space of the needle undoes it.
                span = (base + left - 1 + opened, base + right - 1 - closed)
                for name in self._names[number]:
                    spans = found.setdefault(name, [])
                    if len(spans) < MAX_HITS:
                        spans.append(span)

    def _search_wide(self, text: str, found: dict[str, list[Span]]) -> None:
        for word, name in self._wide:
            at = text.find(word)
            while at >= 0:
                spans = found.setdefault(name, [])
                if len(spans) >= MAX_HITS:
                    break
                spans.append((at, at + len(word)))
                at = text.find(word, at + len(word))

    def _search_patterns(self, octets: bytes, found: dict[str, list[Span]]) -> None:
        for name, pattern in self._patterns:
            for match in pattern.finditer(octets):
                spans = found.setdefault(name, [])
                if len(spans) >= MAX_HITS:
                    break
                spans.append(match.span())
