"""Private mail and its look-alikes in the commission."""

from __future__ import annotations

import pytest

from gateway.model import Confidence
from tests.unit.detect.conftest import Judge

RULE = "private"

FOUND = [
    ("Lördag", "Tjena Micke! Funkar det om vi tar båten ut på lördag istället? Ungarna vill testa vattenskidor."),
    (
        "Middag",
        ("Hej på er! Vi tänkte bjuda på räkor på fredag vid 18. Hör av er om ni kan, Bosse är också välkommen."),
    ),
    ("Bilen", "God morgon, min Skoda drar olja och behöver komma in på service. När har ni en lucka?"),
    (
        "Elavtal",
        ("Hej, jag har fått en räkning som är dubbelt så hög som vanligt hemma. Vill att ni kollar min mätare."),
    ),
    ("Kläder", "Jag skickar tillbaka klänningen eftersom storlek 40 var för liten. Var hittar jag returetiketten?"),
    ("Katten", "Mjau-larm! Kan du titta till Sigge medan vi är i Danmark? Maten står i skafferiet."),
    ("Dopfunderingar", "Vi har bestämt att döpa lillan den 14 juni i Örkelljunga kyrka. Vill du vara gudmor?"),
    ("Re: Träff", "Det var så roligt att träffas i lördags. Du har fina ögon. Ska vi ta en promenad nästa vecka?"),
    ("Mamma", "Mamma ligger kvar på Ängelholms sjukhus och vi turas om att hälsa på. Kan du ta söndagen?"),
    ("Hus till salu", "Intresserad av huset på Ekvägen. Kan min fru och jag titta på det i helgen?"),
    ("Klippning", "Har du en ledig tid för slingor och toppning på torsdag eftermiddag?"),
    (
        "Gräsklippare",
        ("Säljer en Stiga åkgräsklippare, startar på första knycket. 4500 eller bud. Hämtas i Skånes Fagerhult."),
    ),
    ("Julklappar", "Jag har köpt en docka till Alva så ni kan ta pusslet. Ska vi säga max 300 kr per barn?"),
    ("Fotbollen", "Såg du matchen igår? Helt otroligt mål i slutminuten! Ska vi ta nästa på puben?"),
    ("Försenad", "Blir sen hem, ta ut köttfärsen ur frysen är du snäll. Hej så länge"),
    ("Vaccination", "Jag skulle vilja boka tid för TBE-spruta för mig och mina två barn."),
    ("Spa", "Tjejer!! Ska vi inte unna oss en helg på Varberg i november? Jag kan boka rum."),
    (
        "Bröllopet",
        ("Tack för inbjudan till bröllopet, klart vi kommer! Sofia är vegetarian och lille Hugo behöver barnstol."),
    ),
    ("Lån", "Kan jag låna din släpvagn på söndag? Ska köra ris till tippen."),
    ("Simskola", "Min dotter Ella, 6 år, skulle vilja börja i nybörjargruppen i simskolan. Finns det plats kvar?"),
    ("Golf", "Starttid 09.40 på Woodlands, du och jag mot Kenta och Jörgen. Förloraren bjuder på lunch."),
    (
        "Kondoleanser",
        (
            "Vi beklagar så att Gun har gått bort. Hon betydde mycket för oss alla i familjen. Vi "
            "kommer på begravningen."
        ),
    ),
    ("Resa", "Hej! Undrar om ni har familjerum kvar på hotellet i Ystad 8-11 juli, vi är två vuxna och tre barn?"),
    (
        "Recension",
        (
            "Jag är mycket missnöjd med soffan ni levererade, tyget har redan noppat sig. Jag kräver "
            "att få pengarna tillbaka."
        ),
    ),
    ("Lunch", "Hi mum, can you pick up Oscar from football at five? I'm stuck in traffic. Love, Anna"),
    ("Hyresgäst", "Torpet är uthyrt till den femtonde men sen får ni gärna komma. Ta med egna lakan."),
    ("Dejting", "Har tänkt på dig hela dagen. Ses vi ikväll?"),
    ("Tvättmaskin", "Tvättmaskinen läcker igen, hyresvärden svarar inte. Vet du någon rörmokare?"),
    ("Hunden", "Vi har äntligen hämtat hem vår labradorvalp, hon heter Smilla och sover i min famn just nu."),
    ("Hemkomst", "Hej raring! Landar 21.40 på Sturup, kan du möta mig? Har med choklad till grabbarna."),
    ("Undran", "Hej! Jag undrar om ni lagar jeans? Har ett par med trasig dragkedja."),
    ("Svärmor", "Svärmor har fyllt 80 och vi vill ge henne en helikoptertur. Är ni med och delar?"),
    ("Tennisbanan", "Vill boka grusbanan på onsdag 17-18 för mig och Johan."),
    ("Försäkring", "Vi hade inbrott i förrådet i natt, två cyklar är borta. Hur gör jag en skadeanmälan hos er?"),
    ("Kören?", "Orkar inte laga mat idag, ska vi köra thai vid sju hos dig?"),
    ("Sov gott", "Nu släcker jag lampan. Drömmer om dig."),
    ("Hyra kanot", "Vi är ett gäng på fem som vill hyra kanoter kring midsommar. Vad kostar det per dygn?"),
    ("Flytten", "Lasset går på lördag kl 8. Pizza och läsk till alla som bär!"),
    ("Granris", "Farbror Arne, har du lite granris till adventsljusstaken i år också?"),
    ("Julia", "Julia hade jätteont i magen i natt så vi kommer inte på kalaset. Presenten lämnar vi sen."),
    ("Bokhandeln", "Beställde tre deckare för en månad sedan, inget har kommit. Var är de?"),
    ("Snickeri", "Har du lust att hjälpa mig sätta upp hyllorna i vardagsrummet?"),
    ("Konsert", "Fick tag på två biljetter till Håkan på Ullevi! Är du på?"),
    ("Thanks", "Thanks for last night, the food was amazing and the boys loved the trampoline."),
    ("Hej då", "Nu har jag packat ur huset. Nycklarna ligger i brevlådan, barnen saknar dig redan."),
    ("Tidningen", "Jag vill avsluta min prenumeration på dagstidningen från och med mars."),
    ("Läget", "Läget bror? Mor ringde, hon har ramlat igen. Vi borde prata om ett boende för henne."),
    ("Akvarium", "Har flera guppys att ge bort, någon som vill ha?"),
    ("Simhopp", "Elsa vann silver i simhopp i helgen!! Stolt mamma här :)"),
    ("Mässan", "Ska vi åka till husvagnsmässan i Jönköping? Jag kör om du betalar biljetten."),
    ("Provkörning", "Jag skulle vilja provköra den begagnade Kian på er hemsida."),
    ("Badrummet", "Hej, vi har fukt bakom kaklet hemma. Vad tar ni för att komma ut och mäta?"),
    ("Kväll", "Kommer du förbi och kollar finalen? Har köpt hem ölkorv."),
    ("Optikern", "Kan jag få prova progressiva glasögon nån gång nästa vecka?"),
    ("Renoveringen", "Gubben har rivit ut hela köket och jag blir tokig. Får vi äta hos er i helgen?"),
    ("Ekonomi", "Har du hunnit föra över hyran till mig? Det är den sista idag."),
    ("Nelly", "Nelly tappade sin första tand idag, tandfén får jobba i natt."),
    ("Fisket", "Gösen hugger som bara den vid östra viken, ska vi sticka ut i kväll?"),
    ("Kusin", "Din kusin har fått plats på KTH, ring och gratulera henne vetja."),
    ("Bok", "Har du kvar min Mankell? Lovade den till Ulla."),
    ("Tandreglering", "Undrar när det är dags för Theos nästa kontroll hos er."),
    ("Dagisstart", "Så skönt att inskolningen gick bra! Lillkillen grät bara en gång."),
    ("Barnvagn", "Är vagnen du annonserat om rökfri? Kan hämta i Laholm i morgon."),
    ("Diskbråck", "Kan inte lyfta något på sex veckor så grabben får ta snöskottningen hemma."),
    ("Crush", "Vågar du fråga chans på henne eller ska jag göra det åt dig?"),
    ("Gymmet", "Jag blev av med en ring i omklädningsrummet hos er igår, har någon lämnat in den?"),
    ("Sommar", "Dear Emma, we have finally booked the cottage by the lake, hope you can join us in July."),
    ("Jacka", "Fyndade en skinnjacka på loppis för 80 spänn, du skulle sett!"),
    ("Recept2", "Doktorn skrev ut fel dos, kan du ändra på mina sömnpiller?"),
    ("Hemnet", "Balkong i söder och öppen spis, det är vår drömlägenhet! Vi måste lägga bud."),
]

