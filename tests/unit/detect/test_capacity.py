"""Doubt about the capacity, and clear words about it."""

from __future__ import annotations

import pytest

from gateway.model import Confidence, SegmentKind
from tests.unit.detect.conftest import Judge, MakePart

RULE = "capacity_unclear"

FOUND = [
    (
        "Bygglov",
        (
            "Hej, det är jag som är vice ordförande i nämnden. Nu gäller det mitt eget garage på "
            "Kvarnvägen, så jag hoppas att ni kan skynda på lite."
        ),
    ),
    ("Stöd", "Jag skriver dels som kommunalråd, dels som ordförande i skytteföreningen, för vi behöver nya lokaler."),
    ("Vägbelysning", "Som boende på gatan, men förstås också som ledamot i tekniska, kräver jag att lampan lagas."),
    ("Synpunkt", "Detta är väl egentligen min privata uppfattning, men ni kan publicera det som kommunens svar."),
    ("Snöröjning", "Vi blev utan plogning igen.\n\nMats Persson\nPerssons Maskin AB\nErsättare i tekniska nämnden"),
    ("Remiss", "Jag svarar både för kommunstyrelsen och för min egen firma."),
    (
        "Skolskjuts",
        (
            "Min son fick avslag på skolskjuts. Glöm inte att jag sitter i barn- och "
            "utbildningsnämnden när du omprövar beslutet."
        ),
    ),
    ("Tillstånd", "Ärendet gäller min restaurang.\n\nSara Holm\nÄgare Holms Krog\nLedamot i socialnämnden"),
    (
        "Avlopp",
        (
            "Jag äger ju själv fastigheten det handlar om, men som nämndens ordförande tycker jag att "
            "tillsynsavgiften är orimlig."
        ),
    ),
    ("Hallen", "Hej, jag är både tränare i klubben och ersättare i kulturnämnden och vill ha halltid på tisdagar."),
    ("Lokaltidningen", "Skriv gärna att kommunen är emot, fast det är nog mest jag som tycker så."),
    ("Staket", "Ni får gärna tänka på att jag är med och beslutar om er budget innan ni klagar på mitt staket."),
    ("Utskänkning", "Hälsningar\nLars Mård\nKrögare och kommunfullmäktigeledamot"),
    ("Avfall", "Hälsar\nEva Lind\nLedamot i miljönämnden\nÄgare Linds Åkeri AB"),
    (
        "Tomten",
        ("Vi överklagar beslutet om vår tomt, och jag vill påpeka att jag är andre vice ordförande i er nämnd."),
    ),
    ("Uttalande", "Du kan citera mig som privatperson eller som kommunalråd, det gör detsamma."),
    ("Sponsring", "Hälsningar\nOla Grip\nOrdförande Örkelljunga IF\nLedamot kommunstyrelsen"),
    ("Bidrag", "Som ordförande i fotbollsklubben och ledamot i utskottet vill jag att vår ansökan bifalls."),
    (
        "Cykelväg",
        "Som ordförande i nämnden och samtidigt ordförande i Rya byalag skriver jag för att begära en cykelväg.",
    ),
    ("Stolpar", "Som gruppledare och styrelseledamot i Ljunga Fastigheter AB begär jag att ni flyttar stolparna."),
    ("Bänkar", "Jag sitter i nämnden, och som sekreterare för Eket Norra vägsamfällighet vill jag ha två bänkar."),
]

