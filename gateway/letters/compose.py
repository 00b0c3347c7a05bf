"""Letters from templates: words filled in a sandbox, laid out as text and HTML, checked when they are loaded.

The only place that knows Jinja. A text that names an unknown variable, or breaks for some message, is found when the
policies are loaded and not when somebody waits for the letter.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.letters.draft import Document, Matter, Variables, draft
from gateway.letters.letter import Letter, LetterContext, Letterhead, LetterKind
from gateway.letters.mail import Report, Sheet, make_message_id, write_mail
from gateway.letters.samples import samples
from gateway.letters.texts import LAYOUTS, Texts, letter_file, read_texts
from gateway.model import Problem

_HTML, _TEXT = LAYOUTS
_REMOTE: Final = re.compile(
    r"<(?:img|link|script|iframe|object|video|audio|base)\b|\bsrc\s*=|@import|url\s*\(", re.IGNORECASE
)
LONGEST_SUBJECT: Final = 120


class UnfitText(Exception):
    """A text cannot be used for the letter at hand."""

    def __init__(self, problem: Problem) -> None:
        """Keep where and why."""
        super().__init__(str(problem))
        self.problem = problem


class LetterTemplates:
    """All texts of one version of the policies; they travel with what has been compiled of them."""

    def __init__(self, texts: Texts, layouts: Mapping[str, str]) -> None:
        """Keep the sources."""
        self.texts = texts
        self._layouts = dict(layouts)
        self._compiled: dict[tuple[str, str, int], Template] = {}
        self._words = _environment(escaping=False)
        self._pages = _environment(escaping=True)

    def __getstate__(self) -> tuple[Any, ...]:
        """Travel as sources and code."""
        places = [(*place, self._environment_of(place[0]).compile(self._source(*place))) for place in self._compiled]
        return self.texts, self._layouts, marshal.dumps(places)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Arrive: nothing is compiled again, which would cost each process memory and whoever waits time."""
        texts, layouts, code = state
        LetterTemplates.__init__(self, texts, layouts)
        for file, key, number, compiled in marshal.loads(code):  # noqa: S302 - from our own process
            environment = self._environment_of(file)
            template = Template.from_code(environment, compiled, environment.make_globals(None))
            self._compiled[file, key, number] = template

    def _environment_of(self, file: str) -> ImmutableSandboxedEnvironment:
        return self._pages if file == _HTML else self._words

    def _source(self, file: str, key: str, number: int) -> str:
        return self.texts.get(file, key)[number] if key else self._layouts[file]

    def kind_of(self, rules: Collection[str], *, delivered: bool) -> LetterKind:
        """Return which letter tells of these rules: only advice where each of them only advises."""
        if not delivered:
            return LetterKind.BLOCKED
        tones = {self.texts.tone(rule) for rule in rules}
        return LetterKind(tones.pop() or "warned") if len(tones) == 1 else LetterKind.WARNED

    def is_advice(self, rule: str) -> bool:
        """Tell whether letters about a rule alone only advise."""
        return self.texts.tone(rule) == LetterKind.ADVICE.value

    def say(self, file: str, key: str, variables: Variables) -> list[str]:
        """Return the texts of a key, each on one line, with their variables filled in. Raises UnfitText."""
        said = []
        for number, source in enumerate(self.texts.get(file, key)):
            words = self._fill(file, key, number, source, variables)
            said.append(" ".join(words.split()))
        return said

    def lay_out(self, file: str, document: Document) -> str:
        """Return the document as text or HTML. Raises UnfitText."""
        return self._fill(file, "", 0, self._layouts[file], {"document": document})

    def _fill(self, file: str, key: str, number: int, source: str, variables: Variables) -> str:
        if "{" not in source:
            return source
        try:
            template = self._compiled.get((file, key, number))
            if template is None:
                template = self._compiled[file, key, number] = self._environment_of(file).from_string(source)
            return template.render(variables)
        except TemplateSyntaxError as error:
            line = error.lineno if not key else None
            raise UnfitText(Problem(file=file, key=key, text=f"{error.message}", line=line)) from None
        except (TemplateError, ArithmeticError, TypeError, ValueError, AttributeError, LookupError) as error:
            raise UnfitText(Problem(file=file, key=key, text=f"cannot be filled in: {error}")) from None


def _environment(*, escaping: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=escaping,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=(),
    )


