"""The permissions of commands about runs: start, read, stop. A part of the table of `rights`."""

from cjob.aws import patterns as on
from cjob.aws.right import CALLER, MANAGER, Right

ONCE = "the run is a one-off, with --command, --var, --cpu or --memory"

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
            f"{why}; otherwise taken from the job's log",
            calls=(f"stepfunctions:{name}",),
            when="the environment is in the caller's account",
            optional=True,
        )
        for name, resource, why in (
            ("ListExecutions", on.STATE_MACHINES, "which runs there are"),
            ("GetExecutionHistory", on.EXECUTIONS, "how a run ended"),
        )
    ),
    *(
        Right(action, MANAGER, resources, stage, why, calls=calls, when=ONCE)
        for action, resources, stage, why, calls in (
            (
                "states:DescribeStateMachine",
                (on.STATE_MACHINES,),
                "history",
                "where it runs its task",
                ("stepfunctions:DescribeStateMachine",),
            ),
            ("ecs:ListTasks", (on.CLUSTERS,), "history", "which task it is", ()),
            ("ecs:RunTask", (on.TASK_DEFINITIONS,), "once", "starting a one-off run", ()),
            (
                "iam:PassRole",
                (on.JOB_ROLES,),
                "once",
                "giving it its roles",
                ("ecs:RunTask",),
            ),
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
