"""Write the development sentences into policies/lexicon/examples/, behind the examples written for it by hand.

usage: write_examples.py

From these the resemblance of a mail to private, business, association, party and official mail is learnt. Sentences
about persons, money and requests are official mail here: whatever else is wrong with them, they are of the commission.
Left out are sentences expanded from patterns, those whose labels hang on whose words they are, two capacities, and the
files of further hands (``…-a.jsonl``): they outweighed the other kinds of mail, and teach the model of whole sentences
(``fit_sentences.py``) instead.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
EXAMPLES: Final = ROOT / "policies" / "lexicon" / "examples"
MARK: Final = "# Härifrån: märkta utvecklingsmeningar, inskrivna av eval/write_examples.py. Egna exempel: ovanför."
LONGEST: Final = 600
LEFT_OUT: Final = frozenset({"quoted-forwarded", "capacity"})
KINDS: Final = {"private": "private", "party_internal": "party"}
OF_THE_COMMISSION: Final = frozenset({"none", "special_category", "financial", "solicitation"})
CLUB_WORDS: Final = ("association", "club", "fee", "choir", "fören", "klubb", "stämma", "kör", "årsm")


def kind_of(row: dict[str, Any]) -> str | None:
    """Return the kind of mail that a labelled line is an example of; None for one that is none."""
    rule = row["rule"].partition(":")[0]
    if row.get("made") == "template" or (row["lang"] != "sv" and rule != "none"):
        return None
    if rule == "business_or_association":
        told = (row["why"] + row["text"]).lower()
        return "association" if any(word in told for word in CLUB_WORDS) else "business"
    return "official" if rule in OF_THE_COMMISSION else KINDS.get(rule)


def line_of(row: dict[str, Any]) -> str:
    """Return subject, text and signature of a labelled line on one line."""
    words = " ".join([row.get("subject") or "", row["text"], row.get("signature") or ""]).split()
    return " ".join(words)[:LONGEST].lstrip("# ")


def main() -> int:
    """Write the examples."""
    lines: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "eval" / "sentences").glob("*.jsonl")):
        left_out = path.stem in LEFT_OUT or path.stem[-2] == "-"
        for text in () if left_out else path.read_text(encoding="utf-8").splitlines():
            row = json.loads(text)
            kind = kind_of(row)
            if kind is not None:
                lines[kind].append(line_of(row))
    for kind, found in lines.items():
        path = EXAMPLES / f"{kind}.txt"
        by_hand = path.read_text(encoding="utf-8").partition(MARK)[0].rstrip("\n")
        path.write_text("\n".join([by_hand, MARK, *found]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