# --- composing -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Typeset:
    """The words of a letter in both renderings."""

    subject: str
    text: str
    html: str


def typeset(matter: Matter, templates: LetterTemplates) -> Typeset:
    """Return what a letter says. Raises UnfitText where a text breaks in spite of the check at load."""
    document = draft(matter, templates.texts, templates.say)
    return Typeset(
        subject=document.subject,
        text=templates.lay_out(_TEXT, document),
        html=templates.lay_out(_HTML, document),
    )


def compose(kind: LetterKind, context: LetterContext, templates: LetterTemplates, house: Letterhead) -> Letter:
    """Return the finished letter. Raises UnfitText where a text breaks in spite of the check at load."""
    words = typeset(Matter(kind=kind, context=context, house=house), templates)
    sheet = Sheet(
        sender=house.sender,
        sender_name=house.sender_name,
        reply_to=context.answer_to or house.reply_to,
        recipient=context.recipient,
        subject=words.subject,
        message_id=make_message_id(context.reference, kind.value, house.hostname, house.key),
        date=context.written_at,
        text=words.text,
        html=words.html,
        in_reply_to=context.message_id,
        references=context.references,
        generated=kind is LetterKind.DIGEST,
        report=_report(context, house) if kind is LetterKind.REPORT else None,
    )
    rules = tuple(dict.fromkeys(reason.rule for reason in context.reasons))
    return Letter(
        kind=kind,
        recipient=context.recipient,
        message_id=sheet.message_id,
        octets=write_mail(sheet, house.key),
        reference=context.reference,
        written_at=context.written_at,
        rules=rules,
        delivered=kind is not LetterKind.BLOCKED,
        topics=_topics(kind, context, rules),
    )


def _report(context: LetterContext, house: Letterhead) -> Report | None:
    if context.status is None:
        return None
    return Report(status=context.status, reporting=house.hostname, arrived=context.occurred_at)


def _topics(kind: LetterKind, context: LetterContext, rules: tuple[str, ...]) -> tuple[str, ...]:
    if kind is LetterKind.NOT_MOTIVATED:
        # An automatic answer that does not say that it is one shall not be answered again and again.
        return (f"{context.plea.fault} {context.mailing}",)
    if kind is LetterKind.ADVICE:
        return tuple(f"advice {rule}" for rule in rules)
    fate = "stopped" if kind is LetterKind.BLOCKED else "delivered"
    if any(reason.permitted for reason in context.reasons):
        fate = "stopped in spite of a permit"
    return tuple(f"{fate} {rule} {context.mailing or context.reference}" for rule in rules)


# --- loading -------------------------------------------------------------------------------------


def load_letters(files: Mapping[str, str]) -> tuple[LetterTemplates, list[Problem]]:
    """Return the templates in the policies' files (path → content), and every mistake in them.

    Where there are mistakes the templates are not fit for use.
    """
    texts, problems = read_texts(files)
    templates = LetterTemplates(texts, {name: files.get(name, "") for name in LAYOUTS})
    found = [*problems, *_remote(files)]
    if not problems:
        found += _tried(templates)
    return templates, list(dict.fromkeys(found))


def _remote(files: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what would make a mail program fetch something: that tells a stranger who reads what, and when."""
    match = _REMOTE.search(files.get(_HTML, ""))
    if match:
        line = files[_HTML].count("\n", 0, match.start()) + 1
        yield Problem(file=_HTML, key="", text=f"a letter fetches nothing from outside: {match[0]!r}", line=line)


def _tried(templates: LetterTemplates) -> Iterator[Problem]:
    """Yield what goes wrong in letters of every kind, about every rule, with and without everything optional."""
    laid_out: set[tuple[LetterKind, Letterhead]] = set()
    for matter in samples(templates.texts.rules):
        sort = (matter.kind, matter.house)
        try:
            document = draft(matter, templates.texts, templates.say)
            if sort not in laid_out:
                laid_out.add(sort)
                templates.lay_out(_TEXT, document)
                templates.lay_out(_HTML, document)
        except UnfitText as error:
            yield error.problem
            continue
        if len(document.subject) > LONGEST_SUBJECT:
            text = f"is longer than {LONGEST_SUBJECT} characters: {document.subject}"
            yield Problem(file=letter_file(matter.kind), key="sv.subject", text=text)
