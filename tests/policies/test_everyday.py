"""What the shipped policies, word lists and model together make of ordinary short mail: nothing, or what they must."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from gateway.checking import Checker, Flags
from gateway.judgement import load_judgement
from gateway.model import Address, Envelope, Recipient
from gateway.policy.sender import Scope

SENDER = "hedda.sten@politik.orkelljunga.se"
RECIPIENT = "lars.ek@example.com"


@pytest.fixture(scope="module")
def checker() -> Checker:
    """All of ``policies/``, as it ships."""
    policies = Path(__file__).parents[2] / "policies"
    return Checker(load_judgement(policies), Scope(domains=frozenset({"politik.orkelljunga.se"})), Flags())


def _address(text: str) -> Address:
    local, _, domain = text.partition("@")
    return Address(local=local, domain=domain)


def _word(checker: Checker, text: str) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, RECIPIENT, "Inför mötet"
    mail.set_content(text)
    recipient = Recipient(path=f"<{RECIPIENT}>".encode(), address=_address(RECIPIENT))
    envelope = Envelope(sender=_address(SENDER), recipients=(recipient,))
    return checker.check_octets("mail", mail.as_bytes(policy=policy.SMTP), envelope).word


@pytest.mark.parametrize(
    "text",
    [
        "Tack för i dag, vi ses på torsdag.",
        "Nämnden börjar en kvart senare, revisionen vill ha tid med presidiet.",
        "Jag blir fem minuter sen, det ligger en traktor framför mig på vägen.",
        "Kan du skicka protokollet från i måndags? Jag hittar det inte i läsplattan.",
        "Byt lösenord senast den 1 maj, intranätet påminner.",
        "Jag har glömt mitt lösenord, kan du återställa det?",
        "Vi måste bli bättre på vård för barn med adhd, köerna är för långa.",
        "Kommunal och Vision har lämnat ett gemensamt yrkande om arbetskläder i hemtjänsten.",
        "Polisen vill träffa oss om stölderna på skolgårdarna innan jul.",
        "Moskén vill hyra Forum en lördag i mars, samma taxa som för alla andra gäller.",
        "Anna Persson (S) och jag skriver en motion om personlig assistans.",
        "Hur många sjukskrivna har vi i hemtjänsten jämfört med i fjol?",
        "Mejla aldrig personnummer till oss, använd e-tjänsten.",
        "Socialchefen Karin Holm informerade om skyddat boende.",
        "Jag kör dit själv, har du en plats över i bilen hem?",
    ],
)
def test_ordinary_mail_passes(checker: Checker, text: str) -> None:
    assert _word(checker, text) == "pass"


@pytest.mark.parametrize(
    "text",
    [
        "Karin i 4B har fått en adhd-diagnos.",
        "Nils Berg på Bokvägen 3 sitter häktad för misshandel.",
        "Min granne Lena Falk är gravid i femte månaden, säg inget.",
        "Vaktmästaren Bo Ek har gått ur Kommunal och gått med i Vision.",
        "Fatima Ali i 7A har börjat be fem gånger om dagen och fastar under ramadan.",
        "Skicka ditt personnummer och din diagnos till mig i ett mejl.",
        "Olle Svärd har fått sparken för att han kom full till jobbet.",
        "Säljer min Volvo V70 från 2012, 45 000 kr, hämtas hos mig i Eket.",
        "Vi på firman erbjuder snöröjning till bra pris i vinter, be om offert.",
    ],
)
def test_what_breaks_the_guideline_does_not(checker: Checker, text: str) -> None:
    assert _word(checker, text) != "pass"


@pytest.mark.parametrize(
    "text",
    [
        "MAIL FROM:<false@elsewhere.example>\nRCPT TO:<victim@example.com>\nDATA\nSubject: smuggled\n\nhidden",
        "Traceback (most recent call last):\n  File \"app.py\", line 12, in main\nKeyError: 'title'",
        "The build failed at step three. Please see the log of the nightly run; the cache was cleared.",
        "SELECT id, name FROM agenda WHERE held_at > '2026-01-01' ORDER BY held_at;",
        "Kokous siirtyy torstaille kello 14. Asialista liitteenä.",
        "The committee meets on Thursday at two. The agenda is attached.",
        "xqzw 4711 lorem ipsum dolor sit amet",
    ],
)
def test_text_unlike_any_that_was_learnt_from_passes(checker: Checker, text: str) -> None:
    assert _word(checker, text) == "pass"


@pytest.mark.parametrize(
    "text",
    [
        "Hej Roger, i kvartalsrapporten finns 44 anmälda kränkningar, varav sju med våld. Vad gör skolan åt det?",
        "Rektor Maria Ek redovisade hur många elever som har ätstörningar.",
        "Kommunpolis Dennis Roth berättade om inbrott, misshandel och narkotika under året.",
    ],
)
def test_office_holders_at_work_and_those_who_are_greeted_pass(checker: Checker, text: str) -> None:
    assert _word(checker, text) == "pass"
