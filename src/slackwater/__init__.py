"""Slackwater: a Python web app on autoscaling VMs, and not one request lost when VMs come and go."""

from slackwater.settings import App, Balancer, Health, Logs, Nginx, Secret, Server, Source, Static, Store

__all__ = ["App", "Balancer", "Health", "Logs", "Nginx", "Secret", "Server", "Source", "Static", "Store"]
