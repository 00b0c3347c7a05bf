"""HTML to text: what is seen, what is not, and what mail clients left in it."""

from __future__ import annotations

import pytest

from gateway.message.html import TAGS, render
from gateway.message.traces import Trace

NUMBER = "19811218-9876"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("hej", "hej"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<p class=MsoNormal>a</p><p class='MsoNormal'>b</p>", "a\nb"),
        ('<p style="margin: 0cm">a</p><p style="margin: 0cm">b</p>', "a\nb"),
        ("<ul><li>a<li>b</ul>c", "a\nb\n\nc"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
        ("  a \r\n\t b  ", "a b "),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
        ("<b>a</b> <i>b</i>", "a b"),
        ("a&nbsp;b &aring;&#229;&#xE5; &amp;lt;", "a\xa0b ååå &lt;"),
        ("a < b <3 c", "a < b <3 c"),
        ("<textarea>hej <b>du</b></textarea>", "hej <b>du</b>"),
        ("a<!doctype html>b<?xml?>c", "abc"),
        ("a<br><br><br><br><br>b", "a\n\n\nb"),
        ("", ""),
        ("<", "<"),
        ("<p>ett</p>två", "ett\ntvå"),
    ],
)
def test_layout(source: str, text: str) -> None:
    assert render(source).text == text


@pytest.mark.parametrize(
    "source",
    [
        "<span>1981</span>12<b></b>18-<i>98</i>76",
        "1981<!-- x -->1218-9876",
        "1981<!-- <b>x</b> -->1218<wbr>-9876",
        '<span style="color:red">198112</span>18-9876',
        "1981<span style='display:none'>0000</span>1218-9876",
        "1981<span hidden>0000</span>1218-9876",
        "&#49;981121&#x38;-9876",
        "<a href='x>y'>1981</a>1218-9876",
        '1981<img alt="">1218-9876',
        "<font>1981<font>1218<font>-9876",
        "1981<o:p></o:p>1218-9876",
        "1981</span></b>1218-9876",
    ],
)
def test_numbers_cut_by_markup_are_whole(source: str) -> None:
    assert NUMBER in render(source).text


@pytest.mark.parametrize(
    "source",
    [
        f"<span style='display: none'>{NUMBER}</span>",
        f"<span style='visibility:hidden'>{NUMBER}</span>",
        f"<span style='font-size:0px'>{NUMBER}</span>",
        f"<span style='FONT-SIZE: 0'>{NUMBER}</span>",
        f"<div hidden>{NUMBER}</div>",
        "<div hidden>1981<b>1218</b>-9876</div>",
        f"<!-- {NUMBER} -->",
        "<!-- 1981<b>1218</b>-9876 -->",
        f"<!--[if mso]><p>{NUMBER}</p><![endif]-->",
        f"<img alt='{NUMBER}'>",
        f'<input type=hidden value="{NUMBER}">',
        f"<a title={NUMBER}>x</a>",
        f"<p aria-label='Nummer {NUMBER}'>x</p>",
        f"<input placeholder='{NUMBER}'>",
        f"<meta name=description content='{NUMBER}'>",
        f"<a href='mailto:a@example.com?subject={NUMBER}'>x</a>",
        f"<a href='tel:{NUMBER}'>x</a>",
        f"<title>{NUMBER}</title>",
        f"<script>var x = '{NUMBER}';</script>",
        f'<style>p::before {{ content: "{NUMBER}"; }}</style>',
        f'<iframe srcdoc="&lt;p&gt;{NUMBER}&lt;/p&gt;"></iframe>',
        f"<p {NUMBER}",
        f"<p title='{NUMBER}",
        "<td>19811218</td><td>-9876</td>",
        "1981<br>1218-9876",
        "<p>811218</p><p>9876</p>",
        f'<bdo dir="rtl">{NUMBER[::-1]}</bdo>',
        f"\u202e{NUMBER[::-1]}\u202c",
    ],
)
def test_what_is_not_seen_is_kept_beside(source: str) -> None:
    rendered = render(source)
    assert any(NUMBER in words or NUMBER[2:].replace("-", "") in words for _, words in rendered.hidden)


