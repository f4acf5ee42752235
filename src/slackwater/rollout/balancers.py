"""What a balancer sees: asked on the host itself, for its agent's page is on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PAGE = "http://127.0.0.1:8082/state"
NO_AGENT = '{"agent": "the agent does not answer"}'
QUESTION = f"""if [ -d /etc/nginx/slackwater.d ] && ! systemctl is-active -q nginx; then
  echo '{{"agent": "nginx is not running"}}'
elif [ -e /etc/systemd/system/slackwater-upstreams.service ]; then
  python3 -c "import urllib.request as u; direct = u.build_opener(u.ProxyHandler({{}}))
print(direct.open('{PAGE}', timeout=5).read().decode())" 2>/dev/null \\
    || echo '{NO_AGENT}'
else
  echo '{{}}'
fi"""
"""For every host without the app: one that is no balancer has nothing to say, and that is well."""
SERVE = {"up", "held"}


def health(state: Mapping[str, Any] | None) -> str:
    """Either "ok" or what is wrong: a member that drains is no fault of a balancer, nor is one that is down."""
    if state is None:
        return "no connection"
    return ", ".join(_faults(state)) or "ok"


def _faults(state: Mapping[str, Any]) -> list[str]:
    sources = [f"{one['kind']} {one['name']}: {one['error']}" for one in state.get("sources", ()) if one["error"]]
    writer = state.get("writer", {}).get("error")
    floor = "most members look bad: kept in service" if state.get("floor_held") else ""
    members = state.get("members", ())
    nobody = "nobody serves" if members and not any(one["state"] in SERVE for one in members) else ""
    told = state.get("configuration", {}).get("error")
    return list(filter(None, [state.get("agent"), nobody, floor, writer, told, *sources]))


def in_flight(state: Mapping[str, Any] | None) -> int | None:
    """Requests that it has passed on and that are not answered yet."""
    members = (state or {}).get("members")
    return None if members is None else sum(one["in_flight"] for one in members)


def lines(name: str, state: Mapping[str, Any]) -> list[str]:
    """A line for each member that is not simply in service."""
    return [
        f"{name} sees {one['name']} {one['state']}: {one['reason']}"
        for one in state.get("members", ())
        if one["state"] != "up"
    ]
