"""Names that belong to the system: its users, units and words of the command line, and variables of its own."""

from __future__ import annotations

import re

_NAMES = """
adm admin apache2 apparmor apt atd audit auditd avahi-daemon backup basic bin bluetooth bootlogd
celery chrony cloud-config cloud-final cloud-init console containerd cron crond cups daemon dbus default
dhcpcd dnsmasq docker drain draining emergency exim4 fail2ban firewalld fstrim games getty gnats gunicorn halt haproxy
init irc journal journald kmod kubelet list local-fs logs logind login logrotate lp mail man memcached messagebus
mount multi-user mysql mysqld named network network-online networkd networking networkmanager news nftables
nginx nobody node nscd ntp ntpd ntpsec operator polkit polkitd postfix postgres postgresql poweroff proxy
python rc-local reboot redis redis-server rescue resolvconf resolved root rsync rsyslog rsyslogd scope service
shadow shutdown slackwater slice snapd socket sockets ssh sshd sudo supervisor sync sys sysinit syslog systemd
systemd-journald systemd-logind systemd-network systemd-networkd systemd-resolve systemd-resolved
systemd-timesync systemd-timesyncd systemd-udevd timers timesyncd tmp tty ubuntu udev udevd ufw
unattended-upgrades upstreams user users uucp uuidd wheel www www-data
"""
SYSTEM_NAMES = frozenset(_NAMES.split())

# gunicorn and systemd read these before the app does: a value of the app's would override the rendered settings.
RESERVED_VARIABLES = re.compile(r"SLACKWATER_.*|GUNICORN_CMD_ARGS|LISTEN_\w+|NOTIFY_SOCKET|CREDENTIALS_DIRECTORY")


def reserved_variable(name: str) -> str:
    return f"must have another name: {name} is set by Slackwater, gunicorn or systemd"
