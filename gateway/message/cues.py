"""The words with which mail programs and people mark earlier messages, closings and notices, in seven languages.

Swedish, English, Danish, Norwegian, Finnish and German as mail programs write them; a few words of Dutch, French
and Spanish where they cost nothing. These are protocol, not policy: an official has no reason to edit them.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final


class Label(Enum):
    """What a line of a copied header block names."""

    FROM = "from"
    SENT = "sent"
    """A word that only mail uses for the date: Skickat, Sent, Gesendet."""
    DATE = "date"
    TO = "to"
    SUBJECT = "subject"
    OTHER = "other"


_LABELS: Final = {
    Label.FROM: "från from fra frå lähettäjä von de van avsändare afsender absender",
    Label.SENT: "skickat skickades sent sendt lähetetty gesendet sänt verzonden envoyé enviado",
    Label.DATE: "datum date dato päivämäärä päiväys pvm fecha",
    Label.TO: "till to til vastaanottaja an aan para à kenelle mottagare",
    Label.SUBJECT: "ämne subject emne aihe betreff onderwerp asunto objet rubrik",
    Label.OTHER: """
        kopia kopio kopi cc bcc cc/kopia reply-to svara-till bilagor bifogat attachments attachment vedlegg
        vedhæftninger liitteet anlagen vikt importance prioritet priority prioriteetti betydelse wichtigkeit
        hemlig-kopia kopia-till svar-til antwort-an organisation message-id
    """,
}
LABELS: Final = {
    word.replace("-", " ") if word not in ("reply-to", "message-id") else word: label
    for label, words in _LABELS.items()
    for word in words.split()
}
"""Folded word before a colon → what the line names."""

LABEL_LINE: Final = re.compile(r"[*_\s]{0,8}([^\W\d][\w/ -]{0,16}?)[*_\s]{0,4}[:\uff1a][*_]{0,4}(.*)", re.DOTALL)

_ORIGINAL: Final = (
    "ursprungligt meddelande|ursprungligt brev|ursprungligt mejl|originalmeddelande|original message"
    "|original appointment|original e-?mail|reply message|ursprunglig avtalad tid|oprindelig meddelelse"
    "|original meddelelse|oprindelig aftale|opprinnelig melding|original melding|opprinnelig avtale"
    "|alkuperäinen viesti|alkuperäinen sanoma|ursprüngliche nachricht|originalnachricht|original-nachricht"
    "|oorspronkelijk bericht|message d'origine|mensaje original"
)
_FORWARDED: Final = (
    "vidarebefordrat (?:meddelande|brev|mejl|e-postmeddelande)|vidaresänt meddelande"
    "|vidarebefordrade meddelanden?|forwarded (?:message|mail|e-?mail|by [^-]{1,80})|begin forwarded message"
    "|start på vidarebefordrat meddelande|videresendt (?:meddelelse|besked|melding|mail|e-?post)"
    "|begynnelse på videresendt melding|start på videresendt besked"
    "|(?:edelleen )?välitetty (?:viesti|sähköposti)(?: alkaa)?|välitetyn viestin alku|edelleenlähetetty viesti"
    "|weitergeleitete (?:nachricht|e-?mail|mail)|anfang der weitergeleiteten (?:nachricht|e-?mail|mail)"
    "|doorgestuurd bericht|message transféré|mensaje reenviado"
)
_FORWARDED_DRAWN: Final = (
    "vidarebefordra(?:t|s|de|n)|vidaresänt|forwarded|videresendt|inkommet (?:mejl|brev|meddelande)"
)
"""Words that mark what follows only between lines that are drawn."""
ORIGINAL_MARK: Final = re.compile(
    rf"[-_*=\s]{{2,60}}(?:{_ORIGINAL})\s{{0,3}}(?:från [^-]{{1,80}})?:?[-_*=\s]{{0,60}}", re.IGNORECASE
)
FORWARD_MARK: Final = re.compile(
    rf"(?:[-_*=\s]{{2,60}}(?:{_FORWARDED})\s{{0,3}}:?[-_*=\s]{{1,60}}|[*\s]{{0,4}}(?:{_FORWARDED})\s{{0,2}}:[*\s]{{0,4}}"
    rf"|[-_=]{{3,60}}\s{{0,3}}(?:{_FORWARDED_DRAWN})\s{{0,3}}:?\s{{0,3}}[-_=]{{3,60}})",
    re.IGNORECASE,
)
RULE: Final = re.compile(r"[_\u2014\u2015\u2500-]{10,200}|[*=~]{10,200}")
"""A line drawn by a program above a copied header block."""

WROTE: Final = re.compile(
    r"(?<!\w)(?:skrev|skreiv|skriver|wrote|writes|schrieb|schreibt|kirjoitti|schreef|a écrit|écrit|escribió"
    r"|ha scritto|napisał)(?!\w)",
    re.IGNORECASE,
)
OPENING: Final = re.compile(
    r"\s*(?:\d|(?:den|on|am|på|le|el|op|il|mån|tis|ons|tors?|fre|lör|sön|mon|tue|wed|thu|fri|sat|sun|man|tir|lør"
    r"|søn|ma|ti|ke|to|pe|la|su|mo|di|mi|do|fr|sa|so)\w{0,9}[ .,])",
    re.IGNORECASE,
)
"""How a line that introduces a quotation begins, where a program broke it."""

CLOCK: Final = re.compile(r"(?<![\d.])(?:[01]?\d|2[0-3])[:.][0-5]\d(?![\d.])")
DAY: Final = re.compile(r"(?<!\d)(?:(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-](?:\d\d){1,2})(?!\d)")
MAILBOX: Final = re.compile(r"[^\s<>()\[\]\"',;:]{1,64}@[\w.-]{1,100}")

REPLY: Final = re.compile(
    r"\s*(?:sv|re|aw|antw|svar|ref|odp|res)\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:\uff1a]", re.IGNORECASE
)
FORWARD: Final = re.compile(
    r"\s*(?:vb|fw|fwd|wg|vl|tr|rv|enc|doorst|vidarebef\w{0,12}|vidaresän\w{0,4}|forwarded|videresen\w{0,4})\s*"
    r"(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:\uff1a]",
    re.IGNORECASE,
)
AMBIGUOUS: Final = re.compile(r"\s*vs\s*[:\uff1a]", re.IGNORECASE)
"""``VS:`` answers in Finnish and passes on in Danish and Norwegian."""

_CLOSINGS: Final = (
    "med vänlig hälsning|med vänliga hälsningar|med bästa hälsningar|med bästa hälsning|med varma hälsningar"
    "|med hälsningar|med hälsning|vänliga hälsningar|vänlig hälsning|vänligen|vänligast|bästa hälsningar"
    "|bästa hälsning|varma hälsningar|varm hälsning|många hälsningar|hjärtliga hälsningar|soliga hälsningar"
    "|hälsningar|hälsning|hälsn|hälsar|m.v.h.|m v h|mvh|mvh.|bh|vh|v.h.|högaktningsfullt|med högaktning|allt gott"
    "|ha det bra|ha det gott|tack och hej|hej då|hejdå|hej hej|kram|kramar|kramisar|puss och kram|puss|kh"
    "|best regards|kind regards|kindest regards|warm regards|with kind regards|with best regards|regards"
    "|best wishes|all the best|yours sincerely|yours faithfully|yours truly|sincerely yours|sincerely|cheers|br"
    "|rgds|many thanks|thanks|thank you|thanks and regards|cordially|respectfully|med venlig hilsen"
    "|med venlige hilsner|venlig hilsen|venlige hilsner|de bedste hilsner|bedste hilsner|mange hilsner"
    "|kærlig hilsen|med vennlig hilsen|vennlig hilsen|vennlege helsingar|med vennleg helsing|vennleg helsing"
    "|beste hilsen|beste hilsner|hilsen|helsing|mvh med|ystävällisin terveisin|parhain terveisin|terveisin"
    "|terveisiä|terv.|yst. terv.|yt.|kunnioittavasti|mit freundlichen grüßen|mit freundlichen grüssen"
    "|freundliche grüße|freundliche grüsse|mit besten grüßen|beste grüße|beste grüsse|viele grüße|viele grüsse"
    "|liebe grüße|liebe grüsse|herzliche grüße|mfg|hochachtungsvoll|gruß|grüße|lg|vg|met vriendelijke groet"
    "|met vriendelijke groeten|cordialement|bien cordialement|saludos|un saludo|atentamente|tack på förhand|tack"
    "|tack!|stort tack|många tack|hör av dig|trevlig helg|ha en trevlig helg|ha en fin dag|ha en bra dag"
)
CLOSINGS: Final = tuple(sorted(_CLOSINGS.split("|"), key=len, reverse=True))
"""Phrases that end a letter, longest first, folded."""

PHONE_FOOTER: Final = re.compile(
    r"(?:skickat från (?:min|mitt|outlook|yahoo|e-post|gmail|proton|samsung|iphone|en)|skickad från min"
    r"|sent from (?:my|outlook|yahoo|mail|proton|samsung|iphone|an? )|hämta outlook|get outlook for"
    r"|sendt fra (?:min|outlook|yahoo|mail)|hent outlook|last ned outlook|lähetetty (?:iphone|ipad|outlook|puhelim"
    r"|android|laitteest)|hanki outlook|von meinem .{2,30} gesendet|gesendet (?:von|mit|aus)"
    r"|holen sie sich outlook|outlook für (?:android|ios)|skickat med|envoyé de mon|enviado desde)",
    re.IGNORECASE,
)

NOTICE: Final = re.compile(
    r"(?:det(?:ta|ta här) (?:e-?post(?:meddelande)?|meddelande|mejl|mail|brev|epost\w*|e-?brev)"
    r"|innehållet i det(?:ta|ta här)|informationen i det(?:ta|ta här)|this (?:e-?mail|message|communication"
    r"|transmission)|the (?:information|content)s? (?:contained |transmitted )?in this|den(?:na|ne) (?:e-?post\w*"
    r"|e-?mail|mail|meddelelse|besked|melding)|denne meldingen|tämä (?:viesti|sähköposti\w*)|diese (?:e-?mail"
    r"|nachricht)|der inhalt dieser|confidentiality notice|disclaimer|konfidentialitet|om du har fått det(?:ta"
    r"|ta här)|if you (?:have received|are not the intended))",
    re.IGNORECASE,
)
NOTICE_WORDS: Final = re.compile(
    r"konfidentiell|sekretess|avse(?:tt|dd)|mottagare|adressat|obehörig|av misstag|felaktigt|bilagor|radera"
    r"|förstör|confidential|intended|recipient|privileged|addressee|in error|delete|disclos|fortrolig|modtager"
    r"|mottaker|tiltenkt|beregnet|slet|luottamuksellinen|vastaanottaj|vertraulich|empfänger|irrtümlich|bestimmt"
    r"|löschen",
    re.IGNORECASE,
)
FOOTING: Final = re.compile(
    r"tänk på miljön|tänk på naturen|behöver du (?:verkligen )?skriva ut|innan du skriver ut"
    r"|please consider the environment|think before (?:you )?print|before printing|när du (?:skickar|kontaktar"
    r"|mejlar|e-postar|kommunicerar)[^.]{0,80}(?:personuppgift|gdpr|dataskydd)|(?:så|hur|om) (?:här )?(?:behandla"
    r"|hantera)\w{0,3} (?:\w{1,20} ){0,4}(?:dina )?personuppgift|e-post till och från [^.]{1,80}allmän\w? handling"
    r"|e-post (?:till|som) [^.]{1,80}allmän\w? handling",
    re.IGNORECASE,
)
FOOTING_WORDS: Final = ("miljön", "naturen", "skriv", "print", "personuppgift", "gdpr", "handling")
"""One of these stands in every footing: looked for first, since it costs less."""
