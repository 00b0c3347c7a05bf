"""Write the pages that are made from the program: the configuration reference and the guide to the rules.

usage: docs/generate.py [--check]      with --check nothing is written; exit code 1 where a page is not current
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from gateway.config import Section, Settings
from gateway.config.toml import to_toml
from gateway.judgement import load_judgement
from gateway.policy.explain import explain

ROOT = Path(__file__).resolve().parents[1]
NOT_BY_HAND = "<!-- Made by docs/generate.py: not to be edited by hand. -->"


def reference() -> Iterator[str]:
    """Yield the lines of the configuration reference, from the models alone."""
    settings = Settings()
    yield from (NOT_BY_HAND, "# Configuration reference", "")
    yield "TOML; unknown keys and wrong types are mistakes, and all mistakes are listed at once."
    yield "Flags win over `--set KEY=VALUE`, which wins over the file, which wins over these defaults."
    yield "`utpost config show` prints what is in force."
    yield from _section("", settings)
    for name in type(settings).model_fields:
        if isinstance(value := getattr(settings, name), Section):
            yield from _section(name, value)


def _section(name: str, section: Section) -> Iterator[str]:
    yield from ("", f"## [{name}]" if name else "## Top of the file", "")
    if name and (words := type(section).__doc__):
        yield from (" ".join(words.split()).replace("``", "`"), "")
    yield from ("| key | kind | default | meaning |", "|---|---|---|---|")
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        if not isinstance(value, Section):
            words = " ".join((field.description or "").replace("``", "`").split()).replace("|", "\\|")
            yield f"| `{key}` | {_kind(field.annotation, value)} | `{to_toml(value)}` | {words} |"


def _kind(annotation: object, value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, tuple):
        return "list"
    if isinstance(value, int | float):
        return "number"
    if choices := [choice for choice in get_args(annotation) if isinstance(choice, str)]:
        return "one of " + ", ".join(f"`{choice}`" for choice in choices)
    return "path" if value is None or isinstance(value, Path) else "text"


def guide() -> Iterator[str]:
    """Yield the lines of the guide to the rules, in Swedish, as ``utpost policies explain`` tells them."""
    policy = load_judgement(ROOT / "policies").policy
    yield from (NOT_BY_HAND, "# Reglerna, en för en", "")
    yield "Så här prövas mejl från de förtroendevalda. Varje regel hör till en punkt i kommunens riktlinjer för e-post."
    yield "Hur en regel ändras står i `policies/README.md`; samma text skrivs av `utpost policies explain REGEL`."
    yield from ("", "| Punkt | Regel | Läge |", "|---|---|---|")
    rules = sorted(policy.rules.values(), key=lambda rule: (rule.section, rule.name))
    yield from (f"| {r.section} | [{r.title_sv}](#{r.name}) | {r.mode.value} |" for r in rules)
    for rule in rules:
        title, *text = explain(policy, rule.name).splitlines()
        yield from ("", f'<a id="{rule.name}"></a>', f"## {title.replace('_', chr(92) + '_')}", "")
        for line in text:
            if not line.startswith("Exempel i regelfilen"):
                yield from ([line, ""] if line.endswith(":") else [line])


def main() -> int:
    """Write or check the pages."""
    stale = 0
    for name, lines in (("reference.md", reference()), ("regler.md", guide())):
        page, text = ROOT / "docs" / name, "\n".join(lines).rstrip() + "\n"
        if "--check" not in sys.argv[1:]:
            page.write_text(text, "utf-8")
        elif not page.is_file() or page.read_text("utf-8") != text:
            print(f"docs/{name} is not current: run docs/generate.py")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
