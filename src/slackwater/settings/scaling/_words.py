"""What AWS allows in the names and identifiers of a scaling group: patterns, each with its sentence."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

from slackwater.settings._fields import matching

# The patterns and lengths are those of AWS's own service models.
# In a policy document '*' and '?' stand for other groups' names, too.
GROUP_NAME = r"^[!-)+-9;->@-~]{1,255}$"
GROUP_NAME_ALLOWED = "1 to 255 printable ASCII characters without space and ':', '*' and '?'"
TEMPLATE_NAME = r"^[A-Za-z0-9().\-/_]{3,128}$"
TEMPLATE_NAME_ALLOWED = "3 to 128 letters, digits or any of ( ) . - / _"
HOOK_NAME = r"^[A-Za-z0-9\-_/]{1,255}$"
HOOK_NAME_ALLOWED = "1 to 255 letters, digits or any of - _ /"
RESOURCE_NAME = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$"
RESOURCE_NAME_ALLOWED = "1 to 32 letters, digits or '-', neither first nor last a '-'"
PROFILE = r"^[A-Za-z0-9_+=,.@-]{1,128}$"
PROFILE_ALLOWED = "the name of an instance profile, without its path: up to 128 letters, digits or any of _ + = , . @ -"
REGION = r"^[a-z]{2}(-[a-z]+)+-[0-9]+$"
REGION_ALLOWED = "an AWS region such as 'eu-central-1'"
KEY_PAIR = r"^[ -~]{1,255}$"
KEY_PAIR_ALLOWED = "the name of a key pair: 1 to 255 printable ASCII characters"
VPC = r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$"
VPC_ALLOWED = "an identifier such as 'vpc-0123456789abcdef0'"
ENDPOINT = r"^https?://[^\s]+$"
DEVICE = r"^/dev/(sd[a-z]([1-9]|1[0-5])?|xvd[a-z]{1,2}|nvme[0-9]+n[0-9]+)$"
DEVICE_ALLOWED = "a device such as '/dev/xvda' or '/dev/sda1', as the image names it"
KMS_KEY = r"^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/|alias/)?[A-Za-z0-9/_-]{1,256}$"
KMS_KEY_ALLOWED = "a KMS key: its id, its ARN, or an alias such as 'alias/disks'"
TOPIC = r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$"
TOPIC_ALLOWED = "the ARN of an SNS topic such as 'arn:aws:sns:eu-central-1:123456789012:scaling'"
FUNCTION = r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?"


def _each(pattern: str, allowed: str) -> Any:
    return AfterValidator(matching(pattern, allowed))


IDENTIFIER = r"-([0-9a-f]{8}|[0-9a-f]{17})"
INSTANCE_TYPE_ALLOWED = "an instance type such as 'm7g.large'"
SUBNET_ALLOWED = "a subnet such as 'subnet-0123456789abcdef0'"
SECURITY_GROUP_ALLOWED = "a security group such as 'sg-0123456789abcdef0'"
INSTANCE_ALLOWED = "an instance such as 'i-0123456789abcdef0'"
HOST_GROUP_ALLOWED = "a group of the inventory such as 'app': lower-case letters, digits and '_'"
# Load balancers take the fewest, and every resource gets the same tags.
TAG = r"[\w .:/=+\-@]"
TAG_ALLOWED = "letters, digits, spaces or any of _ . : / = + - @"
TAG_KEY_ALLOWED = f"1 to 128 {TAG_ALLOWED}, not beginning with 'aws:'"
TAG_VALUE_ALLOWED = f"at most 256 {TAG_ALLOWED}"

InstanceType = Annotated[str, _each(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", INSTANCE_TYPE_ALLOWED)]
Subnet = Annotated[str, _each("subnet" + IDENTIFIER, SUBNET_ALLOWED)]
SecurityGroup = Annotated[str, _each("sg" + IDENTIFIER, SECURITY_GROUP_ALLOWED)]
Instance = Annotated[str, _each("i" + IDENTIFIER, INSTANCE_ALLOWED)]
HostGroup = Annotated[str, _each(r"[a-z][a-z0-9_]{0,62}", HOST_GROUP_ALLOWED)]
TagKey = Annotated[str, _each(rf"(?![aA][wW][sS]:){TAG}{{1,128}}", TAG_KEY_ALLOWED)]
TagValue = Annotated[str, _each(rf"{TAG}{{0,256}}", TAG_VALUE_ALLOWED)]
