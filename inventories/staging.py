"""Staging: machines that are there already. Put your own addresses here."""

app = [("app-1.staging", {"ssh_hostname": "198.51.100.11", "ssh_user": "admin"})]
balancer = [("balancer-1.staging", {"ssh_hostname": "198.51.100.10", "ssh_user": "admin"})]
