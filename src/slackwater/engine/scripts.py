"""The shell that writes a set of items: staged, checked by their own program, then renamed into place."""

from __future__ import annotations

import base64
import io
import shlex
import tarfile
import time
from collections.abc import Sequence
from pathlib import PurePosixPath

from slackwater.engine.values import Absent, Directory, File, Item, Link

NEW = ".dpkg-new"
"""apt, logrotate, cron, systemd and nginx's *.conf pass over this ending: nobody reads what a dead run left."""

PREAMBLE = """set -eu
umask 022
stage=$(mktemp -d /run/slackwater-stage.XXXXXXXX)
trap 'rm -rf "$stage"' EXIT
base64 -d | tar -xzpC "$stage"
"""

NGINX_TEST = """cp -a /etc/nginx "$stage/.view"
[ ! -d "$stage/etc/nginx" ] || cp -a "$stage/etc/nginx/." "$stage/.view/"
for path in $removed; do rm -f "$stage/.view${path#/etc/nginx}"; done
unshare -m sh -c 'mount --bind "$1/.view" /etc/nginx && exec nginx -t -q' sh "$stage"
"""
"""`nginx -t` as the host would see the new files, in a mount namespace of its own, before they are there."""

SYSTEMD_VERIFY = """[ ! -d "$stage/etc/systemd/system" ] || find "$stage/etc/systemd/system" -type f -exec \\
  systemd-analyze verify --man=no --recursive-errors=no {} +
"""

LOGROTATE_DEBUG = """find "$stage/etc/logrotate.d" -type f -exec logrotate --debug {} + > "$stage/.log" 2>&1 \\
  || { cat "$stage/.log" >&2; exit 1; }
if grep '^error:' "$stage/.log" >&2; then exit 1; fi
"""


def archive(files: Sequence[File]) -> str:
    """The files as base64 of a tar, with owners by name; goes through stdin, so no content shows in a process list."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.GNU_FORMAT) as tar:
        for file in files:
            body = file.content.encode()
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode = len(body), int(file.mode, 8)
            entry.mtime = int(time.time())  # systemd sees a changed unit by a younger time
            entry.uname, entry.gname = file.owner, file.group
            tar.addfile(entry, io.BytesIO(body))
    return base64.encodebytes(buffer.getvalue()).decode()


def install(items: Sequence[Item], check: str = "") -> str:
    """The script for `items`: directories, check, files, links, removals. Its first line is a comment for people."""
    files = [item for item in items if isinstance(item, File)]
    title = "# write " + " ".join(item.path for item in items) + "\n"
    removed = " ".join(shlex.quote(item.path) for item in items if isinstance(item, Absent))
    parts = [
        title,
        PREAMBLE,
        f"removed={shlex.quote(removed)}\n",
        *map(_directory, _sorted(items)),
        check,
        _move(files),
    ]
    parts += [_link(item) for item in items if isinstance(item, Link)]
    parts += [f"rm -rf {removed}\n"] if removed else []
    return "".join(parts)


def _sorted(items: Sequence[Item]) -> list[Directory]:
    return sorted((item for item in items if isinstance(item, Directory)), key=lambda item: item.path)


def _directory(item: Directory) -> str:
    return f"install -d -m {item.mode} -o {item.owner} -g {item.group} {shlex.quote(item.path)}\n"


def _move(files: Sequence[File]) -> str:
    if not files:
        return ""
    places = [(shlex.quote(file.path), shlex.quote(str(PurePosixPath(file.path).parent))) for file in files]
    copies = [f'mkdir -p {parent} && cp -p "$stage"{path} {path}{NEW}\n' for path, parent in places]
    synced = "sync " + " ".join(f"{path}{NEW}" for path, _ in places) + "\n"
    return "".join([*copies, synced, *(f"mv -fT {path}{NEW} {path}\n" for path, _ in places)])


def _link(item: Link) -> str:
    path = shlex.quote(item.path)
    return f"ln -sfn {shlex.quote(item.target)} {path}{NEW} && mv -fT {path}{NEW} {path}\n"
