#!/bin/sh
# provision.sh REPOSITORY: what user-data runs: git, ansible-core in an environment of its own, ansible-pull.
set -eu
set -a
. /etc/environment
set +a
export HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
mark() { echo "$1 $(date +%s.%N)" >> /var/log/provision-marks; }
trap '[ $? = 0 ] || mark failed' EXIT

mark packages
apt-get -q update
apt-get -q -y --no-install-recommends install git python3-venv
mark environment
python3 -m venv /opt/ansible
/opt/ansible/bin/pip install --quiet --disable-pip-version-check --no-cache-dir -r /etc/ansible/requirements.txt
mark converge
/opt/ansible/bin/ansible-pull --url "$1" --directory /var/lib/ansible/playbook --inventory localhost, \
  --extra-vars @/etc/ansible/release.json site.yml
mark done
