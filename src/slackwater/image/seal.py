"""What belongs to one host and must not be in an image of it: named, removed, and looked for afterwards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """`what` in words for the operator; `remove` and `left` are shell, and `left` prints what is still there."""

    what: str
    remove: str
    left: str = ""


SLOTS = "find /etc/slackwater -mindepth 2 -maxdepth 2 -type d -name '*-????????' ! -path '/etc/slackwater/*.*/*'"
"""No app's name holds a dot: what lies in drain.d is the operator's own."""


def _absent(what: str, *paths: str) -> Step:
    """Shell patterns; a match that is not there is none."""
    named = " ".join(paths)
    return Step(what, f"rm -rf {named}", f"ls -d {named} 2>/dev/null || :")


PERSONAL = (
    ".ssh/authorized_keys",
    ".ssh/known_hosts*",
    ".ssh/id_*",
    ".aws",
    ".*_history",
    ".viminfo",
    ".lesshst",
)
"""In the home of whoever worked on the host: what lets somebody in elsewhere, and what was typed and seen here."""
STEPS = (
    Step(
        "services stopped and not started at boot",
        "for unit in nginx.service $(cd /etc/systemd/system && ls -d slackwater-*.service slackwater-*.socket "
        "slackwater-*.timer slackwater-*.path 2>/dev/null); do\n"
        '  systemctl list-unit-files -q "$unit" >/dev/null 2>&1 || continue\n'
        '  systemctl disable --quiet --now "$unit" 2>/dev/null || :\n'
        "done",
        "systemctl is-active nginx.service | grep -qx active && echo nginx.service || :",
    ),
    Step("slots", f"[ ! -d /etc/slackwater ] || {SLOTS} -exec rm -rf {{}} +", f"{SLOTS} 2>/dev/null || :"),
    _absent(
        "pointers and notes of the host's own",
        "/etc/slackwater/instance.json",
        "/etc/slackwater/upstreams.json",
        "/etc/slackwater/*/live",
        "/etc/systemd/system/slackwater-*@*",
        "/srv/slackwater/*/current",
        "/srv/slackwater/*/proved",
        "/srv/slackwater/*/last-error.json",
        "/srv/slackwater/*/incoming/*",
        "/var/lib/slackwater/[!.]*/*",
        "/var/lib/slackwater/*.json",
    ),
    _absent("certificates and their keys", "/etc/nginx/slackwater/tls/*", "/etc/ssl/private/ssl-cert-snakeoil.key"),
    Step(
        "cloud-init's state",
        "! command -v cloud-init >/dev/null || cloud-init clean --logs >/dev/null\n"
        "rm -rf /var/lib/cloud/instance /var/lib/cloud/instances /var/lib/cloud/data /var/lib/cloud/sem",
        "ls -d /var/lib/cloud/instances/* 2>/dev/null || :",
    ),
    _absent("leases", "/var/lib/dhcp/*", "/var/lib/dhcpcd/*.lease*", "/var/lib/systemd/network/*"),
    Step(
        "logs",
        "systemctl stop --quiet rsyslog.service 2>/dev/null || :\n"
        "journalctl --relinquish-var 2>/dev/null || :\n"  # else journald would begin another at once
        "rm -rf /var/log/journal/*\n"
        "find /var/log -type f -delete",
        # sshd notes every stranger's attempt to log in, on a public address every second.
        "find /var/log -type f -size +0 ! -name '[bw]tmp' ! -name lastlog | head -n 3",
    ),
    _absent("downloads", "/var/cache/apt/archives/*.deb", "/tmp/[!.]*", "/var/tmp/[!.]*"),  # noqa: S108 - emptied
    _absent(
        "logins, keys, and programs' memory of who used them",
        *(f"{home}/{name}" for home in ("/root", "/home/*") for name in PERSONAL),
    ),
    # systemd-creds encrypts with the second: in an image, every instance could read what another has encrypted.
    _absent("random seed and secret", "/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret"),
    Step(
        "machine id",
        "rm -f /var/lib/dbus/machine-id\n: > /etc/machine-id",
        "[ ! -s /etc/machine-id ] || echo /etc/machine-id",
    ),
    _absent("ssh host keys", "/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_*_key.pub"),
)
"""The ways in go last: a run that died before can be typed again. cloud-init makes new host keys at the first boot."""
MARK = "sealed"


def script() -> str:
    """Every step, then a look at what is left; the last line is the mark, and the exit status says whether it is."""
    steps = "".join(f"# {step.what}\n{step.remove}\n" for step in STEPS)
    looks = "".join(f"{step.left}\n" for step in STEPS if step.left)
    return (
        f"set -eu\nsync\n{steps}sync\nleft=$(\n{looks})\n"
        f'[ -z "$left" ] || {{ echo "still there: $left" | tr "\\n" " "; exit 1; }}\necho {MARK}'
    )
