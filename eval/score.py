"""Judge the labelled sentences with the whole default policies and print how many come out right.

usage: score.py [kept|sentences]

``kept`` holds the pairs that whoever writes rules must not read; only figures are printed, never a sentence.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gateway.checking import Checker, Flags, names_of  # noqa: E402
from gateway.judgement import load_judgement  # noqa: E402
from gateway.model import Action, Address, Envelope, Recipient  # noqa: E402
from gateway.policy.sender import Scope  # noqa: E402

SENDER = "anna.lind@politik.orkelljunga.se"
DOMAINS = frozenset({"politik.orkelljunga.se"})


def address(text: str) -> Address:
    """Take an address apart."""
    local, _, domain = text.casefold().rpartition("@")
    return Address(local=local, domain=domain)


def message(line: dict[str, Any], recipients: list[str]) -> bytes:
    """Return a labelled line as a mail."""
    text = "\n\n".join(word for word in (line["text"], line.get("signature") or "") if word)
    subject = base64.b64encode((line.get("subject") or "Hej").encode()).decode()
    head = f"From: <{SENDER}>\r\nTo: {', '.join(recipients)}\r\nSubject: =?utf-8?b?{subject}?=\r\n"
    head += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + base64.encodebytes(text.encode()).replace(b"\n", b"\r\n")


def judge(checker: Checker, line: dict[str, Any]) -> tuple[str, set[str]]:
    """Return the verdict and the rules that made it, kinds left out."""
    recipients = line.get("to") or ["mottagare@example.com"]
    to = tuple(Recipient(path=f"<{r}>".encode(), address=address(r)) for r in recipients)
    envelope = Envelope(sender=address(SENDER), recipients=to)
    checked = checker.check_octets(line["id"], message(line, recipients), envelope)
    loud = [hit for hit in checked.verdict.hits if hit.action >= Action.WARN and hit.exempted_by is None]
    return checked.word, {name.partition(":")[0] for name in names_of(loud)}


def main() -> int:
    """Print the figures of one folder."""
    folder = ROOT / "eval" / (sys.argv[1] if len(sys.argv) > 1 else "kept")
    checker = Checker(load_judgement(ROOT / "policies"), Scope(domains=DOMAINS), Flags())
    pairs: dict[str, list[bool]] = defaultdict(list)
    count: Counter[str] = Counter()
    for file in sorted(folder.glob("*.jsonl")):
        for text in file.read_text("utf-8").splitlines():
            line = json.loads(text)
            word, rules = judge(checker, line)
            accepted = line.get("accept") or [line["verdict"]]
            good = word in accepted
            pairs[line["pair"]].append(good)
            count["lines"] += 1
            count["verdict right"] += good
            wanted = line["rule"].partition(":")[0]
            if wanted == "none":
                count["must pass"] += 1
                count["must pass, blocked"] += word == "block"
                count["must pass, warned"] += word == "warn"
            elif line["verdict"] != "pass":
                count["positives"] += 1
                count["positives caught"] += word != "pass"
                count["positives caught by their rule"] += wanted in rules
            if line["verdict"] == "block":
                count["must block"] += 1
                count["must block, passed silently"] += word == "pass"
    whole = [all(goods) for goods in pairs.values() if len(goods) == 2]  # noqa: PLR2004 - a pair
    for name, number in count.items():
        print(f"{name:34} {number:6}")
    print(f"{'pairs with both halves right':34} {sum(whole):6} of {len(whole)}  {100 * sum(whole) / len(whole):.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
