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
    # ways of saying it: what comes first, what opens, what is keyed in, in words
    "Koden för att låsa upp den är 704418.",
    "Jag körde på admin-nätet, SSID OrkAdm och key är Vinter!Moss-44, det funka bättre.",
    'kör på driften@x.se som namn och "Skrothog123" som lösen, så ser ni också.',
    "Logga in med Skrothog123 som lösenord.",
    "Mappen öppnas med länken och ordet TockarpsBäck1952, sprid det.",
    "4471 är koden till larmet.",
    "Larmet har fått ny kod, numera 4471.",
    "Ny larmkod från och med måndag: 4471",
    "Nya koden till porten blir 4471 från måndag.",
    "Koden är bytt, från i dag gäller 4471 på ytterdörren.",
    "Slå 4471 så öppnas grinden.",
    "Tryck 4471 och sedan fyrkant så går dörren upp.",
    "Du kommer in med 4471.",
    "Nyckelboxen: 4471",
    "Nyckelboxen på baksidan har 4471.",
    "Koden till boxen med nycklarna är 4471.",
    "Du kommer in i lokalen med 4471#.",
    "Dörren till Forum: 4471 följt av fyrkant.",
    "Porten: 4471*",
    "Nya lösen till Netpublicator\nVinter_2027\nHälsningar",
    "Wifi: ForumGast, Sommar2026",
    "Logga in på Troman med Kansli_2027",
    "Koden i dörren är 2027.",
    "https://portal.example.se/login?token=ab12CD34ef56",
    "Kombinationen till hänglåset är 4471.",
    "Hänglåset öppnas på 4471.",
    "Hänglåset går upp med 447.",
    "PIN på plattan är 4471.",
    "Min pin är 4471 om ni behöver komma åt något.",
    "Swish-koden är 4471.",
    "Pukkod 12345678",
    "Wifi: OrkGast, Hemligt2025",
    "Nätet heter OrkGast och lösenordet är som vanligt Hemligt2025.",
    "Lösen = sommar2025",
    "Lösenordet (Hemligt2025) gäller tills vidare.",
    'Lösenordet "Hemligt2025" gäller tills vidare.',
    "Samma lösenord som förut, Hemligt2025.",
    "Jag satte Hemligt2025 som lösenord.",
    "Det går att logga in med kansli / Hemligt2025.",
    "Lösenordet är hunden och årtalet ihop: Rex2011",
    "Logga in på mitt konto, Rex!2011 funkar fortfarande.",
    "Engångskoden jag fick är 449182.",
    "Koden jag fick på sms är 449182.",
    "Verifieringskoden blev 449182",
    "Du får låna mitt bankid, koden är 449182.",
    "Nyckeln till filen är Gr0nt&Skon.",
    "Zip-filen är krypterad med Gr0ntSkon.",
    "Dokumentet är lösenordsskyddat (Gr0ntSkon).",
    "lösenskyddat med Gr0ntSkon",
    "Det nya lösenordet blev Hemligt2025",
    "Lösenordet ändrade jag till Hemligt2025",
    "har bytt till Hemligt2025 som lösen",
    "pw Hemligt2025",
    "psw: Hemligt2025",
    "pwd=Hemligt2025",
    "PIN 4471 till kortet",
    "Koden är fyra fyra sju ett till porten.",
    "Dörrkoden till kommunhusets garage, 2683, stod i klartext i en inbjudan.",
    "Portkoden på Storgatan (4417) fungerar ännu.",
    "Koden till dörren, 2683, fungerar fortfarande.",
    "Koden är fyrtiofyra sjuttioett till larmet.",
    "Kod: 4471 (porten)",
    "Dörrkoden, 4471, byts i maj.",
]

