"""Judge all labelled material with the whole default policies and print how much comes out right.

usage: score.py [kept|sentences] [--data FOLDER]

Without a folder of sentences everything is judged: the sentences and mails kept away from whoever writes rules (only
figures are printed of them, never a text), and, where ``--data`` (by default ``UTPOST_EVAL_DATA``, else
``../shared/data``) has them, the development set ``policy-dev`` by cross-validation and false alarms on ``sv-text``.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import dev_set  # noqa: E402 - the program is started from anywhere
import mails  # noqa: E402

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


def print_sentences(checker: Checker, folder: Path) -> None:
    """Print the figures of one folder of sentences."""
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


def print_everything(checker: Checker, data: Path) -> None:
    """Print the figures of all that is there."""
    print("== sentences kept away")
    print_sentences(checker, ROOT / "eval" / "kept")
    print("\n== mails kept away")
    mails.print_all(mails.judge_folder(checker, "kept"))
    for folder, title, show in (
        ("policy-dev", "development set, cross-validated", dev_set.print_messages),
        ("sv-text", "official text, the half not fitted to: every alarm is false", dev_set.print_alarms),
    ):
        print(f"\n== {title}")
        if (data / folder).is_dir():
            show(data)
        else:
            print(f"left out: {data / folder} is not there (say where with --data or UTPOST_EVAL_DATA)")


def main() -> int:
    """Print the figures asked for."""
    parser = argparse.ArgumentParser(description="Judge the labelled material.")
    parser.add_argument(
        "folder", choices=("kept", "sentences"), nargs="?", help="of sentences; without one, everything"
    )
    default = os.environ.get("UTPOST_EVAL_DATA") or ROOT.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default), help="where policy-dev and sv-text are")
    options = parser.parse_args()
    checker = Checker(load_judgement(ROOT / "policies"), Scope(domains=DOMAINS), Flags())
    if options.folder:
        print_sentences(checker, ROOT / "eval" / options.folder)
    else:
        print_everything(checker, options.data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
