"""A lab's network: a bridge in a namespace of its own, one cable to this machine, one to each host.

Nothing of this machine changes but the one interface and the one route: no forwarding, no address translation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from slackwater.lab._run import attempt, run
from slackwater.lab.addressing import METADATA, Network
from slackwater.lab.locks import held

NAMESPACES = Path("/run/netns")


def routes() -> list[str]:
    """The machine's own routes that are narrower than the default."""
    listed = json.loads(run("ip", "-j", "-4", "route", "show", "table", "main") or "[]")
    return [route["dst"] for route in listed if route["dst"] != "default"]


def fabric_is_built(network: Network) -> bool:
    """The route is laid last, so it says that all the rest was done."""
    return bool(_ask("-4", "route", "show", f"{network.subnet}", "dev", network.uplink)) and _exists(network.fabric)


def build_fabric(network: Network) -> None:
    """Builds anew: what a killed command left half done goes first."""
    tear_fabric(network)
    _batch([f"netns add {network.fabric}", f"link add {network.uplink} type veth peer name up0 netns {network.fabric}"])
    _batch(
        [
            "link set lo up",
            f"link add br0 address {network.gateway_hardware} type bridge forward_delay 0 mcast_snooping 0",
            f"addr add {network.gateway}/24 dev br0",
            f"addr add {METADATA}/32 dev br0",
            "link set br0 up",
            f"addr add {network.fabric_side}/30 dev up0",
            "link set up0 up",
        ],
        network.fabric,
    )
    forward = "echo 1 > /proc/sys/net/ipv4/ip_forward"
    run("ip", "netns", "exec", network.fabric, "sh", "-c", forward)
    _batch([f"addr add {network.machine_side}/30 dev {network.uplink}", f"link set {network.uplink} up"])
    _batch([f"route add default via {network.machine_side}"], network.fabric)
    _batch([f"route add {network.subnet} via {network.fabric_side}"])


def tear_fabric(network: Network) -> None:
    remove_link(network.uplink)
    if _exists(network.fabric):
        run("ip", "netns", "del", network.fabric)


def is_plugged(network: Network, host: str) -> bool:
    """The default route is laid last, so it says that all the rest was done."""
    namespace = network.namespace(host)
    return _exists(namespace) and bool(_ask("-n", namespace, "route", "show", "default"))


def plug(network: Network, host: str) -> None:
    """A namespace with eth0; the other end bears the host's name on the bridge, and is down until power is on."""
    unplug(network, host)
    namespace = network.namespace(host)
    near, far = f"eth0 address {network.hardware(host)} netns {namespace}", f"{host} netns {network.fabric}"
    _batch([f"netns add {namespace}", f"link add name {near} type veth peer name {far}"])
    _batch([f"link set {host} master br0"], network.fabric)
    _batch(
        [
            "link set lo up",
            f"addr add {network.address(host)}/24 dev eth0",
            "link set eth0 up",
            f"route add default via {network.gateway}",
        ],
        namespace,
    )


def unplug(network: Network, host: str) -> None:
    """A killed command may have left either end without the other."""
    attempt("ip", "-n", network.fabric, "link", "del", host)
    if _exists(network.namespace(host)):
        run("ip", "netns", "del", network.namespace(host))


def switch(network: Network, host: str, to: Literal["up", "down"]) -> None:
    """The bridge's end of the host's cable: the host sees its carrier go and come. Nothing happens without a cable."""
    attempt("ip", "-n", network.fabric, "link", "set", host, to)


def namespaces_of(name: str) -> list[str]:
    """Every network namespace of the lab, also those that its record does not know."""
    return sorted(path.name for path in NAMESPACES.glob(f"slackwater-{name}.*"))


def link_exists(interface: str) -> bool:
    return bool(_ask("link", "show", interface))


def remove_link(interface: str) -> None:
    """Nothing happens where it is gone already."""
    attempt("ip", "link", "del", interface)


def remove_namespace(name: str) -> None:
    attempt("ip", "netns", "del", name)


def _exists(namespace: str) -> bool:
    return (NAMESPACES / namespace).exists()


def _ask(*question: str) -> list[dict[str, Any]]:
    """What `ip` lists; nothing where the interface or namespace is not there."""
    done = attempt("ip", "-j", *question)
    answer: list[dict[str, Any]] = json.loads(done.stdout or "[]") if done.returncode == 0 else []
    return answer


def _batch(lines: list[str], namespace: str | None = None) -> None:
    """Busy kernels take seconds over a line: `down` waits for what a killed command still has made here."""
    inside = ("-n", namespace) if namespace else ()
    run("ip", *inside, "-batch", "-", stdin="\n".join(lines) + "\n", inherits=held())