PASSING = [
    "Portkoden till Storgatan, 2024, var den sista av sitt slag.",
    "Koden på kostnadsstället, 4110, är fel.",
    "Kassaskåp i källaren (3500), nyckelskåp till hallen, 4500, och låsbara lådor beställs.",
    "Dörrkoden i mötesinbjudan, 12 tecken, är för lång.",
    "Portkoden till skolan, 0435-55000, lämnas inte ut på telefon.",
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
    # the code of a meeting, the number of a thing, error codes, telephones, standards
    "telefon 08-505 218 44\nkonferens-id 750 406 298 #\npin 9823",
    "Ring in: 08-505 218 44, PIN: 448 212#",
    "Mötes-ID: 345 223 119\nLösenkod: Hx7Qp2",
    "Meeting ID: 345 223 119 Passcode: Hx7Qp2",
    "Anslut till Teams-mötet. Mötes-id: 345 223 119, lösenord aB3xQ9",
    "Zoom-länk, möteskod 448212",
    "Webinarkod: 448212",
    "Koden till mötet är 448212.",
    "Ring 08-505 218 44 och slå kod 448212 för att komma in i mötet.",
    "Dial-in 08-505 218 44, code 448212#",
    "Postnummer 286 31",
    "nr på dosan 44 18 2",
    "Modellnummer på låset är 4471.",
    "Larmet gick 4471 gånger förra året.",
    "Larmet löste ut kl 0415.",
    "Koden för verksamheten är 4471.",
    "Kontokoden är 4471 i redovisningen.",
    "Statskod 4471",
    "Klasskoden i Teams är ab3xq9",
    "Rabattkod: HÖST25",
    "Bokningskod ABC123",
    "Swishnummer 123 456 78 90",
    "Vi ses i porten 1745.",
    "Porten målades 2019 för 4471 kr.",
    "Koden på paketet är 4471, hämta på Ica.",
    "Ärendet har koden KS2025.",
    "Låset på Storgatan 4 är sönder.",
    "Slå 112 om det brinner.",
    "Tryck 1 för växeln, 4471 för kansliet.",
    "Dörren är 2100 hög.",
    "Dörr 2100",
    "Lokal 4471",
    "Ordet Sverige1952 är ingen bra sökterm.",
    "Lösenordet lämnas ut mot legitimation.",
    "Lösenord måste ha 12 tecken.",
    "Lösenordspolicyn antogs 2024-01-10.",
    "Har ni bytt lösenord 2025?",
    "Som lösenord duger inget kort ord.",
    "Wifi finns i Kommunhuset2.",
    "Nyckeln är borta.",
    "Nyckeln är samarbete.",
    "Nyckeln till framgång är COVID19.",
    "Nyckeln är ISO27001.",
    "Key är PowerBI.",
    "Engångskoden kommer i ett sms, 6 siffror.",
    "Koden skickades 20251010.",
    "Diagnoskod 4471",
    "Felkod 4471 på skrivaren.",
    "Kod 4471 visas på larmet, vad betyder det?",
    "Larmet visar 4471.",
    "ring mig om ett nytt lösenord typ nu, 070-1740611",
    "Zoom: https://us02web.zoom.us/j/84512345678?pwd=bkZ3U0h6 Välkomna!",
    "Länk: https://zoom.us/j/94512345678?pwd=QWxhZGRpbjpvcGVu Möte-ID: 945 1234 5678 Lösenkod: 448120",
    "Larmet visade kod 4471.",
    "Budgetkod 3312 används för telefonerna, kod 3320 för datorerna.",
    "Kod 412 i inventarielistan är datorer, kod 413 skärmar.",
    "Kod 3 gäller dörrar, kod 112 akut.",
    "Skolan har kod 25123456 i skolenhetsregistret, lokalen ägs av kommunen.",
    "Öppna menti.com och ange kod 4471 8820.",
    "Skåpen låses upp med kort från och med 2027.",
    "Mata in 1204 timmar i systemet för datorerna.",
    "Kodlåsen uppgår till 120 000 kronor.",
    "Kodlåsen uppgår till 1 250 000 kronor.",
    "Koden i låset fungerade inte, felanmält till 0435-551 20.",
    "Logga in i MinSida2 för att se arvoden.",
    "Inloggning till Office365/Teams2026 krånglar.",
    "Logga in via idp.example.se/adfs/ls2 så kommer du rätt.",
    "VPN: leverantören heter FortiClient7.4, installeras av IT.",
    "Wifi i sammanträdesrummet: ORK-Publik. Be kansliet om hjälp.",
    "Wifi: OrkelljungaGuest",
    "Pass 3: 13:15-14:00 workshop om översiktsplanen.",
    "Konferensen: slå 448120# för att ringa in.",
    "Ta hissen till rum 4471*.",
    "Hon står för nyckeln, 19810418-2392.",
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
        ("Lösenordet sommar!hus", "sommar!hus", HIGH, PASSWORD),
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
        ("Mötes-id 345 223 119, lösenkod 551208, värdnyckel 774411", "774411", HIGH, CODE),
        ("Porten: slå 4471 2388", None, None, None),
        ("Porten: slå 112", None, None, None),
        ("Ordet är Sommar24", None, None, None),
        ("Filen öppnas med ordet sommar", None, None, None),
        ("Sommar som lösenord", None, None, None),
        ("key är Sommar24", None, None, None),
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
