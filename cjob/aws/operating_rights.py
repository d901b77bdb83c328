"""The permissions of commands about runs: start, read, stop. A part of the table of `rights`."""

from cjob.aws import patterns as on
from cjob.aws.right import CALLER, MANAGER, Right

RECORD, ROLE = "the record of the environment", "acting as the environment's manager role"

OPERATE = (
    *(
        Right(action, identity, (resource,), stage, why)
        for action, identity, resource, stage, why in (
            ("ssm:GetParameter", CALLER, on.RECORDS[1], "environment", RECORD),
            ("sts:AssumeRole", CALLER, on.MANAGER_ROLE, "environment", ROLE),
            ("logs:FilterLogEvents", MANAGER, on.JOB_LOGS, "history", "the log of its runs"),
            ("ecs:DescribeTasks", MANAGER, on.CLUSTERS, "history", "tasks that still run"),
            ("logs:GetLogEvents", MANAGER, on.JOB_LOGS, "output", "what containers wrote"),
            ("ecs:StopTask", MANAGER, on.CLUSTERS, "stop", "stopping a run's tasks"),
            ("cloudformation:DescribeStacks", MANAGER, on.STACKS, "schedule", "the schedule"),
        )
    ),
    Right(
        "states:StartExecution",
        MANAGER,
        (on.STATE_MACHINES,),
        "start",
        "starting a run",
        calls=("stepfunctions:StartExecution",),
    ),
    *(
        Right(
            f"states:{name}",
            CALLER,
            (resource,),
            "history",
            f"{why}; else the job's log says it",
            calls=(f"stepfunctions:{name}",),
            when="the environment is in the caller's account",
            optional=True,
        )
        for name, resource, why in (
            ("ListExecutions", on.STATE_MACHINES, "which runs there are"),
            ("GetExecutionHistory", on.EXECUTIONS, "what became of one"),
        )
    ),
    Right(
        "states:StopExecution",
        CALLER,
        (on.EXECUTIONS,),
        "stop",
        "stopping a run; else each of its tasks is stopped",
        calls=("stepfunctions:StopExecution",),
        when="the environment is in the caller's account",
        optional=True,
    ),
)
