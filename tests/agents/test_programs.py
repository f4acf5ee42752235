"""What programs get from us."""

from __future__ import annotations

from pathlib import Path

import pytest

from slackwater.agents.slots.programs import environment


def test_uv_gets_what_a_login_would_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sudo and boot forget the proxy of /etc/environment; uv must not."""
    file = tmp_path / "environment"
    file.write_text('# site\nhttps_proxy="http://10.0.0.1:3128"\nexport no_proxy=localhost\n')
    for variable in ("https_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    given = environment(file)

    assert ("http://10.0.0.1:3128", "localhost") == (given["https_proxy"], given["no_proxy"])