PASSING = [
    ("Besök", "Vi träffade Lars Ek, ordförande i Värsjö byalag, och lovade att nämnden tar upp frågan i maj."),
    ("Kontakt", "Jag är ledamot i kulturnämnden. Ordförande för Örkelljunga hembygdsförening är Karin Persson."),
    ("Jävig", "Jag sitter i nämnden och är jävig i ärendet, eftersom jag är kassör i Örkelljunga ridklubb."),
    (
        "Stämman",
        "Som kommunstyrelsens ordförande och ordförande i Örkelljunga Fjärrvärme AB är jag kallad till stämman.",
    ),
    ("Tack", "Som ledamot i nämnden vill jag tacka ordförande i Rya byalag för samarbetet."),
    ("Länkarna", "Jag är ordförande i nämnden. Samtidigt har kassör i Länkarnas förening bett om ett möte."),
    ("Jäv", "Jag är ordförande i ridklubben och anmäler jäv i ärende 6."),
    (
        "Ägardirektivet",
        "Som ordförande i Örkelljungabostäder AB vill jag meddela kommunstyrelsen att vi har antagit ägardirektivet.",
    ),
    ("Taxan", "Som ledamot i fjärrvärmebolagets styrelse och i fullmäktige har jag fått frågor om taxan."),
    ("Finsam", "Som ledamot i socialnämnden och i Finsams styrelse vill jag tacka för samarbetet i våras."),
    (
        "Hyrorna",
        (
            "Som ordförande i bostadsbolaget och ledamot av fullmäktige svarar jag om hyrorna: höjningen beslutades "
            "efter förhandling med Hyresgästföreningen."
        ),
    ),
    ("Remissvar", "För Örkelljunga kommun, genom kommunstyrelsens ordförande Magnus Ahlberg."),
    (
        "Anmälan",
        (
            "Jag anmäler mig till utbildningen.\n\nHälsningar\nMagnus Ahlberg\nGruppledare "
            "Moderaterna\nLedamot kommunstyrelsen"
        ),
    ),
    ("Privat", "Jag yttrar mig enbart som privatperson i den här frågan."),
    ("Bolag", "Kallelse till styrelsemöte i kommunens bostadsbolag den 9 juni."),
    ("Tack", "Tack för ett bra möte igår och för god fika! Vi ses på torsdag."),
    (
        "Föreningsbidrag",
        ("Ridklubben har sökt anläggningsbidrag för nytt ridhus. Jag föreslår avslag på grund av budgetläget."),
    ),
    ("Gruppmöte", "Gruppmöte inför kommunfullmäktige måndag 18.00 i partirummet, vi går igenom ärendelistan."),
    ("Barn sjukt", "Jag kan tyvärr inte vara med på mötet i dag, min dotter är sjuk. Kalla ersättare."),
    ("Bostäder", "Örkelljungabostäder har 14 lediga lägenheter, hyran ligger på 6 100 kronor i snitt."),
    ("Begravningsplats", "Kyrkorådet och kommunen träffas om begravningsplatsen i Rya."),
    ("E-tjänst", "Ansök med BankID i e-tjänsten och ladda upp läkarintyget där."),
    ("Kundnöjdhet", "NKI för bygglov ökade till 74. Företagarna är nöjda med bemötandet."),
    ("Studiebesök", "Vi besöker äldreboendet i Perstorp för att se deras demensträdgård. Bussen går 8.15."),
    ("Försörjningsstöd", "Kostnaden för försörjningsstöd ökade med 1,2 miljoner jämfört med budget."),
    ("Talartid", "Jag vill begära ordet i punkt 7 och delar Lisas uppfattning om Pride-flaggan."),
    ("Fråga från journalist", "Hej Karin, jag hinner tyvärr inte prata förrän efter lunch. Ring mig då om budgeten."),
    (
        "Visit",
        ("Thank you for hosting our delegation. We will send the minutes from the meeting on elderly care next week."),
    ),
    ("Motionsspår", "Belysningen på motionsspåret i Skånes Fagerhult är trasig, vem felanmäler jag till?"),
    ("Bröllop i rådhuset", "Som vigselförrättare kan jag ta två vigslar den 6 juni."),
    ("Arvode", "Arvodesblanketten för mars ska vara inne senast den femte."),
    ("Lantmäteri", "Förrättningen för gatan i Östra Ringarp är avslutad."),
    ("Val", "Förtidsröstning sker i biblioteket 19 augusti till 13 september."),
    ("Insändare", "Jag svarar på insändaren om äldreomsorgen för majoritetens räkning."),
    ("Skicka", "Skicka in ditt yttrande till registratorn senast den 12 september."),
    ("Bostad", "Socialnämnden diskuterade hemlöshet och avhysningar av barnfamiljer."),
    ("Elevhälsa", "Elevhälsan redovisar hur många åtgärdsprogram som upprättats per skola."),
    ("Trädgård", "Demensträdgården på Södergården invigs 4 juni, välkommen att klippa bandet!"),
    ("Pizza", "Ungdomsrådet vill ha pizza på sitt möte, kan kansliet beställa?"),
    ("Jobbmässa", "Arbetsmarknadsenheten ordnar jobbmässa i Forum."),
    ("Utegym", "Utegymmet vid Lycksta är färdigt, invigning på lördag."),
    ("Kåren", "Räddningskåren i Fagerhult behöver fler deltidsbrandmän."),
    ("Parkeringsbot", "En turist klagar på en parkeringsbot vid badet, vem svarar?"),
    ("Fullmakt", "Fullmakt för ombudet i tingsrätten undertecknas av ordföranden."),
    ("Affischer", "Otillåtna valaffischer på elskåp tas ner av gatuenheten."),
]


