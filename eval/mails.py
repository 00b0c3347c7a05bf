"""Judge the labelled whole mails with the default policies and print how many come out right.

usage: mails.py [kept|dev] [--texts]

``kept`` holds the mails that whoever writes rules must not read; only totals are printed of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gateway.checking import Checker, Flags, names_of  # noqa: E402
from gateway.judgement import load_judgement  # noqa: E402
from gateway.model import Action, Address, Envelope, Recipient  # noqa: E402
from gateway.policy.sender import Scope  # noqa: E402

MAILS = ROOT / "eval" / "mails"
DOMAINS = frozenset({"politik.orkelljunga.se"})
BOXES = ("to", "cc", "bcc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One labelled mail and what the gateway made of it."""

    mail: dict[str, Any]
    word: str
    names: frozenset[str]
    """Of what was reported, with the kind where one is known (``special_category:health``)."""

    @property
    def rules(self) -> frozenset[str]:
        """Return the rules reported, kinds left out."""
        return frozenset(name.partition(":")[0] for name in self.names)

    @property
    def wanted(self) -> frozenset[str]:
        """Return the rules expected."""
        return frozenset(self.mail["rules"]) - {"none"}

    @property
    def surplus(self) -> frozenset[str]:
        """Return the rules that were reported though neither expected nor tolerated."""
        return self.rules - self.wanted - frozenset(self.mail.get("tolerated", ()))

    @property
    def right(self) -> bool:
        """Tell whether the verdict is one of those accepted."""
        return self.word in self.mail["accept"]


# --- judging ---------------------------------------------------------------------------------


def address(text: str) -> Address:
    """Take an address apart."""
    local, _, domain = text.casefold().rpartition("@")
    return Address(local=local, domain=domain)


def octets_of(mail: dict[str, Any]) -> bytes:
    """Return a labelled mail as it is sent; blind copies stand in the envelope only."""
    message = EmailMessage(policy=SMTP)
    message["From"] = mail["from"]
    for box in BOXES[:2]:
        if mail.get(box):
            message[box.title()] = ", ".join(mail[box])
    message["Subject"] = mail["subject"]
    message.set_content(mail["body"], cte="quoted-printable")
    if "html" in mail.get("options", ()):
        lines = escape(mail["body"], quote=False).split("\n")
        message.add_alternative("".join(f"<div>{line or '<br>'}</div>\n" for line in lines), subtype="html")
    return message.as_bytes()


def envelope_of(mail: dict[str, Any]) -> Envelope:
    """Return the envelope of a labelled mail."""
    recipients = [r for box in BOXES for r in mail.get(box, ())]
    return Envelope(
        sender=address(mail["from"].rpartition("<")[2].rstrip(">")),
        recipients=tuple(Recipient(path=f"<{r}>".encode(), address=address(r)) for r in recipients),
    )


def judge(checker: Checker, mail: dict[str, Any]) -> Judged:
    """Judge a labelled mail, as ``utpost check`` does."""
    return judge_octets(checker, mail, octets_of(mail), envelope_of(mail))


def judge_octets(checker: Checker, mail: dict[str, Any], octets: bytes, envelope: Envelope) -> Judged:
    """Judge a labelled mail that has been built already."""
    checked = checker.check_octets(mail["id"], octets, envelope)
    loud = [hit for hit in checked.verdict.hits if hit.action >= Action.WARN and hit.exempted_by is None]
    return Judged(mail=mail, word=checked.word, names=frozenset(names_of(loud)))


# --- counting --------------------------------------------------------------------------------


def scores(hits: int, surplus: int, missed: int) -> tuple[float, float, float]:
    """Return precision, recall and F1."""
    precision = hits / (hits + surplus) if hits + surplus else 0.0
    recall = hits / (hits + missed) if hits + missed else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def print_rules(judged: list[Judged]) -> None:
    """Print precision, recall and F1 of each rule, and of all together (micro)."""
    hit, surplus, missed = Counter[str](), Counter[str](), Counter[str]()
    for one in judged:
        hit.update(one.wanted & one.rules)
        missed.update(one.wanted - one.rules)
        surplus.update(one.surplus)
    print(f"{'rule':26}{'mails':>6}{'precision':>11}{'recall':>8}{'F1':>7}")
    for rule in sorted(hit | missed | surplus):
        figures = scores(hit[rule], surplus[rule], missed[rule])
        print(f"{rule:26}{hit[rule] + missed[rule]:6}{figures[0]:11.3f}{figures[1]:8.3f}{figures[2]:7.3f}")
    figures = scores(hit.total(), surplus.total(), missed.total())
    print(f"{'all (micro)':26}{hit.total() + missed.total():6}{figures[0]:11.3f}{figures[1]:8.3f}{figures[2]:7.3f}")


