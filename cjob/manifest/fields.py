"""Every field that a scheduled job's manifest can have: its name, and the kind of its value.

This is a table, read from the bottom up: `JOB` is the whole manifest, `ENVIRONMENT` what may stand
below one name of `environments`. Nothing here acts but two checks of fields that exclude others.
"""

from yaml.nodes import Node

from cjob.manifest.kinds import (
    UNSIGNED_32,
    Anything,
    Duration,
    Either,
    Fields,
    Flag,
    Kind,
    ListOf,
    MapOf,
    Number,
    Text,
    is_filled,
    is_given,
    reference,
)
from cjob.manifest.report import Report
from cjob.manifest.tree import Items, Leaf, Section

TEXT = Text()
NUMBER = Number()
FLAG = Flag()
TEXTS = ListOf(TEXT)


def _empty_text(node: Node) -> Leaf:
    return Leaf(node, "")


def _no_items(node: Node) -> Items:
    return Items(node, ())


TEXT_MAP = MapOf(TEXT, when_null=_empty_text)
TEXT_OR_IMPORT = reference("from_cfn")
VARIABLES = MapOf(TEXT_OR_IMPORT, when_null=_empty_text)
SECRETS = MapOf(reference("secretsmanager", "from_cfn"), when_null=_empty_text)

SHELL_WORDS = Either(
    first=TEXTS,
    second=TEXT,
    expected="a text or a list of texts",
    hint="write the words as one text, or as a list with one word an item",
)


def builds(image: Section) -> bool:
    """Return whether an image section asks for a build; an empty text asks for none."""
    build = image.at("build")
    return build is not None and is_given(build) and image.text("build") != ""


def builds_or_names_an_image(image: Section, report: Report) -> None:
    """Refuse an image that is both built and located, in the base or in any environment."""
    if builds(image) and image.at("location") is not None:
        report.fault(
            image.node_at("location"),
            "'image.build' and 'image.location' exclude each other",
            "keep build to build the image, or location to use one that exists",
            hard=True,
        )


OWN_FILE_SYSTEM = ("id", "root_dir", "auth")
MANAGED_FILE_SYSTEM = ("uid", "gid")


def sets_any(section: Section, keys: tuple[str, ...]) -> bool:
    """Return whether a section holds anything under some of its keys."""
    values = [section.fields[key] for key in keys if key in section.fields]
    return any(is_given(value) for value in values)


def has_one_kind_of_file_system(efs: Section, report: Report) -> None:
    """Refuse a file system that is both the person's own and the managed one."""
    if sets_any(efs, OWN_FILE_SYSTEM) and sets_any(efs, MANAGED_FILE_SYSTEM):
        report.fault(
            efs.node,
            "'uid' and 'gid' exclude 'id', 'root_dir' and 'auth'",
            "uid and gid are for the managed file system, the others for one of your own",
            hard=True,
        )


BUILD = Either(
    first=Fields(
        "build",
        {
            "context": TEXT,
            "dockerfile": TEXT,
            "args": TEXT_MAP,
            "target": TEXT,
            "cache_from": TEXTS,
        },
    ),
    second=TEXT,
    expected="a Dockerfile's path or a section with context, dockerfile, args, target, cache_from",
    hint="write 'build: Dockerfile', or its fields one a line below 'build:'",
)

HEALTH_CHECK = Fields(
    "healthcheck",
    {
        "command": TEXTS,
        "interval": Duration(),
        "retries": NUMBER,
        "timeout": Duration(),
        "start_period": Duration(),
    },
)

IMAGE = Fields(
    "image",
    {
        "build": BUILD,
        "location": TEXT,
        "credentials": TEXT,
        "labels": TEXT_MAP,
        "depends_on": TEXT_MAP,
        "healthcheck": HEALTH_CHECK,
    },
    idle={"port": "its main container has no port"},
    homes={
        **{key: f"image.build.{key}" for key in ("context", "args", "dockerfile", "target")},
        "cache_from": "image.build.cache_from",
        **{key: key for key in ("platform", "command", "entrypoint", "env_file")},
        **{key: key for key in ("variables", "secrets")},
    },
    check=builds_or_names_an_image,
)

