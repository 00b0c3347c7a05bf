"""Pictures: the text in them by tesseract, in Swedish, where it is installed; and what their fields say."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from gateway.extract.asides import in_stream
from gateway.extract.finds import Budget, Finds, Foreign, TooBig, TooSlow
from gateway.extract.markup import between_tags
from gateway.message.charset import decode_plain

_DATA: Final = ("/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata", "/usr/share/tessdata")
_MILLISECONDS: Final = 8000
_AREA: Final = 60_000_000
_LEAST: Final = (120, 24)
"""Pixels: anything smaller is a logo or a line."""
_FRAMES: Final = 10
_WIDE: Final = 1000
_LANGUAGE: Final = "swe"


@cache
def _data() -> str:
    try:
        import tesserocr  # noqa: PLC0415 - heavy; only where there is a picture
    except ImportError:
        return ""
    return next((path for path in _DATA if _LANGUAGE in _languages(tesserocr, path)), "")


def _languages(tesserocr: Any, path: str) -> list[str]:
    """Return what is installed at a path; a path that is not there is a RuntimeError of the library, not an answer."""
    try:
        languages: list[str] = tesserocr.get_languages(path)[1]
    except RuntimeError:
        return []
    return languages


def reads_pictures() -> bool:
    """Tell whether text in pictures is read here: tesseract with Swedish is installed."""
    return bool(_data())


def read_picture(octets: bytes, budget: Budget) -> Finds:
    """Yield the text in a picture. Raises Foreign where pictures are not read, TooBig for pictures of absurd size."""
    from PIL import Image, ImageSequence  # noqa: PLC0415 - heavy; only where there is a picture

    with Image.open(io.BytesIO(octets)) as image:
        width, height = image.size
        if width * height > _AREA:
            raise TooBig
        yield from _remarks(image)
        yield from in_stream(octets)
        if width < _LEAST[0] or height < _LEAST[1]:
            return
        if not reads_pictures():
            raise Foreign
        for number, frame in enumerate(ImageSequence.Iterator(image)):
            if number == _FRAMES or not budget.picture():
                raise Foreign
            yield from read_image(frame.convert("RGBA" if frame.mode == "P" else frame.mode))


def _remarks(image: Any) -> Iterator[str]:
    """Yield what was written into a picture: comments, fields of Exif, XMP."""
    for name, value in image.info.items():
        if isinstance(value, str):
            yield f"{value}\n"
        elif isinstance(value, bytes) and name in ("comment", "xmp"):
            yield between_tags(b">%b<" % value) + "\n"
    exif = image.getexif()
    for tag, value in (*exif.items(), *exif.get_ifd(_EXIF).items()):
        if isinstance(value, str):
            yield f"{value}\n"
        elif isinstance(value, bytes) and tag in _WINDOWS:
            yield value.decode("utf-16-le", "replace").rstrip("\0") + "\n"
        elif isinstance(value, bytes) and tag == _COMMENT:
            yield _commented(value) + "\n"


def _commented(value: bytes) -> str:
    """Return a comment of Exif, whose first octets name its charset (2.32, UserComment)."""
    if value.startswith(b"UNICODE"):
        words = value[8:]
        return words.decode("utf-16-be" if words[:1] == b"\0" else "utf-16-le", "replace").rstrip("\0")
    return decode_plain(value[8:]).rstrip("\0 ")


_EXIF: Final = 0x8769
_COMMENT: Final = 0x9286
_WINDOWS: Final = range(0x9C9B, 0x9CA0)
"""Fields that Windows adds."""


def read_image(image: Any) -> Iterator[str]:
    """Yield the text in an image that is open already (PIL.Image.Image)."""
    from PIL import Image  # noqa: PLC0415

    if image.mode in ("RGBA", "LA"):
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    image = image.convert("L")
    if image.width < _WIDE:
        factor = min(3, -(-_WIDE // image.width))
        image = image.resize((image.width * factor, image.height * factor))
    image = _within(image, _ENOUGH)
    text, sure = _recognised(image, _OTSU)
    if sure < _UNSURE:
        # Uneven light, a page upside down, a page laid askew.
        other, surer = _recognised(_straightened(_within(image, _AGAIN)), _SAUVOLA)
        text = other if surer > sure else text
    yield text


def _within(image: Any, area: int) -> Any:
    """Return a picture of so many pixels at most: more tell nothing more, and take longer."""
    scale = (area / (image.width * image.height)) ** 0.5
    return image if scale >= 1 else image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))


def _recognised(image: Any, threshold: str) -> tuple[str, int]:
    """Return the text of a picture in grey, and how sure of it tesseract is in percent. Raises TooSlow."""
    import tesserocr  # noqa: PLC0415 - see _data

    with tesserocr.PyTessBaseAPI(path=_data(), lang=_LANGUAGE, psm=tesserocr.PSM.AUTO_OSD) as reader:
        reader.SetVariable("thresholding_method", threshold)
        reader.SetImage(image)
        if not reader.Recognize(_MILLISECONDS):
            raise TooSlow
        return reader.GetUTF8Text(), reader.MeanTextConf()


def _straightened(image: Any) -> Any:
    """Return a picture turned so that its lines lie level: rows of ink and rows of paper then differ most."""
    small = image.resize((_SMALL, max(1, image.height * _SMALL // image.width)))
    contrasts = {angle: _contrast(small.rotate(angle, fillcolor=_PAPER)) for angle in range(-_TILT, _TILT + 1)}
    best = max(contrasts, key=lambda angle: contrasts[angle])
    return image.rotate(best, fillcolor=_PAPER, expand=True) if contrasts[best] > contrasts[0] * _CLEARLY else image


def _contrast(image: Any) -> int:
    rows = image.resize((1, image.height), reducing_gap=None, resample=_BOX).tobytes()
    return sum((one - other) ** 2 for one, other in itertools.pairwise(rows))


_OTSU, _SAUVOLA = "0", "2"
"""Ways of tesseract to part ink from paper: one threshold for all, one for each place."""
_ENOUGH: Final = 9_000_000
"""Pixels: A4 at 300 dots an inch."""
_AGAIN: Final = 4_000_000
"""Pixels of the second look: A4 at 200 dots an inch."""
_UNSURE: Final = 88
_SMALL: Final = 500
_TILT: Final = 15
_CLEARLY: Final = 1.3
_PAPER: Final = 255
_BOX: Final = 4
"""PIL.Image.Resampling.BOX."""
