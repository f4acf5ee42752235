"""Lets pyinfra read an inventory that is called self.py."""

from __future__ import annotations

import sys
from typing import Any


def let_it_be_called_self() -> None:
    """pyinfra makes a group of an inventory file's name and hands groups on as keywords, where `self` is taken.

    Called from within that very file, before pyinfra makes anything of it. The group would be that of all hosts.
    """
    module: Any = sys.modules.get("pyinfra_cli.inventory")
    if module is not None and not hasattr(module.Inventory, "may_be_called_self"):
        module.Inventory = _tolerant(module.Inventory)


def _tolerant(base: Any) -> type[Any]:
    class Inventory(base):  # type: ignore[misc]
        may_be_called_self = True

        def __init__(own, /, names_data: Any, override_data: Any = None, **groups: Any) -> None:  # noqa: N805
            groups.pop("self", None)
            super().__init__(names_data, override_data, **groups)

    return Inventory
