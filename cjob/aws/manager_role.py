"""What an environment's manager role may do, by the version of the environment's template.

Taken from Copilot's public template of environments, at each of its releases from v0.0.4 to
v1.33.2; up to v1.28.0 environments had version numbers of their own. No release removed a
permission. Some are limited to certain resources: the role can pass only roles with the tags of
application and environment, and put objects only into the artifact bucket.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from cjob.document import versions

FIRST = "v0.0.0"
"""The version of environments without one, which are the oldest."""

ADDED = {
    FIRST: {
        "cloudformation": """
            CancelUpdateStack CreateChangeSet CreateStack DeleteChangeSet DeleteStack
            Describe* DescribeStacks DetectStackDrift DetectStackResourceDrift
            ExecuteChangeSet GetTemplate GetTemplateSummary UpdateStack
            UpdateTerminationProtection
        """,
        "ecr": """
            BatchGetImage CompleteLayerUpload DescribeImages DescribeRepositories
            GetDownloadUrlForLayer InitiateLayerUpload ListImages ListTagsForResource
            PutImage UploadLayerPart
        """,
        "ecs": """
            DescribeClusters DescribeContainerInstances DescribeServices
            DescribeTaskDefinition DescribeTaskSets DescribeTasks ListAttributes
            ListClusters ListContainerInstances ListServices ListTaskDefinitionFamilies
            ListTaskDefinitions ListTasks PutAttributes StartTask StartTelemetrySession
            StopTask UpdateService
        """,
        "elasticloadbalancing": """
            DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers
            DescribeRules DescribeSSLPolicies DescribeTags DescribeTargetGroupAttributes
            DescribeTargetGroups DescribeTargetHealth
        """,
        "iam": "DeleteRole DeleteRolePolicy GetRole ListRolePolicies PassRole",
        "kms": "Decrypt",
        "logs": """
            FilterLogEvents GetLogDelivery GetLogEvents GetLogGroupFields GetLogRecord
            GetQueryResults StartQuery StopQuery TestMetricFilter
        """,
        "resource-groups": "GetGroup GetGroupQuery GetTags ListGroupResources ListGroups",
        "s3": """
            DescribeJob GetAccelerateConfiguration GetAccountPublicAccessBlock
            GetAnalyticsConfiguration GetBucketAcl GetBucketCORS GetBucketLocation
            GetBucketLogging GetBucketNotification GetBucketPolicy GetBucketPolicyStatus
            GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging
            GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration
            GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration
            GetObject GetObjectAcl GetObjectTagging GetObjectTorrent GetObjectVersion
            GetObjectVersionAcl GetObjectVersionForReplication GetObjectVersionTagging
            GetObjectVersionTorrent GetReplicationConfiguration HeadBucket ListAllMyBuckets
            ListBucket ListBucketByTags ListBucketMultipartUploads ListBucketVersions
            ListJobs ListMultipartUploadParts
        """,
        "ssm": "DeleteParameter DeleteParameters GetParameter GetParameters GetParametersByPath",
        "tag": "GetResources",
    },
    "v1.0.0": {
        "application-autoscaling": "DescribeScalingPolicies",
        "cloudwatch": "DescribeAlarms",
        "ec2": "DescribeSecurityGroups DescribeSubnets",
        "ecr": "BatchCheckLayerAvailability GetAuthorizationToken",
        "ecs": "RunTask",
        "logs": "DescribeLogStreams",
        "resource-groups": "SearchResources",
    },
    "v1.2.0": {
        "ec2": "DescribeNetworkInterfaces",
        "ecs": "ExecuteCommand",
    },
    "v1.4.0": {
        "apprunner": "DescribeService ListOperations ListServices PauseService ResumeService",
        "ssm": "AddTagsToResource PutParameter",
    },
    "v1.6.1": {
        "apprunner": "StartDeployment",
    },
    "v1.7.0": {
        "ec2": "DescribeRouteTables",
    },
    "v1.8.0": {
        "kms": "GenerateDataKey",
        "s3": "PutObject",
    },
    "v1.9.0": {
        "acm": "DescribeCertificate",
        "apprunner": "DescribeObservabilityConfiguration",
        "s3": "PutObjectAcl",
    },
    "v1.12.0": {
        "states": "StartExecution",
    },
    "v1.12.2": {
        "states": "DescribeStateMachine",
    },
    "v1.13.0": {
        "apprunner": "DescribeVpcIngressConnection",
    },
    "v1.30.0": {
        "s3": "EmptyBucket",
    },
    "v1.32.0": {
        "ecs": "ListServicesByNamespace",
        "rds": "DescribeDBClusters DescribeDBInstances",
        "ssm": "StartSession",
    },
}


def since(action: str) -> str:
    """Return the first environment version whose role has a permission; empty if none has."""
    service, _, name = action.partition(":")
    for version, added in ADDED.items():
        if any(fnmatchcase(name, pattern) for pattern in added.get(service, "").split()):
            return version
    return ""


def first_with(actions: Iterable[str]) -> str:
    """Return the first environment version whose role has all of these permissions."""
    return max((since(action) for action in actions), key=versions.key, default="")
