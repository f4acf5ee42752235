"""An instance that cannot become one of the fleet: never in service, and why can be read when it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slackwater.agents.breaker.launches import Launch, Outcome, launches
from slackwater.lab import Lab, LabHost
from slackwater.lab.cloud import Endpoint, Ground
from slackwater.lab.launches import Launched, Project, begin_with, keep, launched, make
from slackwater.lab.launches.disk import upper
from slackwater.lab.metadata import Service
from tests.hosts.arrival.test_arrival import NO_INDEX
from tests.hosts.arrival.test_prepared import NO_MIRROR
from tests.hosts.converge.running import LONG_ONLY, out
from tests.hosts.releases.test_broken import READY, SHOP, TAIL

ShortLived = Callable[..., AbstractContextManager[Lab]]
ROLE = "/latest/meta-data/iam/security-credentials/"
TAMPERED = "0" * 64
UNPROXIED = """
from fastapi.responses import JSONResponse as _Refusal

@app.middleware("http")
async def _direct_only(request, answered):
    if "x-request-id" in request.headers:
        return _Refusal({"status": "no harbour"}, status_code=503)
    return await answered(request)
"""


@dataclass(frozen=True)
class Fault:
    """What is wrong, and what is to be read of it; without a `step` nothing can be written to the store."""

    step: str = ""
    reason: str = ""
    log: str = ""
    told: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    before: Callable[[LabHost], None] = lambda host: None
    metadata: Callable[[Service], None] = lambda service: None
    project: Callable[[Project], None] = lambda project: None
    deadline: int = 800


def no_mirror(host: LabHost) -> None:
    (upper(host) / "etc/apt/apt.conf.d/80proxy").write_text(NO_MIRROR)


def no_role(service: Service) -> None:
    service.broken[ROLE] = 404


def closed(project: Project) -> None:
    """What is proved from now on answers nobody who comes by way of nginx; no row before comes so far."""
    released(project, "closed", UNPROXIED)


def mute(project: Project) -> None:
    """Nor does it ever say that it is ready."""
    released(project, "mute", READY.format(body="return _Answer({'status': 'no tide'}, status_code=503)"))


def released(project: Project, release: str, code: str) -> None:
    main = project.folder / "examples/shop" / SHOP
    main.write_text(main.read_text() + TAIL + code)
    project.release(release)


FAULTS = {
    "no role": Fault("", "the instance has no role", metadata=no_role, deadline=120),
    "bundle missing": Fault("bundle", "404 NoSuchKey", told={"bundle_url": "s3://{bucket}/fleet/gone.tar.gz"}),
    "bundle tampered": Fault("bundle", f"not {TAMPERED}: nothing of it was run", told={"bundle_sha256": TAMPERED}),
    "no package index": Fault("environment", "the installer ended with status", variables=NO_INDEX, deadline=300),
    "no mirror": Fault("converge", "pyinfra ended with status 1, tried 3 times", "role base", before=no_mirror),
    "app not behind nginx": Fault("proof", "does not answer that it is ready: 503", project=closed, deadline=240),
    "app never ready": Fault("converge", "pyinfra ended with status 1, tried 3 times", "role app", project=mute),
}
DAILY = {"bundle tampered", "bundle missing"}
"""Those that end within a minute."""


@pytest.fixture(scope="module")
def image(lab: ShortLived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LabHost, Path]]:
    """A host that is off, and the disk that each launch begins with."""
    with lab("faults", app=1) as made:
        host, place = made.host("app-1"), tmp_path_factory.mktemp("disk") / "image"
        make(host)
        keep(host, place)
        yield host, place


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in DAILY else LONG_ONLY) for name in FAULTS])
def test_a_launch_that_fails_is_never_in_service(
    image: tuple[LabHost, Path],
    sky: Endpoint,
    ground: Ground,
    project: Project,
    name: str,
) -> None:
    """The group gives it up; step and reason are on the console, and in the store."""
    host, fault = image[0], FAULTS[name]
    fault.project(project)
    host.power_cut()
    begin_with(*image)
    fault.before(host)
    told = {key: value.format(bucket=ground.bucket) for key, value in fault.told.items()}
    with launched(
        host, sky, ground, project, project.bundle(), told=told, variables=fault.variables, deadline=fault.deadline
    ) as one:
        fault.metadata(one.service)
        one.power_on()
        ended = one.wait("InService", "gone")
        journal = one.journal()

        assert "gone" == ended, journal
        assert "InService" not in [state for who, state in sky.cloud.states if who == one.instance]
        assert [Outcome.FAILED] == [each.outcome for each in counted(one)], journal
        assert fault.log in journal
        assert fault.reason in host.console.read_text(errors="replace")
        in_the_store(one, fault)


def counted(one: Launched) -> list[Launch]:
    """This launch as the breaker reads it."""
    said = one.cloud.client("autoscaling").get_paginator("describe_scaling_activities").paginate()
    told = [each for page in said for each in page["Activities"] if one.instance in each["Description"]]
    return launches(told)


def in_the_store(one: Launched, fault: Fault) -> None:
    """Unless its role cannot write there."""
    if not fault.step:
        assert one.project.arrival(one.instance) is None
        return
    report = one.report()

    assert ("ABANDON", fault.step) == (report["result"], report["step"])
    assert fault.reason in report["reason"]
    if fault.step == "bundle":
        assert "absent" == out(one.host, "[ -e /etc/nginx ] && echo there || echo absent")
