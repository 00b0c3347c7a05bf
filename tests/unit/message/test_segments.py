"""Whose words: mails as programs write them, line by line (``mails/*.txt``), and HTML."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from gateway.message.headers import scan_headers
from gateway.message.html import render
from gateway.message.quotes import Setting, setting_of
from gateway.message.segments import merged, segment, whole
from gateway.model import Headers, Segment, SegmentKind

MAILS = sorted((Path(__file__).parent / "mails").glob("*.txt"))

LETTERS = {
    SegmentKind.OWN: "O",
    SegmentKind.QUOTED: "Q",
    SegmentKind.FORWARDED: "F",
    SegmentKind.SIGNATURE: "S",
    SegmentKind.DISCLAIMER: "D",
}


def read(path: Path) -> tuple[Headers, list[str], str]:
    """Return the header facts, the letters of the lines, and the text without them."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    lines = body.removesuffix("\n").split("\n")
    headers = scan_headers(head.encode() + b"\n\n")
    return headers, [line[0] for line in lines], "\n".join(line[2:] for line in lines)


def letters(text: str, segments: tuple[Segment, ...]) -> list[str]:
    out = []
    start = 0
    for line in text.split("\n"):
        out.append(next(LETTERS[s.kind] for s in segments if s.start <= start < s.end or start == s.end == len(text)))
        start += len(line) + 1
    return out


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
@pytest.mark.parametrize("line_end", ["\n", " \n", "\u00a0\n"], ids=["plain", "blank", "nbsp"])
def test_lines_of_a_mail(path: Path, line_end: str) -> None:
    headers, expected, text = read(path)
    text = text.replace("\n", line_end) + "\n"
    segments = segment(text, setting_of(headers))
    assert letters(text, segments)[: len(expected)] == expected
    assert segments[0].start == 0
    assert segments[-1].end == len(text)
    assert all(a.end == b.start and a.kind is not b.kind for a, b in pairwise(segments))


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_the_same_mail_as_simple_html(path: Path) -> None:
    headers, expected, text = read(path)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    rendered = render("".join(f"<div>{line or '<br>'}</div>\r\n" for line in escaped.split("\n")))
    found = letters(rendered.text, segment(rendered.text, setting_of(headers), rendered.ranges))
    shown = [(kind, line) for kind, line in zip(found, rendered.text.split("\n"), strict=True) if line.strip()]
    wanted = [kind for kind, line in zip(expected, text.split("\n"), strict=True) if line.strip()]
    assert [kind for kind, _ in shown] == wanted


REPLY = Setting(reply=True)
FORWARD = Setting(forward=True)
NEW = Setting()

GMAIL = (
    '<div dir="ltr">Svar</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{}<br></div>'
    '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex"><div>Gammalt</div></blockquote>{}</div>'
)


