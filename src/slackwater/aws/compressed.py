"""User-data on its way through EC2: compressed, which cloud-init undoes by itself, for EC2 takes 16 KB.

https://cloudinit.readthedocs.io/en/latest/explanation/format.html
"""

from __future__ import annotations

import gzip
import zlib

MAGIC = b"\x1f\x8b"


def compressed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def content(data: bytes) -> bytes:
    """What an instance reads of it. Compared is this: another zlib compresses the same text to other bytes."""
    try:
        return gzip.decompress(data) if data.startswith(MAGIC) else data
    except (OSError, EOFError, zlib.error):
        return data
