"""Codes and passwords given in passing."""

from __future__ import annotations

import pytest

from gateway.model import Confidence
from tests.unit.detect.conftest import Judge


def told(judge: Judge, text: str) -> bool:
    return any(f.rule == "credentials" and f.confidence >= Confidence.MEDIUM for f in judge(text))


@pytest.mark.parametrize(
    "text",
    [
        "Grinden är stängd. Koden är 7316.",
        "Tankkortet ligger i facket. Kod 2294.",
        "Nyckelboxen sitter till höger och koden är 2-8-4-1.",
        "Porten mot torget: 6 3 0 9",
        "Parkeringskortet hänger på tavlan, det är 5528 när den frågar.",
        "Slå 4471 och stjärna så öppnas grinden.",
        "Kortet är mitt och pin 1947.",
        "Recovery code: 31-55-90-14",
        "Filen är låst men skriver du Blåsippa#12 så kommer du in.",
        "Datorn i salen: tryck på knappen, skriv Kansliet7! och vänta.",
        "Allt på paddan öppnas med GRANIT61.",
    ],
)
def test_secrets_said_in_passing_are_found(judge: Judge, text: str) -> None:
    assert told(judge, text)


@pytest.mark.parametrize(
    "text",
    [
        "Grinden är stängd. Arbetet kostar 7316 kronor.",
        "Dörrarna 1 2 3 4 5 målas om.",
        "Porten byts. Punkterna 6 3 0 9",
        "Vi blir 4471 invånare när den öppnas.",
        "Telefonen är trasig. Slå 1150 i stället.",
        "Dörren är lagad. Ring 5500 när receptionen öppnar.",
        "Slå 5500 när växeln öppnar så svarar Lotta.",
        "Jag fattar mig kort: tryck på 4410 i menyn.",
        "Skriv in 120 deltagare i anmälan.",
        "Vi räknar med 4500, så kommunen tror på förslaget.",
        "Det blir 15000 när föreningen frågar nästa gång.",
        "Det kostar 2500 då man öppnar en ny grav.",
        "Nyckeln finns i receptionen. Koden till kostnadsstället är 4471.",
        "Datorn har fått ny version, kör Office365 och testa Teams2.",
        "Öppna filen och skriv Bilaga2 överst.",
        "Kontot för arvoden är stängt, använd Heroma2 i stället.",
        "Logga in och använd Ciceron24 i menyn.",
        "Kortet är ditt. Diarienummer 2 4 6 8 saknas.",
        "Skåpet har 3 2 4 1 hyllor i fyra rader.",
        "Porten är öppen. Rummen 2 4 6 8 är bokade.",
        "Slå 1177 när det öppnar.",
        "Kassan öppnas 2026 när det går igång.",
        "Skriv Agenda2030 på första sidan i filen.",
        "När öppnar grinden?",
        "Skicka inget lösenord på mejl! Ring i stället.",
        "Testa Windows11 på datorn innan du köper fler.",
        "Öppna filen Budget_2027 på kontot.",
        "Routern har serienr 7Kd2-0071 om någon måste ringa.",
        "Skriv till alla12@example.com om kontot.",
    ],
)
def test_figures_and_names_near_what_is_locked_pass(judge: Judge, text: str) -> None:
    assert not told(judge, text)


@pytest.mark.parametrize(
    "text",
    [
        "Nyckeln sitter i boxen bakom tunnan. Vrid fram noll, sju, sju, tre uppifrån och ner.",
        "Klubban ska in i kassaskåpet. Du vrider höger till trettiosju, vänster till tolv och höger till femtio.",
        "Låset till skåpet. Vrid höger till 14, vänster till 33, höger till 7.",
        "Hänglåset på grinden: ställ in 4, 1, 8, 8 så går det upp.",
        "Larmet på kontoret: tryck fyra, fyra, nio, ett och sedan av-knappen.",
    ],
)
def test_what_a_lock_is_turned_to_is_found(judge: Judge, text: str) -> None:
    assert told(judge, text)


@pytest.mark.parametrize(
    "text",
    [
        "Entrén är flyttad. Sväng höger vid rondellen, vänster efter 200 m, höger vid skolan.",
        "Gruppernas nycklar: ställ er vid bord ett, två, tre och fyra så delar vaktmästaren ut dem.",
        "Slå ihop punkterna 4, 7, 9 och 12 så att vi hinner. Lokalen är öppen till tio.",
        "Slå på datorn och tryck 1, 2, 3 i tur och ordning.",
        "Ställ frågorna 2, 5, 8 och 11 till förvaltningen innan dörrarna öppnas.",
        "Vrid ner elementen i lokalen till 18, 19 grader på kvällen, 21, 22 på dagen.",
    ],
)
def test_figures_after_a_word_for_turning_may_be_others(judge: Judge, text: str) -> None:
    assert not told(judge, text)
