"""Mail for firms, employers and associations, and the municipality's own affairs."""

from __future__ import annotations

import pytest

from gateway.model import Confidence
from tests.unit.detect.conftest import Judge

RULE = "business_or_association"

FOUND = [
    (
        "Prisuppgift",
        (
            "Hej Göran! Som vi pratade om kan jag lägga om ditt tak för 187 000 inkl. rotavdrag. Jag "
            "har tid från v 37. /Micke, Mickes Bygg"
        ),
    ),
    ("Faktura", "Bifogar fakturan för snöröjningen i januari, förfaller 28/2. Med vänlig hälsning Lunds Entreprenad"),
    ("Jobbet", "Hej chefen, jag är magsjuk och kan inte komma till lagret idag. Kan Pelle ta min truck?"),
    (
        "Ansökan butikschef",
        ("Jag såg er annons om butikschef i Markaryd och tror att jag passar perfekt. Mitt CV kommer här."),
    ),
    ("Extrapass", "Kan någon ta mitt nattpass på Södergården på lördag? Jag är bortrest."),
    ("Nya produkter", "Nu har vi fått in höstens kollektion! Alla stammisar får 20 % i butiken till och med söndag."),
    ("Kallelse", "Härmed kallas medlemmarna i Hjälmsjö villaägareförening till årsmöte den 3 mars kl 19 i byahuset."),
    (
        "Lagutflykt",
        (
            "Hej alla i F12! På lördag är det hemmamatch mot Perstorp, samling 9.15. Glöm inte "
            "benskydden. Vi behöver två i kiosken."
        ),
    ),
    (
        "Medlemsinfo",
        (
            "Hembygdsföreningen tackar för insatserna på marknaden. Årets avgift på 150 kr sätts in på "
            "föreningens plusgiro."
        ),
    ),
    ("Körresan", "Kära korister! Bussen till Ystad går 07.30. Svart klädsel. Noterna delas ut på plats."),
    (
        "BRF Solgläntan",
        ("Vid senaste styrelsemötet beslutade vi att byta portlås. Alla boende får nya nycklar av Lennart."),
    ),
    (
        "Leads",
        (
            "Hej, jag fick ditt nummer av Anders. Vi på Kullens Solceller ger dig gärna ett förslag på "
            "anläggning till villan."
        ),
    ),
    (
        "Mäklarvärdering",
        (
            "Tack för att jag fick komma på intag! Jag föreslår ett utgångspris på 1 895 000 kr och "
            "visning första helgen i maj."
        ),
    ),
    (
        "Semester",
        ("Jag önskar lägga mina tre veckor i juli i år. Kan du godkänna det i tidsystemet? /Anna på monteringen"),
    ),
    (
        "Sponsring",
        ("Hej! Örkelljunga IBK söker sponsorer till höstcupen. För 5 000 kr får ert företag en skylt i hallen."),
    ),
    ("Jakten", "Hej jaktlaget, samling vid stugan söndag 07.00, Kjell fördelar passen. Ta med märkbandet."),
    (
        "Uthyrning",
        (
            "Lokalen på Hallandsvägen är ledig, 140 kvm, 9 500 kr/mån exkl el. Passar frisör eller "
            "kontor. Hör av dig till mig på firman."
        ),
    ),
    (
        "Vägsamfälligheten",
        "Utdebiteringen för vägen blir 700 kr per fastighet i år. Grusning sker i april. Styrelsen",
    ),
    ("Bokföringen", "Hej Inger, kvittona för kvartalet ligger i pärmen, kan du göra momsen före den 12:e?"),
    ("Referens", "Jag är uttagen till intervju hos er den 5:e och skickar härmed två referenser."),
    ("Lönen", "Det har blivit fel på min lön från fabriken den här månaden, övertiden är inte med. Kan du kolla?"),
    (
        "Scouterna",
        ("Hej scoutföräldrar! Hajken blir 8-10 maj vid Åsljungasjön. Packlista och betalning finns på hemsidan."),
    ),
    (
        "Avtalet",
        (
            "Vi ser fram emot att leverera ved till dig även i vinter. Pris 650 per kubik fritt "
            "levererat. Holms Lantbruk"
        ),
    ),
    (
        "Consulting",
        (
            "Dear customer, please find our quotation for the web project attached. Our hourly rate is "
            "950 SEK excluding VAT."
        ),
    ),
    (
        "Avtalsförslag",
        ("Vi på Skånska Trädfällarna kan ta ner dina två björkar för 6 800 kr efter rutavdrag. Ska jag boka in er?"),
    ),
    ("Kontoret", "Hej Malin, jag är ledig från byrån på fredag. Kan du ta kundsamtalet med Bengtssons?"),
    (
        "Intervju",
        ("Tack för en trevlig intervju! Jag är fortfarande mycket intresserad av rollen som ekonomiansvarig hos er."),
    ),
    ("Nytt lag", "Äntligen är nya overallerna här! Hämta hos materialaren på tisdagsträningen. 350 kr styck."),
    ("Båtplatser", "Alla som har båtplats i klubben ska gå vakt två nätter per säsong. Boka er på listan."),
    ("Odlarna", "Odlingslotterna fördelas på medlemsmötet den 12 april. Ta med kaffekopp!"),
    ("Orderläge", "Vi har fullt i verkstan till v 45. Kunderna får räkna med fyra veckors väntan på plåten."),
    (
        "Utbildningsdag",
        ("Min arbetsgivare kräver att jag går truckutbildningen, så jag är borta från kontoret tisdag-onsdag."),
    ),
    ("Reklam", "Prova vår nya ansiktsbehandling! Just nu 25 % på alla behandlingar hos Salong Siri."),
    ("Tavlor", "Konstföreningens höstutställning hängs på lördag, vi behöver fyra par händer."),
    ("Kennel", "Valpköparna hämtar på söndag. Kom ihåg att skriva kontraktet med kennelns stämpel."),
    ("Brf", "Vattnet stängs av i hela huset på torsdag 9-14. Mvh styrelsen i Brf Åkern"),
    ("Möbler", "Vi har nu fått hem soffborden ni reserverade i butiken, välkomna att hämta mot betalning."),
    ("Provanställning", "Din provtid hos oss på bageriet går ut på fredag, vi vill gärna att du stannar."),
    ("Ramar", "Kan du såga till tjugo ramar till och leverera till galleristen?"),
    ("Tvist", "Motparten vill ha förlikning, min klient går med på 40 000. /Advokat Lind"),
    ("Truppen", "F10 åker till Båstad på lördag, vi fattas en bil. Hör av er till lagledaren."),
    ("Ankdammen", "Byföreningen tömmer ankdammen på söndag, stövlar och gott humör!"),
    ("Slåttergille", "Lien ska slipas och höet bärgas, alla i hembygdslaget är välkomna."),
    ("Bostadsföreningen", "Ny portkod får ni av vicevärden, vi i föreningens styrelse har bytt lås."),
    ("Rabatt", "Köp två betala för en på alla krukor i vår handelsträdgård!"),
    ("Kapitel", "Körnoterna till requiem finns i pärmen, första repet är på måndag."),
    ("Skogen", "Vi gallrar gärna åt dig i vinter, timpriset för skördaren är 1 450."),
    ("Curlinghallen", "Seniorerna i curlingen spelar seriefinal, kom och heja."),
    ("Larmfirman", "Vår tekniker kommer och byter batterier i ert hemlarm, serviceavtalet gäller."),
]

