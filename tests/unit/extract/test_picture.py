"""Where tesseract is not installed, pictures are not read, and nothing breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.extract import picture


def test_a_machine_without_tesseract_reads_no_pictures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(picture, "_DATA", (str(tmp_path / "none"), str(tmp_path)))
    picture._data.cache_clear()
    try:
        assert not picture.reads_pictures()
    finally:
        picture._data.cache_clear()
