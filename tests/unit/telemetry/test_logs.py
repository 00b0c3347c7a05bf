"""The log says what is on its list, and nothing else, whoever speaks."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.telemetry.logs import KEYS, MAX_ITEMS, MAX_TEXT, fault, keep_listed, tell_exceptions

SECRET = "Hemlig Andersson"


def kept(**line: object) -> dict[str, Any]:
    return dict(keep_listed(None, "info", {"event": "message", **line}))


def run(code: str, *, fmt: str = "json", level: str = "info") -> list[str]:
    """Return the lines on stderr of a process that logs."""
    head = (
        "import asyncio, logging, sys, threading, warnings\nimport structlog\n"
        "from gateway.telemetry.logs import bind, configure, unbind\n"
        f"configure({level!r}, {fmt!r})\nLOG = structlog.get_logger()\nSECRET = {SECRET!r}\n"
    )
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, timeout=60, check=False)
    return done.stderr.splitlines()


def told(code: str, **how: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(code, **how)]


# --- one line ------------------------------------------------------------------------------------


def test_keys_that_are_not_listed_are_dropped_and_named() -> None:
    line = kept(verdict="pass", subject=SECRET, sender=SECRET, rules=["private"])
    assert line == {"event": "message", "verdict": "pass", "rules": ["private"], "dropped": ["sender", "subject"]}


def test_a_key_that_is_itself_content_is_not_named() -> None:
    assert kept(**{SECRET: 1, "a@example.org": 2})["dropped"] == ["?", "?"]


def test_nothing_dropped_is_not_said() -> None:
    assert "dropped" not in kept(verdict="pass")


def test_no_listed_key_invites_content() -> None:
    assert KEYS.isdisjoint(
        {"sender", "recipient", "subject", "from", "to", "address", "client", "helo", "text", "body"}
    )


def keywords_logged() -> set[str]:
    """Return the keywords of every call on a logger in our code."""
    return {
        keyword.arg
        for file in (Path(__file__).parents[3] / "gateway").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "_LOG"
        for keyword in node.keywords
        if keyword.arg is not None
    }


def test_whatever_our_code_logs_is_listed() -> None:
    assert "error" in keywords_logged()
    assert keywords_logged() <= KEYS


@pytest.mark.parametrize("value", [["a@example.org"], "a@example.org", {"a": 1}, None])
def test_recipients_and_their_like_are_numbers_or_nothing(value: object) -> None:
    assert kept(recipients=value)["dropped"] == ["recipients"]
    assert kept(recipients=7)["recipients"] == 7


def test_addresses_are_masked_wherever_they_stand() -> None:
    line = kept(why="cannot reach Anna.A@example.org now", place=["<b@c>", "x"], result={"d@e": "f@g"})
    assert line["why"] == "cannot reach • now"
    assert line["place"] == ["•", "x"]
    assert line["result"] == {"•": "•"}


def test_the_kind_of_a_special_category_stays_out() -> None:
    line = kept(rule="special_category:health", rules=("special_category:union", "private"), observed={"a:b"})
    assert (line["rule"], line["rules"], line["observed"]) == (
        "special_category",
        ["special_category", "private"],
        ["a"],
    )


def test_values_are_reduced_to_what_json_can_say() -> None:
    line = kept(seconds={"total": 0.123456}, code=550, state=True, why=None, what=ValueError(SECRET), key=b"x")
    assert line["seconds"] == {"total": 0.1235}
    assert (line["code"], line["state"], line["why"]) == (550, True, None)
    assert (line["what"], line["key"]) == ("ValueError", "bytes")


def test_long_text_and_long_lists_are_cut() -> None:
    line = kept(why="x" * 5000, rules=["r"] * 5000)
    assert len(line["why"]) == MAX_TEXT
    assert line["why"].endswith("…")
    assert len(line["rules"]) == MAX_ITEMS


@pytest.mark.parametrize("event", [f"Mail from {SECRET}", "", "x" * 61, "å"])
def test_an_event_is_a_name_and_no_sentence(event: object) -> None:
    line = dict(keep_listed(None, "info", {"event": event}))
    assert (line["event"], line["dropped"]) == ("unnamed", ["event"])


VALUES = st.text(max_size=9) | st.binary(max_size=9) | st.floats() | st.integers() | st.none()


@given(
    st.dictionaries(
        st.sampled_from(sorted(KEYS)) | st.text(max_size=9),
        VALUES | st.lists(VALUES, max_size=3) | st.dictionaries(VALUES, VALUES, max_size=3),
        max_size=5,
    )
)
def test_any_line_becomes_json_of_listed_keys(line: dict[str, object]) -> None:
    result = dict(keep_listed(None, "info", {"event": "x", **line}))
    assert set(result) <= KEYS
    json.dumps(result, allow_nan=False)


def caught(work: Callable[[], object]) -> tuple[Exception, dict[str, Any]]:
    """Return what ``work`` raises, and the line that a handler of it would write."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error, dict(tell_exceptions(None, "error", {"event": "x", "exc_info": True}))
    pytest.fail("nothing was raised")


