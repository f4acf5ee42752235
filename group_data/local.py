"""The lab on this machine."""

from slackwater import Balancer, Tls

environment = "development"
balancer = Balancer(tls=Tls.self_signed(domains=["shop.test"]))
