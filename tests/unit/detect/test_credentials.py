"""Passwords and codes with their values, and talk about passwords and codes."""

from __future__ import annotations

import pytest

from gateway.model import Confidence
from tests.unit.detect.conftest import Judge

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
