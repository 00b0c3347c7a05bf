"""Loading settings: what wins over what, and what people are told about their mistakes."""

from __future__ import annotations

import itertools
import os
import tomllib
from pathlib import Path

import pytest

from gateway.config import Settings, example, load_settings, render_settings
from gateway.model import InvalidConfiguration, Problem

ROOT = Path(__file__).parents[2]
BAD_CONFIGS = sorted(path for path in (ROOT / "tests" / "bad_configs").iterdir() if path.is_dir())


def problems_of(file: Path | None, *overrides: str, **flags: object) -> list[Problem]:
    dotted = {key.replace("__", "."): value for key, value in flags.items()}
    with pytest.raises(InvalidConfiguration) as caught:
        load_settings(file, overrides, dotted)
    return caught.value.problems


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "utpost.toml"
    file.write_text(text, encoding="utf-8")
    return file


# --- what wins -------------------------------------------------------------------------------


def test_nothing_given_means_the_defaults() -> None:
    assert load_settings(None) == Settings()


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "")) == Settings()


def test_the_file_wins_over_defaults_the_overrides_over_the_file_and_flags_over_all(tmp_path: Path) -> None:
    file = written(tmp_path, 'workers = 1\n[relay]\naddress = "192.0.2.1:25"\nidle_seconds = 1\n')
    settings = load_settings(
        file,
        ["workers=2", 'relay.address="192.0.2.2:25"', "timeouts.drain=7"],
        {"relay.address": "192.0.2.3:25", "state.directory": Path("/srv/utpost"), "metrics.listen": None},
    )
    assert settings.relay.address == "192.0.2.3:25"
    assert settings.workers == 2
    assert settings.relay.idle_seconds == 1
    assert settings.timeouts.drain == 7
    assert settings.state.directory == Path("/srv/utpost")
    assert settings.metrics.listen == Settings().metrics.listen


def test_later_overrides_win() -> None:
    assert load_settings(None, ["workers=2", "workers=3"]).workers == 3


def test_lists_become_tuples(tmp_path: Path) -> None:
    file = written(tmp_path, '[listen]\nsmtp = ["127.0.0.1:2525", "[::1]:2525"]\n[letters]\nretry_seconds = [1, 2.5]\n')
    settings = load_settings(file)
    assert settings.listen.smtp == ("127.0.0.1:2525", "[::1]:2525")
    assert settings.letters.retry_seconds == (1.0, 2.5)


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(tmp_path: Path) -> None:
    file = tmp_path / "utpost.toml"
    file.write_bytes('﻿workers = 3\r\n[letters]\r\nsender_name = "Örkelljunga"\r\n'.encode())
    settings = load_settings(file)
    assert (settings.workers, settings.letters.sender_name) == (3, "Örkelljunga")


def test_an_override_takes_any_toml_value() -> None:
    settings = load_settings(
        None,
        [
            'ledger.url="redis://127.0.0.1:6379/0"',
            "listen.smtp=['127.0.0.1:0']",
            'letters.sender_name = "a = b"',
            "metrics.listen='off'",
        ],
    )
    assert settings.ledger.url == "redis://127.0.0.1:6379/0"
    assert settings.listen.smtp == ("127.0.0.1:0",)
    assert settings.letters.sender_name == "a = b"
    assert settings.metrics.endpoint is None


def test_flags_take_a_list_or_a_tuple() -> None:
    assert load_settings(None, (), {"listen.smtp": ["127.0.0.1:1"]}) == load_settings(
        None, (), {"listen.smtp": ("127.0.0.1:1",)}
    )


def test_empty_text_is_no_path() -> None:
    assert load_settings(None, ['policies.directory=""']).policies.directory is None
    assert problems_of(None, 'state.directory=""')[0].key == "state.directory"


# --- what people are told ----------------------------------------------------------------------


@pytest.mark.parametrize("case", BAD_CONFIGS, ids=lambda path: path.name)
def test_every_mistake_of_a_bad_file_is_told_with_key_and_line(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    told = [str(problem) for problem in problems_of(Path("utpost.toml"))]
    wanted = (case / "expected.txt").read_text("utf-8").splitlines()
    # A reason that Python itself words is only begun.
    begun = [
        line[: len(want) - 1] + "…" if want.endswith("…") else line for line, want in zip(told, wanted, strict=False)
    ]
    assert begun + told[len(begun) :] == wanted


@pytest.mark.parametrize("case", BAD_CONFIGS, ids=lambda path: path.name)
def test_a_problem_is_one_line_without_a_stack_trace(case: Path) -> None:
    for problem in problems_of(case / "utpost.toml"):
        assert str(problem).startswith(str(case / "utpost.toml"))
        assert "\n" not in str(problem)
        assert "Traceback" not in str(problem)
        assert "pydantic" not in str(problem)


def test_a_password_is_not_repeated(tmp_path: Path) -> None:
    for value in ("redis//:hemligt@192.0.2.1", "redis://:hemligt@", "http://:hemligt@192.0.2.1"):
        told = [
            *problems_of(written(tmp_path, f'[ledger]\nurl = "{value}"\n')),
            *problems_of(None, f"ledger.url={value}"),
        ]
        assert "hemligt" not in "".join(map(str, told))


def test_a_missing_file_is_told_in_one_line(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path / "utpost.toml")
    assert str(problem) == f"{tmp_path}/utpost.toml: cannot be read: No such file or directory"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path)
    assert problem.text == "cannot be read: Is a directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    file = written(tmp_path, "")
    file.chmod(0)
    (problem,) = problems_of(file)
    assert problem.text == "cannot be read: Permission denied"


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    (problem,) = problems_of(Path("/dev/zero"))
    assert problem.text.startswith("is larger than 1 MiB")


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("workers", "--set: must be KEY=VALUE, for instance --set workers=2"),
        ("=2", "--set: must be KEY=VALUE, for instance --set workers=2"),
        ("re lay.address=1", "--set: must be KEY=VALUE, for instance --set workers=2"),
        ("log_level=debug", """log_level: is not a TOML value; text stands in quotes: --set 'log_level="debug"'"""),
        (
            "listen.smtp=127.0.0.1:25",
            """listen.smtp: is not a TOML value; text stands in quotes: --set 'listen.smtp=["127.0.0.1:25"]'""",
        ),
        ("relay.address=", """relay.address: is not a TOML value; text stands in quotes: --set 'relay.address=""'"""),
        ("workers=1\nlog_level='debug'", "workers: is not a TOML value"),
        ("relay.adress=1", "--set: relay.adress: is not a known key; did you mean relay.address?"),
        ("relay=1", "--set: relay: must be a table, not a whole number"),
        ("workers.x=1", "--set: workers: must be a whole number, not a table"),
        ("workers=" + "[" * 5000, "workers: is not a TOML value"),
    ],
)
def test_a_bad_override_is_told_with_the_remedy(override: str, told: str) -> None:
    assert told in "\n".join(map(str, problems_of(None, override)))


