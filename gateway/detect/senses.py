"""What words mean: files that name, for each sense, the words and phrases that have it, and their look-up.

Swedish bends and joins words: a word is known in any regular inflection, in the irregular ones that ``forms.txt``
lists, and as the last part of a compound, which is what a compound is ("hjärtmedicin" is a medicine). A phrase is known
in any inflection of its words, with up to two other words between them ("tog hela kassan").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.model import Problem

FOLDER: Final = "lexicon/senses/"
FORMS: Final = f"{FOLDER}forms.txt"

MOST: Final = 400
"""Senses that there may be."""
LONGEST: Final = 60
"""Characters of a word or phrase."""
_GAP: Final = 2
"""Words that may stand between two words of a phrase."""
_MOST_WORDS: Final = 5
"""Words of a phrase."""
_ENDINGS: Final = (
    "s", "en", "et", "n", "t", "ar", "or", "er", "r", "na", "arna", "orna", "erna", "ns", "ets", "ens", "ade", "at",
    "ad", "de", "te", "dd", "dde", "tt", "d", "a", "e", "ande", "ende", "as", "ades", "ats", "des", "tes", "are", "ast",
    "aste", "ta", "da",
)  # fmt: skip
_ENDINGS_BY_LAST: Final = {last: tuple(e for e in _ENDINGS if e[-1] == last) for last in {e[-1] for e in _ENDINGS}}
_RESTORED: Final = ("", "a", "e")
"""What a word may have had in place of its ending."""
_STEM: Final = 3
"""Letters that must be left of a word without its ending."""
_HEAD: Final = 3
"""Letters of a word that no ending reaches."""
_EDGE: Final = 2
"""Letters of the shortest beginning or ending that several words have in common."""
_TAIL: Final = 4
"""Letters of the last part of a compound."""
_FIRST_PART: Final = 3
_LONG: Final = 30
"""Characters of a word that is cut into parts."""
_REMEMBERED: Final = 8_000
"""Words."""
_NAME: Final = re.compile(r"[a-z][a-z_]*")
_ENTRY: Final = re.compile(r"\*?[^\W_]+(?:-[^\W_]+)*\*?|[^\W_]+(?:-[^\W_]+)*(?:_[^\W_]+(?:-[^\W_]+)*)+")

Ids = tuple[int, ...]
Words = tuple[str, ...]


Begun = Mapping[str, tuple[tuple[Words, int], ...]]
"""The phrases that begin with one word: second word → further words and sense."""


class Known:
    """What is known of one word: its senses, the dictionary forms it may be a form of, the phrases these begin."""

    __slots__ = ("begun", "lemmas", "senses")

    def __init__(self, senses: Ids, lemmas: Words, begun: tuple[Begun, ...]) -> None:
        """Keep all."""
        self.senses = senses
        self.lemmas = lemmas
        self.begun = begun


_UNKNOWN: Final = Known((), (), ())


class Senses:
    """The words and phrases of all senses."""

    __slots__ = (
        "_beginnings", "_closings", "_ends", "_forms", "_heads", "_lemmas", "_memory", "_openings", "_phrases",
        "_words", "names",
    )  # fmt: skip

    def __init__(self, written: Mapping[str, Sequence[str]], forms: Sequence[Words]) -> None:
        """Index sense → entries, and words with their irregular forms."""
        self.names: Words = tuple(sorted(written))
        texts: dict[str, str] = {}
        rests: dict[tuple[Words, int], tuple[Words, int]] = {}
        begun_by: dict[tuple[tuple[Words, int], ...], tuple[tuple[Words, int], ...]] = {}

        def one(text: str) -> str:
            """Return the same text for the same letters: words stand in many phrases."""
            return texts.setdefault(text, text)

        words: dict[str, set[int]] = {}
        beginnings: dict[str, set[int]] = {}
        ends: dict[str, set[int]] = {}
        phrases: dict[str, dict[str, tuple[tuple[Words, int], ...]]] = {}
        for number, name in enumerate(self.names):
            for entry in written[name]:
                first, *rest = map(one, entry.split("_"))
                if rest:
                    begun = phrases.setdefault(first, {})
                    follows = (tuple(rest[1:]), number)
                    found = (*begun.get(rest[0], ()), rests.setdefault(follows, follows))
                    begun[rest[0]] = begun_by.setdefault(found, found)
                elif entry.startswith("*"):
                    ends.setdefault(one(entry.strip("*")), set()).add(number)
                elif entry.endswith("*"):
                    beginnings.setdefault(one(entry.strip("*")), set()).add(number)
                else:
                    words.setdefault(first, set()).add(number)
        pool: dict[Ids, Ids] = {}
        self._words = _pooled(words, pool)
        self._heads = frozenset(word[:_HEAD] for word in words)
        self._openings = frozenset(word[:_EDGE] for word in beginnings)
        self._closings = frozenset(end[-_EDGE:] for end in ends)
        self._beginnings = _pooled(beginnings, pool)
        self._ends = _pooled(ends, pool)
        self._phrases: Mapping[str, Begun] = phrases
        self._lemmas = _lemmas_of(phrases)
        self._forms: dict[str, Words] = {}
        for lemma, *others in forms:
            for form in others:
                self._forms[one(form)] = (*self._forms.get(form, ()), one(lemma))
        self._memory = _Memory(self)

    def __getstate__(self) -> tuple[Any, ...]:
        """Travel as indexed, without what is remembered."""
        return tuple(getattr(self, name) for name in self.__slots__ if name != "_memory")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Arrive."""
        for name, value in zip((name for name in self.__slots__ if name != "_memory"), state, strict=True):
            setattr(self, name, value)
        self._memory = _Memory(self)

    def word(self, low: str) -> Known:
        """Return what is known of a word in lower case."""
        return self._memory[low]

    def look(self, low: str) -> Known:
        """Return the same, worked out anew."""
        whole = list(self._candidates(low))
        lemmas = tuple(dict.fromkeys(form for form in whole if form in self._lemmas))
        senses = self._of(whole)
        if low[:_EDGE] in self._openings:
            senses |= {s for size in range(_EDGE, len(low) + 1) for s in self._beginnings.get(low[:size], ())}
        if not senses:
            senses = self._of_last_part(low)
        if low[-_EDGE:] in self._closings:
            senses |= {s for at in range(len(low) - 1) for s in self._ends.get(low[at:], ())}
        begun = tuple(self._phrases[lemma] for lemma in lemmas if lemma in self._phrases)
        return Known(tuple(sorted(senses)), lemmas, begun) if senses or lemmas else _UNKNOWN

    def _of(self, forms: Iterable[str]) -> set[int]:
        for form in forms:
            found = self._words.get(form)
            if found is not None:
                return set(found)
        return set()

    def _of_last_part(self, low: str) -> set[int]:
        if len(low) > _LONG:
            return set()
        if "-" in low:
            return self._of(self._candidates(low.rpartition("-")[2]))
        for at in range(_FIRST_PART, len(low) - _TAIL + 1):
            # Nearly all cuts are given up here: no word begins so.
            if low[at : at + _HEAD] not in self._heads and low[at:] not in self._forms:
                continue
            found = self._of(form for form in self._candidates(low[at:]) if len(form) >= _TAIL)
            if found:
                return found
        return {
            s
            for form in self._candidates(low)
            if form[-_EDGE:] in self._closings
            for at in range(1, len(form) - 1)
            for s in self._ends.get(form[at:], ())
        }

    def _candidates(self, low: str) -> Iterator[str]:
        """Yield a word and the words it may be a form of, the likeliest first."""
        yield low
        yield from self._forms.get(low, ())
        for ending in _ENDINGS_BY_LAST.get(low[-1:], ()):
            stem = low.removesuffix(ending)
            if len(stem) >= _STEM and len(stem) < len(low):
                for restored in _RESTORED:
                    yield stem + restored
                if stem[-1] == stem[-2]:
                    yield stem[:-1]  # program, programmet
                if ending[0] in "aoe" and len(stem) > _STEM:
                    yield f"{stem[:-1]}e{stem[-1]}"  # cykel, cyklar
                if ending == "s" and stem in self._forms:
                    yield from self._forms[stem]

    def phrases(self, known: Sequence[Known]) -> Iterator[tuple[int, int]]:
        """Yield the phrases in words one after another: where each begins, and its sense."""
        lemmas = [one.lemmas for one in known]
        for at, one in enumerate(known):
            for begun in one.begun:
                for next_at, seconds in enumerate(lemmas[at + 1 : at + 2 + _GAP], at + 1):
                    for second in seconds:
                        if second in begun:
                            for rest, sense in begun[second]:
                                if self._follows(known, next_at, rest):
                                    yield at, sense

    def _follows(self, known: Sequence[Known], at: int, rest: Words) -> bool:
        for word in rest:
            reach = range(at + 1, min(at + 2 + _GAP, len(known)))
            at = next((place for place in reach if word in known[place].lemmas), -1)
            if at < 0:
                return False
        return True


