"""One MIME entity while a message is taken apart, and the leaf that it may turn out to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from gateway.message.fields import Fields
from gateway.message.parameters import Valued, read_valued
from gateway.message.transfer import Encoding, decoded_chunks, decodings, read_encodings
from gateway.model import PartState

_FILENAME: Final = 255
_MESSAGES: Final = frozenset({"message/rfc822", "message/global", "message/partial", "message/news"})
MESSAGE_NAMES: Final = (".eml", ".mht", ".mhtml")
_CMS: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A part without parts of its own, not yet decoded: a stretch of ``source``."""

    path: str
    media_type: str
    charset: str = ""
    filename: str | None = None
    attached: bool = False
    """Declared as an attachment, or named like one."""
    aside: bool = False
    """Stands beside the structure: in a preamble, an epilogue, among the fields."""
    level: int = 0
    """How many attached messages surround it."""
    group: str = ""
    """Path of the multipart/alternative around it, or nothing."""
    encrypted: bool = False
    cut: bool = False
    """Not taken apart because a cap was reached."""
    html: bool = False
    """One of several declared types is HTML."""
    depth: int = 0
    """How many files surround it."""
    state: PartState | None = None
    """Known beforehand: a file inside a file that cannot be opened."""
    smime: str = ""
    """The smime-type parameter (RFC 8551 3.2.2)."""
    encodings: tuple[Encoding, ...] = ()
    source: bytes = field(repr=False)
    start: int
    end: int

    def body(self, cap: int | None = None) -> bytes:
        """Return the encoded octets, at most ``cap`` of them."""
        return self.source[self.start : self.end if cap is None else min(self.end, self.start + cap)]

    def readings(self, cap: int | None = None) -> list[bytes]:
        """Return what the octets may decode to, the likeliest first."""
        return decodings(self.body(cap), self.encodings)

    def chunks(self) -> Iterator[bytes]:
        """Yield the likeliest reading piece by piece."""
        return decoded_chunks(self.source, self.start, self.end, self.encodings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entity stands."""

    path: str = ""
    root: bool = True
    """It is a message, not a part of a multipart."""
    level: int = 0
    depth: int = 0
    group: str = ""
    encrypted: bool = False
    digest: bool = False

    @property
    def leaf_path(self) -> str:
        """Return the number of a part; the only part of a message is its first (RFC 3501 6.4.5)."""
        if not self.root:
            return self.path
        return f"{self.path}.1" if self.path else "1"

    def child(self, number: int) -> Place:
        """Return the place of a numbered part in here."""
        return replace(self, path=f"{self.path}.{number}" if self.path else str(number))

    def split(self) -> Place:
        """Return this place as one that holds parts although it was declared as a leaf."""
        return replace(self, path=self.leaf_path, root=False, depth=self.depth + 1)


@dataclass(frozen=True, kw_only=True)
class Entity:
    """Fields, and a body that ends at ``end``."""

    source: bytes = field(repr=False)
    fields: Fields
    end: int
    place: Place

    @cached_property
    def types(self) -> list[Valued]:
        """Return every Content-Type."""
        return [read_valued(value) for value in self.fields.values.get(b"content-type", ())]

    @cached_property
    def encodings(self) -> tuple[Encoding, ...]:
        """Return every transfer encoding that is declared."""
        return read_encodings(self.fields.values.get(b"content-transfer-encoding", ()))

    @cached_property
    def disposition(self) -> Valued:
        """Return Content-Disposition."""
        return read_valued(self.fields.first(b"content-disposition"))

    @cached_property
    def filename(self) -> str | None:
        """Return the name that a part is saved under: of the disposition, else of the type."""
        for value, name in ((self.disposition, "filename"), *((t, "name") for t in self.types)):
            if found := value.get(name):
                return found[:_FILENAME]
        return None

    @property
    def body(self) -> bytes:
        """Return the octets after the fields."""
        return self.source[self.fields.body : self.end]

    @property
    def is_encoded(self) -> bool:
        """Tell a body that is not as it stands."""
        return bool(self.encodings) and self.encodings[0] is not Encoding.IDENTITY

    @property
    def is_conflicting(self) -> bool:
        """Tell fields that say two things."""
        codings = set(self.fields.values.get(b"content-transfer-encoding", ()))
        return len({t.main for t in self.types}) > 1 or len(codings) > 1

    @property
    def is_multipart(self) -> bool:
        """Tell a declared multipart."""
        return any(t.main.startswith("multipart/") or "boundary" in t.parameters for t in self.types)

    @property
    def is_message(self) -> bool:
        """Tell an attached message."""
        if any(t.main in _MESSAGES for t in self.types) or (self.place.digest and not self.types):
            return True
        return self._is_named(MESSAGE_NAMES)

    @property
    def is_cms(self) -> bool:
        """Tell S/MIME that holds its content (RFC 8551 3.2)."""
        return any(t.main in _CMS for t in self.types) or self._is_named((".p7m",))

    def _is_named(self, extensions: tuple[str, ...]) -> bool:
        return self.filename is not None and self.filename.lower().endswith(extensions)

    def inside(self) -> Place:
        """Return the place of the parts of a multipart."""
        kinds = {t.main for t in self.types}
        place = self.place
        return replace(
            place,
            root=False,
            depth=place.depth + 1,
            group=place.path or "0" if "multipart/alternative" in kinds else place.group,
            encrypted=place.encrypted or "multipart/encrypted" in kinds,
            digest="multipart/digest" in kinds,
        )

    def leaf(self, *, end: int, named_body: bool = False, cut: bool = False) -> Leaf:
        """Return the entity as a leaf that ends at ``end``; with ``named_body`` a name makes no attachment of it."""
        tokens = [t.main for t in self.types if "/" in t.main]
        media_type = next((token for token in tokens if not token.startswith("multipart/")), "text/plain")
        named = bool(self.filename) and not (named_body and media_type.startswith("text/"))
        return Leaf(
            path=self.place.leaf_path,
            media_type=media_type,
            charset=next((found for t in self.types if (found := t.get("charset"))), ""),
            filename=self.filename,
            attached=self.disposition.main == "attachment" or named,
            level=self.place.level,
            group=self.place.group,
            encrypted=self.place.encrypted,
            cut=cut,
            html="text/html" in tokens,
            smime=next((found for t in self.types if (found := t.get("smime-type"))), "").lower(),
            encodings=self.encodings,
            source=self.source,
            start=self.fields.body,
            end=end,
        )