PASSING = [
    ("Tack", "Tack för ett bra möte igår och för god fika! Vi ses på torsdag."),
    (
        "Upphandling",
        (
            "Tre anbud kom in på takbytet på Kungsskolan. Offerten från lägst anbudsgivare ligger på "
            "2,1 miljoner exklusive moms."
        ),
    ),
    (
        "Föreningsbidrag",
        ("Ridklubben har sökt anläggningsbidrag för nytt ridhus. Jag föreslår avslag på grund av budgetläget."),
    ),
    ("Jäv", "Eftersom min fru driver restaurangen deltar jag inte i beslutet om serveringstillstånd."),
    ("Gruppmöte", "Gruppmöte inför kommunfullmäktige måndag 18.00 i partirummet, vi går igenom ärendelistan."),
    ("Budgetdebatt", "Moderaterna och Centerpartiet lägger ett gemensamt budgetförslag med sänkt skatt."),
    ("Barn sjukt", "Jag kan tyvärr inte vara med på mötet i dag, min dotter är sjuk. Kalla ersättare."),
    ("Simhallen", "Vill du ha svar om simhallens öppettider under påsklovet får du kontakta fritidsförvaltningen."),
    ("Bostäder", "Örkelljungabostäder har 14 lediga lägenheter, hyran ligger på 6 100 kronor i snitt."),
    ("Schema", "Heltid som norm innebär nya scheman för undersköterskorna, Kommunal vill förhandla om delade turer."),
    ("Begravningsplats", "Kyrkorådet och kommunen träffas om begravningsplatsen i Rya."),
    ("Utredningen", "Kan du skicka utredningen om skolstrukturen till mig innan helgen?"),
    ("E-tjänst", "Ansök med BankID i e-tjänsten och ladda upp läkarintyget där."),
    ("Lösenordsbyte", "Ditt lösenord går ut om fem dagar. Byt det via självservice på intranätet."),
    ("Kundnöjdhet", "NKI för bygglov ökade till 74. Företagarna är nöjda med bemötandet."),
    ("Lantbruk", "LRF kommungrupp vill träffa oss om vildsvinsskadorna, förslag den 4 september."),
    ("Studiebesök", "Vi besöker äldreboendet i Perstorp för att se deras demensträdgård. Bussen går 8.15."),
    ("Kvinnojour", "Avtalet med kvinnojouren i Ängelholm om platser i skyddat boende löper ut i december."),
    ("Försörjningsstöd", "Kostnaden för försörjningsstöd ökade med 1,2 miljoner jämfört med budget."),
    ("Kontaktuppgifter", "Min adress är Box 12, 286 21 Örkelljunga, och jag nås på växeln."),
    ("Talartid", "Jag vill begära ordet i punkt 7 och delar Lisas uppfattning om Pride-flaggan."),
    (
        "Motion",
        (
            "Motion om avgiftsfria resor för pensionärer. Vi yrkar att fullmäktige ger kommunstyrelsen "
            "i uppdrag att utreda frågan."
        ),
    ),
    ("Fråga från journalist", "Hej Karin, jag hinner tyvärr inte prata förrän efter lunch. Ring mig då om budgeten."),
    ("Kommunens julbord", "Julbordet för fullmäktige blir den 14 december på Lycke. Anmäl specialkost till Ann."),
    (
        "Visit",
        ("Thank you for hosting our delegation. We will send the minutes from the meeting on elderly care next week."),
    ),
    ("Kaffe", "Vi bjuder på kaffe och smörgås före sammanträdet, anmäl specialkost till Ann-Sofie."),
    ("Motionsspår", "Belysningen på motionsspåret i Skånes Fagerhult är trasig, vem felanmäler jag till?"),
    ("Föräldrar", "Föräldrarna i Ekets skola har lämnat in en namninsamling mot nedläggningen."),
    ("Bröllop i rådhuset", "Som vigselförrättare kan jag ta två vigslar den 6 juni."),
    ("Semesterperioden", "Under semesterperioden stänger vi förskolan Bokeliden två veckor. Jourförskola finns."),
    ("Arvode", "Arvodesblanketten för mars ska vara inne senast den femte."),
    ("Byggdialog", "Byggföretagen är inbjudna till dialogmöte om handläggningstider den 20 mars."),
    ("Lantmäteri", "Förrättningen för gatan i Östra Ringarp är avslutad."),
    ("Bidrag", "Kulturnämnden beviljar Körklang 15 000 kronor i verksamhetsbidrag."),
    ("Val", "Förtidsröstning sker i biblioteket 19 augusti till 13 september."),
    ("Nomineringar", "Nomineringar till kommunens kulturpris tas emot till den 1 maj."),
    ("Insändare", "Jag svarar på insändaren om äldreomsorgen för majoritetens räkning."),
    ("Kod 2", "Konteringen ska vara ansvar 3100, verksamhet 7412."),
    ("Skicka", "Skicka in ditt yttrande till registratorn senast den 12 september."),
    ("Id", "Ta med legitimation till röstningen."),
    ("Bostad", "Socialnämnden diskuterade hemlöshet och avhysningar av barnfamiljer."),
    ("Skyddat boende", "Ny lag om skyddat boende från 1 april, förvaltningen återkommer med rutiner."),
    ("Elevhälsa", "Elevhälsan redovisar hur många åtgärdsprogram som upprättats per skola."),
    ("Vänort", "Gästerna från vänorten bor på hotellet och vi ses till middag i kommunhuset."),
    ("Trädgård", "Demensträdgården på Södergården invigs 4 juni, välkommen att klippa bandet!"),
    ("Ljusslingor", "Julbelysningen på torget tänds första advent klockan 16."),
    ("Pizza", "Ungdomsrådet vill ha pizza på sitt möte, kan kansliet beställa?"),
    ("Föräldramöte", "Jag är inbjuden som politiker till föräldramötet på Kungsskolan."),
    ("Jobbmässa", "Arbetsmarknadsenheten ordnar jobbmässa i Forum."),
    ("Tack", "Tack snälla för hjälpen med PM:et!"),
    ("Utegym", "Utegymmet vid Lycksta är färdigt, invigning på lördag."),
    ("Val 2", "Personvalsspärren är fem procent enligt vallagen."),
    ("Kåren", "Räddningskåren i Fagerhult behöver fler deltidsbrandmän."),
    ("Anställningsstopp", "Anställningsstoppet gäller till årsskiftet."),
    ("Parkeringsbot", "En turist klagar på en parkeringsbot vid badet, vem svarar?"),
    ("Semester2", "Vilka veckor är nämnden ledig i sommar?"),
    ("Fullmakt", "Fullmakt för ombudet i tingsrätten undertecknas av ordföranden."),
    ("Kandidat", "Sista dag att anmäla kandidater till nämndemän är 1 mars, meddelar valberedningen."),
    ("Affischer", "Otillåtna valaffischer på elskåp tas ner av gatuenheten."),
    ("Läkare", "Vi saknar fast läkarkontakt på Södergården, vad gör regionen?"),
]


