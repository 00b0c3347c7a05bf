"""The inner work of parties, and the work of their groups in the council."""

from __future__ import annotations

import pytest

from gateway.model import Confidence
from tests.unit.detect.conftest import Judge

RULE = "party_internal"

FOUND = [
    (
        "Lördagens kampanj",
        (
            "Hej vänner! Vi ses vid torget kl 10 och delar ut flygblad. Ta på er tröjorna med vår "
            "logga. Vi ska vinna det här valet!"
        ),
    ),
    (
        "Listan",
        (
            "Valberedningen föreslår att Kerstin toppar vår lista och att Bengt petas till sjunde "
            "plats. Håll det för er själva tills mötet."
        ),
    ),
    (
        "Årsmöte i Centerkretsen",
        ("Kallelse till kretsårsmöte den 21 februari. Val av ordförande i kretsen och ombud till distriktsstämman."),
    ),
    (
        "Medlemsrekrytering",
        ("Vi är nu 87 medlemmar i avdelningen. Målet är hundra före kongressen. Alla värvar en granne!"),
    ),
    (
        "Förtroligt",
        (
            "Jag har pratat med Peter i SD-gruppen. Om vi ger dem ordförandeposten efter valet så "
            "stöttar de vår budget. Får inte komma ut till de andra partierna."
        ),
    ),
    ("Valarbetare", "Bemanningslista till valstugan finns i dokumentet, skriv upp er på minst två pass var."),
    ("Partistyrelsen", "Partistyrelsen i Stockholm vill ha in våra nomineringar till riksdagslistan senast fredag."),
    (
        "Uteslutning",
        (
            "Jag anser att Ronny ska uteslutas ur partiet efter det han skrev på Facebook. Vi tar upp "
            "det på styrelsemötet i avdelningen."
        ),
    ),
    (
        "Budskap",
        ("Fokusera på trygghet och skola när ni knackar dörr. Säg inget om simhallen, den tappar vi röster på."),
    ),
    ("Avgiften", "Glöm inte att betala in medlemsavgiften till Moderaterna, annars får du inte rösta i provvalet."),
    (
        "Ny ordförande?",
        (
            "Jag tycker att vi ska byta ordförande i lokalavdelningen. Inger har ingen pli på gruppen. "
            "Vad säger ni i kvinnoförbundet?"
        ),
    ),
    ("SSU", "Ungdomsförbundet vill låna vår expedition för sin valrörelsekickoff."),
    ("Petition", "Kryssa gärna mig i valet! Här är mitt personliga flygblad som du kan dela ut till dina grannar."),
    ("Valvaka", "Partiet bjuder in till valvaka på Hotell Örkelljunga, öl och snittar till alla som kampanjat."),
    (
        "Insändare",
        (
            "Vi behöver skriva fler insändare mot Socialdemokraterna före valet. Jag har utkast, ni "
            "signerar med era namn."
        ),
    ),
    ("Toppnamn", "Jag har hört att Lisa inte vill stå etta. Ska vi fråga Kalle innan nomineringen är klar?"),
    ("Lördag", "Samling vid Coop för valarbete. Ta med tält och ballonger."),
    (
        "Till kretsen",
        ("Styrelsen i kretsen träffas hos Inga-Lill på måndag. Vi pratar om vår kampanj och om ekonomin."),
    ),
    ("Läcka", "Någon i vår grupp läcker till tidningen. Jag misstänker Roland. Ta inte upp det utanför partiet."),
    ("Distriktet", "Distriktet betalar halva kostnaden för affischerna om vi beställer före midsommar."),
    ("Kongress", "Jag ställer gärna upp som kongressombud för arbetarekommunen."),
    ("Röstvärvare", "Varje medlem ska ringa tio grannar sista veckan och fråga om de tänker rösta på oss."),
    ("Nattmangling", "Vi satt till två i natt om listan och till slut fick Agneta tredjeplatsen."),
    ("Pins", "Partinålar och tygpåsar finns att hämta hos mig före torgdagen."),
    ("Bilder", "Ladda upp porträttet till valfoldern senast onsdag, alla kandidater."),
    ("Prognos", "Enligt riksorganisationens mätning får vi tre mandat till om vi mobiliserar villaområdena."),
    ("Kampanjen", "Skojfriska filmer på Tiktok funkar bäst på förstagångsväljarna, vem i partiet kan klippa?"),
]