def test_of_an_exception_type_and_place_are_told() -> None:
    error, line = caught(lambda: int(SECRET))
    assert line == {"event": "x", **fault(error)}
    assert line["error"] == "ValueError"
    assert line["place"].startswith("test_logs.py:")
    assert tell_exceptions(None, "error", {"exc_info": (ValueError, error, None)}) == fault(error)


def test_the_place_is_where_our_own_code_stood() -> None:
    error, _ = caught(lambda: keep_listed(None, "info", 3))  # type: ignore[arg-type]
    assert fault(error)["place"].startswith("telemetry/logs.py:")


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert fault(ValueError(SECRET)) == {"error": "ValueError", "place": "unknown"}


# --- a whole process -------------------------------------------------------------------------------


def test_a_line_has_time_level_and_event_first() -> None:
    (line,) = told("LOG.info('message', verdict='pass')")
    assert list(line) == ["time", "level", "event", "verdict"]
    moment = datetime.fromisoformat(line["time"])
    assert moment.utcoffset() is not None
    assert line["time"].endswith("Z")


def test_levels_below_the_wished_one_are_silent() -> None:
    lines = told("LOG.debug('a'); LOG.info('b'); LOG.warning('c'); LOG.error('d')", level="warning")
    assert [line["event"] for line in lines] == ["c", "d"]


def test_the_reference_follows_its_task_alone() -> None:
    lines = told("""
async def message(reference):
    bind(reference)
    await asyncio.sleep(0)
    LOG.info('a')
    unbind()
    LOG.info('b')
async def both():
    await asyncio.gather(message('one'), message('two'))
    LOG.info('c')
asyncio.run(both())
""")
    assert [(line["event"], line.get("reference")) for line in lines] == [
        ("a", "one"),
        ("b", None),
        ("a", "two"),
        ("b", None),
        ("c", None),
    ]


def test_the_substrate_is_silent_about_content_at_every_level() -> None:
    assert (
        run(
            """
for name in ('mail.log', 'mail.debug', 'mail', 'asyncio'):
    logging.getLogger(name).info('%s', SECRET)
    logging.getLogger(name).debug('%s', SECRET)
""",
            level="debug",
        )
        == []
    )


def test_of_other_libraries_is_told_who_spoke_and_where() -> None:
    lines = told("""
logging.getLogger('mail.log').warning('MAIL FROM %s', SECRET)
logging.getLogger('asyncio').error(SECRET)
logging.getLogger('anything').critical(SECRET)
try:
    int(SECRET)
except ValueError:
    logging.getLogger('anything').exception(SECRET)
warnings.warn(SECRET)
""")
    assert SECRET not in json.dumps(lines)
    assert [(line["event"], line["logger"]) for line in lines] == [
        ("library_spoke", name) for name in ("mail.log", "asyncio", "anything", "anything", "py.warnings")
    ]
    assert lines[3]["error"] == "ValueError"


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("int(SECRET)", "crashed"),
        ("t = threading.Thread(target=int, args=(SECRET,)); t.start(); t.join()", "thread_failed"),
        ("class A:\n    def __del__(self): int(SECRET)\na = A()\ndel a", "clean_up_failed"),
    ],
)
def test_last_words_hold_no_content_and_no_stack(code: str, event: str) -> None:
    (line,) = told(code)
    assert SECRET not in json.dumps(line)
    assert (line["event"], line["error"]) == (event, "ValueError")


def test_a_task_that_nobody_awaited_tells_no_content() -> None:
    lines = told("""
async def main():
    asyncio.get_running_loop().create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
async def fail():
    raise ValueError(SECRET)
asyncio.run(main())
""")
    assert [(line["event"], line["error"]) for line in lines] == [("library_spoke", "ValueError")]
    assert SECRET not in json.dumps(lines)


def test_people_get_lines_without_braces() -> None:
    (line,) = run("LOG.warning('message', verdict='block', subject=SECRET)", fmt="console")
    assert "message" in line
    assert "verdict=block" in line
    assert SECRET not in line
    assert "{" not in line


def test_configuring_twice_does_not_double_the_lines() -> None:
    assert len(run("configure(); logging.getLogger('x').error('y'); LOG.info('z')")) == 2


def test_a_reader_that_is_stuck_does_not_stop_the_process_and_learns_what_it_missed() -> None:
    code = (
        "import sys, structlog\nfrom gateway.telemetry.logs import configure\nconfigure()\n"
        "LOG = structlog.get_logger()\n"
        "for _ in range(5000): LOG.info('message', verdict='pass')\n"
        "print('done', flush=True)\nsys.stdin.readline()\nLOG.info('after')\nLOG.info('last')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "done\n"  # while nobody has read a line of the log
        lines = [json.loads(process.stderr.readline())]
        process.stdin.write("\n")
        process.stdin.flush()
        lines += [json.loads(line) for line in process.stderr]
    after = next(line for line in lines if line["event"] in {"after", "last"} and "lost" in line)
    written = sum(1 for line in lines if line["event"] == "message")
    assert 0 < written < 5000
    assert written + after["lost"] in {5000, 5001}


def test_a_closed_stderr_stops_nothing() -> None:
    code = "import os\nos.close(2)\nLOG.info('x')\nprint('alive')"
    head = "import structlog\nfrom gateway.telemetry.logs import configure\nconfigure()\nLOG = structlog.get_logger()\n"
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "alive\n"
