"""Requests for sensitive data, and requests that the guideline has nothing against."""

from __future__ import annotations

import pytest

from gateway.model import Confidence, Segment, SegmentKind
from tests.unit.detect.conftest import Judge, MakePart

RULE = "solicitation"

FOUND = [
    "Надішліть мені Ваш персональний номер електронною поштою.",
    "أرسل لي رقمك الشخصي بالبريد الإلكتروني.",
    "Fadlan email iigu soo dir warqadda dhakhtarka.",
    "Svar på denne e-posten med fødselsnummer og legeerklæring.",
    "Mejla mig huvudmännens kontosaldon.",
    "Sänd hit vårdnadsdomen.",
    "Mejla över ditt personnummer så kollar jag vad som hänt.",
    "Kan du scanna in läkarintyget och skicka till mig?",
    "Svara med ditt kontonummer och clearing så betalar vi ut.",
    "Hej! För att jag ska kunna driva frågan behöver jag din sons utredning från BUP. Skicka den hit.",
    "Var snäll och bifoga en kopia på passet i svaret.",
    "Jag vill ha en lista över alla som har hemtjänst i Skånes Fagerhult, med namn och diagnos.",
    "Vad är ditt personnummer? Svara på detta mejl.",
    "Skicka lösenordet till Teams-kontot så fixar jag det.",
    "Could you send me your passport number and bank account by email?",
    "Maila mig gärna hans journal.",
    "Kan ni mejla namnen på de elever som är misstänkta för skadegörelsen?",
    "Ge mig namnen på alla muslimska familjer i området, per mejl.",
    "Uppge personnummer och sjukdom i ditt svar till mig.",
    "Send mig dit CPR-nummer på mail.",
    "Återkom med vilka anställda som är fackligt aktiva.",
    "Vi behöver era personnummer för hotellbokningen, svara alla på tråden.",
    "Fotografera ditt körkort och skicka bilden hit.",
    "Om du mejlar mig ditt personnummer och en bild på läkarintyget så kan jag trycka på hos förvaltningen.",
    (
        "För att kunna betala ut din ersättning behöver jag kontonummer och clearing, skicka det till "
        "mig så snart du kan."
    ),
    "Kan du som rektor maila mig vilka elever i 7B som har adhd?",
    "Skicka över en lista på alla brukare på Södergården med namn, personnummer och medicinering.",
    "Vi har inte fått din hälsodeklaration. Bifoga den i ett svar på det här meddelandet.",
    "Svara med ditt användarnamn och lösenord så hjälper jag dig att rösta i appen.",
    "Kan du ta reda på vilka undersköterskor som är med i Kommunal och mejla mig namnen?",
    "Inför resan till vänorten: vänligen maila en kopia av ert pass till mig senast fredag.",
    "Jag vill ha domen mot honom och hans journal från psykiatrin, skicka på mejlen.",
    "Lagledare: sänd mig spelarnas personnummer senast söndag.",
    "Vilket kontonummer har du? Skriv det i ett svar så fixar jag resten.",
    "Ge mig lösenordet till din kommunmejl så kan jag godkänna inbjudan.",
    "Jag vill ha namnen på dem som varit sjukskrivna för stress på förvaltningen, mejla dem till mig i dag.",
    "Rektorn, skicka elevernas åtgärdsprogram och diagnoser till mig före nämnden.",
    "Ta ett kort på ditt pass och ditt bankkort och skicka tillbaka.",
    "Kan du skicka din sons senaste utredning till mig?",
    "Skicka en kopia på ditt beslut till mig.",
    "Mejla mig beslutet om honom och er bedömning.",
    "Kan du skicka koden till larmet per mejl?",
    "Ta en bild på din legitimation och mejla mig.",
    "Skicka en lista på alla med skyddad adress till mig.",
    "Mejla mig namnen på dem som är långtidssjukskrivna hos er.",
]

