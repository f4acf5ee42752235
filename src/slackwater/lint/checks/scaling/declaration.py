"""Where a scaling group is declared, and what its instances find when nobody pushes to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slackwater.errors import SettingsError
from slackwater.lint.fleet import APP, BALANCER, CLOUD, WORKER, Fleet
from slackwater.lint.scaling import Scaling, scaling
from slackwater.settings import Fault, ScalingGroup, Secret

LOCAL = "@local"
# The groups that deploy.py knows; any other may have its own file of group data.
KNOWN = frozenset({APP, BALANCER, WORKER, "database", "cache"})


def group_is_told_to_cloud(fleet: Fleet) -> Iterator[Fault]:
    """Told to nobody of the group `cloud`, it would never be made. An instance that checks itself has no such group."""
    told = [host.data.get("scaling_group") for host in fleet.hosts if host.name != LOCAL]
    groups = {id(group): group for group in told}
    if fleet.is_whole and not fleet.of(CLOUD):
        for group in groups.values():
            if isinstance(group, ScalingGroup):
                place, allowed = group.origin, f'must go with {CLOUD} = ["{LOCAL}"] in {fleet.inventory}'
                yield Fault(place.relative_file(), place.line, "scaling_group", None, allowed)


def cloud_is_this_machine(fleet: Fleet) -> Iterator[Fault]:
    """The calls to AWS are made where the operator is; another host has no credentials."""
    others = [host.name for host in fleet.of(CLOUD) if host.name != LOCAL]
    if others:
        yield Fault(fleet.inventory, None, CLOUD, repr(others), f'must be ["{LOCAL}"]: it is no host of the fleet')


def groups_are_known(fleet: Fleet) -> Iterator[Fault]:
    """An instance in a group that is none would provision nothing, one without an app prove nothing."""
    known = KNOWN | {group for host in fleet.hosts for group in host.groups}
    for each in scaling(fleet):
        groups = [*each.group.groups]
        if any(group not in known and not (fleet.project / "group_data" / f"{group}.py").is_file() for group in groups):
            yield each.fault("groups", f"must be groups that are deployed: {', '.join(sorted(KNOWN))}")
        elif not {APP, WORKER} & set(groups):
            allowed = (
                f"must hold {APP} or {WORKER}: an instance is in service once its app answers or its workers consume"
            )
            yield each.fault("groups", allowed)


def instances_have_an_app(fleet: Fleet) -> Iterator[Fault]:
    for each in scaling(fleet):
        if APP in each.group.groups and each.instance.data.get("app") is None and fleet.is_whole:
            yield each.fault("groups", f"must have an app: group_data/{APP}.py must declare app = App(…)")


def store_is_reachable(fleet: Fleet) -> Iterator[Fault]:
    """A directory of the operator's machine is not there when an instance starts by itself."""
    for each in scaling(fleet):
        store = each.instance.store
        if store is None:
            yield each.instance.fault(
                "store", None, 'must be given with a scaling group: Store.s3("s3://bucket/prefix")'
            )
        elif store.is_sound and store.kind != "s3":
            yield store.fault("location", "must be Store.s3(…): an instance cannot fetch from the operator's machine")


def logs_outlive_the_instance(fleet: Fleet) -> Iterator[Fault]:
    """A directory goes with the instance, and so would what it is kept for."""
    for each in scaling(fleet):
        logs = each.instance.logs
        if logs.is_sound and logs.ship_to and not logs.bucket:
            allowed = "must be a bucket such as 's3://bucket/logs': a directory ends with its instance"
            yield logs.fault("ship_to", allowed)


def secrets_are_the_instances_own(fleet: Fleet) -> Iterator[Fault]:
    """Nobody is there to push a value to an instance that starts at night."""
    for each in scaling(fleet):
        for secret in _secrets(each):
            if secret.is_sound and not secret.is_of_the_instance:
                allowed = "must be Secret.ssm(…) or Secret.secrets_manager(…): an instance resolves it by itself"
                yield secret.fault("location", allowed)


def _secrets(each: Scaling) -> Iterator[Secret]:
    if each.app:
        yield from each.app.secrets.values()
        if each.app.nginx.tls and each.app.nginx.tls.key:
            yield each.app.nginx.tls.key


def breaker_is_run(fleet: Fleet) -> Iterator[Fault]:
    """One that nobody runs would be believed in, and launches fail for ever."""
    for each in scaling(fleet):
        breaker = each.group.breaker
        if breaker and breaker.watched_by == "balancers" and not fleet.of(BALANCER):
            allowed = "must be 'elsewhere', with `slackwater watch` in a unit of your own: its timer runs on hosts of "
            yield each.fault("breaker.watched_by", f"{allowed}the group {BALANCER}, and there is none")


def user_data_fits(fleet: Fleet) -> Iterator[Fault]:
    """EC2 would refuse the launch template, in the middle of an apply."""
    from slackwater.aws.user_data import user_data

    for each in scaling(fleet):
        store = each.instance.store.location if each.instance.store else ""
        environment, sha256 = Path(fleet.inventory).stem, "0" * 64
        url = f"{store}/bundles/{environment}/{sha256}.tar.gz"
        try:
            user_data(each.group, bundle_url=url, bundle_sha256=sha256, environment=environment, store=store)
        except SettingsError as error:
            place, allowed = each.group.origin, f"must have shorter names, and so the store: {error}"
            yield Fault(place.relative_file(), place.line, "scaling_group", None, allowed)
