"""Where tesseract is not installed, pictures are not read, and nothing breaks; what is written beside the picture."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from gateway.extract import picture
from gateway.extract.finds import Budget, TooSlow
from gateway.extract.picture import read_picture
from tests.support.tools import program
from tests.unit.extract import documents
from tests.unit.extract.compounds import found_in
from tests.unit.extract.documents import NUMBER


def test_a_machine_without_tesseract_reads_no_pictures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(picture, "_DATA", (str(tmp_path / "none"), str(tmp_path)))
    picture._data.cache_clear()
    try:
        assert not picture.reads_pictures()
    finally:
        picture._data.cache_clear()


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x010E, f"Elev {NUMBER}"),
        (0x9C9C, f"Elev {NUMBER}".encode("utf-16-le")),
        (0x9286, b"ASCII\0\0\0" + f"Elev {NUMBER}".encode()),
        (0x9286, b"UNICODE\0" + f"Elev {NUMBER}".encode("utf-16-be")),
    ],
)
def test_fields_of_a_photo_are_read(tag: int, value: str | bytes) -> None:
    fields = Image.Exif()
    (fields.get_ifd(0x8769) if tag == 0x9286 else fields)[tag] = value
    kept = io.BytesIO()
    Image.new("L", (60, 20)).save(kept, "JPEG", exif=fields)
    assert f"Elev {NUMBER}" in found_in(read_picture, kept.getvalue())[0]


def test_comments_and_metadata_in_xml_are_read() -> None:
    kept, other = io.BytesIO(), io.BytesIO()
    Image.new("P", (60, 20)).save(kept, "GIF", comment=f"Elev {NUMBER}".encode())
    assert f"Elev {NUMBER}" in found_in(read_picture, kept.getvalue())[0]
    Image.new("L", (60, 20)).save(other, "WEBP", xmp=f"<a><b>Elev {NUMBER}</b></a>".encode())
    assert f"Elev {NUMBER}" in found_in(read_picture, other.getvalue())[0]


@pytest.mark.parametrize("angle", [-9, 0, 6])
def test_lines_that_lie_askew_are_laid_level(angle: int) -> None:
    page = Image.new("L", (500, 500), 255)
    drawn = ImageDraw.Draw(page)
    for row in range(100, 400, 30):
        drawn.rectangle((60, row, 440, row + 8), fill=0)
    level = picture._straightened(page.rotate(angle, fillcolor=255))
    assert picture._contrast(level) > 0.5 * picture._contrast(page)


def test_a_page_in_uneven_light_is_read() -> None:
    program("tesseract")
    page = Image.open(io.BytesIO(documents.picture()))
    light = Image.linear_gradient("L").resize(page.size).point([100 + value // 2 for value in range(256)])
    kept = io.BytesIO()
    Image.composite(light, Image.new("L", page.size, 20), page).save(kept, "PNG")
    assert "2388" in found_in(read_picture, kept.getvalue())[0]


def test_a_picture_that_takes_too_long_is_not_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    program("tesseract")
    monkeypatch.setattr(picture, "_MILLISECONDS", 1)
    with pytest.raises(TooSlow):
        list(read_picture(documents.picture(), Budget()))


@pytest.mark.parametrize(("size", "within"), [((3000, 3000), (1000, 1000)), ((900, 1000), (900, 1000))])
def test_more_pixels_than_tell_anything_are_given_up(size: tuple[int, int], within: tuple[int, int]) -> None:
    assert picture._within(Image.new("1", size), 1_000_000).size == within
