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
_BOOKMARK: Final = re.compile(rb"\\bkmkstart ([^{}\\]{0,40}\d{6}-\d{4})")
_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff")
_APART: Final = frozenset(
    {"title", "subject", "author", "manager", "company", "operator", "category", "keywords", "comment", "doccomm"}
    | {"header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf", "footnote", "annotation"}
    | {"shptxt", "sv", "propname", "staticval", "docvar", "atnauthor", "atnid", "hlinkbase", "fldinst"}
    | {"ffdeftext", "ffhelptext", "ffstattext", "ffl", "ffname"}
)
"""Destinations whose words belong to nothing before or behind them."""
_SIGNS: Final = {"_": "-", "~": "\u00a0", "-": "", "\\": "\\", "{": "{", "}": "}", "\n": "\n", "\r": "\n"}
_WORDS: Final = {
    **dict.fromkeys(("par", "line", "row", "sect", "page", "nestrow"), "\n"),
    **dict.fromkeys(("cell", "tab", "nestcell"), "\t"),
    "endash": "-",
    "emdash": "-",
    "bullet": "\u2022",
    "lquote": "'",
    "rquote": "'",
}
_SILENT: Final = frozenset(
    {"fonttbl", "colortbl", "stylesheet", "listtable", "listoverridetable", "rsidtbl", "generator", "themedata"}
    | {"colorschememapping", "datastore", "latentstyles", "xmlnstbl", "mmathPr", "objclass", "fontemb", "sn"}
)
_SPOKEN: Final = frozenset(
    {"shptxt", "shpinst", "annotation", "fldinst", "docvar", "atnauthor", "shppict", "objdata", "footnote", "ftnsep"}
    | {"company", "userprops", "sv", "aftncn", "hlinkbase", "ud", "moMath", "moMathPara"}
    | {"formfield", "ffdeftext", "ffhelptext", "ffstattext", "ffl", "ffname"}
)
"""Destinations behind an asterisk that hold words all the same."""


@dataclass(slots=True)
class _Group:
    silent: bool = False
    data: bool = False
    picture: bool = False
    apart: bool = False
    fonts: bool = False
    deleted: bool = False
    charset: str = ""
    """Of its font; nothing where that is the document's."""
    fallback: int = 1
    """Characters that follow a Unicode character for readers that know none."""


def read_rtf(octets: bytes, budget: Budget) -> Finds:
    """Yield the text of an RTF file, then the files embedded in it."""
    reader = _Reader()
    reader.run(octets.decode("latin-1"))
    yield reader.text()
    yield from (f"\n{text}\n" for text in reader.deleted)
    yield from (f"{found.decode('latin-1')}\n" for found in _BOOKMARK.findall(octets))
    for data in reader.objects:
        budget.take(len(data))
        if not data.startswith(_PICTURES):
            at = max(data.find(b"\xd0\xcf\x11\xe0"), data.find(b"PK\x03\x04"))
            data = data[at:] if at >= 0 else data  # noqa: PLW2901
        yield Inner(name="object", octets=data)


class _Reader:
    def __init__(self) -> None:
        self.objects: list[bytes] = []
        self.deleted: list[str] = []
        self._pieces: list[str] = []
        self._octets = bytearray()
        self._hex: list[str] = []
        self._group = _Group()
        self._outer: list[_Group] = []
        self._charset = "cp1252"
        self._fonts: dict[str, str] = {}
        self._font = ""
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
            self._group = replace(self._group, apart=False)
            if self._group.picture:
                self._group.data, self._group.silent = False, True  # what is said of a picture
        elif self._outer:
            ended, self._group = self._group, self._outer.pop()
            if ended.data and not self._group.data:
                self._keep(picture=ended.picture)
            if ended.apart:
                self._write("\n")

    def _keep(self, *, picture: bool) -> None:
        """Keep the data of an object, or of a picture in a format that is read here."""
        digits = "".join(self._hex)
        self._hex.clear()
        data = bytes.fromhex(digits[: len(digits) & ~1])
        if not picture or data.startswith(_PICTURES):
            self.objects.append(data)

    def _word(self, word: str, number: str | None) -> int:
        """Follow a control word; return how many characters of binary data come after it."""
        starred, self._starred = self._starred, False
        if self._group.data:
            return max(int(number), 0) if word == "bin" and number else 0
        if word in _SILENT or (starred and word not in _SPOKEN):
            self._group.silent, self._group.fonts = True, self._group.fonts or word == "fonttbl"
        elif word in _APART:
            self._write("\n")
            self._group.apart = True
        elif word in ("f", "fcharset") and number:
            self._use_font(word, number)
        elif word == "deleted":
            self._group.deleted = number != "0"
        elif word in ("objdata", "pict"):
            self._group.data, self._group.silent, self._group.picture = True, False, word == "pict"
        elif word == "u" and number:
            self._write(_unicode(int(number)))
            self._skip = self._group.fallback
        elif word == "uc" and number:
            self._group.fallback = min(max(int(number), 0), 8)
        elif word == "ansicpg" and number:
            self._charset = f"cp{number}" if number in _CODE_PAGES else "cp1252"
        elif word == "bin" and number:
            return max(int(number), 0)
        elif word in _WORDS:
            self._write(_WORDS[word])
        return 0

    def _use_font(self, word: str, number: str) -> None:
        """Note a font's charset in the table of fonts; elsewhere take that of the font."""
        if word == "fcharset":
            self._fonts[self._font] = _FONT_CHARSETS.get(number, "")
        elif self._group.fonts:
            self._font = number
        else:
            self._flush()
            self._group.charset = self._fonts.get(number, "")

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
        if self._octets and self._group.charset in _MULTIBYTE:
            self._octets += text.encode("latin-1")
        elif not self._group.silent:
            self._flush()
            self._pieces.append(text)
            if self._group.deleted:
                self.deleted.append(text)

    def _write(self, text: str) -> None:
        if not self._group.silent and not self._group.data:
            self._flush()
            self._pieces.append(text)

    def _flush(self) -> None:
        if self._octets:
            self._pieces.append(self._octets.decode(self._group.charset or self._charset, "replace"))
            self._octets.clear()


def _unicode(number: int) -> str:
    number &= 0xFFFF
    return "" if 0xD800 <= number < 0xE000 else chr(number)  # noqa: PLR2004 - surrogates


_CODE_PAGES: Final = frozenset({"437", "850", "865", "932", "1250", "1251", "1252", "1253", "1254", "1256", "1257"})
_MULTIBYTE: Final = frozenset({"cp932", "cp949", "gbk", "cp950"})
_FONT_CHARSETS: Final = {
    "128": "cp932",
    "129": "cp949",
    "134": "gbk",
    "136": "cp950",
    "161": "cp1253",
    "162": "cp1254",
    "163": "cp1258",
    "177": "cp1255",
    "178": "cp1256",
    "186": "cp1257",
    "204": "cp1251",
    "238": "cp1250",
    "77": "mac-roman",
    "222": "cp874",
}
"""RTF 1.9, \\fcharset."""