MIXED_WITH_A_BODY = [
    "Jag sitter i bostadsbolagets styrelse och söker en trea till min dotter. Ni vet ju vem jag är.",
    "Som ordförande i nämnden och ägare till Sjöbergs Schakt AB skickar jag vårt anbud till bostadsbolaget.",
    "Jag är ledamot i nämnden och ordförande i Rya IF. Vi i föreningen vill att bostadsbolaget sponsrar oss.",
    "Jag är både ledamot i nämnden och anhörig till en patient hos Region Skåne, ge min mamma en tid.",
    "Jag sitter i bolagets styrelse för kommunen, och så äger jag huset bredvid. Skriver ni i morgon så stöder jag er.",
]
"""One's own matter beside an office in a body of the municipality."""


@pytest.mark.parametrize("text", MIXED_WITH_A_BODY)
def test_an_office_in_a_public_body_excuses_no_own_matter(judge: Judge, text: str) -> None:
    assert told(judge, "Hej", text)


def told(judge: Judge, subject: str, text: str) -> bool:
    return any(f.rule == RULE and f.confidence >= Confidence.MEDIUM for f in judge(text, subject=subject))


@pytest.mark.parametrize(("subject", "text"), FOUND)
def test_unclear_capacity_is_found(judge: Judge, subject: str, text: str) -> None:
    assert told(judge, subject, text)


@pytest.mark.parametrize(("subject", "text"), PASSING)
def test_the_commission_passes(judge: Judge, subject: str, text: str) -> None:
    assert not told(judge, subject, text)


TWO = (
    "Två uppdrag eller roller står bredvid varandra i mejlets text, "
    "så att det är oklart i vilken egenskap mejlet är skrivet."
)
SAID = "Det är oklart i vilken egenskap det som står i mejlets text är skrivet."
BOTH = ("capacity_unclear", "business_or_association")


