"""What the balancers are told."""

from slackwater import Balancer

balancer = Balancer()
