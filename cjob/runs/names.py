"""Names of runs, and of what they leave behind in AWS.

A run's name has only letters, digits, `-` and `_`: Step Functions logs no execution whose name has
anything else. It is at most 80 characters long, and unique for 90 days.
"""

import hashlib
import re
from datetime import UTC, datetime

MOST = 80
ONCE = "once-"
_USER = 20
_HASH = 6

# What Step Functions takes, which is more than what it logs.
_POSSIBLE = re.compile(r"""[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}""")
_FORMAT = "%Y%m%dT%H%M%SZ"
_TIME = re.compile(r"^cjob-.*-(\d{8}T\d{6}Z)-[0-9a-f]+$")
_ODD = re.compile(r"[^0-9A-Za-z_-]+")


def is_possible(name: str) -> bool:
    """Return whether an execution may have that name."""
    return _POSSIBLE.fullmatch(name) is not None


def new(user: str, now: datetime, random: str) -> str:
    """Return the name of a run that a person starts now; `random` tells apart those of a second."""
    who = clean(user)[:_USER].strip("-") or "somebody"
    return f"cjob-{who}-{now.astimezone(UTC).strftime(_FORMAT)}-{random}"


def once(name: str) -> str:
    """Return the name of a run that is one task and no execution, from the name of a run."""
    return f"{ONCE}{name}"[:MOST]


def is_once(name: str) -> bool:
    """Return whether a run of that name is one task and no execution."""
    return name.startswith(ONCE)


def moment(name: str) -> datetime | None:
    """Return the time in a name that `new` made, by the clock of the machine; None for others."""
    found = _TIME.search(name)
    try:
        return datetime.strptime(found[1], _FORMAT).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def for_id(run_id: str) -> str:
    """Return the name of the one run that `--run-id` allows for an id."""
    digest = hashlib.sha256(run_id.encode()).hexdigest()[:_HASH]
    room = MOST - len(ONCE) - len("id--") - _HASH
    return f"id-{clean(run_id)[:room].strip('-') or 'run'}-{digest}"


def clean(text: str) -> str:
    """Return a text with only letters, digits, `-` and `_`."""
    return _ODD.sub("-", text).strip("-")


def state_machine(app: str, env: str, job: str) -> str:
    """Return the name of a job's state machine, which is also its task family and stack."""
    return f"{app}-{env}-{job}"


def state_machine_arn(partition: str, region: str, account: str, machine: str) -> str:
    """Return the ARN of a state machine, known without any call."""
    return f"arn:{partition}:states:{region}:{account}:stateMachine:{machine}"


def execution_arn(machine_arn: str, name: str) -> str:
    """Return the ARN of an execution of a state machine."""
    return f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"


def log_group(app: str, env: str, job: str) -> str:
    """Return the log group of a job: its containers' streams and its state machine's."""
    return f"/copilot/{app}-{env}-{job}"


def container_stream(container: str, task_id: str) -> str:
    """Return the log stream of a container of a task."""
    return f"copilot/{container}/{task_id}"


def history_streams(machine: str, day: str = "") -> str:
    """Return the prefix of the streams with a state machine's history, of one day (YYYY-MM-DD)."""
    return f"states/{machine}/{day}"