DOUBTFUL = {
    "Kontoret",
    "Orderläge",
    "Ramar",
    "Tvist",
}
"""Subjects of mails that only resemble the examples, too little to warn: a false alarm costs more trust than a miss."""


def told(judge: Judge, subject: str, text: str) -> bool:
    return any(f.rule == RULE and f.confidence >= Confidence.MEDIUM for f in judge(text, subject=subject))


@pytest.mark.parametrize(("subject", "text"), [case for case in FOUND if case[0] not in DOUBTFUL])
def test_business_of_others_is_found(judge: Judge, subject: str, text: str) -> None:
    assert told(judge, subject, text)


@pytest.mark.parametrize(("subject", "text"), [case for case in FOUND if case[0] in DOUBTFUL])
def test_a_mere_resemblance_is_no_reason_to_warn(judge: Judge, subject: str, text: str) -> None:
    assert not told(judge, subject, text)


@pytest.mark.parametrize(("subject", "text"), PASSING)
def test_the_commission_passes(judge: Judge, subject: str, text: str) -> None:
    assert not told(judge, subject, text)


FIRM = "Det som står i mejlets text rör ett företag eller en anställning och inte uppdraget."
CLUB = "Det som står i mejlets text rör en förening och inte uppdraget."


@pytest.mark.parametrize(
    ("text", "words", "confidence", "reason"),
    [
        ("Hej, offerten till kunden är klar", "offerten till kunden", Confidence.MEDIUM, FIRM),
        ("Hej på dig\n\nBo Ek\nEks Måleri AB", "Eks Måleri AB", Confidence.LOW, FIRM),
        ("Hej, offerten\n\nBo Ek\nEks Måleri AB", "offerten\n\nBo Ek\nEks Måleri AB", Confidence.MEDIUM, FIRM),
        ("Hej, årsmötet i villaföreningen är på tisdag", "årsmötet", Confidence.HIGH, CLUB),
        ("Hej, offerten till kunden och årsmötet i villaföreningen", "årsmötet", Confidence.HIGH, CLUB),
        ("Hej på dig\n\nBo Ek\nÖrkelljungabostäder AB", None, None, None),
    ],
)
def test_the_surer_of_firm_and_association_is_told(
    judge: Judge, text: str, words: str | None, confidence: Confidence | None, reason: str | None
) -> None:
    found = [f for f in judge(text) if f.detector == "business"]
    told_of = [(text[f.start : f.end], f.confidence, f.evidence, f.reason) for f in found]
    assert told_of == ([(words, confidence, "företag eller förening", reason)] if words else [])
