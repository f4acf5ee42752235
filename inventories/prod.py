"""Production: machines that are there already. `address` is the one the fleet uses among itself."""

app = [
    ("app-1", {"ssh_hostname": "203.0.113.11", "address": "10.0.1.11", "ssh_user": "admin"}),
    ("app-2", {"ssh_hostname": "203.0.113.12", "address": "10.0.2.12", "ssh_user": "admin"}),
]
balancer = [("balancer-1", {"ssh_hostname": "203.0.113.10", "address": "10.0.1.10", "ssh_user": "admin"})]