SIDECAR_IMAGE = Either(
    first=TEXT,
    second=Fields("sidecar image", {"build": BUILD, "location": TEXT}),
    expected="the name of an image or a section with build or location",
    hint="write 'image: repository:tag', or 'build:' or 'location:' below 'image:'",
    complete=True,
)

MOUNT_POINTS = ListOf(
    Fields("mount point", {"source_volume": TEXT, "path": TEXT, "read_only": FLAG})
)

SIDECAR = Fields(
    "sidecar",
    {
        "port": TEXT,
        "image": SIDECAR_IMAGE,
        "essential": FLAG,
        "credentialsParameter": TEXT,
        "variables": VARIABLES,
        "env_file": TEXT,
        "secrets": SECRETS,
        "mount_points": MOUNT_POINTS,
        "labels": TEXT_MAP,
        "depends_on": TEXT_MAP,
        "healthcheck": HEALTH_CHECK,
        "entrypoint": SHELL_WORDS,
        "command": SHELL_WORDS,
    },
)

PLATFORM = Either(
    first=Fields("platform", {"osfamily": TEXT, "architecture": TEXT}),
    second=TEXT,
    expected="a text or a section with osfamily and architecture",
    hint="write 'platform: linux/arm64', or osfamily and architecture below 'platform:'",
)

SCALING = dict.fromkeys(
    (
        "spot",
        "range",
        "cooldown",
        "cpu_percentage",
        "memory_percentage",
        "requests",
        "response_time",
        "queue_delay",
    ),
    Anything(),
)

COUNT = Either(
    first=Fields("count", SCALING),
    second=NUMBER,
    expected="a whole number",
    hint="write 'count: 1' or leave it out",
)

EXEC = Either(
    first=Fields("exec", {"enable": FLAG}),
    second=FLAG,
    expected="true, false or a section with enable",
    hint="leave it out",
)

FILE_SYSTEM = Either(
    first=Fields(
        "efs",
        {
            "id": TEXT_OR_IMPORT,
            "root_dir": TEXT,
            "auth": Fields("auth", {"iam": FLAG, "access_point_id": TEXT}),
            "uid": Number(minimum=0, limit=UNSIGNED_32),
            "gid": Number(minimum=0, limit=UNSIGNED_32),
        },
        check=has_one_kind_of_file_system,
    ),
    second=FLAG,
    expected="true, false or a section with id, root_dir, auth or with uid, gid",
    hint="write 'efs: true' for the managed file system, or 'id:' below 'efs:' for your own",
)

VOLUME = Fields(
    "volume",
    {"path": TEXT, "read_only": FLAG, "efs": FILE_SYSTEM},
    homes={key: f"efs.{key}" for key in (*OWN_FILE_SYSTEM, *MANAGED_FILE_SYSTEM)}
    | {key: f"efs.auth.{key}" for key in ("iam", "access_point_id")},
)

STORAGE = Fields(
    "storage",
    {"ephemeral": NUMBER, "readonly_fs": FLAG, "volumes": MapOf(VOLUME)},
)

LOGGING = Fields(
    "logging",
    {
        "retention": NUMBER,
        "image": TEXT,
        "destination": TEXT_MAP,
        "enableMetadata": FLAG,
        "secretOptions": SECRETS,
        "configFilePath": TEXT,
        "variables": VARIABLES,
        "secrets": SECRETS,
        "env_file": TEXT,
    },
)

SUBNETS = Either(
    first=Fields(
        "subnets",
        {
            "from_tags": MapOf(
                Either(
                    first=TEXTS,
                    second=TEXT,
                    expected="a text or a list of texts",
                    hint="write one value, or a list of them",
                    hard=False,
                ),
                when_null=_no_items,
            )
        },
    ),
    second=TEXTS,
    expected="a list of subnet ids or a section with from_tags",
    hint="write one id a line after '- ', or tags with their values below 'from_tags:'",
    is_there=is_filled,
)

