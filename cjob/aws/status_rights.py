"""The permissions of `cjob status` beyond reading runs. A part of the table of `rights`."""

from cjob.aws import patterns as on
from cjob.aws.right import CALLER, MANAGER, Right

STATUS = (
    Right(
        "tag:GetResources",
        MANAGER,
        (on.ANYTHING,),
        "status",
        "which jobs are deployed",
        calls=("resourcegroupstaggingapi:GetResources",),
        when="all deployed jobs are asked for",
    ),
    Right(
        "events:ListRules",
        CALLER,
        (on.ANYTHING,),
        "status",
        "whether the rule of a schedule is disabled; else that is not shown",
        when="the environment is in the caller's account",
        optional=True,
    ),
)
