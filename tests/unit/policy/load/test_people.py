"""``groups.toml`` and its member files."""

from __future__ import annotations

import pytest

from gateway.policy.load.people import build_people
from gateway.policy.load.reading import check, parse
from gateway.policy.load.schema import GroupsFile
from gateway.policy.rules import People

START = 'domains = ["orkelljunga.se"]\n'


def build(text: str, files: dict[str, str] | None = None) -> tuple[People, list[str]]:
    source = parse("groups.toml", START + text)
    file = check(source, GroupsFile)
    assert file is not None, source.problems
    people = build_people(source, file, files or {})
    return people, [str(p) for p in source.problems]


def weights(text: str, files: dict[str, str] | None = None) -> dict[str, dict[str, int]]:
    people, problems = build(text, files)
    assert problems == []
    return {address: dict(group.weights) for address, group in people.groups.items()}


def test_chain_of_aliases() -> None:
    people, problems = build(
        '[aliases]\n"A@orkelljunga.se" = "b@orkelljunga.se"\n"b@orkelljunga.se" = "c@orkelljunga.se"\n'
    )
    assert problems == []
    assert people.aliases == {"a@orkelljunga.se": "c@orkelljunga.se", "b@orkelljunga.se": "c@orkelljunga.se"}


def test_circle_of_aliases() -> None:
    _, problems = build(
        '[aliases]\n"a@orkelljunga.se" = "b@orkelljunga.se"\n"b@orkelljunga.se" = "a+x@orkelljunga.se"\n'
    )
    assert problems == ["groups.toml:2: aliases: has an alias that leads back to itself"]


def test_equal_domains_fold_aliases_and_groups() -> None:
    text = 'equal_domains = [["orkelljunga.se", "o.example"]]\n[aliases]\n"x@o.example" = "y@o.example"\n'
    people, _ = build(text + '[[group]]\naddress = "g@o.example"\nmembers = ["x@orkelljunga.se"]\n')
    assert people.aliases == {"x@orkelljunga.se": "y@orkelljunga.se"}
    assert dict(people.groups["g@orkelljunga.se"].weights) == {"y@orkelljunga.se": 1}


NESTED = """
[[group]]
address = "alla@orkelljunga.se"
members = ["a@orkelljunga.se", "skola@orkelljunga.se", "vard@orkelljunga.se"]
[[group]]
address = "skola@orkelljunga.se"
members = ["a@orkelljunga.se", "b@orkelljunga.se"]
[[group]]
address = "vard@orkelljunga.se"
size = 40
"""


def test_groups_in_groups() -> None:
    found = weights(NESTED)
    assert found["alla@orkelljunga.se"] == {"a@orkelljunga.se": 1, "b@orkelljunga.se": 1, "vard@orkelljunga.se": 40}
    assert found["vard@orkelljunga.se"] == {"vard@orkelljunga.se": 40}


ONE_MEMBER = '[[group]]\naddress = "{}@orkelljunga.se"\nmembers = ["{}@orkelljunga.se"]\n'


@pytest.mark.parametrize(
    "text",
    [
        ONE_MEMBER.format("a", "A+x"),
        ONE_MEMBER.format("a", "b") + ONE_MEMBER.format("b", "a"),
    ],
)
def test_circle_of_groups(text: str) -> None:
    assert build(text)[1] == ["groups.toml:2: group[1]: contains itself by way of its members"]


def test_long_chain_of_groups() -> None:
    text = "".join(
        f'[[group]]\naddress = "g{n}@orkelljunga.se"\nmembers = ["g{n + 1}@orkelljunga.se"]\n' for n in range(3000)
    )
    assert weights(text)["g0@orkelljunga.se"] == {"g3000@orkelljunga.se": 1}


def test_same_group_twice_by_an_alias() -> None:
    text = '[aliases]\n"b@orkelljunga.se" = "a@orkelljunga.se"\n'
    for address in ("a", "b"):
        text += f'[[group]]\naddress = "{address}@orkelljunga.se"\nsize = 3\n'
    found = build(text)[1]
    assert found == ["groups.toml:8: group[2].address: is the same as another group once aliases are resolved"]


FILE = '[[group]]\naddress = "g@orkelljunga.se"\nmembers_file = "groups/m{0}"\n'


@pytest.mark.parametrize(
    ("suffix", "text", "members"),
    [
        (
            ".csv",
            'Namn;E-post\nAnna Ek;Anna@Example.com\n\n# slut\nBo;"bo@example.com"\n',
            {"anna@example.com", "bo@example.com"},
        ),
        (".csv", "a@example.com,Anna\n", {"a@example.com"}),
        (".txt", "a@example.com\nb@example.com", {"a@example.com", "b@example.com"}),
        (
            ".ldif",
            "dn: cn=a\nmail: a@exam\n ple.com\n\ndn: cn=b\nMail:: YkBleGFtcGxlLmNvbQ==\nmailbox: x\n",
            {"a@example.com", "b@example.com"},
        ),
    ],
)
def test_member_files(suffix: str, text: str, members: set[str]) -> None:
    assert weights(FILE.format(suffix), {f"groups/m{suffix}": text})["g@orkelljunga.se"] == dict.fromkeys(members, 1)


@pytest.mark.parametrize(
    ("suffix", "files", "problem"),
    [
        (".csv", {}, "names no file below the policies folder"),
        (".csv", {"groups/m.csv": "a@example.com\nx\ny@\n"}, "groups/m.csv has no mail address in line 2, 3; 2 in all"),
        (
            ".ldif",
            {"groups/m.ldif": "mail: a@b.se\ndn: x\n y\nmail:: ÿ\n"},
            "groups/m.ldif has no mail address in line 4; 1 in all",
        ),
    ],
)
def test_broken_member_files(suffix: str, files: dict[str, str], problem: str) -> None:
    problems = build(FILE.format(suffix), files)[1]
    assert problems[0] == f"groups.toml:4: group[1].members_file: {problem}"
    assert not any("y@" in p for p in problems)


def test_empty_member_file() -> None:
    assert build(FILE.format(".txt"), {"groups/m.txt": "Namn\n"})[1] == ["groups.toml:2: group[1]: has no members"]
