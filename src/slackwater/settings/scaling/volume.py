"""Volume: a disk of an instance; always encrypted, and gone with its instance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import choice, text, whole
from slackwater.settings.scaling._words import DEVICE, DEVICE_ALLOWED, KMS_KEY, KMS_KEY_ALLOWED

Kind = Literal["gp3", "gp2", "io1", "io2"]


class Limits(NamedTuple):
    """Of one kind of volume: sizes in GB, operations a second, and how many of them a GB may have."""

    gb: tuple[int, int]
    iops: tuple[int, int] | None
    iops_per_gb: int


LIMITS: dict[Kind, Limits] = {
    "gp3": Limits((1, 65536), (3000, 80000), 500),
    "gp2": Limits((1, 16384), None, 0),
    "io1": Limits((4, 16384), (100, 64000), 50),
    "io2": Limits((4, 65536), (100, 256000), 1000),
}
GP3_IOPS = 3000
IOPS_PER_THROUGHPUT = 4


class Volume(Settings):
    """Encrypted, and deleted with its instance; neither can be switched off."""

    device: str | None = text(
        None, "The device; None is the image's root device.", pattern=DEVICE, allowed=DEVICE_ALLOWED
    )
    gb: int = whole(20, "Its size.", unit="GB", least=1, most=65536)
    kind: Kind = choice("gp3", "EBS's kind of volume.", get_args(Kind))
    iops: int | None = whole(None, "Operations a second; None is AWS's default for the kind.", least=100, most=256000)
    throughput: int | None = whole(None, "Only of gp3; None is AWS's 125.", unit="MB a second", least=125, most=2000)
    kms_key: str | None = text(
        None, "The key of the encryption; None is the account's own for EBS.", pattern=KMS_KEY, allowed=KMS_KEY_ALLOWED
    )

    def conflicts(self) -> Iterator[Fault]:
        least, most = LIMITS[self.kind].gb
        if not least <= self.gb <= most:
            yield self.fault("gb", f"must be from {least} to {most} for {self.kind}")
        yield from self._iops_conflicts(LIMITS[self.kind])
        yield from self._throughput_conflicts()

    def _iops_conflicts(self, limits: Limits) -> Iterator[Fault]:
        if self.iops is None:
            if self.kind in ("io1", "io2"):
                yield self.fault("iops", f"must be given for {self.kind}")
        elif limits.iops is None:
            yield self.fault("iops", f"must be None for {self.kind}: its size decides")
        elif not limits.iops[0] <= self.iops <= limits.iops[1]:
            yield self.fault("iops", f"must be from {limits.iops[0]} to {limits.iops[1]} for {self.kind}")
        elif self.iops > max(limits.iops[0], limits.iops_per_gb * self.gb):
            yield self.fault("iops", f"must be at most {limits.iops_per_gb} for each of its {self.gb} GB")

    def _throughput_conflicts(self) -> Iterator[Fault]:
        if self.throughput is None:
            return
        if self.kind != "gp3":
            yield self.fault("throughput", f"must be None for {self.kind}: only gp3 has it")
        elif self.throughput * IOPS_PER_THROUGHPUT > (self.iops or GP3_IOPS):
            yield self.fault("throughput", f"must be at most a quarter of iops ({self.iops or GP3_IOPS})")
