"""Word lists from files: every mistake at once, and what is found in text."""

from __future__ import annotations

import pickle

import pytest

from gateway.detect.lexicon import Lexicon, WordList, build_lexicon
from gateway.detect.topics import LOOKED_UP
from gateway.detect.vocabulary import ASKED, LISTS, NUMBERS


def problems_of(name: str, text: str) -> list[tuple[str, str]]:
    return [(p.key, p.text) for p in build_lexicon({name: text})[1] if p.file == name]


def test_the_shipped_lists_hold_everything_that_detectors_read(lexicon: Lexicon) -> None:
    assert set(lexicon.lists) == LISTS
    assert set(lexicon.numbers) >= set(NUMBERS)
    assert set(lexicon.finders) == ASKED
    assert "moderaterna.se" in lexicon.party_domains


def test_no_list_that_is_sought_in_the_whole_text_holds_a_word_that_stands_everywhere(lexicon: Lexicon) -> None:
    everywhere = {
        "och",
        "att",
        "det",
        "som",
        "en",
        "på",
        "är",
        "av",
        "för",
        "med",
        "till",
        "den",
        "inte",
        "om",
        "har",
        "jag",
    }
    sought = {name: everywhere.intersection(lexicon.words(name)) for name in LISTS - ASKED - LOOKED_UP}
    assert not {name: words for name, words in sought.items() if words}


def test_a_lexicon_survives_pickling(lexicon: Lexicon) -> None:
    again = pickle.loads(pickle.dumps(lexicon))  # noqa: S301 - our own octets
    assert again == lexicon
    assert again.search("Mitt lösenord är bortglömt") == lexicon.search("Mitt lösenord är bortglömt")
    assert again.exemplars.likeness("puss och kram").shares == lexicon.exemplars.likeness("puss och kram").shares


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[offices", "", "Expected ']'"),
        ("least = 5", "least", "is not inside a table"),
        ('[annat]\nwords = ["x"]', "annat", "no detector knows this list"),
        ('[offices]\nword = ["x"]', "offices.word", "unknown key"),
        ('[offices]\nwords = "x"', "offices.words", "must be a list"),
        ("[offices]\nwords = [1]", "offices.words[1]", "must be a text"),
        ('[offices]\nwords = ["parti", "parti"]', "offices.words[2]", "stands twice"),
        ('[offices]\nwords = ["pa*ti"]', "offices.words[1]", "* may only stand first or last"),
        ('[offices]\nwords = ["*"]', "offices.words[1]", "is empty"),
        ('[offices]\nwords = ["*a*"]', "offices.words[1]", "too short"),
        ('[offices]\nwords = ["--"]', "offices.words[1]", "neither letter nor digit"),
        (f'[offices]\nwords = ["{"x" * 81}"]', "offices.words[1]", "longer than 80"),
        ('[offices]\npatterns = ["a"]', "offices.patterns", "takes words only"),
        ('[offices]\npatterns = ["(a"]', "offices.patterns[1]", "is no valid pattern"),
        ('[offices]\npatterns = ["a*"]', "offices.patterns[1]", "matches nothing at all"),
        (f'[offices]\npatterns = ["{"x" * 401}"]', "offices.patterns[1]", "longer than 400"),
        ("[numbers]\nleast = 0", "numbers.least", "must lie between"),
        ('[numbers]\nleast = "5"', "numbers.least", "must be a number"),
        ("[numbers]\nmost = 1", "numbers.most", "no detector knows this number"),
        ("", "offices", "this list is missing"),
        ("", "numbers.least", "this number is missing"),
    ],
)
def test_mistakes_are_told_by_file_and_key(text: str, key: str, words: str) -> None:
    found = problems_of("lexicon/bulk.toml", text)
    assert any(k == key and words in t for k, t in found), found


def test_all_mistakes_are_told_at_once() -> None:
    text = '[offices]\nwords = [1, "a*b"]\n[annat]\n[numbers]\nleast = -1\n'
    assert len(problems_of("lexicon/bulk.toml", text)) == 5


def test_a_file_with_mistakes_still_gives_a_lexicon() -> None:
    lexicon, problems = build_lexicon({"lexicon/bulk.toml": "[", "handling.toml": "["})
    assert problems
    assert lexicon.search("vad som helst") == {}


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("kram", "Kram!", ["Kram"]),
        ("kram", "kramar", []),
        ("kram*", "Kramarna", ["Kram"]),
        ("*lösen*", "Wifilösenordet", ["lösen"]),
        ("*nämnden", "i socialnämnden.", ["nämnden"]),
        ("e post", "per E-post", ["E-post"]),
        ("säljes", "SÄLJES: båt", ["SÄLJES"]),
        ("fyra sista", "de fyra\nsista", ["fyra\nsista"]),
        ("الهوية", "أرسل الهوية الآن", ["الهوية"]),
        ("пароль", "Ваш Пароль", ["Пароль"]),
    ],
)
def test_words_stems_and_parts(word: str, text: str, found: list[str]) -> None:
    lexicon = Lexicon(lists={"credentials.codes": WordList(words=(word,))})
    spans = lexicon.search(text).get("credentials.codes", [])
    assert [text[s:e] for s, e in spans] == found


def test_patterns_run_in_linear_time_over_lower_case() -> None:
    lexicon = Lexicon(lists={"credentials.codes": WordList(patterns=(r"kod [0-9]{4}", r"(a+)+b"))})
    text = "KOD 4471 " + "a" * 50_000
    assert lexicon.search(text) == {"credentials.codes": [(0, 8)]}


def test_words_across_the_seams_of_long_text_are_found_once() -> None:
    lexicon = Lexicon(lists={"credentials.codes": WordList(words=("larmkod",))})
    text = "x" * ((1 << 18) - 4) + " larmkod " + "y " * (1 << 18) + "larmkod"
    assert [text[s:e] for s, e in lexicon.search(text)["credentials.codes"]] == ["larmkod", "larmkod"]


def test_hits_of_one_list_are_bounded() -> None:
    lexicon = Lexicon(lists={"credentials.codes": WordList(words=("pin",))})
    assert len(lexicon.search("pin " * 50_000)["credentials.codes"]) == 20_000
