"""What words mean: inflection, compounds, phrases, and mistakes in the files."""

from __future__ import annotations

import pickle

import pytest

from gateway.detect.senses import FORMS, Senses, read_senses

FILES = {
    "lexicon/senses/a.txt": """
# mediciner
[medicine]
medicin alvedon
[theft]
sno stjäla ta_ur_kassa    # fraser hålls ihop av _
[vehicle]
cykel båt bil
[disease]
*cancer reuma* kreft
""",
    "lexicon/senses/b.txt": "[vehicle]\nmoped\n[programme]\nprogram\n",
    FORMS: "stjäla stjäl stal stulit stulen\nta tar tog tagit\n",
}


@pytest.fixture(scope="module")
def senses() -> Senses:
    """The senses of the files above."""
    read, problems = read_senses(FILES)
    assert read is not None
    assert problems == []
    return read


def _names(senses: Senses, word: str) -> set[str]:
    return {senses.names[number] for number in senses.word(word).senses}


@pytest.mark.parametrize(
    ("word", "sense"),
    [
        ("sno", "theft"), ("snodde", "theft"), ("snott", "theft"), ("stals", "theft"), ("stulit", "theft"),
        ("stulen", "theft"), ("cyklarna", "vehicle"), ("cykeln", "vehicle"), ("båtens", "vehicle"),
        ("programmet", "programme"), ("medicinerna", "medicine"), ("hjärtmedicinens", "medicine"),
        ("polis-bilar", "vehicle"), ("lungcancer", "disease"), ("lungcancern", "disease"), ("reumatiker", "disease"),
        ("reuma", "disease"), ("cancer", "disease"),
        ("mopeder", "vehicle"), ("kassan", ""), ("snö", ""), ("bi", ""), ("automobil", ""), ("", ""), ("ß" * 300, ""),
    ],
)  # fmt: skip
def test_words_are_known_in_their_inflections_and_as_last_parts(senses: Senses, word: str, sense: str) -> None:
    assert _names(senses, word) == ({sense} if sense else set())


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("han tog ur kassan", [1]), ("då tog han pengar ur hela kassan", [1]), ("tog han pengar nu ur kassan", []),
        ("kassan tog ur", []), ("tog ur", []), ("har tagit ur kassor", [1]),
    ],
)  # fmt: skip
def test_phrases_are_known_with_a_few_words_between(senses: Senses, text: str, places: list[int]) -> None:
    found = list(senses.phrases([senses.word(word) for word in text.split()]))

    assert found == [(place, senses.names.index("theft")) for place in places]


def test_senses_travel_between_processes(senses: Senses) -> None:
    arrived = pickle.loads(pickle.dumps(senses))  # noqa: S301 - our own octets

    assert _names(arrived, "hjärtmediciner") == {"medicine"}


def test_no_file_means_no_senses() -> None:
    assert read_senses({"lexicon/private.toml": ""}) == (None, [])


@pytest.mark.parametrize(
    ("path", "text", "line", "mistake"),
    [
        ("lexicon/senses/a.txt", "hus\n", 1, "words must stand below the name of a sense"),
        ("lexicon/senses/a.txt", "[Hus]\n", 1, "a sense is named in square brackets"),
        ("lexicon/senses/a.txt", "[hus\n", 1, "a sense is named in square brackets"),
        ("lexicon/senses/a.txt", "[hus]\n\nKåk\n", 3, '"Kåk" must be written in lower case'),
        ("lexicon/senses/a.txt", "[hus]\nk*k\n", 2, '"k*k" is no word'),
        ("lexicon/senses/a.txt", "[hus]\na_b_c_d_e_f\n", 2, "has more than 5 words"),
        ("lexicon/senses/a.txt", "[hus]\n" + "x" * 61, 2, "is longer than 60 characters"),
        (FORMS, "stjäla\n", 1, '"stjäla" has no forms'),
    ],
)
def test_mistakes_are_told_with_their_place(path: str, text: str, line: int, mistake: str) -> None:
    _, problems = read_senses({path: text})

    assert [(problem.file, problem.line) for problem in problems] == [(path, line)]
    assert mistake in problems[0].text


def test_too_many_senses_are_refused() -> None:
    names = (f"[s_{chr(97 + n // 26 // 26)}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}]\nhus" for n in range(401))

    _, problems = read_senses({"lexicon/senses/a.txt": "\n".join(names)})

    assert "at most 400" in problems[0].text
