"""What the client hears."""

from __future__ import annotations

from dataclasses import replace

from gateway.model import Action, Mode, RuleHit, Verdict
from gateway.policy.refusal import LINE, deferral, refusal
from gateway.policy.rules import OnError, PersonLimit, Policy, Rule

RULE = Rule(
    name="personnummer",
    section="2.7",
    title_sv="Personnummer",
    title_en="x",
    summary_sv="x",
    summary_en="x",
    mode=Mode.BLOCK,
    on_error=OnError.DEFER,
)
MAILING = replace(
    RULE,
    name="mass_mailing",
    section="2.3",
    title_sv="Utskick till för många personer",
    persons=PersonLimit(block_above=100),
)
POLICY = Policy(version="x", rules={"personnummer": RULE, "mass_mailing": MAILING})
NUMBER = RuleHit(rule="personnummer", section="2.7", action=Action.BLOCK)
MANY = RuleHit(rule="mass_mailing", section="2.3", action=Action.BLOCK, measured=143)


def lines(*hits: RuleHit, url: str = "https://example.se/e-post") -> tuple[str, ...]:
    return refusal(Verdict(action=Action.BLOCK, hits=hits), POLICY, "K7M2Q9XR4TAB", url).lines


def test_codes_that_do_not_teach_to_split() -> None:
    reply = refusal(Verdict(action=Action.BLOCK, hits=(MANY,)), POLICY, "K7M2Q9XR4TAB", "https://example.se")
    assert (reply.code, reply.enhanced) == (550, "5.7.1")
    assert reply.encode().startswith(b"550-5.7.1 Mejlet skickades inte: utskick till for manga personer, 143 personer")


def test_the_first_hundred_characters_carry_the_message() -> None:
    assert lines(NUMBER)[0] == "Mejlet skickades inte: personnummer (punkt 2.7) i e-postriktlinjerna."
    assert len(lines(NUMBER)[0]) <= 100
    assert "143 personer (punkt 2.3)" in lines(MANY)[0][:100]


def test_reference_and_guideline_follow() -> None:
    assert lines(NUMBER)[1:] == (
        "Ingen mottagare fick det. Ange referens K7M2Q9XR4TAB om du har frågor.",
        "Läs riktlinjerna: https://example.se/e-post",
    )
    assert len(lines(NUMBER, url="")) == 2


def test_only_what_blocks_is_named() -> None:
    warned = RuleHit(rule="mass_mailing", section="2.3", action=Action.WARN, measured=7)
    lifted = replace(MANY, exempted_by="prov")
    assert lines(NUMBER, warned, lifted)[0] == lines(NUMBER)[0]


def test_several_rules_and_the_same_twice() -> None:
    both = lines(NUMBER, NUMBER, MANY)[0]
    assert both.count("personnummer") == 1
    assert "(punkt 2.7); utskick" in both


def test_lines_stay_short() -> None:
    hits = tuple(replace(NUMBER, rule=f"unknown_rule_with_a_long_name_{n}") for n in range(20))
    reply = refusal(Verdict(action=Action.BLOCK, hits=hits), POLICY, "K7M2Q9XR4TAB", "https://example.se/" + "x" * 600)
    assert all(len(line) <= LINE for line in reply.lines)
    assert len(reply.lines) == 3
    assert all(len(line) < 512 for line in reply.encode().split(b"\r\n"))
    assert reply.encode().isascii()


def test_fewer_lines_on_request() -> None:
    verdict = Verdict(action=Action.BLOCK, hits=(NUMBER,))
    assert refusal(verdict, POLICY, "r", "https://example.se", lines=1).lines == lines(NUMBER)[:1]


def test_nothing_to_name_still_says_that_it_was_not_sent() -> None:
    assert lines()[0] == "Mejlet skickades inte: det strider mot e-postriktlinjerna."


def test_deferral() -> None:
    reply = deferral("K7M2Q9XR4TAB")
    assert (reply.code, reply.enhanced, len(reply.lines)) == (451, "4.3.0", 1)
    assert reply.lines[0].endswith("K7M2Q9XR4TAB")
    assert len(reply.lines[0]) <= LINE