PLACEMENT = Either(
    first=Fields("placement", {"subnets": SUBNETS}),
    second=TEXT,
    expected="public, private or a section with subnets",
    hint="write 'placement: private', or 'subnets:' below 'placement:'",
    is_there=is_filled,
)

SECURITY_GROUPS = Either(
    first=Fields(
        "security_groups",
        {"groups": ListOf(TEXT_OR_IMPORT), "deny_default": FLAG},
        idle={"deny_default": "the environment's security group always stays"},
    ),
    second=ListOf(TEXT_OR_IMPORT),
    expected="a list or a section with groups",
    hint="write one id or {from_cfn: export} a line after '- '",
    is_there=is_filled,
)

CONNECT = Either(
    first=Fields("connect", {"alias": TEXT}),
    second=FLAG,
    expected="true, false or a section with alias",
    hint="leave it out",
)

NETWORK = Fields(
    "network",
    {
        "vpc": Fields("vpc", {"placement": PLACEMENT, "security_groups": SECURITY_GROUPS}),
        "connect": CONNECT,
    },
    idle={"connect": "nothing can connect to it"},
)

TOPIC = Fields(
    "topic",
    {
        "name": TEXT,
        "fifo": Either(
            first=Fields("fifo", {"content_based_deduplication": FLAG}),
            second=FLAG,
            expected="true, false or a section with content_based_deduplication",
            hint="write 'fifo: true', or 'content_based_deduplication: true' below 'fifo:'",
        ),
    },
)

TASK_OVERRIDE = Fields("override", {"path": TEXT, "value": Anything()})

_SHARED: dict[str, Kind] = {
    "image": IMAGE,
    "entrypoint": SHELL_WORDS,
    "command": SHELL_WORDS,
    "cpu": NUMBER,
    "memory": NUMBER,
    "platform": PLATFORM,
    "count": COUNT,
    "exec": EXEC,
    "variables": VARIABLES,
    "env_file": TEXT,
    "secrets": SECRETS,
    "storage": STORAGE,
    "logging": LOGGING,
    "sidecars": MapOf(SIDECAR),
    "on": Fields("on", {"schedule": TEXT}),
    "timeout": TEXT,
    "retries": NUMBER,
    "network": NETWORK,
    "publish": Fields("publish", {"topics": ListOf(TOPIC)}),
    "taskdef_overrides": ListOf(TASK_OVERRIDE),
}

_IDLE = {
    "count": "each start of the schedule runs one task",
    "exec": "its tasks take no commands while they run",
    "http": "it serves nothing",
    "nlb": "it serves nothing",
    "deployment": "it is not rolled out over running tasks",
    "observability": "traces are not collected",
    "subscribe": "only worker services subscribe to topics",
    "alarms": "it is not rolled out over running tasks",
}

_HOMES = {
    **{key: f"image.{key}" for key in ("build", "location", "healthcheck", "labels", "depends_on")},
    **{key: f"storage.{key}" for key in ("ephemeral", "volumes", "readonly_fs")},
    **{key: f"network.vpc.{key}" for key in ("placement", "security_groups")},
    **dict.fromkeys(("environment_variables", "environment", "env_vars", "env"), "variables"),
    "schedule": "on.schedule",
    "topics": "publish.topics",
}

ENVIRONMENT = Fields(
    "environment",
    _SHARED,
    idle=_IDLE | dict.fromkeys(("name", "type", "environments"), "an environment can't change it"),
    homes=_HOMES,
)

JOB = Fields(
    "job",
    {"name": TEXT, "type": TEXT, **_SHARED, "environments": MapOf(ENVIRONMENT)},
    idle=_IDLE,
    homes=_HOMES,
)