PASSING = [
    "Skicka gärna en lista på vilka lokaler som är anpassade för personer med funktionsnedsättning.",
    "Kan du mejla en förteckning över föreningar som har verksamhet för barn med funktionsnedsättning?",
    "Mejla mig en lista på åtgärder för besökare med allergi.",
    "Underlaget kan kompletteras: lämna sjukintyget i receptionen eller via e-tjänsten, mejla det inte till mig.",
    "Lämna in läkarintyget på plats; skicka det inte i mejl.",
    "Надішліть мені протокол електронною поштою.",
    "Skicka inte ditt personnummer i mejl.",
    "Jag skickar läkarintyget till lönekontoret i morgon.",
    "Ange ditt personnummer i e-tjänsten.",
    "Du kan ringa och lämna personnumret till handläggaren per telefon.",
    "Skicka gärna statistik över antalet sjukskrivningar per förvaltning.",
    "Kan du skicka protokollet från nämnden?",
    "Skicka utredningen om vindkraft till mig före fredag.",
    "Behöver man uppge personnummer i blanketten?",
    "Vi får aldrig be någon att mejla sitt personnummer.",
    "Lämna läkarintyget på plats i receptionen.",
    "Kan du mejla organisationsnummer och bankgiro?",
    "Skicka motionen till mig.",
    "Att skicka personnummer med mejl är inte tillåtet.",
    "Svara med ditt namn om du vill komma på mötet.",
    "Kan ni skicka förteckningen över detaljplaner till mig?",
    "Mejla mig din adress så skickar jag inbjudan.",
    "Jag behöver besluten från nämnden.",
    "Please send the agenda to me by email.",
    "Skicka läkarintyget till Försäkringskassan.",
    "Kan du skicka riktlinjerna för sekretess och lösenord?",
    "Anmälan till mötet: skriv namn och om du har allergier",
    "Skicka in ditt yttrande till registratorn senast den 12 september.",
    "Jag behöver handlingarna till ärende 14, de saknas i appen.",
    "Kan du skicka din bedömning av motionen till mig innan fredag?",
    "Skicka gärna ert beslut i remissen om kollektivtrafiken till oss.",
    "Kan du vidarebefordra anmälan om nedskräpning till er chef?",
    "Skicka handlingarna till mig senast fredag, och era synpunkter.",
    "Skicka en kopia på protokollet till er revisor.",
    "Kan ni skicka koden till mötet igen?",
    "Jag behöver få koden till projektet för konteringen.",
    "Kan du mejla domen från mark- och miljödomstolen i ärendet om vindkraft?",
    "Kan ni skicka listan över skyddade träd till mig?",
    "Kan du skicka legitimationskravet för förskollärare till mig?",
]


def told(judge: Judge, text: str) -> bool:
    return any(f.rule == RULE and f.confidence >= Confidence.MEDIUM for f in judge(text))


@pytest.mark.parametrize("text", FOUND)
def test_requests_for_sensitive_data_are_found(judge: Judge, text: str) -> None:
    assert told(judge, text)


@pytest.mark.parametrize(
    "text",
    [
        "Kan du maila mig listan över vilka elever som har allergier, med namn och klass?",
        "Allt jag behöver är ditt personnummer, alla tolv siffror.",
        "Kan du dra iväg en fil till mig, hela P14 med personnummer?",
        "Jag ber er besvara detta brev med en avfotograferad passida.",
        "Ring inte, mejla läkarintyget till mig.",
        "Lämna det inte i receptionen, mejla sjukintyget hit.",
    ],
)
def test_mail_that_is_named_after_what_is_denied_counts(judge: Judge, text: str) -> None:
    assert [f.rule for f in judge(text)] == ["solicitation"]


@pytest.mark.parametrize("text", PASSING)
def test_other_requests_and_warnings_pass(judge: Judge, text: str) -> None:
    assert not told(judge, text)


HIGH, MEDIUM = Confidence.HIGH, Confidence.MEDIUM


