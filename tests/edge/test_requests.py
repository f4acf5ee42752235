"""What becomes of a request on its way through the balancer."""

from __future__ import annotations

from tests.edge.conftest import Start


def test_an_ordinary_request_reaches_the_app_as_it_is(edge: Start) -> None:
    """Nothing of the edge is on unless set: no redirect, no limit, no header of its own."""
    site = edge()
    answers = [site.get("/books?id=7", {"Host": "shop.example.com"}) for _ in range(150)]

    assert {200} == {answer.status for answer in answers}
    assert "/books?id=7" == answers[0].echo["path"]
    assert "shop.example.com" == answers[0].echo["headers"]["host"]
    unwanted = {"strict-transport-security", "vary", "access-control-allow-origin", "retry-after", "cache-control"}
    assert set() == unwanted & set(answers[0].headers)


def test_the_app_is_told_the_true_client(edge: Start) -> None:
    """And what a client says of itself in the words of a proxy is not passed on."""
    site = edge()
    lies = {"X-Forwarded-For": "10.9.9.9", "X-Real-IP": "10.9.9.9", "X-Forwarded-Proto": "https", "Forwarded": "for=x"}
    told = site.get("/", {**lies, "X-Forwarded-Host": "evil.example"}, client="127.0.0.5").echo["headers"]

    assert ("127.0.0.5", "127.0.0.5", "http") == (told["x-forwarded-for"], told["x-real-ip"], told["x-forwarded-proto"])
    assert set() == {"x-forwarded-host", "x-forwarded-port", "forwarded"} & set(told)