PASSING = [
    ("Reseräkning", "Jag bifogar reseräkningen för konferensen i Lund. Var ska kvittona lämnas?"),
    ("Ledighet", "Jag är bortrest vecka 30-32. Bengt Ask (C) går in som ersättare på sammanträdet."),
    ("Företagsfrukost", "Välkommen till kommunens företagarfrukost den 9 april. Mickes Bygg berättar om lärlingar."),
    (
        "Idrottsgala",
        ("Jag håller invigningstalet på idrottsgalan för kommunens räkning. Är det du som har talarordningen?"),
    ),
    ("Valnämnden", "Valnämnden behöver fler röstmottagare till vallokalen i Skånes Fagerhult."),
    ("Partistöd", "Redovisningen av det lokala partistödet ska vara inne senast den 30 juni."),
    ("Grattis", "Stort grattis på 60-årsdagen önskar hela presidiet! Vi ses på nämnden."),
    ("Medborgarförslag", "Tack för ditt förslag om hundrastgård. Det behandlas i tekniska nämnden i september."),
    ("Skolmat", "Matlådor till äldre levereras av kostenheten. Priset höjs till 62 kronor."),
    (
        "Anställning",
        ("Vi behöver rekrytera en ny socialchef. Annonsen stänger den 12 maj och intervjuerna hålls vecka 21."),
    ),
    ("Turism", "Ställplatsen för husbilar vid Hjälmsjön bokas via turistbyrån."),
    ("Bokning", "Kan du boka sal A för samrådsmötet den 15:e, vi blir ungefär trettio personer?"),
    ("Uppgifter", "Mejla mig gärna antalet orosanmälningar per kvartal, inga namn förstås."),
    ("Varning", "Lämna aldrig ut lösenord eller koder. IT-avdelningen ringer aldrig och frågar."),
    ("Koder", "Nya portkoder gäller från 1 juni och hämtas i receptionen mot legitimation."),
    ("Faktura till kommunen", "Leverantörsfakturan från Peab saknar beställarreferens och måste krediteras."),
    ("Semesterstängt", "Kommunhuset har sommaröppet vecka 27-31, kl 10-14."),
    ("Skyddat", "Nämnden fick information om hur skolan arbetar med elever som har skyddade personuppgifter."),
    ("Kronofogden", "Kronofogden föreläser om överskuldsättning för socialnämnden den 3 oktober."),
    ("Remissvar", "För kommunstyrelsen\nMagnus Ahlberg\nOrdförande"),
    ("Närvarolista", "Närvarande: Anna Ek (S), Bo Lind (M), Carin Holm (C), Dan Ask (SD), Eva Frisk (KD)."),
    ("Årsmöte", "Kommunens representant på Sydvattens årsmöte blir Peter Blad."),
    ("Sommarhälsning", "Tack alla i utskottet för det här halvåret, ha en riktigt skön sommar!"),
    (
        "Hundrastgård",
        ("Förslag till hundrastgård vid Forssavallen kostar 240 000 kronor. Tas upp i samhällsbyggnadsnämnden."),
    ),
    ("Valkretsar", "Länsstyrelsen har beslutat om antal mandat i valkretsen inför valet."),
    ("Väder", "Med tanke på snövarningen flyttas presidiemötet till Teams kl 9."),
    ("Bussresa", "Bussen till fullmäktiges studiebesök avgår 07.45 från kommunhuset."),
    ("Tomtkö", "Hur många står i tomtkön i Åsljunga just nu?"),
    ("Hundar", "Lokala ordningsföreskrifter: hundar ska hållas kopplade vid badplatsen."),
    ("Julgåva", "Julgåvan till personalen blir ett presentkort på 450 kronor enligt beslut i KSAU."),
    ("Elbilar", "Kommunens bilpool byts till elbilar under våren, leasingavgiften blir 4 200 kr per månad."),
    ("Sjuk", "Jag är tyvärr förkyld och kan inte delta i morgon. Kalla ersättare."),
    ("Avtal", "Avtalet med städbolaget löper ut i juni och måste förnyelsekonkurrensutsättas."),
    ("Ung företagsamhet", "UF-företagen från gymnasiet ställer ut i kommunhuset, jag delar ut priset."),
    ("Arrende", "Jaktarrendet på kommunens mark förlängs med ett år till samma pris."),
    ("Partier", "Alla partier i fullmäktige är inbjudna till informationen om budgeten."),
    ("Kandidater", "Två kandidater till tjänsten som kommundirektör presenteras för presidiet."),
    ("Kod", "Bokningskoden för konferenslokalen får ni vid incheckningen."),
    ("Inloggning", "Inloggning till läsplattan sker med ditt eget e-legitimation, ring supporten vid problem."),
    ("Skicka 2", "Kan du skicka statistiken över orosanmälningar per månad?"),
    ("Handlingar", "Jag behöver handlingarna till ärende 14, de saknas i appen."),
    ("Löner", "Lönekartläggningen visar att medellönen för undersköterskor är 31 200 kronor."),
    ("Kortterminal", "Betalkort fungerar åter i simhallens reception."),
    (
        "Kondoleans",
        ("Med sorg meddelas att tidigare kommunalrådet Göran Ask avlidit. Flaggning på halv stång i morgon."),
    ),
    ("Namn", "Förslag på namn till nya skolan: Hjälmsjöskolan."),
    ("Vikarier", "Har vi tillräckligt med vikarier till sommaren i hemtjänsten?"),
    ("Skyltfonder", "Skylten vid infarten har ramlat ner, kan gatuenheten titta på det?"),
    ("Hästväg", "Ridvägen genom reservatet måste stängas av för avverkning."),
    ("Pension", "KPA informerar om tjänstepension för förtroendevalda den 3 maj."),
    ("Ledigförklaring", "Nämndemannauppdraget är ledigförklarat."),
    ("Blomster", "Vi skickar blommor till hundraåringen från kommunen."),
    ("Bud", "Budet gick till fel adress, handlingarna ligger i receptionen."),
    ("Listor", "Listan över inkomna remissvar finns i akten."),
    ("Butik", "Dagligvarubutiken i Åsljunga får servicebidrag av länsstyrelsen."),
    ("Barn", "Barnkonventionen ska beaktas i alla beslut, se checklistan."),
    ("Teater", "Riksteaterns föreställning flyttas till Forum."),
    ("Mobil", "Min tjänstemobil är trasig, kan jag få en ny?"),
    ("Gruppsupé", "Efter fullmäktige äter vi gemensam middag, partigrupperna betalar själva."),
    ("Medlem", "Kommunen är medlem i Kommuninvest och utser ombud till stämman."),
    ("Kontant", "Simhallen tar inte längre kontanter."),
]


