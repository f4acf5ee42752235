#!/bin/sh
# proxy.sh PROXY NETWORK: tells apt and everybody who logs in the way out; with an empty PROXY nothing is changed.
set -eu
proxy=$1 network=$2
[ -n "$proxy" ] || exit 0
printf 'Acquire::http::Proxy "%s";\nAcquire::https::Proxy "%s";\n' "$proxy" "$proxy" > /etc/apt/apt.conf.d/80proxy
direct="localhost,127.0.0.1,$network.0/24"
number=1
while [ "$number" -lt 255 ]; do # not every program knows networks there
  direct="$direct,$network.$number"
  number=$((number + 1))
done
sed -i '/^\(https\?\|no\)_proxy=/d' /etc/environment
printf 'http_proxy=%s\nhttps_proxy=%s\nno_proxy=%s\n' "$proxy" "$proxy" "$direct" >> /etc/environment