PASSING = [
    ("Reseräkning", "Jag bifogar reseräkningen för konferensen i Lund. Var ska kvittona lämnas?"),
    (
        "Upphandling",
        (
            "Tre anbud kom in på takbytet på Kungsskolan. Offerten från lägst anbudsgivare ligger på "
            "2,1 miljoner exklusive moms."
        ),
    ),
    (
        "Idrottsgala",
        ("Jag håller invigningstalet på idrottsgalan för kommunens räkning. Är det du som har talarordningen?"),
    ),
    ("Gruppmöte", "Gruppmöte inför kommunfullmäktige måndag 18.00 i partirummet, vi går igenom ärendelistan."),
    ("Grattis", "Stort grattis på 60-årsdagen önskar hela presidiet! Vi ses på nämnden."),
    ("Simhallen", "Vill du ha svar om simhallens öppettider under påsklovet får du kontakta fritidsförvaltningen."),
    (
        "Anställning",
        ("Vi behöver rekrytera en ny socialchef. Annonsen stänger den 12 maj och intervjuerna hålls vecka 21."),
    ),
    ("Begravningsplats", "Kyrkorådet och kommunen träffas om begravningsplatsen i Rya."),
    ("Uppgifter", "Mejla mig gärna antalet orosanmälningar per kvartal, inga namn förstås."),
    ("Lösenordsbyte", "Ditt lösenord går ut om fem dagar. Byt det via självservice på intranätet."),
    ("Faktura till kommunen", "Leverantörsfakturan från Peab saknar beställarreferens och måste krediteras."),
    ("Studiebesök", "Vi besöker äldreboendet i Perstorp för att se deras demensträdgård. Bussen går 8.15."),
    ("Kronofogden", "Kronofogden föreläser om överskuldsättning för socialnämnden den 3 oktober."),
    ("Kontaktuppgifter", "Min adress är Box 12, 286 21 Örkelljunga, och jag nås på växeln."),
    ("Årsmöte", "Kommunens representant på Sydvattens årsmöte blir Peter Blad."),
    ("Fråga från journalist", "Hej Karin, jag hinner tyvärr inte prata förrän efter lunch. Ring mig då om budgeten."),
    ("Valkretsar", "Länsstyrelsen har beslutat om antal mandat i valkretsen inför valet."),
    ("Kaffe", "Vi bjuder på kaffe och smörgås före sammanträdet, anmäl specialkost till Ann-Sofie."),
    ("Tomtkö", "Hur många står i tomtkön i Åsljunga just nu?"),
    ("Bröllop i rådhuset", "Som vigselförrättare kan jag ta två vigslar den 6 juni."),
    ("Elbilar", "Kommunens bilpool byts till elbilar under våren, leasingavgiften blir 4 200 kr per månad."),
    ("Byggdialog", "Byggföretagen är inbjudna till dialogmöte om handläggningstider den 20 mars."),
    ("Ung företagsamhet", "UF-företagen från gymnasiet ställer ut i kommunhuset, jag delar ut priset."),
    ("Val", "Förtidsröstning sker i biblioteket 19 augusti till 13 september."),
    ("Kandidater", "Två kandidater till tjänsten som kommundirektör presenteras för presidiet."),
    ("Kod 2", "Konteringen ska vara ansvar 3100, verksamhet 7412."),
    ("Skicka 2", "Kan du skicka statistiken över orosanmälningar per månad?"),
    ("Bostad", "Socialnämnden diskuterade hemlöshet och avhysningar av barnfamiljer."),
    ("Kortterminal", "Betalkort fungerar åter i simhallens reception."),
    ("Vänort", "Gästerna från vänorten bor på hotellet och vi ses till middag i kommunhuset."),
    ("Vikarier", "Har vi tillräckligt med vikarier till sommaren i hemtjänsten?"),
    ("Pizza", "Ungdomsrådet vill ha pizza på sitt möte, kan kansliet beställa?"),
    ("Pension", "KPA informerar om tjänstepension för förtroendevalda den 3 maj."),
    ("Tack", "Tack snälla för hjälpen med PM:et!"),
    ("Bud", "Budet gick till fel adress, handlingarna ligger i receptionen."),
    ("Kåren", "Räddningskåren i Fagerhult behöver fler deltidsbrandmän."),
    ("Barn", "Barnkonventionen ska beaktas i alla beslut, se checklistan."),
    ("Semester2", "Vilka veckor är nämnden ledig i sommar?"),
    ("Gruppsupé", "Efter fullmäktige äter vi gemensam middag, partigrupperna betalar själva."),
    ("Affischer", "Otillåtna valaffischer på elskåp tas ner av gatuenheten."),
]


DOUBTFUL = {
    "Nattmangling",
    "Pins",
}
"""Subjects of mails that only resemble the examples, too little to warn: a false alarm costs more trust than a miss."""


def told(judge: Judge, subject: str, text: str) -> bool:
    return any(f.rule == RULE and f.confidence >= Confidence.MEDIUM for f in judge(text, subject=subject))


@pytest.mark.parametrize(("subject", "text"), [case for case in FOUND if case[0] not in DOUBTFUL])
def test_party_work_is_found(judge: Judge, subject: str, text: str) -> None:
    assert told(judge, subject, text)


@pytest.mark.parametrize(("subject", "text"), [case for case in FOUND if case[0] in DOUBTFUL])
def test_a_mere_resemblance_is_no_reason_to_warn(judge: Judge, subject: str, text: str) -> None:
    assert not told(judge, subject, text)


@pytest.mark.parametrize(("subject", "text"), PASSING)
def test_the_commission_passes(judge: Judge, subject: str, text: str) -> None:
    assert not told(judge, subject, text)


@pytest.mark.parametrize(
    ("to", "confidence"),
    [
        (("a@moderaterna.se",), Confidence.HIGH),
        (("a@lokal.moderaterna.se", "b@sd.se"), Confidence.HIGH),
        (("a@ejmoderaterna.se",), Confidence.MEDIUM),
        (("a@moderaterna.se", "b@example.com"), Confidence.MEDIUM),
        ((), Confidence.MEDIUM),
    ],
)
def test_a_mail_to_the_party_alone_speaks_for_its_work(
    judge: Judge, to: tuple[str, ...], confidence: Confidence
) -> None:
    (found,) = (f for f in judge("Hej, valstugan är klar", to=to) if f.detector == "party")
    reason = "Det som står i mejlets text rör partiets interna arbete och inte uppdraget i kommunen."
    assert (found.confidence, found.evidence, found.reason) == (confidence, "internt partiarbete", reason)


def test_a_mail_to_the_party_without_a_word_of_its_work_passes(judge: Judge) -> None:
    assert not [f for f in judge("Hej på er", to=("a@moderaterna.se",)) if f.detector == "party"]