def print_kinds(judged: list[Judged]) -> None:
    """Print how many of each special category are caught at all."""
    count, caught = Counter[str](), Counter[str]()
    for one in judged:
        for kind in one.mail.get("subcategories", [one.mail["kind"]] if "kind" in one.mail else []):
            count[kind] += 1
            caught[kind] += one.word != "pass"
    print("\ncaught by kind: " + "  ".join(f"{kind} {caught[kind]}/{count[kind]}" for kind in sorted(count)))


def share(name: str, judged: list[Judged], words: tuple[str, ...]) -> None:
    """Print how many of the mails got one of these verdicts."""
    got = sum(one.word in words for one in judged)
    percent = f"{100 * got / len(judged):6.1f} %" if judged else "       -"
    print(f"{name:44}{got:5} of {len(judged):4}{percent}")


def print_shares(judged: list[Judged]) -> None:
    """Print the figures by which the gateway is measured."""
    negatives = [one for one in judged if not one.wanted]
    official = [one for one in negatives if one.mail["class"] == "official"]
    positives = [one for one in judged if one.wanted and one.mail["severity"] != "pass"]
    block = [one for one in positives if one.mail["severity"] == "block"]
    print()
    share("official mail blocked", official, ("block",))
    share("official mail warned", official, ("warn",))
    share("all mail that must pass, blocked", negatives, ("block",))
    share("all mail that must pass, warned", negatives, ("warn",))
    share("must be blocked, passed silently", block, ("pass",))
    share("positives caught", positives, ("warn", "block"))
    share("long text with one sensitive fact, caught", [o for o in positives if o.mail.get("long")], ("warn", "block"))
    print_pairs(judged)


def print_pairs(judged: list[Judged]) -> None:
    """Print how many pairs have both halves right, and how many verdicts are right at all."""
    pairs: dict[str, list[bool]] = defaultdict(list)
    for one in judged:
        if "pair" in one.mail:
            pairs[one.mail["pair"]].append(one.right)
    whole = sum(all(halves) for halves in pairs.values())
    print(f"{'pairs with both halves right':44}{whole:5} of {len(pairs):4}{100 * whole / max(1, len(pairs)):6.1f} %")
    right = sum(one.right for one in judged)
    print(f"{'verdict right':44}{right:5} of {len(judged):4}{100 * right / max(1, len(judged)):6.1f} %")


def print_texts(judged: list[Judged]) -> None:
    """Print the mails that came out wrong."""
    for one in judged:
        if not one.right or one.surplus:
            mail = one.mail
            print(f"\n=== {mail['id']}: wanted {mail['severity']} {mail['rules']}, got {one.word} {sorted(one.rules)}")
            print(f"    {mail['why']}\nÄmne: {mail['subject']}\n{mail['body']}")


def print_all(judged: list[Judged]) -> None:
    """Print every figure."""
    print_rules(judged)
    print_kinds(judged)
    print_shares(judged)


def judge_folder(checker: Checker, folder: str) -> list[Judged]:
    """Judge the mails of ``kept`` or ``dev``."""
    lines = [line for file in sorted((MAILS / folder).glob("*.jsonl")) for line in file.open(encoding="utf-8")]
    return [judge(checker, json.loads(line)) for line in lines]


def main() -> int:
    """Print the figures of one folder."""
    parser = argparse.ArgumentParser(description="Judge the labelled whole mails.")
    parser.add_argument("folder", choices=("kept", "dev"), nargs="?", default="kept")
    parser.add_argument("--texts", action="store_true", help="print what came out wrong; dev only")
    options = parser.parse_args()
    if options.texts and options.folder != "dev":
        parser.error("the texts of kept are not shown: rules are not written by them")
    checker = Checker(load_judgement(ROOT / "policies"), Scope(domains=DOMAINS), Flags())
    judged = judge_folder(checker, options.folder)
    if options.texts:
        print_texts(judged)
    print_all(judged)
    return 0


if __name__ == "__main__":
    sys.exit(main())
