"""Word lists and numbers that officials edit: built from files with every mistake at once, searched in one pass."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from gateway.detect.exemplars import Exemplars, read_mails
from gateway.detect.matcher import Finder, Matcher, Span, compile_pattern, is_latin, needle_of, other_scripts
from gateway.detect.model import FILE as MODEL
from gateway.detect.model import Model, read_model
from gateway.detect.octets import latin_of
from gateway.detect.packing import packed, unpacked
from gateway.detect.senses import Senses, read_senses
from gateway.detect.topics import LOOKED_UP, WEIGHTS, allowed, dictionary_of
from gateway.detect.vocabulary import ASKED, BUILT_IN, LISTS, NUMBERS
from gateway.detect.wordbook import Wordbook
from gateway.model import Problem

FOLDER: Final = "lexicon/"
HANDLING: Final = "handling.toml"
THRESHOLDS: Final = "numbers"
"""The table of a file that holds numbers instead of words."""

MAX_WORD: Final = 80
"""Characters of one word or phrase."""
MAX_PATTERN: Final = 400
"""Characters of one pattern."""

_SCATTERING: Final = ("_matcher", "finders")
_KEYS: Final = frozenset({"words", "patterns"})


@dataclass(frozen=True, slots=True, init=False)
class WordList:
    """One list as written: ``ord`` is a whole word, ``ord*`` any word that begins so, ``*ord*`` any that holds it.

    Words are kept in one piece: compiled they are looked for elsewhere, and a text for each takes five times the room.
    """

    _words: bytes
    patterns: tuple[str, ...]

    def __init__(self, *, words: Sequence[str] = (), patterns: Sequence[str] = ()) -> None:
        """Keep both."""
        object.__setattr__(self, "_words", packed(words))
        object.__setattr__(self, "patterns", tuple(patterns))

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words, taken apart anew."""
        return tuple(unpacked(self._words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """All word lists and numbers, compiled. Automata and patterns are compiled anew on arrival, nothing else."""

    lists: Mapping[str, WordList]
    """``file.table`` → its words."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """``file.key`` → a threshold."""
    party_domains: tuple[str, ...] = ()
    """From ``handling.toml``, in lower case."""
    mails: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Kind → example mails."""
    model: Model | None = field(default=None, repr=False, compare=False)
    """What the labelled sentences taught, where there is a model."""
    senses: Senses | None = field(default=None, repr=False, compare=False)
    """What words mean, where the files say so."""
    exemplars: Exemplars = field(init=False, repr=False, compare=False)
    """What the example mails teach."""
    finders: Mapping[str, Finder] = field(init=False, repr=False, compare=False)
    """The lists that are looked for near a find only."""
    _matcher: Matcher = field(init=False, repr=False, compare=False)
    wordbook: Wordbook = field(init=False, repr=False, compare=False)
    """The lists that are looked up word by word instead of searched for."""
    weights: Mapping[str, float] = field(init=False, repr=False, compare=False)
    """Trait → its weight."""

    def __post_init__(self) -> None:
        """Compile the lists."""
        object.__setattr__(self, "exemplars", Exemplars(self.mails))
        words = {name: listed.words for name, listed in self.lists.items()}
        object.__setattr__(self, "finders", {n: Finder(words[n]) for n in ASKED if n in self.lists})
        written = {n: (words[n], listed.patterns) for n, listed in self.lists.items() if n not in LOOKED_UP | ASKED}
        # A finder reads one octet a character: words of other scripts are sought in the whole text.
        written |= {n: (other_scripts(words[n]), ()) for n in ASKED if n in self.lists}
        object.__setattr__(self, "_matcher", Matcher(written | {name: (words, ()) for name, words in BUILT_IN.items()}))
        dictionary = dictionary_of(words)
        object.__setattr__(self, "wordbook", Wordbook(dictionary))
        weights = {n.removeprefix(WEIGHTS): number for n, number in self.numbers.items() if n.startswith(WEIGHTS)}
        object.__setattr__(self, "weights", weights)

    def __getstate__(self) -> dict[str, Any]:
        """Travel as compiled; what scatters memory on arrival comes first, so that the rest is put into its holes."""
        names = sorted((one.name for one in fields(self)), key=lambda name: name not in _SCATTERING)
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Arrive."""
        for name, value in state.items():
            object.__setattr__(self, name, value)

    def number(self, name: str) -> float:
        """Return a threshold by ``file.key``."""
        return self.numbers[name]

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list as written, for detectors that look words up one by one."""
        return self.lists[name].words

    def search(self, text: str, latin: bytes | None = None) -> dict[str, list[Span]]:
        """Return list → hits in normalised ``text``, in order of their start; lists without hits are absent.

        ``latin`` is the text in octets, where they are at hand.
        """
        return self._matcher.search(text, latin_of(text) if latin is None else latin)


# --- building ------------------------------------------------------------------------------------


def build_lexicon(files: Mapping[str, str]) -> tuple[Lexicon, list[Problem]]:
    """Build the lexicon from policy files (path relative to the policies → text); return it with every mistake found.

    Only TOML files below ``lexicon/``, texts in ``lexicon/examples`` and ``lexicon/senses``, and ``lexicon/model.txt``
    are read. A lexicon with mistakes holds what could be understood; do not judge with it.
    """
    problems: list[Problem] = []
    lists: dict[str, WordList] = {}
    numbers: dict[str, float] = {}
    for path in sorted(files):
        if path.startswith(FOLDER) and path.endswith(".toml"):
            reading = _Reading(path, problems)
            reading.read(files[path], lists, numbers)
    problems += _missing(lists, numbers)
    domains = _party_domains(files.get(HANDLING, ""))
    mails, mistakes = read_mails(files)
    problems += mistakes
    model, mistakes = read_model(files.get(MODEL))
    problems += mistakes
    senses, mistakes = read_senses(files)
    problems += mistakes
    lexicon = Lexicon(lists=lists, numbers=numbers, party_domains=domains, mails=mails, model=model, senses=senses)
    return lexicon, problems


def _party_domains(text: str) -> tuple[str, ...]:
    """Return the parties' domains; what is wrong with the file is said where it is loaded as a policy."""
    try:
        domains = tomllib.loads(text).get("party", {}).get("domains", [])
    except (tomllib.TOMLDecodeError, RecursionError, AttributeError):
        return ()
    return tuple(d.lower() for d in domains if isinstance(d, str)) if isinstance(domains, list) else ()


def _missing(lists: Mapping[str, WordList], numbers: Mapping[str, float]) -> Iterator[Problem]:
    for name in sorted(LISTS - lists.keys()):
        topic, _, table = name.partition(".")
        yield Problem(file=f"{FOLDER}{topic}.toml", key=table, text="this list is missing")
    for name in sorted(NUMBERS.keys() - numbers.keys()):
        topic, _, key = name.partition(".")
        yield Problem(file=f"{FOLDER}{topic}.toml", key=f"{THRESHOLDS}.{key}", text="this number is missing")


class _Reading:
    """The reading of one file; mistakes go to the common list."""

    def __init__(self, path: str, problems: list[Problem]) -> None:
        self._path = path
        self._topic = path.removeprefix(FOLDER).removesuffix(".toml")
        self._problems = problems

    def read(self, text: str, lists: dict[str, WordList], numbers: dict[str, float]) -> None:
        try:
            tables = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self._wrong("", str(error) or "is nested too deeply")
            return
        for table, content in tables.items():
            if not isinstance(content, dict):
                self._wrong(table, "is not inside a table; write it below a line such as [name]")
            elif table == THRESHOLDS:
                numbers.update(self._numbers(content))
            elif f"{self._topic}.{table}" not in LISTS:
                self._wrong(table, "no detector knows this list")
            else:
                lists[f"{self._topic}.{table}"] = self._list(table, content)

    def _wrong(self, key: str, text: str) -> None:
        self._problems.append(Problem(file=self._path, key=key, text=text))

    def _numbers(self, content: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
        for key, value in content.items():
            name, place = f"{self._topic}.{key}", f"{THRESHOLDS}.{key}"
            limits = NUMBERS.get(name) or allowed(name)
            if limits is None:
                self._wrong(place, "no detector knows this number")
            elif isinstance(value, bool) or not isinstance(value, int | float):
                self._wrong(place, "must be a number")
            elif not limits[0] <= value <= limits[1]:
                self._wrong(place, f"must lie between {limits[0]:g} and {limits[1]:g}")
            else:
                yield name, float(value)

    def _list(self, table: str, content: Mapping[str, Any]) -> WordList:
        for key in content.keys() - _KEYS:
            self._wrong(f"{table}.{key}", "unknown key; a list has words and patterns")
        if content.get("patterns") and f"{self._topic}.{table}" in ASKED | LOOKED_UP:
            self._wrong(f"{table}.patterns", "this list takes words only")
        words = self._strings(f"{table}.words", content.get("words", []))
        patterns = self._strings(f"{table}.patterns", content.get("patterns", []))
        return WordList(
            words=tuple(w for n, w in words if self._good_word(f"{table}.words[{n}]", w)),
            patterns=tuple(p for n, p in patterns if self._good_pattern(f"{table}.patterns[{n}]", p)),
        )

    def _strings(self, key: str, value: object) -> Iterable[tuple[int, str]]:
        if not isinstance(value, list):
            self._wrong(key, "must be a list of texts in quotes")
            return []
        for number, item in enumerate(value, 1):
            if not isinstance(item, str):
                self._wrong(f"{key}[{number}]", "must be a text in quotes")
        seen: set[str] = set()
        fresh: list[tuple[int, str]] = []
        for number, item in enumerate(value, 1):
            if isinstance(item, str) and item in seen:
                self._wrong(f"{key}[{number}]", f'"{item}" stands twice')
            elif isinstance(item, str):
                seen.add(item)
                fresh.append((number, item))
        return fresh

    def _good_word(self, key: str, word: str) -> bool:
        plain = word.strip("*")
        wrong = ""
        if len(word) > MAX_WORD:
            wrong = f"is longer than {MAX_WORD} characters"
        elif "*" in plain or word.startswith("**") or word.endswith("**"):
            wrong = f'"{word}": * may only stand first or last'
        elif not plain.strip():
            wrong = "is empty"
        elif len(plain) < 1 + word.startswith("*") + word.endswith("*"):
            wrong = f'"{word}" is too short to be followed or preceded by anything'
        elif is_latin(plain) and not needle_of(plain).strip(b" "):
            wrong = f'"{word}" holds neither letter nor digit'
        if wrong:
            self._wrong(key, wrong)
        return not wrong

    def _good_pattern(self, key: str, pattern: str) -> bool:
        try:
            if len(pattern) > MAX_PATTERN:
                self._wrong(key, f"is longer than {MAX_PATTERN} characters")
                return False
            if compile_pattern(pattern).search(b"") is not None:
                self._wrong(key, "matches nothing at all, so it would be found everywhere")
                return False
        except ValueError as error:
            self._wrong(key, f"is no valid pattern: {error}")
            return False
        return True