@pytest.mark.parametrize(
    ("text", "words", "confidence"),
    [
        ("Skicka personnumret.", "Skicka", MEDIUM),
        ("Skicka ditt personnummer.", "Skicka", HIGH),
        ("Mejla personnumret.", "Mejla", HIGH),
        ("Skicka personnumret till mig.", "Skicka", HIGH),
        ("Skicka utredningen.", None, None),
        ("Skicka hennes utredning.", "Skicka", HIGH),
        ("Skicka namnen.", None, None),
        ("Skicka namnen på alla med adhd.", "Skicka", MEDIUM),
        ("Skicka mitt personnummer.", None, None),
        ("Skicka min gamla journal.", None, None),
        ("Skicka mitt personnummer och läkarintyget.", "Skicka", MEDIUM),
        ("Kan du skicka personnumret?", "skicka", MEDIUM),
        ("Du måste skicka personnumret", "skicka", MEDIUM),
        ("Hej skicka personnumret", "skicka", MEDIUM),
        ("Läs det här, skicka personnumret", "skicka", MEDIUM),
        ("Kolla och skicka personnumret.", "skicka", MEDIUM),
        ("Kan du kolla och skicka personnumret?", "skicka", MEDIUM),
        ("Jag ska kolla och skicka personnumret.", None, None),
        ("Han ville skicka personnumret.", None, None),
        ("De brukar skicka personnumret.", None, None),
        ("Personnumret behövs, skicka!", "skicka", MEDIUM),
        (f"Personnumret behövs, {'det är viktigt, ' * 8}skicka!", None, None),
        (f"Skicka {'det som är viktigt, ' * 9}personnumret", "Skicka", MEDIUM),
        (f"Skicka {'det som är viktigt, ' * 11}personnumret", None, None),
        ("Vi saknar läkarintyget. Skicka det.", "Skicka", MEDIUM),
        ("Vi saknar läkarintyget. Skicka det gärna hit.", "Skicka", HIGH),
        ("Vi saknar läkarintyget. Nu är det maj. Skicka det.", None, None),
        ("Vi saknar läkarintyget. Skicka något.", None, None),
        ("Skicka det. Läkarintyget saknas.", None, None),
        ("Jag behöver personnumret.", "Jag behöver", MEDIUM),
        ("Jag behöver få hennes utredning.", "Jag behöver", HIGH),
        ("Jag behöver springa med personnumret.", None, None),
        ("Jag behöver inte personnumret.", None, None),
        ("Skicka inte personnumret.", None, None),
        ("Ring inte, mejla personnumret.", "mejla", HIGH),
        ("Ring inte, skicka personnumret till mig.", "skicka", HIGH),
        ("Ring inte, skicka personnumret.", None, None),
        ("Mejla inte läkarintyg, lämna dem hos chefen.", None, None),
        ("Be därför alla som har barn med svårigheter att mejla mig barnets diagnos.", "mejla", HIGH),
        ("Ni får inte skicka personnumret.", None, None),
        ("Skicka antal personnummer.", None, None),
        ("Skicka personnumret. Antal: 4.", "Skicka", MEDIUM),
        ("Skicka personnumret via e-tjänsten.", None, None),
        ("Mejla personnumret via e-tjänsten.", "Mejla", HIGH),
        ("Skicka personnumret till mig i e-tjänsten.", "Skicka", HIGH),
        ("De brukar skicka filen. Skicka personnumret.", "Skicka", MEDIUM),
        ("Skicka personnumret. Mejla läkarintyget.", "Mejla", HIGH),
        ("Mejla läkarintyget. Skicka personnumret.", "Mejla", HIGH),
    ],
)
def test_the_surest_request_of_a_text_is_told(
    judge: Judge, text: str, words: str | None, confidence: Confidence | None
) -> None:
    found = [(text[f.start : f.end], f.confidence) for f in judge(text) if f.detector == RULE]
    assert found == ([(words, confidence)] if words else [])


def test_of_requests_as_sure_the_first_is_told(judge: Judge) -> None:
    assert [f.start for f in judge("Skicka personnumret. Skicka läkarintyget.") if f.detector == RULE] == [0]


def test_subject_and_text_are_told_apart(judge: Judge) -> None:
    found = [f for f in judge("Mejla läkarintyget", subject="Skicka personnumret") if f.detector == RULE]
    assert [(f.part, f.evidence, f.reason) for f in found] == [
        (part, "begäran om känsliga uppgifter", f"Någon ombeds {place} att skicka känsliga uppgifter med e-post.")
        for part, place in (("subject", "i ämnesraden"), ("1", "i mejlets text"))
    ]


def test_what_somebody_else_asked_for_does_not_count(judge: Judge, part: MakePart) -> None:
    text = "Hej!\n> Mejla läkarintyget.\n"
    segments = (
        Segment(kind=SegmentKind.OWN, start=0, end=5),
        Segment(kind=SegmentKind.QUOTED, start=5, end=len(text)),
    )
    assert not [f for f in judge(part(text, segments=segments)) if f.detector == RULE]
