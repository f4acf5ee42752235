"""What is believed of what a source says."""

from __future__ import annotations

import pytest

from slackwater.agents.upstreams.members import Member, Place
from slackwater.agents.upstreams.membership.reading import Believed, Reading, believe, failed
from slackwater.agents.upstreams.membership.union import union


def members(letters: str) -> tuple[Member, ...]:
    return tuple(Member(letter, Place(f"10.0.0.{ord(letter)}", 8000)) for letter in letters)


def reading(said: str) -> Reading:
    """ "abc/d" is a look that names a, b and c and says that d leaves."""
    here, _, leaving = said.partition("/")
    return Reading(members(here), frozenset(member.place for member in members(leaving)))


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        (["abcd", "abcde"], "abcde"),
        (["abcd", "abc"], "abc"),
        (["abcd", ""], "abcd"),
        (["abcd", "", "", "", ""], "abcd"),
        (["abcd", "ab"], "abcd"),
        (["abcd", "ab", "ab"], "abcd"),
        (["abcd", "ab", "ab", "ab"], "ab"),
        (["abcd", "ab", "ac", "ab", "ac"], "abcd"),
        (["abcd", "aef"], "abcdef"),
        (["abcd", "aef", "aefg"], "abcdefg"),
        (["abcd", "aef", "aefg", "aefgh"], "aefgh"),
        (["abcd", "aefgh", "aefgh"], "abcdefgh"),
        (["abcd", "aefg", "efgh", "fghi"], "fghi"),
        (["abcd", "a", "", "a", "a"], "abcd"),
        (["abcd", "a", "", "a", "a", "a"], "a"),
        (["abcdefgh", "abcd", "abcd", "a"], "abcd"),
        (["abcd", "ae/b", "ae"], "acde"),
        (["", "ab"], "ab"),
        (["abcd", "ab", "abcd", "ab", "ab"], "abcd"),
        (["abcd", "ab", "!", "ab", "ab"], "abcd"),
        (["abcd", "efgh", "efgh"], "abcdefgh"),
        (["abcd", "efgh", "efgh", "efgh"], "efgh"),
        (["abcd", "a/bcd"], "a"),
        (["abcd", "a/b"], "acd"),
        (["abcd", "a/b", "a/b", "a/b"], "a"),
        (["abcd", "/abcd"], ""),
        (["abcd", "/abcd", ""], ""),
        (["ab", "/a"], "b"),
        (["ab", "a"], "ab"),
        (["a", "b", "b", "b"], "b"),
        (["!"], None),
        ([""], None),
        (["", ""], None),
        (["", "", ""], ""),
        (["", "!", "", "a"], "a"),
    ],
)
def test_what_is_believed(looks: list[str], expected: str | None) -> None:
    """An empty look never, half of a fleet missing when it was said three times in a row, who is new and who is said to
    leave at once; a look that failed (!) changes nothing and breaks the row."""
    now = Believed()
    for said in looks:
        now = failed(now) if said == "!" else believe(now, reading(said))

    assert expected == (None if now.members is None else "".join(member.name for member in now.members))


def test_what_is_not_believed_is_said() -> None:
    """The page and the journal tell why nothing changed."""
    once = believe(Believed(members("abcd")), reading("a"))
    empty = believe(Believed(members("abcd")), reading(""))

    assert "misses 3 of 4 at once: kept until it has said so 3 times in a row" == once.remark
    assert "answered without a member: 4 kept" == empty.remark


@pytest.mark.parametrize(
    ("sources", "known", "expected"),
    [
        (["ab", "cd"], "", "abcd"),
        (["ab", "bc"], "", "abc"),
        (["ab", None], "abxy", "abxy"),
        ([None], "xy", "xy"),
        (["ab", ""], "abxy", "ab"),
        (["", ""], "xy", "xy"),
    ],
)
def test_sources_together(sources: list[str | None], known: str, expected: str) -> None:
    """Until each has spoken, whoever was known stays; when none names anybody, too."""
    said = [None if letters is None else members(letters) for letters in sources]

    assert expected == "".join(member.name for member in union(said, members(known)))


@pytest.mark.parametrize(
    ("sources", "leaving", "known", "expected"),
    [
        (["ab", "b"], "a", "ab", "b"),
        (["ab", None], "a", "abxa", "bx"),
        (["a", "a"], "a", "ab", "b"),
        (["a", ""], "a", "a", ""),
    ],
)
def test_who_is_said_to_leave_leaves(sources: list[str | None], leaving: str, known: str, expected: str) -> None:
    """Whoever else names it: an inventory does not know that the group takes the instance away."""
    said = [None if letters is None else members(letters) for letters in sources]
    going = [member.place for member in members(leaving)]

    assert expected == "".join(member.name for member in union(said, members(known), going))


def test_leaving_is_believed_until_the_next_look() -> None:
    """A look that fails keeps it; in service again is no longer leaving."""
    now = believe(Believed(), reading("a/bc"))
    doubted = believe(Believed(members("abcd")), reading("/a"))

    assert {member.place for member in members("bc")} == now.leaving == failed(now).leaving
    assert frozenset() == believe(now, reading("ab")).leaving
    assert {member.place for member in members("a")} == doubted.leaving


def test_a_name_belongs_to_the_first_who_has_it() -> None:
    """Two machines of one name would be one line in every picture."""
    other = Member("a", Place("10.9.9.9", 8000))

    assert members("a") == union([members("a"), (other,)], [])
