"""Passwords and codes with their values, and talk about passwords and codes."""

from __future__ import annotations

import pytest

from gateway.model import Confidence, SegmentKind
from tests.unit.detect.conftest import Judge, MakePart

RULE = "credentials"

FOUND = [
    "Мій пароль Соняшник2026, допоможіть.",
    "Salasanani on Mustikka77.",
    "Furaha sirta ah waa Geel2026.",
    "SMS-koden du frågade efter är 449182.",
    "Lösen till wifi: Bladlus!88",
    "Logga in som kansli2 med lösenord Vinter#2024",
    "Användarnamn: maja.ek\nLösenord: tomteskogen",
    "Jag har bytt lösenord på kontot till Sommarlov99 så nu kan du komma in",
    "Pinkoden till passerkortet är 5582.",
    "Koden till kassaskåpet i kommunhuset: 90 45 12",
    "Portkod 1357#",
    "Larmet i föreningslokalen har kod 2468",
    "Ditt nya lösenord är gurka123.",
    "lösenordet heter Kalle-Anka7",
    "Inloggning Infomentor: user rektor3 / pw Xk9!pTr2",
    "the password for the shared mailbox is Orkel2025!",
    "API-nyckel: 9f8a7c6d5e4b3a2f1e0d",
    "Wifi-lösen på biblioteket är grönsallad22",
    "pin 4471 till läsplattan",
    "Koden i dörren är 1984, sen höger",
    "BankID-koden är 928374",
    "Lösenordet till mitt konto: Hejsan1, säg inget till IT",
    "Min kod för skrivaren är 7788",
    "mitt lösen är Fisksoppa_5",
    "Lösenord\nVargavinter12",
    "Nätverksnyckel=Sjöutsikt2023",
    "Lösen: Kattguld",
    "Du loggar in med mitt konto pblad och lösenordet Ekorre42",
    "Adgangskoden er Sommer2024!",
    "Koden till förrådet är 1122 och nyckeln hänger inne",
    "Du kommer in i bygdegården med 4711 på dosan, larmet slås av med 8820.",
    "Nätverket heter KS-gäst och nyckeln är fikapaus2025",
    "mitt användarnamn i netpublicator är anna.ek och lösen Hösten24!",
    "Skärmlåset på läsplattan: 159753",
    "Logga in på leverantörsportalen med ekonomi@foretag.example / Gul&Bla77",
    "Nyckelskåpet utanför expeditionen öppnas med koden 3041, sen tar du nyckel nr 7.",
    "Jag är på semester, läs min mejl under tiden. Lösenordet är detsamma som innan: Trollhare9",
    "Ditt tillfälliga lösenord: xK7-pp2-Qa",
    "user: mahl pass: Regnbåge#1",
    "Jag har ändrat koden på mitt mobila BankID till 201478 ifall du måste signera åt mig.",
]

PASSING = [
    "Kommunen bör kräva längre lösenord, minst 12 tecken.",
    "Jag har glömt mitt lösenord, kan du återställa det?",
    "EttIT frågar aldrig efter ditt lösenord.",
    "Lösenordet skickas separat per sms.",
    "Byt lösenord senast 2026-05-01.",
    "Lösenord: se separat brev.",
    "Portkoden får du av vaktmästaren.",
    "PIN-koden lämnas ut på plats i kommunhuset.",
    "Policy för lösenord och tvåfaktorsinloggning antogs § 45.",
    "Kan kravet på lösenordsbyte tas bort?",
    "Nytt lösenord krävs var 90:e dag.",
    "Koden för social hållbarhet antogs 2019.",
    "Uppförandekod för leverantörer 2025.",
    "Postkod 286 31 Örkelljunga",
    "Lösenordet har gått ut och måste bytas.",
    "Ditt lösenord upphör att gälla om 14 dagar.",
    "Styrelsen har enligt Svensk kod för bolagsstyrning 2020 ett ansvar.",
    "Koden till larmet har bytts, hämta den nya hos Bo.",
    "En token ring på 1990-talet",
    "Lösenordshanteraren Keepass2 rekommenderas.",
    "Koden är enkel att läsa.",
    "Skriv aldrig lösenord i mejl.",
    "Använd lösenordet du fick i brevet.",
    "Lösenord delas inte ut via mejl, ring 0435-550 00.",
    "Rutinen för larmkoder ses över 2025.",
    "Inloggningen kräver e-legitimation.",
    "Wifi-lösenordet finns på anslagstavlan.",
    "ICD-kod F32",
    "Kontering: kod 4471 ansvar 2200",
    "Bokningskoden för konferenslokalen får ni vid incheckningen.",
    "Konteringen ska vara ansvar 3100, verksamhet 7412.",
]


def told(judge: Judge, text: str) -> bool:
    return any(f.rule == RULE and f.confidence >= Confidence.MEDIUM for f in judge(text))


