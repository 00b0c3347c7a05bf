"""The first configuration of an installation: a commented file and a copy of the policies that only observe."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.config import Settings, example, load_settings
from gateway.judgement import load_judgement, policies_directory
from gateway.model import Refused

FILE: Final = "utpost.toml"
FOLDER: Final = "policies"
_MODE: Final = re.compile(r'^mode = "(?:warn|block)"', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that every installation must know about itself."""

    key: str
    flag: str
    words: str
    many: bool = False
    """Whether the answer is a list, separated by spaces."""


QUESTIONS: Final = (
    Question(key="listen.smtp", flag="--listen", words="where clients connect, HOST:PORT", many=True),
    Question(key="listen.hostname", flag="--hostname", words="the name in greetings (empty: the machine's own)"),
    Question(key="access.networks", flag="--network", words="networks of the mail servers that may connect", many=True),
    Question(key="relay.address", flag="--relay", words="the municipal relay, HOST:PORT"),
    Question(key="scope.domains", flag="--domain", words="the representatives' mail domains", many=True),
    Question(key="letters.sender", flag="--letters-from", words="the address that letters come from"),
    Question(key="letters.contact", flag="--contact", words="whom letters name for questions"),
    Question(key="letters.reply_to", flag="--reply-to", words="where answers to letters go"),
    Question(
        key="motivation.address", flag="--motivation", words="where reasons for mailings are received (empty: not)"
    ),
)


def ask(given: Mapping[str, object], read: Callable[[str], str]) -> dict[str, object]:
    """Return answers to the questions that flags have not answered; Enter keeps the default."""
    answers = dict(given)
    for question in QUESTIONS:
        if question.key in answers:
            continue
        default = _default(question.key)
        shown = " ".join(default) if isinstance(default, tuple) else str(default)
        if told := read(f"{question.words} [{shown}]: ").strip():
            answers[question.key] = tuple(told.split()) if question.many else told
    return answers


def _default(key: str) -> object:
    section, name = key.split(".")
    return getattr(getattr(Settings(), section), name)


def initialise(directory: Path, answers: Mapping[str, object], state: Path | None = None) -> Settings:
    """Write configuration and policies into ``directory``; return what the configuration loads to.

    Raises Refused where something is there already or cannot be written, InvalidConfiguration for answers that are
    mistakes: then nothing is written.
    """
    directory = directory.absolute()
    chosen = {
        **answers,
        "policies.directory": directory / FOLDER,
        "state.directory": (state or directory / "state").absolute(),
    }
    load_settings(None, (), chosen)
    file, folder = directory / FILE, directory / FOLDER
    for path in (file, folder):
        if path.exists():
            raise Refused(f"{path} is there already and stays as it is; choose another folder")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        shutil.copytree(policies_directory(Settings()), folder, ignore=shutil.ignore_patterns("__pycache__"))
        for rule in sorted((folder / "rules").glob("*.toml")):
            rule.write_text(_MODE.sub('mode = "observe"', rule.read_text("utf-8"), count=1), "utf-8")
        load_judgement(folder)
        file.write_text(example(chosen), "utf-8")
    except OSError as error:
        raise Refused(f"{error.filename or directory} cannot be written ({error.strerror})") from None
    return load_settings(file)
