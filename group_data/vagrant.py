"""The fleet as VMs."""

from slackwater import Balancer, Ssh, Tls

environment = "development"
_sudo = True
connection = Ssh(user="vagrant", retries=20, pause=3)  # a VM that has just been made may still boot
balancer = Balancer(tls=Tls.self_signed(domains=["shop.test"]))
