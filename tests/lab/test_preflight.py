"""What is missing on this machine is said before anything is made."""

from __future__ import annotations

import pytest

from slackwater.errors import LabError
from slackwater.lab.preflight import check_programs, check_rights


@pytest.mark.parametrize(
    ("system", "user", "words"), [("Darwin", 0, "this is Darwin"), ("Linux", 1000, "run it as root")]
)
def test_a_machine_that_cannot_run_a_lab_hears_of_the_other_way(system: str, user: int, words: str) -> None:
    """The sentence names what is missing, and Vagrant."""
    with pytest.raises(LabError, match=rf"{words}.*vagrant/"):
        check_rights(system, user)


def test_root_on_linux_may() -> None:
    """Nothing is raised."""
    check_rights("Linux", 0)


def test_all_missing_programs_are_named_with_the_one_command_that_installs_them() -> None:
    """Each package once."""
    missing = {"mmdebstrap", "ssh", "ssh-keygen"}

    with pytest.raises(LabError, match=r"mmdebstrap, ssh, ssh-keygen.*`apt-get install mmdebstrap openssh-client`"):
        check_programs(lambda program: None if program in missing else f"/usr/bin/{program}")