@pytest.mark.parametrize(
    ("setting", "source", "expected"),
    [
        pytest.param(
            REPLY,
            GMAIL.format("Den ons 4 nov. 2026 kl 10:12 skrev Anna &lt;a@example.com&gt;:", ""),
            [("OWN", "Svar"), ("QUOTED", "Den ons 4 nov. 2026 kl 10:12 skrev Anna <a@example.com>: Gammalt")],
            id="gmail",
        ),
        pytest.param(
            REPLY,
            GMAIL.format("W dniu śr., 4 lis 2026 Anna napisa:", "<div>Eget</div>"),
            [("OWN", "Svar"), ("QUOTED", "W dniu śr., 4 lis 2026 Anna napisa: Gammalt"), ("OWN", "Eget")],
            id="gmail, language unknown, answer below",
        ),
        pytest.param(
            FORWARD,
            '<div>Se nedan<br><br><div class="gmail_quote"><div class="gmail_attr">'
            "---------- Forwarded message ---------<br>Från: <strong>Anna</strong><br>Date: ons 4 nov.<br></div>"
            "<br><div>Hej <blockquote type=cite>äldre"
            "</blockquote>mer</div></div></div>",
            [
                ("OWN", "Se nedan"),
                ("FORWARDED", "---------- Forwarded message --------- Från: Anna Date: ons 4 nov. Hej äldre mer"),
            ],
            id="gmail forward",
        ),
        pytest.param(
            REPLY,
            "<p class=MsoNormal>Ja.</p><p class=MsoNormal>Mvh<o:p></o:p></p><p class=MsoNormal>Hedda</p>"
            '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class=MsoNormal>'
            "<b>Od:</b> Anna<br><b>Wys:</b> 4 lis</p></div><p>Gammalt</p>",
            [("OWN", "Ja. Mvh"), ("SIGNATURE", "Hedda"), ("QUOTED", "Od: Anna Wys: 4 lis Gammalt")],
            id="outlook, language unknown",
        ),
        pytest.param(
            FORWARD,
            '<div>Ok</div><div id="appendonsend"></div><hr style="width:98%"><div id="divRplyFwdMsg"><b>Från:</b> x'
            "<br><b>Skickat:</b> y</div><div>Gammalt</div>",
            [("OWN", "Ok"), ("FORWARDED", "Från: x Skickat: y Gammalt")],
            id="outlook on the web, forward",
        ),
        pytest.param(
            REPLY,
            '<div>Svar</div><div><br><blockquote type="cite"><div>4 nov. 2026 kl. 10:12 skrev Anna:</div><br>'
            "<div>Hej</div></blockquote></div><br>Eget efter",
            [("OWN", "Svar"), ("QUOTED", "4 nov. 2026 kl. 10:12 skrev Anna: Hej"), ("OWN", "Eget efter")],
            id="apple",
        ),
        pytest.param(
            NEW,
            'FYI<br><div>Vidarebefordrat brev:</div><blockquote type="cite"><b>Från: </b>Anna<br>Hej</blockquote>',
            [("OWN", "FYI"), ("FORWARDED", "Vidarebefordrat brev: Från: Anna Hej")],
            id="apple forward",
        ),
        pytest.param(
            REPLY,
            '<div class="moz-cite-prefix">Den 2026-11-04 skrev Anna:<br></div><blockquote type="cite">Hej</blockquote>'
            "<p>Eget</p>",
            [("QUOTED", "Den 2026-11-04 skrev Anna: Hej"), ("OWN", "Eget")],
            id="thunderbird",
        ),
        pytest.param(
            FORWARD,
            '<p>Se</p><div class="moz-forward-container"><br>-------- Vidarebefordrat meddelande --------<table>'
            "<tr><th>Ämne: </th><td>x</td></tr><tr><th>Från: </th><td>Anna</td></tr></table><p>Hej</p></div>",
            [("OWN", "Se"), ("FORWARDED", "-------- Vidarebefordrat meddelande -------- Ämne: x Från: Anna Hej")],
            id="thunderbird forward",
        ),
        pytest.param(
            REPLY,
            'Ja<br><div id="yahoo_quoted_1" class="yahoo_quoted"><div>Anna, 4 nov</div><div>Gammalt</div></div>',
            [("OWN", "Ja"), ("QUOTED", "Anna, 4 nov Gammalt")],
            id="yahoo",
        ),
        pytest.param(
            NEW,
            'Text.<div id="Signature"><p>Hedda Sten</p><p>Ledamot</p><p>Karin är sjuk.</p></div>Mer text.',
            [("OWN", "Text."), ("SIGNATURE", "Hedda Sten Ledamot"), ("OWN", "Karin är sjuk. Mer text.")],
            id="signature element",
        ),
        pytest.param(
            NEW,
            "Så här:<blockquote style='margin:0 0 0 40px;border:none'>egen indragen text</blockquote>",
            [("OWN", "Så här: egen indragen text")],
            id="indented own words",
        ),
        pytest.param(
            REPLY,
            "Ja<br>Anna skrev:<blockquote>gammalt</blockquote>nytt",
            [("OWN", "Ja"), ("QUOTED", "Anna skrev: gammalt"), ("OWN", "nytt")],
            id="introduced blockquote",
        ),
    ],
)
def test_html(setting: Setting, source: str, expected: list[tuple[str, str]]) -> None:
    rendered = render(source)
    segments = segment(rendered.text, setting, rendered.ranges)
    found = [(s.kind.name, " ".join(rendered.text[s.start : s.end].split())) for s in segments]
    assert [entry for entry in found if entry[1]] == expected


@pytest.mark.parametrize(
    ("subject", "extra", "setting"),
    [
        ("SV: x", "", REPLY),
        ("Re[2]: x", "", REPLY),
        ("AW: x", "", REPLY),
        ("sv : x", "", REPLY),
        ("VB: x", "", FORWARD),
        ("Fwd: x", "", FORWARD),
        ("WG: x", "", FORWARD),
        ("Vidarebefordrar: x", "", FORWARD),
        ("VB: SV: x", "In-Reply-To: <a@b>\n", FORWARD),
        ("SV: VB: x", "", REPLY),
        ("x", "In-Reply-To: <a@b>\n", REPLY),
        ("x", "", NEW),
        ("Reseräkning: x", "", NEW),
        ("VS: x", "", FORWARD),
        ("VS: x", "In-Reply-To: <a@b>\n", REPLY),
    ],
)
def test_setting(subject: str, extra: str, setting: Setting) -> None:
    assert setting_of(scan_headers(f"{extra}Subject: {subject}\n\n".encode())) == setting


def test_name_behind_a_closing_phrase_is_signature() -> None:
    text = "Vi ses.\nMvh Anna Berg\nLedamot"
    assert [(s.kind.name, text[s.start : s.end]) for s in segment(text, NEW)] == [
        ("OWN", "Vi ses.\nMvh "),
        ("SIGNATURE", "Anna Berg\nLedamot"),
    ]


def test_nothing_and_merging() -> None:
    assert segment("", NEW) == ()
    assert whole("", SegmentKind.OWN) == ()
    own, quoted = SegmentKind.OWN, SegmentKind.QUOTED
    assert merged([(0, own), (0, quoted), (3, quoted), (5, own)], 9) == (
        Segment(kind=quoted, start=0, end=5),
        Segment(kind=own, start=5, end=9),
    )
    assert merged([], 0) == ()
