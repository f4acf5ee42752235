"""Where things are kept, and who may: S3, parameters, secrets, roles, queues, topics, rules."""

from __future__ import annotations

import json

from slackwater.lab.cloud.levers import TRUST
from tests.lab.cloud.tour.heard import Tour

BUCKET = "tour-of-the-lab"
PART = b"p" * 5 * 1024 * 1024
POLICY = {"RoleName": "tour", "PolicyName": "p"}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def s3(tour: Tour) -> None:
    place = {"LocationConstraint": tour.endpoint.region}
    tour.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    tour.s3.head_bucket(Bucket=BUCKET)
    tour.s3.list_buckets()
    tour.s3.get_bucket_location(Bucket=BUCKET)
    tour.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    tour.s3.get_bucket_versioning(Bucket=BUCKET)
    tour.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    objects(tour)
    uploads(tour)
    tour.s3.delete_bucket(Bucket=BUCKET)


def objects(tour: Tour) -> None:
    one = {"Bucket": BUCKET, "Key": "one"}
    tour.s3.put_object(**one, Body=b"1")
    tour.s3.get_object(**one)["Body"].read()
    tour.s3.head_object(**one)
    tour.s3.copy_object(Bucket=BUCKET, Key="two", CopySource=one)
    tour.s3.list_objects(Bucket=BUCKET)
    tour.s3.list_objects_v2(Bucket=BUCKET)
    tour.s3.delete_object(**one)
    tour.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "two"}]})


def uploads(tour: Tour) -> None:
    large = {"Bucket": BUCKET, "Key": "large"}
    for end in ("complete", "abort"):
        upload = {**large, "UploadId": tour.s3.create_multipart_upload(**large)["UploadId"]}
        tag = tour.s3.upload_part(**upload, PartNumber=1, Body=PART)["ETag"]
        if end == "abort":
            tour.s3.abort_multipart_upload(**upload)
        else:
            parts = {"Parts": [{"ETag": tag, "PartNumber": 1}]}
            tour.s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    for version in tour.endpoint.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", []):
        tour.s3.delete_object(Bucket=BUCKET, Key=version["Key"])


def words(tour: Tour) -> None:
    """Parameters and secrets."""
    tour.ssm.put_parameter(Name="/shop/one", Value="1", Type="String")
    tour.ssm.get_parameter(Name="/shop/one")
    tour.ssm.get_parameters(Names=["/shop/one", "/shop/none"])
    tour.ssm.get_parameters_by_path(Path="/shop")
    tour.ssm.delete_parameter(Name="/shop/one")
    tour.secretsmanager.create_secret(Name="mail", SecretString="1")
    tour.secretsmanager.put_secret_value(SecretId="mail", SecretString="2")
    tour.secretsmanager.get_secret_value(SecretId="mail")
    tour.secretsmanager.describe_secret(SecretId="mail")
    tour.secretsmanager.delete_secret(SecretId="mail", ForceDeleteWithoutRecovery=True)


def roles(tour: Tour) -> None:
    tour.sts.get_caller_identity()
    profile, role = {"InstanceProfileName": "tour"}, {"RoleName": "tour"}
    tour.iam.create_role(**role, AssumeRolePolicyDocument=TRUST)
    tour.iam.get_role(**role)
    tour.iam.put_role_policy(**POLICY, PolicyDocument=json.dumps(READ))
    tour.iam.get_role_policy(**POLICY)
    tour.iam.list_role_policies(**role)
    tour.iam.delete_role_policy(**POLICY)
    tour.iam.create_instance_profile(**profile)
    tour.iam.add_role_to_instance_profile(**profile, **role)
    tour.iam.get_instance_profile(**profile)
    tour.iam.remove_role_from_instance_profile(**profile, **role)
    tour.iam.delete_instance_profile(**profile)
    tour.iam.delete_role(**role)


def messages(tour: Tour) -> None:
    queue = {"QueueUrl": tour.sqs.create_queue(QueueName="tour")["QueueUrl"]}
    tour.sqs.get_queue_url(QueueName="tour")
    tour.sqs.set_queue_attributes(**queue, Attributes={"VisibilityTimeout": "60"})
    arn = tour.sqs.get_queue_attributes(**queue, AttributeNames=["All"])["Attributes"]["QueueArn"]
    tour.sqs.send_message(**queue, MessageBody="hello")
    got = tour.sqs.receive_message(**queue)["Messages"][0]
    tour.sqs.delete_message(**queue, ReceiptHandle=got["ReceiptHandle"])
    topic = {"TopicArn": tour.sns.create_topic(Name="tour")["TopicArn"]}
    tour.sns.subscribe(**topic, Protocol="sqs", Endpoint=arn)
    tour.sns.get_topic_attributes(**topic)
    tour.sns.list_topics()
    tour.sns.delete_topic(**topic)
    tour.events.put_rule(Name="tour", EventPattern=json.dumps({"source": ["aws.autoscaling"]}))
    tour.events.put_targets(Rule="tour", Targets=[{"Id": "q", "Arn": arn}])
    tour.events.describe_rule(Name="tour")
    tour.events.list_rules()
    tour.events.remove_targets(Rule="tour", Ids=["q"])
    tour.events.delete_rule(Name="tour")
    tour.sqs.delete_queue(**queue)