@pytest.mark.parametrize("text", FOUND)
def test_secrets_in_plain_text_are_found(judge: Judge, text: str) -> None:
    assert told(judge, text)


@pytest.mark.parametrize("text", PASSING)
def test_talk_about_secrets_passes(judge: Judge, text: str) -> None:
    assert not told(judge, text)


HIGH, MEDIUM = Confidence.HIGH, Confidence.MEDIUM
PASSWORD, LIKELY, CODE = "Ett lösenord", "Troligen ett lösenord", "En kod"
KEY, SETTING = "En hemlig nyckel", "En nyckel eller ett lösenord"
TAIL = "a1B2c3D4e5F6g7H8i9J0"


@pytest.mark.parametrize(
    ("text", "value", "confidence", "what"),
    [
        ("Lösenordet är Sommar24.", "Sommar24", HIGH, PASSWORD),
        ("Lösenordet är SommarHus", "SommarHus", HIGH, PASSWORD),
        ("Lösenordet är sommar!hus", "sommar!hus", HIGH, PASSWORD),
        ("Lösenordet är Sommar", None, None, None),
        ("Lösenordet sommar!hus", None, None, None),
        ("Lösenordet sommar_hus", "sommar_hus", HIGH, PASSWORD),
        ("Lösenordet Sommar24", "Sommar24", HIGH, PASSWORD),
        ("Lösenordet till Sommar24", "Sommar24", HIGH, PASSWORD),
        ("Lösenordet till Sommar-hus", None, None, None),
        ("Password to Sommar-hus", None, None, None),
        ("Lösenordet har Sommar-hus", None, None, None),
        ("Lösenord - Sommar24", "Sommar24", HIGH, PASSWORD),
        ("Lösenord: abc1", "abc1", HIGH, PASSWORD),
        ("Lösenord: ab1!", None, None, None),
        ("Lösenord: abcd", "abcd", MEDIUM, LIKELY),
        ("Lösenord: sommar.", "sommar", MEDIUM, LIKELY),
        ("Lösenord = sommar", "sommar", MEDIUM, LIKELY),
        ("Lösenord > sommar", "sommar", MEDIUM, LIKELY),
        ("Lösenord: sommar\nHej", "sommar", MEDIUM, LIKELY),
        ("Lösenord: sommar\tHej", "sommar", MEDIUM, LIKELY),
        ("Lösenord: sommar, hej", "sommar", MEDIUM, LIKELY),
        ("Lösenord: sommar; hej", "sommar", MEDIUM, LIKELY),
        ("Lösenord: 'sommar' hej", "sommar", MEDIUM, LIKELY),
        ('Lösenord: "sommar" hej', "sommar", MEDIUM, LIKELY),
        ("Lösenord: sommar hej", None, None, None),
        ("Lösenordet är sommar", None, None, None),
        ("Lösenord: krävs1 nu", "krävs1", HIGH, PASSWORD),
        ("Lösenord: krävs", None, None, None),
        ("Lösenord: 2024-05-01", None, None, None),
        ("Lösenord: https://x.se", None, None, None),
        ("Lösenord: 10:30", None, None, None),
        ("Lösenord: anna1@x.se", None, None, None),
        ("Lösenordet skickas: Sommar24", None, None, None),
        ("pass: Sommar24", "Sommar24", HIGH, PASSWORD),
        ("pw= Sommar24", "Sommar24", HIGH, PASSWORD),
        ("pass Sommar24", None, None, None),
        ("wifi är Sommar24", None, None, None),
        ("nyckel: Sommar24", "Sommar24", HIGH, PASSWORD),
        ("Hittade en nyckel är Sommar24", None, None, None),
        ("Logga in med anna och Som-Mar24", "Som-Mar24", HIGH, PASSWORD),
        ("Logga in: anna Sommar24, Som-Mar25", "Som-Mar25", HIGH, PASSWORD),
        ("Logga in: https://x.se/A-b2, Som-Mar25", "Som-Mar25", HIGH, PASSWORD),
        ("Logga in med Som-Mars", None, None, None),
        ("Logga in med anna. Som-Mar24 är fint", None, None, None),
        (f"Logga in med {'ord ' * 26}Som-Mar24", None, None, None),
        ("PIN 4471", "4471", HIGH, CODE),
        ("PIN *447*", "*447*", HIGH, CODE),
        ("Portkod: 447", "447", HIGH, CODE),
        ("Portkod: 44", None, None, None),
        ("Portkod: 44#", None, None, None),
        ("Portkod (4471)", "4471", HIGH, CODE),
        ("Portkoden är\n4471", "4471", HIGH, CODE),
        ("Portkod: 2024", "2024", HIGH, CODE),
        ("Portkod 2024", None, None, None),
        ("Portkod 447 kr", None, None, None),
        ("Portkoden skickas aldrig: 4471", None, None, None),
        ("Koden till larmet i skolan är 4471", "4471", HIGH, CODE),
        ("Koden är 4471", None, None, None),
        ("Koden är 4471. Larmet är nytt.", None, None, None),
    ],
)
def test_the_value_and_how_surely_it_is_one(
    judge: Judge, text: str, value: str | None, confidence: Confidence | None, what: str | None
) -> None:
    found = [f for f in judge(text) if f.detector == RULE]
    told_of = [(text[f.start : f.end], f.confidence, f.reason) for f in found]
    assert told_of == ([(value, confidence, f"{what} står i mejlets text i klartext.")] if value else [])
    assert {f.evidence for f in found} <= {"•" * 8}