def test_mistakes_of_all_sources_are_told_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, "workers = -1\n")
    told = {(p.file, p.key) for p in problems_of(file, "limits.sessions=0", "nonsense", relay__address="x")}
    assert told == {
        (str(file), "workers"),
        ("--set", "limits.sessions"),
        ("--set", ""),
        ("command line", "relay.address"),
    }


def test_a_contradiction_is_placed_where_a_person_wrote_something(tmp_path: Path) -> None:
    file = written(tmp_path, "\n\n[ledger]\nurl = 'memory'\n")
    told = [(p.file, p.key, p.line) for p in problems_of(file, "workers=2")]
    assert told == [(str(file), "ledger.url", 4)]


# --- what is shown -------------------------------------------------------------------------------


def test_what_is_shown_loads_to_the_same_settings(tmp_path: Path) -> None:
    settings = load_settings(
        None,
        [
            'letters.sender_name="Utpost \\"provet\\" \\\\ åäö"',
            "letters.retry_seconds=[0.5, 1e7]",
            'policies.directory="/srv/regler åäö"',
            "workers=7",
            "letters.expire_hours=8000",
        ],
    )
    assert load_settings(written(tmp_path, render_settings(settings))) == settings


def test_a_password_is_shown_as_asterisks() -> None:
    shown = render_settings(load_settings(None, ['ledger.url="redis://utpost:hemligt@192.0.2.1:6379/0"']))
    assert tomllib.loads(shown)["ledger"]["url"] == "redis://utpost:***@192.0.2.1:6379/0"


def test_a_password_without_user_is_shown_as_asterisks() -> None:
    shown = render_settings(load_settings(None, ['ledger.url="rediss://:hem:lig@t@[2001:db8::1]:6379/0"']))
    assert tomllib.loads(shown)["ledger"]["url"] == "rediss://:***@[2001:db8::1]:6379/0"


def test_the_example_file_is_up_to_date() -> None:
    assert (ROOT / "deploy" / "utpost.example.toml").read_text("utf-8") == example(), (
        "write it anew: python -c 'from gateway.config import example; print(example(), end=\"\")'"
    )


def test_the_example_file_loads_to_the_defaults() -> None:
    assert load_settings(ROOT / "deploy" / "utpost.example.toml") == Settings()


def test_every_key_of_the_example_uncommented_loads_to_the_defaults(tmp_path: Path) -> None:
    lines = (line[1:] if line.startswith("#") and line[1:2].isalpha() else line for line in example().splitlines())
    text = "\n".join(lines)
    assert load_settings(written(tmp_path, text)) == Settings()
    shown, keys = tomllib.loads(render_settings(Settings())), tomllib.loads(text)
    assert keys == shown


def test_every_key_of_the_example_is_documented() -> None:
    lines = example().splitlines()
    for before, line in itertools.pairwise(lines):
        if line.startswith("#") and line[1:2].isalpha():
            assert before.startswith("# ")
            assert before != "#"


# --- what the settings say -----------------------------------------------------------------------


def test_settings_answer_in_the_terms_of_those_who_use_them() -> None:
    settings = load_settings(
        None,
        [
            'relay.address="unix:/run/relay"',
            'scope.domains=["Politik.Orkelljunga.SE", "örkelljunga.example"]',
            'access.networks=["192.0.2.0/24", "2001:db8::/32"]',
            "workers=3",
        ],
    )
    assert settings.relay.endpoint.path == "/run/relay"
    assert settings.scope.folded == {"politik.orkelljunga.se", "xn--rkelljunga-dcb.example"}
    assert [n.prefixlen for n in settings.access.parsed] == [24, 32]
    assert settings.processes == 3
    assert settings.letters.endpoint is None
    assert [e.port for e in settings.listen.endpoints] == [2525]


def test_without_a_number_there_is_one_worker_for_each_core() -> None:
    assert Settings().processes == len(os.sched_getaffinity(0))


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().relay.address = "192.0.2.1:25"  # type: ignore[misc]
