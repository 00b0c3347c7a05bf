"""Pieces and the breaks between them."""

from __future__ import annotations

from gateway.message.flow import Flow


def test_breaks_are_held_back_until_text_follows() -> None:
    flow = Flow()
    flow.wish(2)
    flow.put("a")
    flow.wish(1)
    flow.wish(2)
    assert (flow.text, flow.length, flow.breaking) == ("a", 1, True)
    flow.put("b")
    assert (flow.text, flow.length, flow.breaking) == ("a\n\nb", 4, False)


def test_single_breaks_add_up_to_a_cap() -> None:
    flow = Flow()
    flow.put("a")
    for _ in range(9):
        flow.add_break()
    flow.put("b")
    assert flow.text == "a\n\n\nb"


def test_wishes_count_breaks_that_stand_already() -> None:
    flow = Flow()
    flow.put("a")
    flow.wish(1)
    flow.settle()
    assert (flow.text, flow.length, flow.blank) == ("a\n", 2, True)
    flow.wish(2)
    flow.put("b")
    assert flow.text == "a\n\nb"


def test_blanks_at_the_beginning_of_a_line_go() -> None:
    flow = Flow()
    flow.put("  ")
    flow.put(" a ")
    flow.put(" b")
    flow.put(" c\n", exact=True)
    assert flow.text == "a b c\n"
