"""Letters from the texts that come with Utpost, and what is said about texts that do not work."""

from __future__ import annotations

import email.policy
import pickle
import re
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gateway.letters.compose import LetterTemplates, UnfitText, compose, load_letters
from gateway.letters.letter import Found, Held, LetterContext, LetterKind, Reason, Where
from gateway.letters.samples import SAMPLE_HOUSE, sample_reason, samples
from gateway.policy.load import read_tree
from gateway.policy.rules import NAMES

FILES = dict(read_tree(Path(__file__).parents[3] / "policies").files)
TEMPLATES, _MISTAKES = load_letters(FILES)
SAMPLES = list(samples(TEMPLATES.texts.rules))
NUMBER = Reason(
    rule="personnummer",
    section="2.7",
    title_sv="Personnummer",
    title_en="Personal identity number",
    summary_sv="Skriv inte personnummer i mejl.",
    summary_en="Do not write personal identity numbers in e-mail.",
    found=(Found(where=Where.BODY, evidence=("19••••••-••••",), reason="Ett personnummer står i mejlets text."),),
)
PRIVATE = replace(NUMBER, rule="private", section="2.2", title_sv="Privat innehåll", found=())
BLOCKED = SAMPLES[0].context


class Words(HTMLParser):
    """The words of a page as they are read, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent = tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words += data.split()


def read(octets: bytes) -> EmailMessage:
    message = BytesParser(policy=email.policy.SMTP).parsebytes(octets)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def letter(kind: LetterKind, context: LetterContext) -> tuple[EmailMessage, str, Words]:
    message = read(compose(kind, context, TEMPLATES, SAMPLE_HOUSE).octets)
    words = Words()
    words.feed(body(message, "html"))
    return message, body(message, "plain"), words


def context(*reasons: Reason, recipients: int = 3) -> LetterContext:
    return replace(BLOCKED, reasons=reasons, recipients=recipients)


def changed(file: str, old: str, new: str) -> dict[str, str]:
    assert old in FILES[file]
    return {**FILES, file: FILES[file].replace(old, new, 1)}


def complaints(files: dict[str, str]) -> list[str]:
    return [str(problem) for problem in load_letters(files)[1]]


# --- the texts that come with Utpost ---------------------------------------------------------------


def test_the_texts_are_without_mistakes() -> None:
    assert _MISTAKES == []


def test_every_rule_has_advice_of_its_own() -> None:
    assert TEMPLATES.texts.rules == NAMES


@pytest.mark.parametrize("kind", LetterKind)
def test_every_kind_parses_without_a_defect(kind: LetterKind) -> None:
    for matter in [m for m in SAMPLES if m.kind is kind]:
        octets = compose(kind, matter.context, TEMPLATES, matter.house).octets
        message = read(octets)
        report = kind is LetterKind.REPORT and matter.context.status is not None
        assert [part.defects for part in message.walk()] == [[]] * (8 if report else 3)
        assert message.get_content_type() == ("multipart/report" if report else "multipart/alternative")
        assert all(not message[name].defects for name in ("From", "To", "Reply-To", "Date", "Subject", "Message-ID"))


@pytest.mark.parametrize("number", range(0, len(SAMPLES), 7))
def test_both_renderings_say_the_same(number: int) -> None:
    matter = SAMPLES[number]
    message = read(compose(matter.kind, matter.context, TEMPLATES, matter.house).octets)
    page = Words()
    page.feed(body(message, "html"))
    text = re.sub(r"^-+$|^- ", "", body(message, "plain"), flags=re.MULTILINE)
    text = text.replace(f": {matter.house.guideline_url}", "") if matter.house.guideline_url else text
    assert "".join(text.split()).lower() == "".join(page.words).lower()


@pytest.mark.parametrize("rule", sorted(NAMES))
def test_the_subject_says_first_what_happened(rule: str) -> None:
    stopped, _, _ = letter(LetterKind.BLOCKED, context(replace(NUMBER, rule=rule)))
    passed, _, _ = letter(LetterKind.WARNED, context(replace(NUMBER, rule=rule)))
    assert str(stopped["Subject"]).startswith("Ditt mejl skickades inte – ")
    assert str(stopped["Subject"]).endswith("(2.7)")
    assert str(passed["Subject"]).startswith("Ditt mejl skickades, men ")


def test_a_letter_tells_in_order_what_happened_why_what_was_found_and_what_to_do() -> None:
    _, text, _ = letter(LetterKind.BLOCKED, context(NUMBER))
    wanted = [
        "DITT MEJL SKICKADES INTE",
        "Ingen av de 3 mottagarna har fått mejlet, eftersom det innehåller ett personnummer.",
        "VARFÖR",
        "Punkt 2.7",
        "https://www.orkelljunga.se/",
        "DET HÄR HITTADE VI",
        "I mejltexten: 19••••••-••••",
        "GÖR SÅ HÄR",
        "Ta bort personnumret",
        "kommunkontor@orkelljunga.se",
        "HAR DU FRÅGOR?",
        BLOCKED.reference,
        "DET HÄR SPARAR VI",
        "30 dagar",
        "YOUR MESSAGE WAS NOT SENT",
    ]
    places = [text.find(words) for words in wanted]
    assert -1 not in places
    assert places == sorted(places)


def test_the_essence_takes_less_than_120_words() -> None:
    for matter in SAMPLES:
        if matter.kind is not LetterKind.DIGEST and matter.context.recipients == 1:
            message = read(compose(matter.kind, matter.context, TEMPLATES, matter.house).octets)
            essence = body(message, "plain").partition("GÖR SÅ HÄR")[0]
            assert len(essence.split()) <= 120


def test_a_warning_says_first_that_the_message_was_sent() -> None:
    _, text, _ = letter(LetterKind.WARNED, context(PRIVATE, recipients=1))
    assert text.startswith("DITT MEJL SKICKADES")
    assert "Mejlet har skickats till mottagaren, men det ser ut att vara privat." in text
    assert "stoppa" not in text.partition("YOUR MESSAGE")[0]


def test_one_letter_covers_all_rules_each_with_its_advice() -> None:
    message, text, _ = letter(LetterKind.BLOCKED, context(NUMBER, PRIVATE))
    assert "bland annat (2.7, 2.2)" in str(message["Subject"])
    assert "GÖR SÅ HÄR: PERSONNUMMER" in text
    assert "GÖR SÅ HÄR: PRIVAT INNEHÅLL" in text


def test_a_rule_that_spoke_twice_is_told_once() -> None:
    _, text, _ = letter(LetterKind.BLOCKED, context(replace(NUMBER, measured=140), replace(NUMBER, measured=5)))
    assert text.count("Skriv inte personnummer i mejl.") == 1


def test_a_mailing_tells_how_many_persons_it_would_reach() -> None:
    mailing = replace(NUMBER, rule="mass_mailing", section="2.3", measured=140, found=())
    _, text, _ = letter(LetterKind.BLOCKED, context(mailing, recipients=50))
    assert "Utskicket skulle nå 140 personer." in text
    assert "The mailing would reach 140 persons." in text
    _, text, _ = letter(LetterKind.BLOCKED, context(replace(mailing, reached=60), recipients=50))
    assert "60 av dem har redan fått det i tidigare mejl: skicka det inte till dem igen." in text


def test_a_name_that_must_not_be_told_is_a_number() -> None:
    found = (Found(where=Where.FILENAME, number=2, suffix="pdf", evidence=("19••••••-••••",)),)
    _, text, _ = letter(LetterKind.BLOCKED, context(replace(NUMBER, found=found)))
    assert "I namnet på bilaga 2 (pdf-fil): 19••••••-••••" in text
    assert "In the name of attachment 2 (pdf file)" in text


def test_masked_evidence_is_shown_and_counted_and_a_sort_of_thing_is_told_by_its_reason() -> None:
    many = Found(where=Where.ATTACHMENT, number=1, name="lista.xlsx", evidence=("19••••••-••••",), count=34)
    listed = replace(many, evidence=("34 personer",), reason="En lista över 34 personer står i en bilaga.")
    _, text, _ = letter(LetterKind.BLOCKED, context(replace(NUMBER, found=(many,))))
    assert "I bilagan ”lista.xlsx”: 19••••••-••••, sammanlagt 34 stycken" in text
    _, text, _ = letter(LetterKind.BLOCKED, context(replace(NUMBER, found=(listed,))))
    assert "I bilagan ”lista.xlsx”: En lista över 34 personer står i en bilaga.\n" in text
    assert "In the attachment “lista.xlsx”: Personal identity number.\n" in text


def test_the_subject_of_the_message_is_told_only_where_that_is_wanted() -> None:
    about = replace(context(NUMBER), subject="Ansökan om\u202e\r\nBcc: x@example.com")
    open_house, closed_house = SAMPLE_HOUSE, replace(SAMPLE_HOUSE, show_subject=False)
    told = body(read(compose(LetterKind.BLOCKED, about, TEMPLATES, open_house).octets), "plain")
    kept = body(read(compose(LetterKind.BLOCKED, about, TEMPLATES, closed_house).octets), "plain")
    assert "med ämnet ”Ansökan om Bcc: x@example.com”" in told
    assert "Ansökan" not in kept


def test_what_comes_from_the_message_is_no_markup() -> None:
    found = (Found(where=Where.ATTACHMENT, number=1, name="<img src=x onerror=alert(1)>.pdf", evidence=("<b>•</b>",)),)
    message, _, words = letter(LetterKind.BLOCKED, context(replace(NUMBER, found=found, title_sv="<i>x</i>")))
    assert not {"img", "b", "i"} & {tag for tag, _ in words.tags}
    assert "&lt;img src=x" in body(message, "html")


def test_what_comes_from_the_message_is_no_template() -> None:
    found = (Found(where=Where.BODY, evidence=("{{ 7 * 7 }}•",), reason="{% raw %}"),)
    _, text, _ = letter(LetterKind.BLOCKED, context(replace(NUMBER, found=found, summary_sv="{{ key }}")))
    assert "{{ 7 * 7 }}" in text
    assert "{{ key }}" in text


def test_only_the_house_is_linked_to_never_what_a_message_names() -> None:
    found = (Found(where=Where.ATTACHMENT, number=1, name="https://evil.example/x.pdf"),)
    _, _, words = letter(LetterKind.BLOCKED, context(replace(NUMBER, found=found)))
    targets = {attrs["href"] for tag, attrs in words.tags if tag == "a"}
    assert targets == {"https://www.orkelljunga.se/", "mailto:kommunkontor@orkelljunga.se"}


def test_the_page_has_a_language_real_headings_and_lists_and_fetches_nothing() -> None:
    message, _, words = letter(LetterKind.BLOCKED, context(NUMBER))
    tags = [tag for tag, _ in words.tags]
    assert [a.get("lang") for _, a in words.tags if a.get("lang")] == ["sv", "sv", "en", "en"]
    assert (tags.count("h1"), tags.count("ul")) == (2, 4)
    assert not {"img", "link", "script", "iframe", "table"} & set(tags)
    assert "prefers-color-scheme: dark" in body(message, "html")


def test_a_digest_tells_each_message_and_answers_none() -> None:
    held = tuple(
        Held(reference=f"REF{number:09}", at=BLOCKED.occurred_at, delivered=number % 2 == 1, rules=("private",))
        for number in range(3)
    )
    message, text, _ = letter(LetterKind.DIGEST, replace(BLOCKED, held=held, message_id=""))
    assert str(message["Subject"]).startswith("2 av dina mejl skickades inte")
    assert str(message["Auto-Submitted"]) == "auto-generated"
    assert all(f"REF{number:09}" in text for number in range(3))
    assert message["In-Reply-To"] is None


def test_a_code_turns_the_question_into_an_invitation() -> None:
    mailing = replace(NUMBER, rule="mass_mailing", measured=140, found=())
    _, text, _ = letter(LetterKind.BLOCKED, replace(context(mailing), code="7H4K2P"))
    assert "Svara på det här brevet inom ett dygn och skriv varför." in text


# --- values ----------------------------------------------------------------------------------------


def test_a_letter_knows_what_it_repeats() -> None:
    about = replace(context(NUMBER, PRIVATE), mailing="m1")
    stopped = compose(LetterKind.BLOCKED, about, TEMPLATES, SAMPLE_HOUSE)
    passed = compose(LetterKind.WARNED, about, TEMPLATES, SAMPLE_HOUSE)
    assert stopped.topics == ("stopped personnummer m1", "stopped private m1")
    assert passed.topics == ("delivered personnummer m1", "delivered private m1")
    assert (stopped.delivered, passed.delivered) == (False, True)


def test_without_a_mailing_letters_about_different_messages_repeat_nothing() -> None:
    first = compose(LetterKind.BLOCKED, context(NUMBER), TEMPLATES, SAMPLE_HOUSE)
    second = compose(LetterKind.BLOCKED, replace(context(NUMBER), reference="OTHER"), TEMPLATES, SAMPLE_HOUSE)
    assert not set(first.topics) & set(second.topics)


def test_the_same_facts_make_the_same_octets() -> None:
    one, other = (compose(LetterKind.BLOCKED, context(NUMBER), TEMPLATES, SAMPLE_HOUSE) for _ in range(2))
    assert one.octets == other.octets


def test_templates_survive_the_way_to_another_process() -> None:
    compose(LetterKind.BLOCKED, context(NUMBER), TEMPLATES, SAMPLE_HOUSE)
    there = pickle.loads(pickle.dumps(TEMPLATES))  # noqa: S301 - our own
    assert there._compiled.keys() == TEMPLATES._compiled.keys()  # nobody waits for a template to be compiled
    again = compose(LetterKind.BLOCKED, context(NUMBER), there, SAMPLE_HOUSE)
    assert again.octets == compose(LetterKind.BLOCKED, context(NUMBER), TEMPLATES, SAMPLE_HOUSE).octets


@pytest.mark.parametrize(
    ("rules", "delivered", "kind"),
    [
        (["personnummer"], False, LetterKind.BLOCKED),
        (["visible_recipients"], False, LetterKind.BLOCKED),
        (["personnummer"], True, LetterKind.WARNED),
        (["visible_recipients"], True, LetterKind.ADVICE),
        (["not_inspected"], True, LetterKind.NOT_INSPECTED),
        (["not_inspected", "visible_recipients"], True, LetterKind.WARNED),
        (["a_rule_to_come"], True, LetterKind.WARNED),
    ],
)
def test_the_kind_follows_from_the_rules(rules: list[str], delivered: bool, kind: LetterKind) -> None:
    assert TEMPLATES.kind_of(rules, delivered=delivered) is kind


def test_a_rule_without_texts_of_its_own_gets_the_common_ones() -> None:
    message, _, _ = letter(LetterKind.BLOCKED, context(replace(NUMBER, rule="a_rule_to_come")))
    assert "det strider mot e-postriktlinjerna" in str(message["Subject"])


# --- mistakes in texts -----------------------------------------------------------------------------

PRIVATE_TEXTS = "letters/advice/private.toml"
MISTAKES = {
    "unknown variable": (PRIVATE_TEXTS, "nästa gång.", "{{ kontakt }}.", "'kontakt' is undefined"),
    "unfinished template": (PRIVATE_TEXTS, "nästa gång.", "{{ contact", "warned.sv.steps: unexpected"),
    "unknown key": (PRIVATE_TEXTS, "clause =", "klausul =", "blocked.sv.klausul: is not known; here are"),
    "missing key": (PRIVATE_TEXTS, "clause =", "klausul =", "blocked.sv.clause: is missing"),
    "text for a list": (PRIVATE_TEXTS, "steps = [", 'steps = "Ring."\nmore = [', "steps: is a list of texts"),
    "unknown kind": (PRIVATE_TEXTS, "[blocked.sv]", 'kind = "tips"\n[blocked.sv]', "kind: is one of advice"),
    "no TOML": ("letters/blocked.toml", "[sv]", "[sv", "letters/blocked.toml: is not TOML"),
    "empty text": ("letters/blocked.toml", '"Ditt mejl skickades inte"', '" "', "sv.heading: is a text, and not empty"),
    "number for a text": ("letters/blocked.toml", '"Ditt mejl skickades inte"', "5", "sv.heading: is a text"),
    "endless subject": ("letters/blocked.toml", "Ditt mejl", "Ditt " * 30, "sv.subject: is longer than 120"),
    "image": ("letters/layout.html", "<body", '<img alt=""><body', "fetches nothing from outside: '<img'"),
    "style sheet": ("letters/layout.html", "</style>", "@import 'x';</style>", "from outside: '@import'"),
    "broken layout": ("letters/layout.txt", "{% for page", "{% for", "letters/layout.txt:2"),
    "division by zero": (PRIVATE_TEXTS, "nästa gång.", "{{ 1 / 0 }}.", "cannot be filled in: division by zero"),
    "way out of the sandbox": (PRIVATE_TEXTS, "nästa gång.", "{{ ''.__class__.__mro__ }}.", "cannot be filled in"),
    "endless range": (PRIVATE_TEXTS, "nästa gång.", "{{ range(10 ** 9) | list }}.", "Range too big"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_when_texts_are_loaded(name: str) -> None:
    file, old, new, told = MISTAKES[name]
    found = complaints(changed(file, old, new))
    assert any(told in line for line in found), found
    assert all(line.startswith(file) for line in found)


def test_all_mistakes_are_told_at_once() -> None:
    files = changed("letters/blocked.toml", "heading", "rubrik")
    files[PRIVATE_TEXTS] = FILES[PRIVATE_TEXTS].replace("clause", "bisats")
    del files["letters/layout.txt"]
    found = complaints(files)
    assert {line.partition(":")[0] for line in found} == {"letters/blocked.toml", PRIVATE_TEXTS, "letters/layout.txt"}


def test_a_text_for_no_rule_is_a_mistake() -> None:
    found = complaints({**FILES, "letters/advice/privat.toml": FILES[PRIVATE_TEXTS]})
    assert len(found) == 1
    assert found[0].startswith("letters/advice/privat.toml: belongs to no rule; there are bulk_personal_data, ")


def test_a_letter_that_nobody_writes_is_a_mistake() -> None:
    found = complaints({**FILES, "letters/reminder.toml": ""})
    kinds = "advice, approval, blocked, digest, motivated, not_inspected, not_motivated, report, warned"
    assert found == [f"letters/reminder.toml: is no letter that we write; there are {kinds}"]


def test_a_text_that_breaks_later_says_where() -> None:
    texts = changed(PRIVATE_TEXTS, "nästa gång.", "{{ 'x' * (recipients - 140) ** -1 }}.")
    templates = LetterTemplates(load_letters(texts)[0].texts, {name: texts[name] for name in texts if "layout" in name})
    about = context(sample_reason("private"), recipients=140)
    with pytest.raises(UnfitText) as raised:
        compose(LetterKind.WARNED, about, templates, SAMPLE_HOUSE)
    assert raised.value.problem.file == PRIVATE_TEXTS
