"""What an element says about the words in it."""

from __future__ import annotations

import pytest

from gateway.message.traces import Trace, trace_of


@pytest.mark.parametrize(
    ("name", "attributes", "style", "trace"),
    [
        ("blockquote", {}, "", Trace.INDENT),
        ("blockquote", {"type": "CITE"}, "", Trace.CITE),
        ("blockquote", {"cite": "mid:x"}, "", Trace.CITE),
        ("blockquote", {"class": "gmail_quote"}, "", Trace.CITE),
        ("blockquote", {}, "border-left:solid", Trace.CITE),
        ("div", {"class": "gmail_quote_container gmail_quote"}, "", Trace.CONTAINER),
        ("div", {"class": "gmail_attr"}, "", Trace.INTRODUCTION),
        ("p", {"id": "reply-intro"}, "", Trace.INTRODUCTION),
        ("div", {"id": "divRplyFwdMsg"}, "", Trace.DIVIDER),
        ("div", {"class": "OutlookMessageHeader"}, "", Trace.DIVIDER),
        ("div", {}, "border:none;border-top:solid#e1e1e11.0pt;padding:3.0pt0cm0cm0cm", Trace.DIVIDER),
        ("div", {}, "border-top:solid#b5c4df1.0pt;padding:3pt0in0in", Trace.DIVIDER),
        ("div", {"class": "gmail_signature"}, "", Trace.SIGNATURE),
        ("div", {"id": "Signature"}, "", Trace.SIGNATURE),
        ("div", {"id": "x_Signature"}, "", Trace.SIGNATURE),
        ("div", {"class": "signature-needed"}, "", None),
        ("p", {}, "border-top:solid;padding:3.0pt0cm", None),
        ("div", {"class": "x"}, "", None),
        ("div", {}, "", None),
    ],
)
def test_trace(name: str, attributes: dict[str, str], style: str, trace: Trace | None) -> None:
    assert trace_of(name, attributes, style) is trace
