"""CORS: named sites only, answered at the edge."""

from __future__ import annotations

from slackwater import Cors
from tests.edge.conftest import Start

SHOP, ADMIN, EVIL = "https://shop.example.com", "https://admin.example.com:8443", "https://evil.example"
CORS = Cors(origins=[SHOP, ADMIN], methods=["GET", "PUT"], headers=["Content-Type", "X-Token"], max_age=300)
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-token"}


def test_a_preflight_of_a_named_site_is_answered_at_the_edge(edge: Start) -> None:
    """The app does not see it."""
    answer = edge(cors=CORS).ask("OPTIONS", "/books", {"Origin": ADMIN, **PREFLIGHT})

    assert (204, b"") == (answer.status, answer.body)
    assert {
        "origin": ADMIN,
        "methods": "GET, PUT",
        "headers": "Content-Type, X-Token",
        "credentials": None,
    } == {name: answer[f"access-control-allow-{name}"] for name in ("origin", "methods", "headers", "credentials")}
    assert ("300", "Origin") == (answer["access-control-max-age"], answer["vary"])


def test_a_preflight_of_any_other_site_is_refused(edge: Start) -> None:
    """Also of one that looks alike."""
    site = edge(cors=CORS)
    others = [EVIL, "null", f"{SHOP}.evil.example", "http://shop.example.com", f"{SHOP}:8443", f"x{SHOP}"]
    answers = [site.ask("OPTIONS", "/", {"Origin": origin, **PREFLIGHT}) for origin in others]

    assert {(403, None)} == {(answer.status, answer["access-control-allow-origin"]) for answer in answers}


def test_a_named_site_may_read_an_answer_and_another_may_not(edge: Start) -> None:
    """And caches are told that the two differ."""
    site = edge(cors=CORS)
    answers = [site.get("/", {"Origin": origin} if origin else {}) for origin in (SHOP, EVIL, "")]

    assert [200, 200, 200] == [answer.status for answer in answers]
    assert [SHOP, None, None] == [answer["access-control-allow-origin"] for answer in answers]
    assert {"Origin"} == {answer["vary"] for answer in answers}


def test_credentials_are_for_named_sites_only(edge: Start) -> None:
    """Never together with anybody else's origin."""
    site = edge(cors=CORS.model_copy(update={"credentials": True}))
    answers = [site.get("/", {"Origin": origin}) for origin in (SHOP, EVIL)]

    assert ["true", None] == [answer["access-control-allow-credentials"] for answer in answers]


def test_the_apps_own_words_do_not_widen_it(edge: Start) -> None:
    """One header, the edge's, whatever the app says."""
    answer = edge(cors=CORS).get("/?header=Access-Control-Allow-Origin:*", {"Origin": EVIL})

    assert answer["access-control-allow-origin"] is None


def test_an_ordinary_options_request_goes_to_the_app(edge: Start) -> None:
    """It is no preflight without Access-Control-Request-Method."""
    assert "OPTIONS" == edge(cors=CORS).ask("OPTIONS", "/", {"Origin": SHOP}).echo["method"]


def test_without_the_setting_it_is_the_apps_own_affair(edge: Start) -> None:
    """Preflights and headers pass."""
    site = edge()
    header = "/?header=Access-Control-Allow-Origin:*"

    assert "*" == site.get(header, {"Origin": EVIL})["access-control-allow-origin"]
    assert "OPTIONS" == site.ask("OPTIONS", "/", {"Origin": EVIL, **PREFLIGHT}).echo["method"]
