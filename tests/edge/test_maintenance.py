"""Maintenance: by the setting and by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from slackwater import Health, RateLimit, Tls
from tests.edge.conftest import Start

HEALTH = Health(live="/health", ready="/health/ready")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_everybody_is_told_to_come_again(edge: Start, method: str) -> None:
    """503 with Retry-After and a page, whatever was asked."""
    answer = edge(maintenance=True).ask(method, "/books", body=b"x" if method == "POST" else None)

    assert (503, "120", "no-store") == (answer.status, answer["retry-after"], answer["cache-control"])
    assert "text/html; charset=utf-8" == answer["content-type"]
    assert b"<h1>Back soon</h1>" in answer.body


def test_probes_go_on(edge: Start) -> None:
    """Else a load balancer before this one would take it out, and the page with it."""
    site = edge(maintenance=True, app={"health": HEALTH})
    paths = ["/health", "/health/ready", "/.slackwater/live", "/.slackwater/ready"]

    assert [200] * 4 == [site.get(path).status for path in paths]
    assert 503 == site.get("/health/other").status


def test_a_page_of_ones_own(edge: Start, tmp_path: Path) -> None:
    """As it is in the file."""
    page = tmp_path / "closed.html"
    page.write_text("<p>Closed — ☕</p>\n")

    assert page.read_bytes() == edge(maintenance=True, maintenance_page=str(page)).get("/x").body


def test_the_flag_does_it_by_hand_without_a_reload(edge: Start) -> None:
    """From one request to the next, and back."""
    site = edge(rate_limit=RateLimit(per_minute=6, burst=9))
    flag = site.place / "run/slackwater/maintenance"
    seen = [site.get().status]
    flag.touch()
    seen.append(site.get().status)
    flag.unlink()
    seen.append(site.get().status)

    assert [200, 503, 200] == seen


def test_the_page_is_no_address_of_its_own(edge: Start) -> None:
    """Nobody sees it by asking for it."""
    assert 404 == edge().get("/.slackwater/maintenance.html").status


def test_a_503_of_the_apps_is_the_apps(edge: Start) -> None:
    """Its body and headers pass, also while the flag is there for others."""
    site = edge()
    answer = site.ask("POST", "/?status=503", body=b"x")

    assert (503, "/?status=503", None) == (answer.status, answer.echo["path"], answer["retry-after"])


def test_the_proof_of_the_domain_goes_on(edge: Start) -> None:
    """A certificate that runs out during maintenance would be the next trouble."""
    site = edge(maintenance=True, redirect=True, block_patterns=True, tls=CERTBOT)
    folder = site.place / "var/lib/slackwater/acme/.well-known/acme-challenge"
    folder.mkdir(parents=True)
    (folder / "token-1_x").write_text("token-1_x.thumb")
    answer = site.get("/.well-known/acme-challenge/token-1_x")

    assert (200, b"token-1_x.thumb") == (answer.status, answer.body)
    assert 404 == site.get("/.well-known/acme-challenge/other").status
    assert 308 == site.get("/").status


CERTBOT = Tls.certbot(email="ops@example.com", domains=["shop.example.com"])
