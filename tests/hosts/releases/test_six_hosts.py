"""Six hosts at once while people are served: other settings, and a release taken back."""

from __future__ import annotations

from pathlib import Path

from tests.hosts.converge.running import count, rate
from tests.hosts.releases.site import Site, nothing_lost, traffic

RATE, RTT = rate(300), 0.04
SECRET = 'secrets={{"API_KEY": Secret.file({path!r})}},'


def test_settings_of_six_hosts_change_at_once(six: Site, tmp_path: Path) -> None:
    """Workers, a variable and a secret, by plain deploy.py, under load: not one request lost."""
    key = tmp_path / "key"
    key.write_text("first")
    with traffic(six, RATE, keepalive=1.0, rtt=RTT) as people:
        for turn in range(count(3)):
            key.write_text(f"secret number {turn}")
            six.tell(
                more=SECRET.format(path=str(key)),
                variables={"GREETING": f"turn {turn}"},
                group=f"server = Server(workers={1 + turn % 2})",
            )
            six.converge()
    nothing_lost(six, people)
    six.whole("good")
    held = "cat /proc/$(systemctl show -P MainPID 'slackwater-shop@*.service')/root/run/credentials/*/API_KEY"
    assert {f"secret number {turn}"} == {six.on(name, held) for name in six.hosts()}


def test_a_rollback_of_six_hosts_under_load(six: Site) -> None:
    """One command, all at once; how long it took is in its last line."""
    six.tell()
    six.build("next", {"next.txt": "next"})
    with traffic(six, RATE, keepalive=1.0, rtt=RTT) as people:
        six.rollout("next")
        said = six.good("rollback")
    nothing_lost(six, people)
    six.whole("good")

    assert "every host runs good, " in said
