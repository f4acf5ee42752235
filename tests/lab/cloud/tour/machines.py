"""EC2: templates, instances, images, networks and keys."""

from __future__ import annotations

from tests.lab.cloud.conftest import template_data
from tests.lab.cloud.tour.heard import Tour


def ec2(tour: Tour) -> None:
    templates(tour)
    instances(tour)
    networks(tour)


def templates(tour: Tour) -> None:
    """Two versions, of which the first goes; another template that goes whole."""
    data, marked = template_data(tour.ground), [{"Key": "team", "Value": "web"}]
    for name in ("web", "other"):
        tagged = [{"ResourceType": "launch-template", "Tags": marked}]
        tour.ec2.create_launch_template(
            LaunchTemplateName=name, LaunchTemplateData=data, VersionDescription="first", TagSpecifications=tagged
        )
    interface = {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "DeleteOnTermination": True}
    reached = {"SubnetId": tour.ground.subnets[0], "Groups": [tour.ground.security_group]}
    interface |= reached | {"Ipv6Addresses": [{"Ipv6Address": "2001:db8::1"}]}
    more = {"InstanceType": "t3.large", "KeyName": tour.ground.key_pair, "NetworkInterfaces": [interface]}
    version = {"LaunchTemplateName": "web", "LaunchTemplateData": more, "SourceVersion": "1"}
    tour.ec2.create_launch_template_version(**version, VersionDescription="second")
    tour.ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="2")
    tour.ec2.describe_launch_templates()
    tour.ec2.describe_launch_template_versions(LaunchTemplateName="web")
    tour.ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["1", "7"])
    tour.ec2.delete_launch_template(LaunchTemplateName="other")


def instances(tour: Tour) -> None:
    """One goes through everything that an instance can go through, and becomes an image."""
    asked = {"ImageId": tour.ground.image, "KeyName": tour.ground.key_pair, "UserData": "#!/bin/sh"}
    guarded = {"SecurityGroupIds": [tour.ground.security_group], "SubnetId": tour.ground.subnets[0]}
    made = tour.ec2.run_instances(**asked, **guarded, MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"]
    named = {"InstanceIds": [made[0]["InstanceId"]]}
    one = named["InstanceIds"][0]
    tour.client("ec2-instance-connect").send_ssh_public_key(
        InstanceId=one, InstanceOSUser="admin", SSHPublicKey="ssh-ed25519 " + "A" * 80
    )
    tour.ec2.create_tags(Resources=[one, tour.ground.vpc], Tags=[{"Key": "team", "Value": "web"}])
    tour.ec2.describe_tags()
    tour.ec2.describe_instances(**named)
    tour.ec2.modify_instance_metadata_options(InstanceId=one, HttpPutResponseHopLimit=2)
    tour.ec2.delete_tags(Resources=[one], Tags=[{"Key": "team"}])
    tour.ec2.stop_instances(**named)
    tour.ec2.start_instances(**named)
    images(tour, one)
    tour.ec2.terminate_instances(**named)
    tour.ec2.describe_instances()
    tour.ec2.describe_instance_types(InstanceTypes=["t3.micro"])


def images(tour: Tour, instance: str) -> None:
    image = tour.ec2.create_image(InstanceId=instance, Name="made")["ImageId"]
    tour.ec2.register_image(Name="registered", RootDeviceName="/dev/xvda")
    tour.ec2.describe_images(Owners=["self"])
    tour.ec2.describe_snapshots(OwnerIds=["self"])
    tour.ec2.deregister_image(ImageId=image)


def networks(tour: Tour) -> None:
    vpc = tour.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    tour.ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")
    guard = tour.ec2.create_security_group(GroupName="guard", Description="guard", VpcId=vpc)["GroupId"]
    world = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    tour.ec2.authorize_security_group_ingress(GroupId=guard, IpPermissions=world)
    for describe in ("vpcs", "subnets", "security_groups", "availability_zones", "regions"):
        getattr(tour.ec2, f"describe_{describe}")()
    key = tour.ec2.create_key_pair(KeyName="made", KeyType="rsa")
    public = tour.ec2.describe_key_pairs(KeyNames=["made"], IncludePublicKey=True)["KeyPairs"][0]
    tour.ec2.import_key_pair(KeyName="brought", PublicKeyMaterial=public.get("PublicKey", key["KeyName"]).encode())
