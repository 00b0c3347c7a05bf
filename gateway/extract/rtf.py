r"""Rich Text Format 1.9 to text: shown, hidden, in headers, notes and boxes; embedded objects as files."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from gateway.extract.finds import Budget, Finds, Inner

_TOKEN: Final = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<octet>[0-9a-fA-F]{2})|\\(?P<sign>[^a-zA-Z])"
    r"|(?P<brace>[{}])|(?P<break>[\r\n]+)|(?P<text>[^\\{}\r\n]+)|(?P<odd>\\)"
)
_APART: Final = frozenset(
    {"footnote", "header", "footer", "headerl", "headerr", "headerf", "footerl", "footerr", "footerf", "annotation"}
    | {"title", "subject", "author", "keywords", "doccomm", "shptxt", "manager", "company"}
)
_LINES: Final = _APART | {"par", "line", "row", "sect", "page", "nestrow"}
_CELLS: Final = frozenset({"cell", "tab", "nestcell"})
_SIGNS: Final = {"_": "-", "~": "\u00a0", "-": "", "\\": "\\", "{": "{", "}": "}", "\n": "\n", "\r": "\n"}
_WORDS: Final = {"endash": "-", "emdash": "-", "bullet": "\u2022", "lquote": "'", "rquote": "'"}
_SILENT: Final = frozenset(
    {"fonttbl", "colortbl", "stylesheet", "listtable", "listoverridetable", "rsidtbl", "generator", "themedata"}
    | {"colorschememapping", "datastore", "latentstyles", "pict", "xmlnstbl", "mmathPr", "objclass", "fontemb"}
)
_SPOKEN: Final = frozenset(
    {"shptxt", "shpinst", "annotation", "fldinst", "docvar", "atnauthor", "shppict", "objdata", "footnote", "ftnsep"}
    | {"bkmkstart", "company", "userprops", "sv", "aftncn"}
)
"""Destinations behind an asterisk that hold words all the same."""


@dataclass(slots=True)
class _Group:
    silent: bool = False
    data: bool = False
    apart: bool = False
    """A note, a header: it ends before what follows."""
    fallback: int = 1
    """Characters that follow a Unicode character for readers that know none."""


def read_rtf(octets: bytes, budget: Budget) -> Finds:
    """Yield the text of an RTF file, then the files embedded in it."""
    reader = _Reader()
    reader.run(octets.decode("latin-1"))
    yield reader.text()
    for data in reader.objects:
        budget.take(len(data))
        at = max(data.find(b"\xd0\xcf\x11\xe0"), data.find(b"PK\x03\x04"))
        yield Inner(name="object", octets=data[at:] if at >= 0 else data)


class _Reader:
    def __init__(self) -> None:
        self.objects: list[bytes] = []
        self._pieces: list[str] = []
        self._octets = bytearray()
        self._hex: list[str] = []
        self._group = _Group()
        self._outer: list[_Group] = []
        self._charset = "cp1252"
        self._starred = False
        self._skip = 0

    def text(self) -> str:
        self._flush()
        return "".join(self._pieces)

    def run(self, source: str) -> None:
        at = 0
        while (token := _TOKEN.match(source, at)) is not None:
            at = token.end()
            if (word := token["word"]) is not None:
                at += self._word(word, token["number"])
            elif token["octet"]:
                self._octet(token["octet"])
            elif token["text"]:
                self._said(token["text"])
            elif token["brace"]:
                self._brace(token["brace"])
            elif (sign := token["sign"]) is not None:
                if sign == "*":
                    self._starred = True
                else:
                    self._write(_SIGNS.get(sign, ""))

    def _brace(self, brace: str) -> None:
        self._skip = 0
        self._flush()
        if brace == "{":
            self._outer.append(self._group)
            self._group = replace(self._group)
        elif self._outer:
            ended, self._group = self._group, self._outer.pop()
            if ended.apart and not self._group.apart:
                self._write("\n")
            if ended.data and not self._group.data:
                digits = "".join(self._hex)
                self.objects.append(bytes.fromhex(digits[: len(digits) & ~1]))
                self._hex.clear()

    def _word(self, word: str, number: str | None) -> int:
        """Follow a control word; return how many characters of binary data come after it."""
        starred, self._starred = self._starred, False
        if word in _SILENT or (starred and word not in _SPOKEN):
            self._group.silent = True
        elif word == "objdata":
            self._group.data, self._group.silent = True, False
        elif word == "u" and number:
            self._write(_unicode(int(number)))
            self._skip = self._group.fallback
        elif word == "uc" and number:
            self._group.fallback = min(max(int(number), 0), 8)
        elif word == "ansicpg" and number:
            self._charset = f"cp{number}" if number in _CODE_PAGES else "cp1252"
        elif word == "bin" and number:
            return max(int(number), 0)
        elif word in _LINES:
            self._group.apart |= word in _APART
            self._write("\n")
        elif word in _CELLS:
            self._write("\t")
        elif word in _WORDS:
            self._write(_WORDS[word])
        return 0

    def _octet(self, digits: str) -> None:
        if self._skip:
            self._skip -= 1
        elif not self._group.silent and not self._group.data:
            self._octets.append(int(digits, 16))

    def _said(self, text: str) -> None:
        if self._group.data:
            self._hex.append(re.sub(r"[^0-9a-fA-F]", "", text))
            return
        if self._skip:
            self._skip, text = max(0, self._skip - len(text)), text[self._skip :]
        if not self._group.silent:
            self._flush()
            self._pieces.append(text)

    def _write(self, text: str) -> None:
        if not self._group.silent and not self._group.data:
            self._flush()
            self._pieces.append(text)

    def _flush(self) -> None:
        if self._octets:
            self._pieces.append(self._octets.decode(self._charset, "replace"))
            self._octets.clear()


def _unicode(number: int) -> str:
    number &= 0xFFFF
    return "" if 0xD800 <= number < 0xE000 else chr(number)  # noqa: PLR2004 - surrogates


_CODE_PAGES: Final = frozenset({"437", "850", "865", "932", "1250", "1251", "1252", "1253", "1254", "1256", "1257"})
