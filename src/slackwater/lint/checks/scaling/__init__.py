"""Scaling groups: what would only show once instances come and go."""

from collections.abc import Callable, Iterator

from slackwater.lint.checks.scaling import declaration, policies, sizes, times, traffic
from slackwater.lint.fleet import Fleet
from slackwater.settings import Fault

CHECKS: tuple[Callable[[Fleet], Iterator[Fault]], ...] = (
    declaration.group_is_told_to_cloud,
    declaration.cloud_is_this_machine,
    declaration.groups_are_known,
    declaration.instances_have_an_app,
    declaration.store_is_reachable,
    declaration.logs_outlive_the_instance,
    declaration.secrets_are_the_instances_own,
    declaration.breaker_is_run,
    declaration.user_data_fits,
    times.leaving_is_awaited,
    times.hook_outlasts_the_drain,
    times.drain_outlasts_the_apps_stop,
    times.drain_holds_its_steps,
    times.spot_notice_holds_the_drain,
    times.launch_is_awaited,
    times.silence_is_no_service,
    times.first_beat_comes_in_time,
    times.launch_outlasts_the_apps_start,
    times.grace_outlasts_the_first_answer,
    times.warm_up_outlasts_the_start,
    times.deregistration_holds_the_requests,
    times.drain_holds_the_deregistration,
    policies.group_has_room,
    policies.policies_can_fire,
    policies.own_metrics_are_published,
    policies.exact_sizes_are_allowed,
    policies.metrics_are_fresh,
    policies.thresholds_are_apart,
    policies.one_less_is_not_too_few,
    policies.one_policy_shrinks,
    policies.schedules_keep_the_bounds,
    sizes.connections_suffice,
    sizes.two_slots_fit,
    sizes.types_are_of_one_architecture,
    sizes.image_is_of_their_architecture,
    sizes.one_may_fail,
    sizes.replacing_leaves_one,
    traffic.balancers_know_the_group,
    traffic.instances_get_requests,
    traffic.elb_health_has_a_target_group,
    traffic.target_ports_are_the_apps,
    traffic.target_protocols_are_the_apps,
    traffic.replacing_asks_no_dependency,
    traffic.load_balancer_meets_the_balancers,
)
