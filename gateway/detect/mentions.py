"""Persons in a sentence: names, relations, functions, pronouns, and how well each points somebody out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.detect import topics
from gateway.detect.sentences import Sentence, Token

_GIVEN: Final = topics.GIVEN | topics.GIVEN_RARE | topics.GIVEN_WORD
_SURNAME: Final = topics.SURNAME | topics.SURNAME_WORD
_TITLE: Final = topics.ROLE | topics.SUBJECT
_VERBS: Final = topics.BE | topics.HAVE
PERSONAL: Final = (
    _GIVEN | _SURNAME | _TITLE | topics.OFFICE | topics.CALLING | topics.RELATION | topics.FAMILY | topics.PRONOUN
    | topics.SELF
)  # fmt: skip
"""Bits of words that may begin a person."""
_WORTH: Final = PERSONAL | _VERBS
_ANYBODY: Final = (
    topics.ROLE | topics.SUBJECT | topics.RELATION | topics.PRONOUN | topics.OFFICE | topics.PLURAL | _GIVEN | _SURNAME
    | topics.SELF | topics.ANONYMOUS | topics.SEVERAL | topics.POLICY
)  # fmt: skip
_CLASS: Final = re.compile(
    r"(?:f-klass\w*|n\d|\d{1,2}[a-zåäö]?|nian|åttan|sjuan|sexan|femman|fyran|trean|tvåan|ettan)$"
)
_CLASSES: Final = ("klass", "årskurs", "åk", "class", "grade")
_INTO: Final = frozenset(
    {"i", "på", "från", "vid", "hos", "ur", "in", "at", "from", "bak", "ovanför", "bakom", "under"}
)
_PARTICLES: Final = frozenset({"von", "van", "af", "de", "al", "el", "bin", "ben", "la", "der"})
_OR: Final = frozenset({"eller", "/", "or"})
_LINKING: Final = frozenset({"och", "o", "å", "samt", "and"})
_DEFINITE: Final = ("en", "an", "et", "ern", "orn", "un", "arn", "ens", "ans", "ets", "erns", "orns", "uns")
_INDEFINITE: Final = frozenset({"man", "barn", "vän", "syskon", "en", "an"})
_LOOSE: Final = frozenset({"deras", "era", "ert", "er", "dess", "their", "your"})
_REFLEXIVE: Final = frozenset({"sin", "sitt", "sina"})
_GENERIC: Final = ("barn", "föräld", "unga", "ungd", "anhörig", "vårdnad")
_LONGEST_NAME: Final = 4
_GREETINGS: Final = frozenset(
    {"hej", "hejsan", "hejhej", "hallå", "tjena", "tja", "tjenare", "morrn", "godmorgon", "goddag", "morgon", "dag",
     "kväll", "kära", "käre", "bästa", "bäste", "tack", "dear", "hi", "hello", "hei", "kære", "kjære", "moi", "hyvä"}
)  # fmt: skip
"""Words right before the name of somebody who is greeted; of "God morgon" the last one."""
_BEFORE_GREETING: Final = frozenset({"god", "hej"})
_GREETED_TOO: Final = frozenset({"och", "o", "å", "samt", "and", "alla"})
_DESCRIBING: Final = (
    topics.OWNER | topics.RELATION | topics.ROLE | topics.SUBJECT | topics.OFFICE | topics.CALLING | topics.PLACE
)
"""What may follow the name of somebody who is spoken of, after a comma."""
_RELATIVE: Final = frozenset({"som", "vars", "who", "whose"})
_GREETED: Final = 6
"""Words and marks of a sentence in which one is greeted."""
_INITIAL: Final = 1


class Who(Enum):
    """How a person is pointed out."""

    FULL = "full"
    """First name and surname."""
    PLACED = "placed"
    """First name with class, workplace or address."""
    TITLED = "titled"
    """First name with function or relation."""
    GIVEN = "given"
    """First name alone."""
    SURNAME = "surname"
    """Surname alone, or with an initial."""
    FAMILY = "family"
    """A family or a couple by name."""
    RELATION = "relation"
    """Somebody's relative or neighbour."""
    ROLE = "role"
    """A function in the definite form, or with an owner."""
    SUBJECT = "subject"
    """The pupil, the tenant: somebody with a case."""
    PRONOUN = "pronoun"
    SELF = "self"
    """The sender."""


NAMED: Final = frozenset({Who.FULL, Who.PLACED, Who.TITLED, Who.GIVEN, Who.SURNAME, Who.FAMILY})