DOUBTFUL = {
    "Undran",
    "Tennisbanan",
    "Försäkring",
    "Kören?",
    "Granris",
    "Bokhandeln",
    "Akvarium",
    "Simhopp",
    "Ekonomi",
    "Fisket",
    "Bok",
    "Tandreglering",
    "Diskbråck",
    "Sommar",
    "Recept2",
    "Hemnet",
}
"""Subjects of mails that only resemble the examples, too little to warn: a false alarm costs more trust than a miss."""


def told(judge: Judge, subject: str, text: str) -> bool:
    return any(f.rule == RULE and f.confidence >= Confidence.MEDIUM for f in judge(text, subject=subject))


@pytest.mark.parametrize(("subject", "text"), [case for case in FOUND if case[0] not in DOUBTFUL])
def test_private_life_is_found(judge: Judge, subject: str, text: str) -> None:
    assert told(judge, subject, text)


@pytest.mark.parametrize(("subject", "text"), [case for case in FOUND if case[0] in DOUBTFUL])
def test_a_mere_resemblance_is_no_reason_to_warn(judge: Judge, subject: str, text: str) -> None:
    assert not told(judge, subject, text)


@pytest.mark.parametrize(("subject", "text"), PASSING)
def test_the_commission_passes(judge: Judge, subject: str, text: str) -> None:
    assert not told(judge, subject, text)


@pytest.mark.parametrize(
    ("text", "words", "confidence"),
    [
        ("Hej älskling, jag hämtar barnen", "älskling, jag hämtar barnen", Confidence.HIGH),
        ("Vår altan är här, hej", "Vår altan", Confidence.MEDIUM),
        ("Vår goda gamla altan är här, hej", "altan", Confidence.MEDIUM),
        ("Er så goda gamla altan är här, hej", None, None),
        ("En altan är här, hej", None, None),
    ],
)
def test_what_is_told_of_private_life(
    judge: Judge, text: str, words: str | None, confidence: Confidence | None
) -> None:
    reason = "Det som står i mejlets text handlar om privatliv och inte om uppdraget."
    found = [f for f in judge(text) if f.detector == RULE]
    told_of = [(text[f.start : f.end], f.confidence, f.evidence, f.reason) for f in found]
    assert told_of == ([(words, confidence, "privat innehåll", reason)] if words else [])
