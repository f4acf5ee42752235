"""Every operation that the library may call, and that the lab's cloud answers as AWS documents it.

A call of any other is refused and noted in `Endpoint.uncovered`: no stub can pass for an answer.
"""

from __future__ import annotations

from collections.abc import Mapping

_AUTOSCALING = """
CreateAutoScalingGroup UpdateAutoScalingGroup DeleteAutoScalingGroup DescribeAutoScalingGroups
DescribeAutoScalingInstances SetDesiredCapacity SetInstanceHealth SetInstanceProtection
TerminateInstanceInAutoScalingGroup EnterStandby ExitStandby DetachInstances
SuspendProcesses ResumeProcesses DescribeScalingActivities
PutLifecycleHook DescribeLifecycleHooks DeleteLifecycleHook CompleteLifecycleAction RecordLifecycleActionHeartbeat
AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups DescribeLoadBalancerTargetGroups
AttachTrafficSources DetachTrafficSources DescribeTrafficSources
PutScalingPolicy DescribePolicies DeletePolicy ExecutePolicy
PutScheduledUpdateGroupAction DescribeScheduledActions DeleteScheduledAction
PutWarmPool DescribeWarmPool DeleteWarmPool
PutNotificationConfiguration DescribeNotificationConfigurations DeleteNotificationConfiguration
EnableMetricsCollection DisableMetricsCollection
StartInstanceRefresh DescribeInstanceRefreshes CancelInstanceRefresh RollbackInstanceRefresh
CreateOrUpdateTags DeleteTags DescribeTags
"""
_EC2 = """
CreateLaunchTemplate CreateLaunchTemplateVersion ModifyLaunchTemplate DeleteLaunchTemplate
DeleteLaunchTemplateVersions DescribeLaunchTemplates DescribeLaunchTemplateVersions
DescribeInstances RunInstances StartInstances StopInstances TerminateInstances DescribeInstanceTypes
ModifyInstanceMetadataOptions
DescribeImages CreateImage RegisterImage DeregisterImage DescribeSnapshots
DescribeVpcs CreateVpc DescribeSubnets CreateSubnet DescribeAvailabilityZones DescribeRegions
DescribeSecurityGroups CreateSecurityGroup AuthorizeSecurityGroupIngress DescribeKeyPairs CreateKeyPair ImportKeyPair
CreateTags DeleteTags DescribeTags
"""
_ELBV2 = """
CreateTargetGroup ModifyTargetGroup DeleteTargetGroup DescribeTargetGroups
ModifyTargetGroupAttributes DescribeTargetGroupAttributes
CreateLoadBalancer DeleteLoadBalancer DescribeLoadBalancers
ModifyLoadBalancerAttributes DescribeLoadBalancerAttributes SetSubnets SetSecurityGroups
CreateListener ModifyListener DeleteListener DescribeListeners
RegisterTargets DeregisterTargets DescribeTargetHealth AddTags RemoveTags DescribeTags
"""
_CLOUDWATCH = """
PutMetricAlarm DescribeAlarms DeleteAlarms SetAlarmState PutMetricData GetMetricData ListMetrics
"""
_S3 = """
CreateBucket HeadBucket DeleteBucket ListBuckets GetBucketLocation PutBucketVersioning GetBucketVersioning
PutObject GetObject HeadObject DeleteObject DeleteObjects ListObjects ListObjectsV2 CopyObject
CreateMultipartUpload UploadPart CompleteMultipartUpload AbortMultipartUpload
"""
_IAM = """
CreateRole GetRole DeleteRole PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies
CreateInstanceProfile GetInstanceProfile DeleteInstanceProfile AddRoleToInstanceProfile RemoveRoleFromInstanceProfile
"""
_SQS = """
CreateQueue GetQueueUrl GetQueueAttributes SetQueueAttributes DeleteQueue ReceiveMessage DeleteMessage SendMessage
"""

OPERATIONS: Mapping[str, frozenset[str]] = {
    "autoscaling": frozenset(_AUTOSCALING.split()),
    "ec2": frozenset(_EC2.split()),
    "elbv2": frozenset(_ELBV2.split()),
    "cloudwatch": frozenset(_CLOUDWATCH.split()),
    "ssm": frozenset(["GetParameter", "GetParameters", "GetParametersByPath", "PutParameter", "DeleteParameter"]),
    "secretsmanager": frozenset(["CreateSecret", "GetSecretValue", "PutSecretValue", "DeleteSecret", "DescribeSecret"]),
    "s3": frozenset(_S3.split()),
    "resourcegroupstaggingapi": frozenset({"GetResources"}),
    "sts": frozenset({"GetCallerIdentity"}),
    "iam": frozenset(_IAM.split()),
    "sns": frozenset(["CreateTopic", "DeleteTopic", "ListTopics", "GetTopicAttributes", "Subscribe"]),
    "sqs": frozenset(_SQS.split()),
    "events": frozenset(["PutRule", "PutTargets", "RemoveTargets", "DeleteRule", "DescribeRule", "ListRules"]),
    "ec2-instance-connect": frozenset({"SendSSHPublicKey"}),
}