class _Memory(dict[str, Known]):
    """Words once looked up; all are forgotten when it is full."""

    def __init__(self, senses: Senses) -> None:
        super().__init__()
        self._senses = senses

    def __missing__(self, low: str) -> Known:
        found = self._senses.look(low) if len(low) <= LONGEST else _UNKNOWN
        if len(self) >= _REMEMBERED:
            self.clear()
        self[low] = found
        return found


def _pooled(words: Mapping[str, set[int]], pool: dict[Ids, Ids]) -> dict[str, Ids]:
    sorted_ids = ((word, tuple(sorted(ids))) for word, ids in words.items())
    return {word: pool.setdefault(ids, ids) for word, ids in sorted_ids}


def _lemmas_of(phrases: Mapping[str, Begun]) -> frozenset[str]:
    """Return the words that phrases are made of."""
    return frozenset(
        word
        for first, begun in phrases.items()
        for second, found in begun.items()
        for word in (first, second, *(w for rest, _ in found for w in rest))
    )


# --- the files -----------------------------------------------------------------------------------


def read_senses(files: Mapping[str, str]) -> tuple[Senses | None, list[Problem]]:
    """Return the senses of the policy files, None where there are none, and every mistake found."""
    problems: list[Problem] = []
    written: dict[str, dict[str, None]] = {}
    for path in sorted(files):
        if path.startswith(FOLDER) and path.endswith(".txt") and path != FORMS:
            _read(path, files[path], written, problems)
    if len(written) > MOST:
        problems.append(Problem(file=FOLDER, key="", text=f"there are {len(written)} senses; at most {MOST} may be"))
    forms = list(_read_forms(files.get(FORMS, ""), problems))
    senses = Senses({name: tuple(entries) for name, entries in written.items()}, forms) if written else None
    return senses, problems


