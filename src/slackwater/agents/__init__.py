"""What runs on the VMs themselves: the standard library only, never pyinfra, never a role."""
