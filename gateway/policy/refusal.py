"""What the client hears at the end of data: a refusal with section and reference, or a request to come back."""

from __future__ import annotations

from typing import Final

from gateway.model import Action, Reply, RuleHit, Verdict
from gateway.policy.rules import Policy

LINE: Final = 200
"""Characters of a line at most: clients show little more."""


def refusal(verdict: Verdict, policy: Policy, reference: str, guideline_url: str = "", *, lines: int = 3) -> Reply:
    """Return 550 5.7.1 with what stopped the message, its section, our reference and where to read more.

    Never 552 or 5.5.3: both teach clients to send the same again in portions. The text names no recipient and
    quotes nothing; ``Reply.encode`` folds it to ASCII where UTF-8 was not agreed.
    """
    blocking = [h for h in verdict.deciding if h.action is Action.BLOCK]
    said = [
        _cut(f"Mejlet skickades inte: {_why(blocking, policy)}"),
        _cut(f"Ingen mottagare fick det. Ange referens {reference} om du har frågor."),
    ]
    if guideline_url:
        said.append(_cut(f"Läs riktlinjerna: {guideline_url}"))
    return Reply(code=550, enhanced="5.7.1", lines=tuple(said[: max(1, lines)]))


def deferral(reference: str) -> Reply:
    """Return 451 4.3.0: we could not judge, nothing was sent, the client may try again."""
    text = f"Mejlet kunde inte kontrolleras just nu och har inte skickats. Ett nytt försök görs. Referens {reference}"
    return Reply(code=451, enhanced="4.3.0", lines=(_cut(text),))


def _why(blocking: list[RuleHit], policy: Policy) -> str:
    reasons: dict[str, None] = {}
    for hit in blocking:
        reasons[_reason(hit, policy)] = None
    if not reasons:
        return "det strider mot e-postriktlinjerna."
    return f"{'; '.join(reasons)} i e-postriktlinjerna."


def _reason(hit: RuleHit, policy: Policy) -> str:
    rule = policy.rules.get(hit.rule)
    title = rule.title_sv if rule else hit.rule
    counted = f", {hit.measured} personer" if rule and rule.persons and hit.measured else ""
    return f"{title[:1].lower()}{title[1:]}{counted} (punkt {hit.section})"


def _cut(text: str) -> str:
    return text if len(text) <= LINE else f"{text[: LINE - 3]}..."