@dataclass(slots=True)
class Mention:
    """A person in a sentence, as a range of tokens."""

    first: int
    last: int
    """The token after the mention."""
    who: Who
    placed: bool = False
    owned: bool = False
    loosely: bool = False
    """The owner is no one in particular (sina barn, deras föräldrar)."""
    reflexive: bool = False
    """The owner is somebody else in the sentence (sin son)."""
    generic: bool = False
    """Children and parents, as laws speak of them."""
    titled: bool = False
    office: bool = False
    calling: bool = False
    party: bool = False
    public: bool = False
    addressed: bool = False
    """Whom a greeting is for (Hej Karin)."""
    sure: bool = True
    """False where only capital letters tell a name."""


def mentions_of(sentence: Sentence, *, lower_case: bool) -> list[Mention]:
    """Return the persons of a sentence in order."""
    return list(_Scanner(sentence, lower_case=lower_case).scan())


def _is_definite(low: str) -> bool:
    return low.endswith(_DEFINITE) and low not in _INDEFINITE and not low.endswith("man")


class _Scanner:
    """One walk over the tokens of a sentence."""

    def __init__(self, sentence: Sentence, *, lower_case: bool) -> None:
        self._tokens = sentence.tokens
        self._lower = lower_case
        self._first = sentence.start == 0

    def scan(self) -> Iterator[Mention]:
        done = 0
        for at in [n for n, t in enumerate(self._tokens) if t.bits & _WORTH or (t.capital and not t.bits)]:
            if at < done:
                continue
            mention = self._mention(at)
            if mention is not None:
                self._mark(mention)
                yield mention
                done = mention.last

    def _mention(self, at: int) -> Mention | None:
        token = self._tokens[at]
        if not token.bits & PERSONAL:
            unknown = token.capital and not token.bits
            return self._name(at) if unknown else self._little(at) if token.bits & _VERBS else None
        return self._name(at) or self._family(at) or self._relation(at) or self._function(at) or self._little(at)

    def _token(self, at: int) -> Token | None:
        return self._tokens[at] if 0 <= at < len(self._tokens) else None

    def _has(self, at: int, bits: int) -> bool:
        return 0 <= at < len(self._tokens) and bool(self._tokens[at].bits & bits)

    def _opens(self, at: int) -> bool:
        """Tell whether a token begins the sentence, so that its capital letter means nothing."""
        while at > 0 and not self._tokens[at - 1].low[0].isalnum() and self._tokens[at - 1].low not in ",(":
            at -= 1
        return at == 0

    # --- names -----------------------------------------------------------------------------------

    def _is_given(self, at: int) -> bool:
        token = self._tokens[at]
        if not token.bits & _GIVEN:
            return False
        if token.bits & topics.GIVEN_WORD and not token.bits & topics.GIVEN:
            return token.capital and (not self._opens(at) or self._is_surname(at + 1) or self._place(at + 1)[0])
        if token.capital:
            return not (self._opens(at) and token.bits & topics.GIVEN_RARE and token.genitive)
        return bool(token.bits & topics.GIVEN) and (self._lower or not token.genitive) and len(token.low) > 2  # noqa: PLR2004

    def _is_surname(self, at: int, *, strict: bool = False) -> bool:
        token = self._token(at)
        if token is None or not token.low[0].isalpha():
            return False
        if not token.capital:
            return bool(token.bits & topics.SURNAME) and self._lower and len(token.low) > 3  # noqa: PLR2004
        if token.bits & (_SURNAME | _GIVEN):
            return True
        known = token.bits & ~(topics.HEAD | topics.PLACE | topics.METAPHOR | topics.PUBLIC)
        return not strict and not known and len(token.low) > _INITIAL

    def _is_initial(self, at: int) -> bool:
        token = self._token(at)
        return token is not None and token.capital and len(token.low) == _INITIAL and not self._is_party(at)

    def _is_party(self, at: int) -> bool:
        token = self._token(at - 1)
        return token is not None and token.low == "("

    def _name(self, at: int) -> Mention | None:
        token = self._tokens[at]
        if not token.low[0].isalpha():
            return None
        if self._is_given(at):
            return self._from_given(at)
        if token.capital and token.bits & _SURNAME and not token.bits & (topics.PLACE | topics.ROLE):
            return self._from_surname(at)
        if token.capital and not token.bits and not self._opens(at) and len(token.low) > 1:
            following = self._token(at + 1)
            if following is not None and following.capital and following.bits & _SURNAME and not following.genitive:
                return Mention(at, at + 2, Who.FULL, sure=bool(following.bits & topics.SURNAME))
        return None

    def _from_given(self, at: int) -> Mention:
        last = at + 1
        who = Who.GIVEN
        while last < len(self._tokens) and last - at < _LONGEST_NAME:
            if self._tokens[last - 1].genitive:
                break
            if self._tokens[last].low in _PARTICLES and self._is_surname(last + 1):
                last += 1
            elif self._is_surname(last):
                who = Who.FULL
                last += 1
            elif self._is_initial(last):
                who = Who.FULL
                last += 1
                break
            else:
                break
        return Mention(at, last, who)

    def _from_surname(self, at: int) -> Mention | None:
        if self._is_initial(at + 1):
            return Mention(at, at + 2, Who.FULL)
        if self._has(at - 1, _TITLE) or (self._has(at + 2, _SURNAME) and self._tokens[at + 2].capital):
            return Mention(at, at + 1, Who.SURNAME)
        if self._tokens[at].bits & topics.SURNAME and not self._opens(at):
            return Mention(at, at + 1, Who.SURNAME)
        before = self._token(at - 1)
        if self._tokens[at].bits & topics.SURNAME and (before is None or not before.low.isalpha()):
            return Mention(at, at + 1, Who.SURNAME, sure=False)
        return None

    def _family(self, at: int) -> Mention | None:
        if not self._tokens[at].bits & topics.FAMILY:
            return None
        last = end = at + 1
        while end < len(self._tokens) and end - at < 6:  # noqa: PLR2004
            token = self._tokens[end]
            named = token.capital or (self._lower and bool(token.bits & (_GIVEN | topics.SURNAME)))
            if not named and token.low not in _LINKING:
                break
            end += 1
            last = end if named else last
        if last > at + 1:
            return Mention(at, last, Who.FAMILY)
        placed, end = self._place(at + 1)
        return Mention(at, end, Who.FAMILY, placed=True) if placed else None

    # --- relations and functions -----------------------------------------------------------------

    def _owner(self, at: int) -> Token | None:
        """Return the owner before a token, an adjective or two apart."""
        for back in range(1, 4):
            token = self._token(at - back)
            if token is None or not token.low[0].isalpha():
                return None
            if token.bits & topics.OWNER or (token.genitive and token.bits & _GIVEN):
                return token
        return None

    def _relation(self, at: int) -> Mention | None:
        token = self._tokens[at]
        if not token.bits & topics.RELATION or (token.bits & topics.PLURAL and not self._owner(at)):
            return None
        if at + 1 < len(self._tokens) and self._is_given(at + 1):
            mention = self._from_given(at + 1)
            mention.first = at
            mention.titled = True
            mention.owned = self._owner(at) is not None
            if mention.who is Who.GIVEN:
                mention.who = Who.TITLED
            return mention
        owner = self._owner(at)
        placed, last = self._place(at + 1)
        if not (owner or placed or _is_definite(token.low)):
            return None
        mention = Mention(at, last if placed else at + 1, Who.RELATION, placed=placed, owned=owner is not None)
        mention.loosely = owner is not None and owner.low in _LOOSE
        mention.reflexive = owner is not None and owner.low in _REFLEXIVE
        mention.generic = token.low.startswith(_GENERIC)
        return mention

    def _function(self, at: int) -> Mention | None:
        token = self._tokens[at]
        if not token.bits & (_TITLE | topics.OFFICE | topics.CALLING) or token.bits & topics.PLURAL:
            return None
        name = at + 2 if self._low(at + 1) == "," else at + 1
        if name < len(self._tokens) and (self._is_given(name) or self._tokens[name].bits & _SURNAME):
            mention = self._name(name)
            if mention is not None:
                return self._titled(mention, at, token)
        owned = self._owner(at) is not None
        placed, last = self._place(at + 1)
        definite = _is_definite(token.low)
        if not (definite or owned or (placed and token.bits & topics.SUBJECT)):
            return None
        who = Who.SUBJECT if token.bits & topics.SUBJECT else Who.ROLE
        mention = Mention(at, last if placed else at + 1, who, placed=placed, owned=owned)
        mention.office = bool(token.bits & topics.OFFICE)
        mention.calling = bool(token.bits & topics.CALLING)
        return mention

    def _titled(self, mention: Mention, at: int, token: Token) -> Mention:
        mention.first = at
        mention.titled = True
        mention.owned = self._owner(at) is not None
        mention.office = bool(token.bits & topics.OFFICE)
        mention.calling = bool(token.bits & topics.CALLING)
        if mention.who in (Who.GIVEN, Who.SURNAME):
            mention.who = Who.TITLED
        return mention

    def _little(self, at: int) -> Mention | None:
        token = self._tokens[at]
        if token.bits & topics.PRONOUN:
            return Mention(at, at + 1, Who.PRONOUN, generic=self._either(at))
        if token.bits & topics.SELF or self._implied(at):
            return Mention(at, at + 1, Who.SELF)
        return None

    def _either(self, at: int) -> bool:
        """Tell "han eller hon", as laws speak of anybody."""
        return any(self._low(at + n) in _OR and self._has(at + 2 * n, topics.PRONOUN) for n in (1, -1))

    def _low(self, at: int) -> str:
        token = self._token(at)
        return "" if token is None else token.low

    def _implied(self, at: int) -> bool:
        """Tell whether a sentence begins with its verb: the writer leaves himself out."""
        token = self._tokens[at]
        if not token.bits & (topics.BE | topics.HAVE) or self._tokens[-1].low == "?":
            return False
        following = self._token(at + 1)
        if following is None or following.bits & _ANYBODY or following.low.endswith(("en", "et", "an", "na")):
            return False
        before = [t.low for t in self._tokens[:at] if t.low[0].isalnum()]
        return not before or before in (["hej"], ["tyvärr"], ["hejsan"])

    # --- what follows a person -------------------------------------------------------------------

    def _place(self, at: int) -> tuple[bool, int]:
        """Return whether class, workplace or address follow, and the token after them."""
        token = self._token(at)
        if token is not None and token.low in ",(":
            at += 1
            token = self._token(at)
        if token is None:
            return False, at
        if _CLASS.match(token.low) and token.low[0].isdigit() and len(token.low) > 1:
            return True, at + 1
        if token.low in _INTO:
            for ahead in range(1, 4):
                following = self._token(at + ahead)
                if following is None or not following.low[0].isalnum():
                    break
                if following.bits & topics.PLACE or self._is_class(at + ahead, ahead):
                    return True, at + ahead + 1
                if following.capital and not following.bits & (_GIVEN | topics.POLICY):
                    return True, at + ahead + 1
        elif token.bits & topics.PLACE and token.capital:
            following = self._token(at + 1)
            if following is not None and following.low[0].isdigit():
                return True, at + 2
        return False, at

    def _is_class(self, at: int, ahead: int) -> bool:
        """Tell a class; a mere number only right after its preposition or the word for a class (i 4, i klass 4)."""
        low = self._tokens[at].low
        if not _CLASS.match(low):
            return False
        return not low.isdigit() or ahead == 1 or self._tokens[at - 1].low.startswith(_CLASSES)

    def _is_greeted(self, mention: Mention) -> bool:
        """Tell whether a greeting comes before a name (Hej Karin och Bo) or a text begins with it (Karin, kan du …)."""
        if self._first and mention.who is Who.GIVEN and mention.first == 0 and self._low(mention.last) == ",":
            following = self._token(mention.last + 1)
            return following is None or not (
                following.bits & _DESCRIBING or following.low in _RELATIVE or self._place(mention.last)[0]
            )
        for at in range(mention.first - 1, max(-1, mention.first - _GREETED), -1):
            token = self._tokens[at]
            if token.low in _GREETINGS:
                before = self._low(at - 1)
                return not before[:1].isalnum() or before in _BEFORE_GREETING
            if not (token.bits & (_GIVEN | _SURNAME) or token.low in _GREETED_TOO):
                return False
        return False

    def _mark(self, mention: Mention) -> None:
        """Add what stands around a name: place, party, function after a comma."""
        mention.addressed = mention.who in NAMED and self._is_greeted(mention)
        if mention.who in NAMED:
            placed, last = (False, 0) if mention.addressed else self._place(mention.last)
            if placed:
                mention.placed = True
                mention.last = last
                if mention.who is Who.GIVEN:
                    mention.who = Who.PLACED
            for back in (1, 2):
                token = self._token(mention.first - back)
                if token is not None and token.low[0].isalpha():
                    mention.office |= bool(token.bits & topics.OFFICE)
                    mention.calling |= bool(token.bits & topics.CALLING)
        opening, inside, closing = (self._token(mention.last + n) for n in range(3))
        if opening and inside and closing and opening.low == "(" and closing.low == ")" and inside.capital:
            mention.party = len(inside.low) <= 3  # noqa: PLR2004
            if mention.party:
                mention.last += 3
        if opening and opening.low == "," and inside and inside.bits & (topics.OFFICE | topics.CALLING | topics.ROLE):
            mention.titled = True
            mention.office |= bool(inside.bits & topics.OFFICE)
        mention.public = any(t.bits & topics.PUBLIC for t in self._tokens[mention.first : mention.last])
