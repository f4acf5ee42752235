"""An Auto Scaling group and all that belongs to it, as settings."""

from slackwater.settings.scaling.breaker import Breaker
from slackwater.settings.scaling.connections import Connections
from slackwater.settings.scaling.group import ScalingGroup
from slackwater.settings.scaling.group_health import GroupHealth
from slackwater.settings.scaling.hooks import Hooks
from slackwater.settings.scaling.image import Image
from slackwater.settings.scaling.launch_hook import LaunchHook
from slackwater.settings.scaling.maintenance import Maintenance
from slackwater.settings.scaling.metric import Metric
from slackwater.settings.scaling.network_load_balancer import NetworkLoadBalancer
from slackwater.settings.scaling.notifications import Notifications
from slackwater.settings.scaling.policy import Policy
from slackwater.settings.scaling.schedule import Schedule
from slackwater.settings.scaling.spot import Spot
from slackwater.settings.scaling.target_group import TargetGroup
from slackwater.settings.scaling.terminate_hook import TerminateHook
from slackwater.settings.scaling.volume import Volume
from slackwater.settings.scaling.warm_pool import WarmPool

__all__ = [
    "Breaker",
    "Connections",
    "GroupHealth",
    "Hooks",
    "Image",
    "LaunchHook",
    "Maintenance",
    "Metric",
    "NetworkLoadBalancer",
    "Notifications",
    "Policy",
    "ScalingGroup",
    "Schedule",
    "Spot",
    "TargetGroup",
    "TerminateHook",
    "Volume",
    "WarmPool",
]
