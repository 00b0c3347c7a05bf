"""The policy files as text, with one version."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model import InvalidConfiguration
from gateway.policy.load import read_tree
from gateway.policy.load import tree as module


def write(directory: Path, files: dict[str, bytes]) -> Path:
    for name, octets in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
    return directory


def test_reads_what_is_policy(tmp_path: Path) -> None:
    files = {
        "rules/a.toml": b"x = 1",
        "lexicon/b.txt": "åäö".encode(),
        "README.md": b"docs",
        ".hidden": b"",
        ".git/config": b"",
        "__pycache__/x": b"",
        "rules/a.toml~": b"",
        "rules/#a.toml#": b"",
        "rules/.a.toml.swp": b"",
    }
    tree = read_tree(write(tmp_path, files))
    assert dict(tree.files) == {"lexicon/b.txt": "åäö", "rules/a.toml": "x = 1"}


def test_marks_of_other_editors(tmp_path: Path) -> None:
    assert read_tree(write(tmp_path, {"a.toml": b"\xef\xbb\xbfx = 1\r\ny = 2\r\n"})).files["a.toml"] == "x = 1\ny = 2\n"


def test_version_is_of_names_and_contents(tmp_path: Path) -> None:
    one = read_tree(write(tmp_path / "one", {"a": b"xy", "b": b""})).version
    assert read_tree(write(tmp_path / "same", {"b": b"", "a": b"xy"})).version == one
    assert read_tree(write(tmp_path / "docs", {"a": b"xy", "b": b"", "README.md": b"x"})).version == one
    others = [{"a": b"xz", "b": b""}, {"a": b"x", "b": b"y"}, {"a": b"xy"}, {"a": b"xy", "c": b""}]
    assert one not in {read_tree(write(tmp_path / str(n), files)).version for n, files in enumerate(others)}
    assert len(one) == 12


def problems(directory: Path) -> list[str]:
    with pytest.raises(InvalidConfiguration) as caught:
        read_tree(directory)
    return [str(p) for p in caught.value.problems]


def test_no_folder(tmp_path: Path) -> None:
    assert problems(tmp_path / "missing") == [f"{tmp_path / 'missing'}: is no folder with policies"]


def test_lists_every_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE_OCTETS", 1024 * 1024)
    found = problems(write(tmp_path, {"a": b"x\n\xff", "b": b"x" * (1024 * 1024 + 1), "c": b"fine"}))
    assert found == ["a:2: is not UTF-8 text", "b: is larger than 1 MiB; is this the right file?"]


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILES", 2)
    assert problems(write(tmp_path, {"a": b"", "b": b"", "c": b"", "d": b""})) == [
        f"{tmp_path}: holds more than 2 files"
    ]


def test_linked_files_of_a_mounted_volume(tmp_path: Path) -> None:
    write(tmp_path, {"..data/a.toml": b"x = 1"})
    (tmp_path / "a.toml").symlink_to("..data/a.toml")
    assert dict(read_tree(tmp_path).files) == {"a.toml": "x = 1"}
