"""The resources of permissions: patterns of ARNs with placeholders that `cjob iam` fills in.

Repositories and StackSets belong to an application, and have its name in their own; everything
else belongs to an environment, and has both names in its own.
"""

ANYTHING = "*"
RECORDS = (
    "arn:{partition}:ssm:*:*:parameter/copilot/applications/{app}",
    "arn:{partition}:ssm:*:*:parameter/copilot/applications/{app}/environments/{env}",
)
JOB_RECORDS = "arn:{partition}:ssm:*:*:parameter/copilot/applications/{app}/components/*"
APPLICATIONS = "arn:{partition}:ssm:*:*:parameter/copilot/applications"
ENVIRONMENTS = "arn:{partition}:ssm:*:*:parameter/copilot/applications/{app}/environments"
STACK_SET = "arn:{partition}:cloudformation:*:*:stackset/{app}-infrastructure:*"
REGIONAL_STACK = "arn:{partition}:cloudformation:*:*:stack/StackSet-{app}-infrastructure-*"
RESOURCE_TYPES = "arn:{partition}:cloudformation:*::type/resource/AWS-*"
STACKS = "arn:{partition}:cloudformation:*:*:stack/{app}-{env}*"
MANAGER_ROLE = "arn:{partition}:iam::*:role/{app}-{env}-EnvManagerRole"
STACK_SET_ROLE = "arn:{partition}:iam::*:role/{app}-adminrole"
EXECUTION_ROLE = "arn:{partition}:iam::*:role/{app}-{env}-CFNExecutionRole"
REPOSITORIES = "arn:{partition}:ecr:*:*:repository/{app}/*"
BUCKETS = "arn:{partition}:s3:::*"
OBJECTS = "arn:{partition}:s3:::*/manual/*"
KEYS = "arn:{partition}:kms:*:*:key/*"
LOGS = "arn:{partition}:logs:*:*:log-group:/aws/lambda/{app}-{env}*"
JOB_LOGS = "arn:{partition}:logs:*:*:log-group:/copilot/{app}-{env}*"
STATE_MACHINES = "arn:{partition}:states:*:*:stateMachine:{app}-{env}-*"
EXECUTIONS = "arn:{partition}:states:*:*:execution:{app}-{env}-*:*"
CLUSTERS = "arn:{partition}:ecs:*:*:*/{app}-{env}*"
TASK_DEFINITIONS = "arn:{partition}:ecs:*:*:task-definition/{app}-{env}-*:*"
JOB_ROLES = "arn:{partition}:iam::*:role/{app}-{env}-*"