@pytest.mark.parametrize(
    ("text", "words", "why"),
    [
        ("Jag skriver som privatperson och som kommunalråd.", "som privatperson och", SAID),
        ("Jag anmäler jäv, jag skriver som privatperson och som kommunalråd.", None, None),
        ("Jag som ledamot i nämnden vill ha mitt garage.", "garage", SAID),
        ("Som ledamot i nämnden vill jag bygga på min gamla tomt.", "tomt", SAID),
        ("Som ledamot i nämnden gäller det vårt företag.", "företag", SAID),
        ("Hon är ledamot i nämnden. Det gäller min tomt.", None, None),
        ("Hon är ledamot i nämnden och har sett hans tomt.", None, None),
        ("Jag är ledamot. Det gäller min tomt. Jag är ledamot.", None, None),
        ("Hans tomt ses över. Jag är ledamot i nämnden och det är min tomt.", "tomt", SAID),
        ("Jag är ledamot i nämnden och anmäler jäv om min tomt.", None, None),
        ("Hon är ledamot i nämnden, det är vår tomt.", None, None),
        ("Vi är ledamöter, jag är ledamot i nämnden som granne.", "som granne", SAID),
        ("Ledamot i nämnden som granne.", "som granne", SAID),
        ("Kommer hit som granne.", None, None),
        ("Som granne och ledamot i nämnden anmäler jag jäv.", None, None),
        ("Som granne anmäler jag jäv. Ledamot i nämnden, markägare.", "markägare", SAID),
        ("Som ordförande i ridklubben och ledamot i nämnden vill jag ha bidrag.", "ridklubben", TWO),
        ("Jag är ledamot i nämnden och ordförande i ridklubben.", "ridklubben", TWO),
        ("Hon är ordförande i ridklubben och ledamot i nämnden.", None, None),
        ("Som ordförande i ridklubben vill jag ha bidrag.", None, None),
        ("Vi är ordförande i ridklubben och ledamot i nämnden.", "ridklubben", TWO),
        ("Min roll är ordförande i ridklubben och ledamot i nämnden.", "ridklubben", TWO),
        ("Mitt jobb är ordförande i ridklubben och ledamot i nämnden.", "ridklubben", TWO),
        ("Hej. Som ordförande i ridklubben och ledamot i nämnden söker hon bidrag.", "ridklubben", TWO),
        ("Jag söker. Ordförande i ridklubben och ledamot i nämnden är hon.", None, None),
        ("Som ledamot och ordförande i ridklubben vill jag ha bidrag.", "ridklubben", TWO),
        ("Som ordförande i ridklubben och ledamot i nämnden anmäler jag jäv.", None, None),
        ("Som ordförande i ridklubben vill jag ha bidrag. Hon är ledamot i nämnden.", None, None),
        ("Hej\n\nSara Holm\nHolms Krog AB\nLedamot i socialnämnden", "Holms Krog AB", TWO),
        ("Hej\n\nSara Holm\nLedamot i socialnämnden\nÖrkelljunga IF", "Örkelljunga IF", TWO),
        ("Hej\n\nSara Holm\nÄgare\nLedamot i socialnämnden", "Ägare", TWO),
        ("Hej\n\nSara Holm\nHolms Krog AB", None, None),
        ("Hej\n\nSara Holm\nLedamot i socialnämnden", None, None),
    ],
)
def test_what_makes_the_capacity_unclear(judge: Judge, text: str, words: str | None, why: str | None) -> None:
    found = [f for f in judge(text) if f.detector == "capacity"]
    expected = [(rule, words, why) for rule in (BOTH if why == TWO else BOTH[:1])] if words else []
    assert [(f.rule, text[f.start : f.end].rpartition(" i ")[2], f.reason) for f in found] == expected
    assert {(f.confidence, f.evidence) for f in found} <= {(Confidence.MEDIUM, "oklar egenskap")}


@pytest.mark.parametrize(
    "text",
    [
        "Jag skriver som privatperson och som kommunalråd.\n",
        "Jag som ledamot i nämnden vill ha mitt garage.\n",
        "Ledamot i nämnden som granne.\n",
        "Som ordförande i ridklubben och ledamot i nämnden vill jag ha bidrag.\n",
    ],
)
def test_the_capacity_of_somebody_else_does_not_count(judge: Judge, quoting: MakePart, text: str) -> None:
    assert not [f for f in judge(quoting(text, "Vi ses.")) if f.detector == "capacity"]
    assert [f.segment for f in judge(quoting(text, text)) if f.detector == "capacity"][:1] == [SegmentKind.OWN]
