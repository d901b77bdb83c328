"""Resource types that hold no data, so that removing or replacing them is not refused.

They can be created again from their template. Every other type counts as holding data, so that a
type that is not known is refused rather than lost.
"""

import re

_BY_SERVICE = {
    "ApiGateway": (
        "Account Authorizer BasePathMapping Deployment DocumentationPart DocumentationVersion"
        " DomainName GatewayResponse Method Model RequestValidator Resource RestApi Stage UsagePlan"
        " VpcLink"
    ),
    "ApiGatewayV2": (
        "Api ApiMapping Authorizer Deployment DomainName Integration IntegrationResponse Model"
        " Route RouteResponse Stage VpcLink"
    ),
    "AppMesh": "*",
    "ApplicationAutoScaling": "*",
    "ApplicationInsights": "*",
    "AppSync": (
        "ApiCache ChannelNamespace DataSource DomainName DomainNameApiAssociation"
        " FunctionConfiguration GraphQLApi GraphQLSchema Resolver SourceApiAssociation"
    ),
    "AutoScaling": "LaunchConfiguration LifecycleHook ScalingPolicy ScheduledAction WarmPool",
    "AutoScalingPlans": "*",
    "Backup": "BackupPlan BackupSelection Framework ReportPlan",
    "Batch": "ComputeEnvironment JobDefinition JobQueue SchedulingPolicy",
    "Budgets": "*",
    "CE": "*",
    "CertificateManager": "*",
    "Chatbot": "*",
    "CloudFormation": "Macro WaitCondition WaitConditionHandle",
    "CloudFront": (
        "CachePolicy CloudFrontOriginAccessIdentity ContinuousDeploymentPolicy Distribution"
        " Function OriginAccessControl OriginRequestPolicy RealtimeLogConfig ResponseHeadersPolicy"
    ),
    "CloudTrail": "Trail",
    "CloudWatch": "*",
    "CodeBuild": "Project ReportGroup SourceCredential",
    "CodeDeploy": "*",
    "CodePipeline": "*",
    "CodeStarNotifications": "*",
    "Config": "*",
    "EC2": (
        "CustomerGateway DHCPOptions EgressOnlyInternetGateway FlowLog InternetGateway"
        " LaunchTemplate NatGateway NetworkAcl NetworkAclEntry NetworkInterfaceAttachment"
        " NetworkInterfacePermission PrefixList Route RouteTable SecurityGroup"
        " SecurityGroupEgress SecurityGroupIngress SecurityGroupVpcAssociation Subnet"
        " SubnetCidrBlock SubnetNetworkAclAssociation SubnetRouteTableAssociation"
        " TransitGatewayAttachment TransitGatewayRoute TransitGatewayRouteTable"
        " TransitGatewayRouteTableAssociation TransitGatewayRouteTablePropagation VPC"
        " VPCCidrBlock VPCDHCPOptionsAssociation VPCEndpoint VPCEndpointService"
        " VPCEndpointServicePermissions VPCGatewayAttachment VPCPeeringConnection"
        " VPNConnectionRoute VPNGatewayRoutePropagation"
    ),
    "ECR": (
        "PullThroughCacheRule RegistryPolicy ReplicationConfiguration RepositoryCreationTemplate"
    ),
    "ECS": (
        "CapacityProvider Cluster ClusterCapacityProviderAssociations PrimaryTaskSet Service"
        " TaskDefinition TaskSet"
    ),
    "EFS": "MountTarget",
    "ElastiCache": "ParameterGroup SecurityGroup SecurityGroupIngress SubnetGroup User UserGroup",
    "ElasticLoadBalancing": "*",
    "ElasticLoadBalancingV2": "*",
    "Events": "ApiDestination Connection Endpoint EventBus EventBusPolicy Rule",
    "FIS": "*",
    "GlobalAccelerator": "*",
    "Glue": "Classifier Connection Crawler Job SecurityConfiguration Trigger Workflow",
    "IAM": (
        "Group GroupPolicy InstanceProfile ManagedPolicy OIDCProvider Policy Role RolePolicy"
        " SAMLProvider ServiceLinkedRole UserPolicy UserToGroupAddition"
    ),
    "KMS": "Alias",
    "KinesisFirehose": "*",
    "Lambda": (
        "Alias CodeSigningConfig EventInvokeConfig EventSourceMapping Function LayerVersion"
        " LayerVersionPermission Permission Url Version"
    ),
    "Logs": (
        "AccountPolicy Delivery DeliveryDestination DeliverySource Destination MetricFilter"
        " QueryDefinition ResourcePolicy SubscriptionFilter Transformer"
    ),
    "MemoryDB": "ACL ParameterGroup SubnetGroup User",
    "DAX": "ParameterGroup SubnetGroup",
    "DMS": "EventSubscription ReplicationSubnetGroup",
    "DocDB": "DBClusterParameterGroup DBSubnetGroup EventSubscription",
    "Neptune": "DBClusterParameterGroup DBParameterGroup DBSubnetGroup EventSubscription",
    "Pipes": "*",
    "RAM": "*",
    "RDS": (
        "DBClusterParameterGroup DBParameterGroup DBProxy DBProxyEndpoint DBProxyTargetGroup"
        " DBSecurityGroup DBSecurityGroupIngress DBSubnetGroup EventSubscription OptionGroup"
    ),
    "Redshift": (
        "ClusterParameterGroup ClusterSecurityGroup ClusterSecurityGroupIngress ClusterSubnetGroup"
        " EndpointAccess EndpointAuthorization EventSubscription ScheduledAction"
    ),
    "ResourceGroups": "*",
    "Route53": "HealthCheck RecordSet RecordSetGroup",
    "Route53Resolver": "*",
    "S3": "AccessGrant AccessGrantsInstance AccessPoint BucketPolicy MultiRegionAccessPointPolicy",
    "S3ObjectLambda": "*",
    "SAM": "*",
    "SNS": "Subscription Topic TopicInlinePolicy TopicPolicy",
    "SQS": "QueueInlinePolicy QueuePolicy",
    "SSM": (
        "Association Document MaintenanceWindow MaintenanceWindowTarget MaintenanceWindowTask"
        " Parameter PatchBaseline ResourceDataSync"
    ),
    "Scheduler": "*",
    "SecretsManager": "ResourcePolicy RotationSchedule SecretTargetAttachment",
    "Serverless": "Api Connector Function HttpApi LayerVersion StateMachine",
    "ServiceCatalogAppRegistry": "*",
    "ServiceDiscovery": "*",
    "StepFunctions": "*",
    "Synthetics": "*",
    "WAF": "*",
    "WAFRegional": "*",
    "WAFv2": "*",
    "XRay": "*",
}

STATELESS = frozenset(
    f"AWS::{service}::{name}" for service, names in _BY_SERVICE.items() for name in names.split()
) | {"Custom::EnvControllerFunction"}

# The files are in the file system; only the way to them is another one.
REPLACED_SAFELY = frozenset({"AWS::EFS::AccessPoint"})

_ANY = re.compile(r"(AWS::[^:]+::)[^:]+")


def is_stateless(resource_type: str) -> bool:
    """Return whether a resource of this type holds no data."""
    return resource_type in STATELESS or _ANY.sub(r"\1*", resource_type) in STATELESS