def test_comment_in_a_hidden_document() -> None:
    rendered = render("<iframe srcdoc='&lt;!-- 1981 --&gt;&lt;b title=x&gt;y&lt;/b&gt;'></iframe>")
    assert [words for _, words in rendered.hidden] == ["y", "1981", "x"]


def test_end_tags_stay_within_their_scope() -> None:
    assert render("<b hidden><div>gömt</b>också gömt</div>").text == ""
    assert render("<div hidden><table><tr><td>a</div>b</td></tr></table>c</div>d").text.strip() == "d"
    assert render("a</br>b").text == "a\nb"


def test_hidden_words_know_their_place() -> None:
    rendered = render("före<img alt=bild> efter")
    assert rendered.hidden == ((4, "bild"),)


def test_comment_that_never_ends_is_shown() -> None:
    assert render(f"hej <!-- {NUMBER}").text == f"hej {NUMBER}"


def test_hidden_words_that_are_shown_too_are_not_repeated() -> None:
    assert render('<a href="mailto:a@example.com">a@example.com</a>').hidden == ()


def test_technical_declarations_are_left_out() -> None:
    assert render("<meta name=viewport content='width=1'><meta http-equiv=x content='text/html'>").hidden == ()


def test_paragraph_ends_a_hidden_one() -> None:
    assert render("<p style='display:none'>gömt<p>synligt").text == "synligt"


def test_hidden_cell_ends_with_its_row() -> None:
    assert render("<table><tr><td hidden><b>gömt<tr><td>synligt</table>").text.endswith("synligt")


def traced(source: str) -> list[tuple[Trace, str]]:
    rendered = render(source)
    return [(r.trace, rendered.text[r.start : r.end]) for r in rendered.ranges]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a<blockquote type=cite>b</blockquote>c", [(Trace.CITE, "b")]),
        ("a<blockquote class=gmail_quote>b</blockquote>", [(Trace.CITE, "b")]),
        ("a<blockquote style='border-left:1px solid'>b</blockquote>", [(Trace.CITE, "b")]),
        ("a<blockquote>b</blockquote>", [(Trace.INDENT, "b")]),
        ("a<blockquote style='margin:0 0 0 40px'>b</blockquote>", [(Trace.INDENT, "b")]),
        ("a<div class=gmail_quote>b</div>c", [(Trace.CONTAINER, "b")]),
        ("a<div class='moz-cite-prefix'>b</div>", [(Trace.INTRODUCTION, "b")]),
        ("a<div id=divRplyFwdMsg>b</div>c", [(Trace.DIVIDER, "")]),
        ("a<div id=x_divRplyFwdMsg>b</div>c", [(Trace.DIVIDER, "")]),
        (
            "a<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>b</div>",
            [(Trace.DIVIDER, "")],
        ),
        ("a<div style='border-top:solid red 1pt'>b</div>", []),
        ("a<blockquote type=cite>b<blockquote type=cite>c</blockquote>", [(Trace.CITE, "b\n\nc"), (Trace.CITE, "c")]),
        ("<table><tr><td><blockquote type=cite>b</td></tr></table>c", [(Trace.CITE, "b")]),
    ],
)
def test_traces(source: str, expected: list[tuple[Trace, str]]) -> None:
    assert traced(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "<" * 200_000,
        "<!--" * 50_000,
        "<div>" * 50_000,
        "<blockquote type=cite>" * 20_000,
        "<a " + "x=1 " * 50_000 + ">",
        "<a b=\"'>" * 30_000,
        "<i><div>" + "<b>" * 30_000 + "</i>" * 30_000,
        "&#" * 100_000,
        "&#" + "9" * 200_000 + ";",
        "<style>" * 30_000,
        "<td>1" * 40_000,
        "1" + " " * 200_000 + "x",
        "\u202e" * 200_000,
        "<!--[if " * 20_000,
        "<iframe srcdoc='&lt;iframe srcdoc=x&gt;'>" * 5_000,
    ],
)
def test_hostile_markup(source: str) -> None:
    rendered = render(source)
    assert len(rendered.text) + sum(len(words) for _, words in rendered.hidden) <= 2 * len(source) + 100


def test_tags_beyond_the_cap_are_stripped() -> None:
    source = "<b>" * (TAGS + 10) + f"slut <i>{NUMBER}</i>"
    assert render(source).text == f"slut {NUMBER}"
