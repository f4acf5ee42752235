"""The address that moves between the balancers: one has it, another takes it when that one's nginx or host is gone."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import Directory, File, Router, Service, render, router, services, tree, until
from slackwater.settings import resolve

HOME = "/etc/keepalived"
ANSWERS, HOLDS, CONFIGURATION = f"{HOME}/slackwater-answers", f"{HOME}/slackwater-holds", f"{HOME}/keepalived.conf"
"""Under /etc, where nobody but root may write: keepalived runs no script that lies elsewhere."""
UNIT = "/etc/systemd/system/keepalived.service.d"
HANDOVER = "/etc/systemd/system/slackwater-handover.service"
HAND_OVER, RULES = f"{HOME}/slackwater-handover", f"{HOME}/slackwater-handover.nft"
TEST = f"""setsid --wait sh -c 'trap "" TERM; exec keepalived --config-test --use-file="$0"' "$stage{CONFIGURATION}"
"""
"""It looks at the scripts too. At its end it sends SIGTERM to its whole process group, itself and the converge."""
RULES_TEST = f'nft --check --file "$stage{RULES}"\n'
FINISHED_AFTER = 15
"""Seconds beyond the longest request: what nginx gives kept connections before its end, and some."""
REMOVE = f"""# remove keepalived, whose address the settings do not name any more
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -q -y -o DPkg::Lock::Timeout=300 purge keepalived
[ ! -e {HANDOVER} ] || systemctl disable --quiet --now slackwater-handover.service
rm -rf {UNIT} {HANDOVER} {CONFIGURATION} {HOLDS} {HAND_OVER} {RULES}
systemctl daemon-reload
rm -f {ANSWERS}
rmdir --ignore-fail-on-non-empty {HOME} 2>/dev/null || true
"""
"""The script goes last: it is how the next run knows that keepalived was ours."""


@deploy("keepalived")
def keepalived() -> None:
    """Runs after the role nginx: a balancer that takes the address must answer already."""
    told = resolve(host.data).balancer
    moving = told.address if "balancer" in host.groups else None
    if moving is None:
        until(name="removed", question=f"test ! -e {ANSWERS} || echo ours", answer="", command=REMOVE)
        return
    me = router("balancer", moving)
    if me is not None:
        _set_up(me, moving, closing=told.changes == "lua")
        _hand_over(me, moving, told.read_timeout + FINISHED_AFTER)


def _set_up(me: Router, moving: str, *, closing: bool) -> None:
    unit = File(f"{UNIT}/slackwater.conf", render("keepalived/keepalived.service.conf.j2", closing=closing))
    answers = File(ANSWERS, render("keepalived/answers.j2"), "755")
    holds = File(HOLDS, render("keepalived/holds.j2", address=moving, router=me), "755")
    tree(name="unit and scripts", items=[Directory(UNIT), unit, Directory(HOME), answers, holds])
    # Of a new drop-in systemd does not always see that it should read it.
    until(
        name="unit read",
        question="systemctl show -P ExecStart -P ExecStopPost keepalived.service "
        "| grep -o -e --vrrp -e agents.closing | LC_ALL=C sort -u",
        answer="--vrrp" + "\nagents.closing" * closing,
        command="systemctl daemon-reload",
    )
    text = render("keepalived/keepalived.conf.j2", router=me, address=moving, answers=ANSWERS, holds=HOLDS)
    tree(name="configuration", items=[File(CONFIGURATION, text, "600")], check=TEST)
    services(name="service", wanted=[Service("keepalived.service", [CONFIGURATION])])


def _hand_over(me: Router, moving: str, seconds: int) -> None:
    """With it whoever has had the address finishes its connections while another one has it."""
    length = 128 if ":" in moving else 32
    script = render("keepalived/handover.j2", address=moving, length=length, rules=RULES)
    files = [
        File(RULES, render("keepalived/handover.nft.j2", router=me, address=moving, seconds=seconds)),
        File(HAND_OVER, script, "755"),
        File(HANDOVER, render("keepalived/handover.service.j2", script=HAND_OVER)),
    ]
    tree(name="handover's rules", items=files[:1], check=RULES_TEST)
    tree(name="handover", items=files[1:])
    wanted = Service("slackwater-handover.service", [file.path for file in files], "restart")
    services(name="handover's service", wanted=[wanted])
