#!/bin/sh
# prepare.sh PROXY DIRECT: apt and everybody who logs in learn of the way out; with an empty PROXY nothing changes.
set -eu
proxy=$1 direct=$2
[ -n "$proxy" ] || exit 0
printf 'Acquire::http::Proxy "%s";\nAcquire::https::Proxy "%s";\n' "$proxy" "$proxy" > /etc/apt/apt.conf.d/80proxy
sed -i -E '/^(https?|no)_proxy=/d' /etc/environment
printf 'http_proxy=%s\nhttps_proxy=%s\nno_proxy=%s\n' "$proxy" "$proxy" "$direct" >> /etc/environment
