"""What the name of an instance type tells."""

from __future__ import annotations

import pytest

from slackwater.lint.instance_types import architecture, size


@pytest.mark.parametrize(
    ("name", "cores", "gb"),
    [
        ("t3.micro", 2, 1),
        ("t4g.medium", 2, 4),
        ("m7g.medium", 1, 4),
        ("m6i.large", 2, 8),
        ("c7gn.xlarge", 4, 8),
        ("r6id.16xlarge", 64, 512),
    ],
)
def test_common_types_have_a_size(name: str, cores: int, gb: int) -> None:
    """By family and size."""
    assert (cores, gb * 1024) == size(name)


@pytest.mark.parametrize("name", ["m7i-flex.large", "u-6tb1.metal", "m5.metal", "x2gd.large", "m3.large", "t2.micro"])
def test_of_others_nothing_is_said(name: str) -> None:
    """A guess could refuse what would work."""
    assert size(name) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("t3.micro", "x86_64"),
        ("t4g.micro", "arm64"),
        ("m7gd.large", "arm64"),
        ("im4gn.large", "arm64"),
        ("a1.large", "arm64"),
        ("g4dn.xlarge", "x86_64"),
        ("m7i-flex.large", "x86_64"),
        ("c7a.large", "x86_64"),
    ],
)
def test_the_architecture_is_in_the_name(name: str, kind: str) -> None:
    """A g behind the generation; a g before it is a graphics card."""
    assert kind == architecture(name)
