"""What AWS is told: the Auto Scaling group of the hosts that run the app. docs/scaling.md has each setting's reason."""

# ruff: noqa: ERA001
# Without a group the fleet is that of the inventory. To have one, take the comments away, put your own names in, and
# give the store and the balancers' membership as docs/scaling.md shows. Another environment says it in its own file.
#
# from slackwater import Connections, Image, ScalingGroup
#
# scaling_group = ScalingGroup(
#     name="shop-prod",
#     region="eu-central-1",
#     image=Image.ssm("/aws/service/debian/release/12/latest/amd64"),
#     instance_types=["t3.medium", "m6i.large"],
#     subnets=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
#     security_groups=["sg-0123456789abcdef0"],
#     instance_profile="shop-prod",
#     minimum=2,
#     maximum=10,
#     desired=3,
#     connections=Connections(pool=2, overflow=1, max_connections=400, reserve=20),
# )
