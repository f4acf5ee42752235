"""Log files: read to their end whatever logrotate calls them meanwhile, and never twice."""

from __future__ import annotations

import pytest

from tests.agents.logs.site import Site


def test_a_file_that_is_rotated_is_read_to_its_end(host: Site) -> None:
    """nginx writes to it until it has heard the signal; then the next one begins."""
    host.writes("access.log", "one")
    host.run()
    host.log("access.log").rename(host.log("access.log-20261121"))
    host.writes("access.log-20261121", "two")
    host.writes("access.log", "three")
    host.run()
    host.writes("access.log-20261121", "three, but late")
    host.run()
    host.log("access.log-20261121").rename(host.log("access.log-20261121.gz"))
    host.writes("access.log", "four")
    host.run()

    assert ["one", "two", "three", "three, but late", "four"] == host.shipped("nginx-access")


@pytest.mark.parametrize("size", [1, 300])
def test_an_inode_that_is_used_again_is_another_file(host: Site, size: int) -> None:
    """Longer than the old one was, too: its beginning tells them apart."""
    host.writes("access.log", "a" * size)
    host.run()
    with host.log("access.log").open("w") as file:  # the same inode, and another content
        file.write("b" * size + "\n" + "c" * size + "\n")
    host.run()

    assert ["a" * size, "b" * size, "c" * size] == host.shipped("nginx-access")


def test_a_line_that_is_not_ended_waits_but_not_for_ever(host: Site) -> None:
    """It comes whole with the next run; when there may be no other, as it is."""
    host.writes("error.log", "whole")
    with host.log("error.log").open("a") as file:
        file.write("ha")
    host.run()
    before = host.shipped("nginx-error")
    with host.log("error.log").open("a") as file:
        file.write("lf\nla")
    host.run("--last")

    assert (["whole"], ["whole", "half", "la"]) == (before, host.shipped("nginx-error"))


def test_each_file_has_its_name(host: Site) -> None:
    """An app's name may hold digits and hyphens, and so may a file's."""
    for name in ("access.log", "error.log", "shop-2.access.log"):
        host.writes(name, name)
    host.run()

    assert {name: [f"{name}.log"] for name in ("access", "error", "shop-2.access")} == {
        name: host.shipped(f"nginx-{name}") for name in ("access", "error", "shop-2.access")
    }
