"""A lab: a fleet of hosts that is brought up, grown and taken down as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from slackwater.errors import LabError
from slackwater.lab import egress_process, image, network
from slackwater.lab.addressing import GROUPS, Network, check_lab_name, names
from slackwater.lab.host import HostState, LabHost
from slackwater.lab.identity import KEY, KNOWN_HOSTS, hosts_file, known_hosts, make_key, make_seed, write_whole
from slackwater.lab.locks import locked
from slackwater.lab.places import PLACES, Places
from slackwater.lab.power import make_disk
from slackwater.lab.preflight import check_machine, check_rights
from slackwater.lab.progress import SILENT, Progress
from slackwater.lab.records import HostRecord, LabRecord, allot, images_in_use, load, save
from slackwater.lab.remains import clear, remains
from slackwater.lab.wishes import Wishes, planned