def _read(path: str, text: str, written: dict[str, dict[str, None]], problems: list[Problem]) -> None:
    entries: dict[str, None] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if content.startswith("["):
            name = content.strip("[]")
            if content != f"[{name}]" or not _NAME.fullmatch(name):
                problems.append(_wrong(path, number, f'"{content}": a sense is named in square brackets, a to z and _'))
            entries = written.setdefault(name, {})
            continue
        for entry in content.split():
            if entries is None:
                problems.append(_wrong(path, number, "words must stand below the name of a sense, such as [sport]"))
                return
            if wrong := _mistake(entry):
                problems.append(_wrong(path, number, f'"{entry}" {wrong}'))
            entries[entry] = None


def _mistake(entry: str) -> str:
    if len(entry) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if entry != entry.lower():
        return "must be written in lower case"
    if not _ENTRY.fullmatch(entry):
        return "is no word; * may stand first or last, _ between the words of a phrase"
    if entry.count("_") >= _MOST_WORDS:
        return f"has more than {_MOST_WORDS} words"
    return ""


def _read_forms(text: str, problems: list[Problem]) -> Iterator[Words]:
    for number, line in enumerate(text.splitlines(), 1):
        words = tuple(line.partition("#")[0].split())
        if len(words) == 1:
            problems.append(_wrong(FORMS, number, f'"{words[0]}" has no forms'))
        elif words:
            yield words


def _wrong(path: str, line: int, text: str) -> Problem:
    return Problem(file=path, key="", text=text, line=line)
