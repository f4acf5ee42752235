"""Disks: the declared volumes as a launch template maps them, the root disk under the image's own name for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from slackwater.aws.image import FoundImage
from slackwater.errors import CloudError
from slackwater.settings import Fault, ScalingGroup, Volume


def wanted_disks(group: ScalingGroup, image: FoundImage) -> list[dict[str, Any]]:
    """BlockDeviceMappings. Raises CloudError, with all faults, for volumes that do not fit the image.

    EC2 takes a mapping under any other name than the image's root device for one disk more, and boots from a root
    disk that is as large, and as encrypted, as the image's maker left it.
    """
    devices = [volume.device or image.root_device for volume in group.volumes]
    if faults := [*_device_faults(group, image, devices), *_size_faults(group, image, devices)]:
        raise CloudError("\n".join(f"{group.name}: {fault}" for fault in faults))
    return [_mapping(device, volume) for device, volume in zip(devices, group.volumes, strict=True)]


def _device_faults(group: ScalingGroup, image: FoundImage, devices: list[str]) -> list[Fault]:
    root = f"{image.root_device}, the root device of {image.id}"
    if image.root_device not in devices:
        allowed = f"must have one without a device, which is the root disk, or one for {root}"
    elif devices.count(image.root_device) > 1:
        allowed = f"must have one for {root}, and no other without a device"
    else:
        return []
    return [group.fault("volumes", allowed)]


def _size_faults(group: ScalingGroup, image: FoundImage, devices: list[str]) -> list[Fault]:
    """EC2 would refuse each launch."""
    faults = []
    for index, (device, volume) in enumerate(zip(devices, group.volumes, strict=True)):
        least = image.snapshots.get(device, 0)
        if volume.gb < least:
            fault = group.fault("volumes", f"must be at least {least}, as large as {device} is in {image.id}")
            faults.append(replace(fault, field=f"{fault.field}[{index}].gb", value=str(volume.gb)))
    return faults


def _mapping(device: str, volume: Volume) -> dict[str, Any]:
    disk = {
        "VolumeSize": volume.gb,
        "VolumeType": volume.kind,
        "Encrypted": True,
        "DeleteOnTermination": True,
        "Iops": volume.iops,
        "Throughput": volume.throughput,
        "KmsKeyId": volume.kms_key,
    }
    return {"DeviceName": device, "Ebs": {key: value for key, value in disk.items() if value is not None}}
