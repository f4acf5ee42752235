"""Asks app hosts their two questions; sent to a balancer and run there, so it is what the balancer itself sees.

Needs nothing but Python: its argument is JSON, {host: "http://address:port"}; it prints {host: what is wrong, "" when
all is well}.
"""

from __future__ import annotations

import json
import ssl
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 5
"""Seconds for one answer: a balancer would have given up on the host by then."""
QUESTIONS = ("live", "ready")
AGENT = "http://127.0.0.1:8082/state"
SERVE = {"up", "held"}


def wrong(place: str) -> str:
    said = [f"{question}: {answer}" for question in QUESTIONS if (answer := ask(place, question))]
    return ", ".join(said)


def ask(place: str, question: str) -> str:
    """Empty when the answer is 2xx; proxies of the environment are no way to a neighbour."""
    trusting = urllib.request.HTTPSHandler(context=unverified())
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), trusting)
    try:
        direct.open(f"{place}/.slackwater/{question}", timeout=TIMEOUT).close()
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read(200).decode(errors='replace').strip()}".strip()
    except (OSError, ValueError) as error:
        return f"no answer ({error})"
    return ""


def unverified() -> ssl.SSLContext:
    """A host's certificate is its own, and nothing secret is asked."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def decided(place: str, members: list[dict[str, Any]]) -> str:
    """What the balancer's own agent has against it. Whom it does not know yet it learns of by a converge."""
    found = urlsplit(place)
    same = [one for one in members if one["address"] == found.hostname]
    if not same or any(one["port"] == found.port and one["state"] in SERVE for one in same):
        return ""
    one = next((one for one in same if one["port"] == found.port), None)
    if one is None:
        return f"asked at port {same[0]['port']}, not {found.port}: converge the balancers, too"
    return f"gets no requests: {one['state']}, {one['reason']}"


def members() -> list[dict[str, Any]]:
    """None where this is no balancer of ours, or its agent is away: nginx goes on with what it knows."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(AGENT, timeout=TIMEOUT) as page:
            return list(json.load(page)["members"])
    except (OSError, ValueError):
        return []


def main() -> None:
    places: dict[str, str] = json.loads(sys.argv[1])
    with ThreadPoolExecutor(16) as pool:
        answers = dict(zip(places, pool.map(wrong, places.values()), strict=True))
    known = members()
    said = {name: answer or decided(places[name], known) for name, answer in answers.items()}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
