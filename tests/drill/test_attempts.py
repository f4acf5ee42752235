"""How long an answer took, by the balancer's own log."""

from __future__ import annotations

from pathlib import Path

from slackwater.drill.attempts import attempts

LINE = (
    '{{"time":"2026-11-22T08:00:00+00:00","instance":"balancer-1","request_id":"{request}","client":"10.77.255.1",'
    '"method":"GET","uri":"/slow?ms=20000","status":200,"seconds":33.581,"upstream":"{places}",'
    '"upstream_status":"{statuses}","upstream_connect":"0.000","upstream_seconds":"{seconds}"}}\n'
)
NAMES = {"10.77.3.102": "instance-2", "10.77.3.103": "instance-3"}


def test_each_attempt_is_told_with_its_host(tmp_path: Path) -> None:
    """A host that left is asked no more, and its name is known all the same; one without a name is its address."""
    log = tmp_path / "access.log"
    places = "10.77.3.102:8000, 10.77.3.103:8000 : 10.77.3.104:8000"
    told = {"places": places, "statuses": "502, 503 : 200", "seconds": "13.560, 0.001 : 20.020"}
    log.write_text(
        LINE.format(request="load1-7", places="10.77.3.103:8000", statuses="200", seconds="0.020")
        + LINE.format(request="load1-77", **told)
    )

    assert [
        "instance-2: 502 after 13.560 s",
        "instance-3: 503 after 0.001 s",
        "10.77.3.104: 200 after 20.020 s",
    ] == attempts(log, "load1-77", NAMES)


def test_a_request_that_is_in_no_log_has_none(tmp_path: Path) -> None:
    """A log that was rotated away, or a request that nobody passed on."""
    (tmp_path / "access.log").write_text(LINE.format(request="load1-8", places="", statuses="", seconds=""))

    assert [] == attempts(tmp_path / "access.log", "load1-8", NAMES)
    assert [] == attempts(tmp_path / "access.log", "load1-9", NAMES)
    assert [] == attempts(tmp_path / "gone.log", "load1-9", NAMES)