def test_of_three_keys_of_a_kind_each_is_found(judge: Judge) -> None:
    keys = [f"ghp_{TAIL}{number}" for number in range(3)]
    text = ", ".join(keys)
    assert [text[f.start : f.end] for f in judge(text) if f.detector == RULE] == keys


def test_a_setting_may_begin_the_text(judge: Judge) -> None:
    assert [f.start for f in judge("passwd=a1b2c3d4") if f.detector == RULE] == [7]


@pytest.mark.parametrize("key", ["dbpassword", "dbpasswd", "xsecret", "xapikey", "authtoken", "mypwd", "DBPASSW_2"])
def test_a_value_in_settings_is_found(judge: Judge, key: str) -> None:
    text = f"host=x\n{key} = a1b2c3d4\n"
    found = [f for f in judge(text) if f.detector == RULE]
    assert [(text[f.start : f.end], f.reason.split(" står")[0]) for f in found] == [("a1b2c3d4", SETTING)]


@pytest.mark.parametrize("key", ["api_key", "api-key", "access_key", "access key"])
def test_a_value_in_settings_is_found_inside_a_longer_name(judge: Judge, key: str) -> None:
    text = f"x{key}2: a1b2c3d4\n"
    assert [text[f.start : f.end] for f in judge(text) if f.detector == RULE] == ["a1b2c3d4"]


@pytest.mark.parametrize("value", ["abcdefgh", "https://x.se/a1", "12.30", "a1b2c", ""])
def test_what_is_no_secret_in_settings_passes(judge: Judge, value: str) -> None:
    assert not told(judge, f"xsecret={value}")


def test_one_setting_hides_no_other(judge: Judge) -> None:
    text = "xsecret=abcdefgh; ysecret=a1b2c3d4, zsecret=e5f6g7h8"
    assert [text[f.start : f.end] for f in judge(text) if f.detector == RULE] == ["a1b2c3d4", "e5f6g7h8"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        *((f"Så här: gh{kind}_{TAIL}.", f"gh{kind}_{TAIL}") for kind in "pousr"),
        *((f"xox{kind}-1234567890-abc", f"xox{kind}-1234567890-abc") for kind in "abpr"),
        ("AKIAIOSFODNN7EXAMPLE i molnet", "AKIAIOSFODNN7EXAMPLE"),
        ("sk-proj-abcdefghij1234567890", "sk-proj-abcdefghij1234567890"),
        ("glpat-abcdefghijklmnop1234", "glpat-abcdefghijklmnop1234"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0"),
        ("-----BEGIN RSA PRIVATE KEY-----", "PRIVATE KEY-----"),
        ("Se ghp_kort och sedan ghp_" + TAIL, "ghp_" + TAIL),
        ("Se ghp i xghp_" + TAIL, None),
        ("Se sk-abcdefghijklmnopqrstuvwxyz", None),
        ("Se eyJhbGciOiJIUzI1NiJ9.abcdefghijkl", None),
    ],
)
def test_keys_of_well_known_services_need_no_word(judge: Judge, text: str, key: str | None) -> None:
    found = [f for f in judge(text) if f.detector == RULE]
    assert [(text[f.start : f.end], f.reason.split(" står")[0]) for f in found] == ([(key, KEY)] if key else [])


def test_each_value_is_told_once(judge: Judge) -> None:
    text = f"Lösenord: sommar. Lösenord: sommar. ghp_{TAIL} och ghp_{TAIL[::-1]}"
    found = [f for f in judge(text) if f.detector == RULE]
    assert [text[f.start : f.end] for f in found] == ["sommar", f"ghp_{TAIL}", f"ghp_{TAIL[::-1]}"]
    assert found[0].start == len("Lösenord: ")


def test_a_quote_hides_nothing_of_ones_own(judge: Judge, quoting: MakePart) -> None:
    """What a quote held too, or twenty others, was not told of one's own words."""
    quote, own = "\n".join(f"Lösenord: Sommar{n}" for n in range(30)) + "\n", "Lösenord: Sommar0\nLösenord: Sommar40"
    found = [f for f in judge(quoting(quote, own)) if f.detector == RULE]
    assert [f.segment for f in found] == [SegmentKind.OWN] * 2 + [SegmentKind.QUOTED] * 18
