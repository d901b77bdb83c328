"""The template of a job: what each part of a manifest becomes."""

import json
from pathlib import Path

import pytest
import template_samples as samples

from cjob.document.records import replace
from cjob.manifest.sections.container import Container, HealthCheck
from cjob.manifest.sections.logging import Logging
from cjob.manifest.sections.network import Network, SubnetsByTag
from cjob.manifest.sections.publish import Topic
from cjob.manifest.sections.sidecars import MountPoint, Port, Sidecar
from cjob.manifest.sections.storage import FileSystem, ManagedFileSystem, Storage, Volume
from cjob.manifest.sections.task import Platform, Task
from cjob.manifest.sections.triggers import Trigger
from cjob.manifest.values import Import, SecretsManagerSecret
from cjob.template import parameters
from cjob.template.addons.reading import Addons
from cjob.template.render import template_text

FULL = samples.job(
    trigger=Trigger("cron(0 0 * * ? *)", timeout=1800, retries=2),
    main=Container(
        name="report",
        location="alpine",
        command=("sh", "-c", "echo 'a' && date"),
        variables={"LEVEL": "info", "TABLE": Import(export="acme-Table")},
        secrets={"KEY": "/acme/key", "TOKEN": SecretsManagerSecret(name="token:json::")},
        labels={"team": "a: b"},
        depends_on={"proxy": "START"},
    ),
    sidecars=(
        Sidecar(
            name="proxy",
            location="nginx:1",
            essential=False,
            port=Port(number=53, protocol="udp"),
            mount_points=(MountPoint(source_volume="cache", path="/var/cache"),),
        ),
    ),
    storage=Storage(
        volumes=(
            Volume(
                name="cache", path="/cache", read_only=False, efs=ManagedFileSystem(uid=7, gid=8)
            ),
        )
    ),
    topics=(Topic(name="done", fifo=True, deduplication=False),),
    network=Network(placement="private", security_groups=("sg-1", Import(export="Group"))),
)


def test_the_whole_template_is_the_one_that_was_reviewed() -> None:
    """The text of a job that uses most of it; rewrite the file when a change is meant."""
    file = Path(__file__).with_name("full.yml")

    text = template_text(FULL, samples.context(manifest="name: report\n# as it was written\n"))

    assert text == file.read_text()


def test_the_same_job_gives_the_same_bytes() -> None:
    """Nothing of a rendering is kept that changes the next one."""
    assert template_text(FULL, samples.context()) == template_text(FULL, samples.context())


def test_resources_come_in_the_order_of_the_original() -> None:
    """A diff by eye against an older stack shows what changed, not where it moved."""
    assert list(samples.rendered(FULL)["Resources"]) == [
        "LogGroup",
        "EnvControllerAction",
        "EnvControllerFunction",
        "EnvControllerRole",
        "TaskDefinition",
        "ExecutionRole",
        "TaskRole",
        "Rule",
        "RuleRole",
        "StateMachine",
        "StateMachineRole",
        "AccessPoint",
        "AddonsStack",
        "donefifoSNSTopic",
        "donefifoSNSTopicPolicy",
    ]


def test_an_empty_manifest_copy_is_left_out() -> None:
    """The template then only has its version."""
    assert samples.rendered(samples.job())["Metadata"] == {"Version": "v1.34.1"}


def test_a_schedule_of_none_disables_the_rule() -> None:
    """The rule stays, with some schedule, because a rule must have one."""
    rule = samples.resource(samples.job(trigger=Trigger("none")), "Rule")

    assert (rule["State"], rule["ScheduleExpression"]) == ("DISABLED", "rate(5 minutes)")


def test_a_schedule_is_a_parameter() -> None:
    """A new schedule changes a parameter and no resource of the template."""
    rule = samples.resource(samples.job(), "Rule")

    assert (rule["State"], rule["ScheduleExpression"]) == ("ENABLED", {"Ref": "Schedule"})


def test_retries_and_timeout_are_in_the_definition_where_given() -> None:
    """Without them, the state machine has neither key."""
    plain, full = (
        json.loads(samples.resource(sample, "StateMachine")["DefinitionString"])
        for sample in (samples.job(), FULL)
    )

    assert "TimeoutSeconds" not in plain
    assert "Retry" not in plain["States"]["Run Fargate Task"]
    assert full["TimeoutSeconds"] == 1800
    assert full["States"]["Run Fargate Task"]["Retry"][0]["MaxAttempts"] == 2


@pytest.mark.parametrize(
    ("platform", "version", "runtime"),
    [
        (Platform(), "LATEST", None),
        (Platform(architecture="ARM64"), "LATEST", ("LINUX", "ARM64")),
        (
            Platform(family="WINDOWS_SERVER_2019_CORE"),
            "1.0.0",
            ("WINDOWS_SERVER_2019_CORE", "X86_64"),
        ),
    ],
)
def test_the_platform_is_named_where_it_is_not_the_usual_one(
    platform: Platform, version: str, runtime: tuple[str, str] | None
) -> None:
    """Fargate runs Windows on an older version of its platform."""
    sample = samples.job(task=Task(platform=platform))

    task = samples.resource(sample, "TaskDefinition").get("RuntimePlatform")
    definition = json.loads(samples.resource(sample, "StateMachine")["DefinitionString"])

    assert (task and tuple(task.values())) == runtime
    assert definition["States"]["Run Fargate Task"]["Parameters"]["PlatformVersion"] == version


@pytest.mark.parametrize(
    ("placement", "subnets", "public_ip"),
    [
        ("public", "PublicSubnets", "ENABLED"),
        ("private", "PrivateSubnets", "DISABLED"),
    ],
)
def test_a_named_placement_imports_the_environments_subnets(
    placement: str, subnets: str, public_ip: str
) -> None:
    """Only tasks in public subnets get a public address."""
    sample = samples.job(network=Network(placement=placement))

    substitutions = samples.resource(sample, "StateMachine")["DefinitionSubstitutions"]

    exported = {"Fn::ImportValue": {"Fn::Sub": f"${{AppName}}-${{EnvName}}-{subnets}"}}
    assert substitutions["Subnets"]["Fn::Join"][1] == {"Fn::Split": [",", exported]}
    assert substitutions["AssignPublicIp"] == public_ip


@pytest.mark.parametrize("placement", [("subnet-1",), SubnetsByTag(tags={"tier": ()})])
def test_subnets_of_the_persons_own_are_joined(placement: tuple[str, ...] | SubnetsByTag) -> None:
    """Ids come from the manifest, or from the look-up by tags."""
    sample = samples.job(network=Network(placement=placement))
    where = samples.context(subnets=("subnet-1",))

    substitutions = samples.resource(sample, "StateMachine", where)["DefinitionSubstitutions"]

    assert substitutions["Subnets"] == {"Fn::Join": ['","', ["subnet-1"]]}
    assert substitutions["AssignPublicIp"] == "DISABLED"


def test_features_of_the_environment_are_asked_for() -> None:
    """The addons wait for them; without any, nothing waits."""
    plain, full = (samples.rendered(sample)["Resources"] for sample in (samples.job(), FULL))

    assert plain["EnvControllerAction"]["Properties"]["Parameters"] == []
    assert "DependsOn" not in plain["AddonsStack"]
    assert full["EnvControllerAction"]["Properties"]["Parameters"] == [
        "NATWorkloads",
        "EFSWorkloads",
    ]
    assert full["AddonsStack"]["DependsOn"] == "EnvControllerAction"


def test_a_permissions_boundary_is_on_every_role() -> None:
    """An application with a boundary may create no role without it."""
    target = replace(samples.TARGET, permissions_boundary="limit")

    resources = samples.rendered(FULL, samples.context(target=target))["Resources"]

    roles = [one for one in resources.values() if one["Type"] == "AWS::IAM::Role"]
    arn = "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/limit"
    assert [role["Properties"]["PermissionsBoundary"] for role in roles] == [{"Fn::Sub": arn}] * 5


def test_addon_outputs_reach_containers_role_and_state_machine() -> None:
    """Variables go to all containers, secrets to the main one only."""
    addons = Addons(
        text="",
        variables={"TableName": "TABLE_NAME"},
        secrets={"DbSecret": "DB_SECRET"},
        policies=("Access",),
        security_groups=("Group",),
    )
    where = samples.context(addons=addons)

    main, sidecar = samples.containers(FULL, where)
    machine = samples.resource(FULL, "StateMachine", where)["DefinitionSubstitutions"]
    role = samples.resource(FULL, "TaskRole", where)

    table = {"Name": "TABLE_NAME", "Value": _output("TableName")}
    assert table in main["Environment"]
    assert table in sidecar["Environment"]
    assert main["Secrets"][-1] == {"Name": "DB_SECRET", "ValueFrom": _output("DbSecret")}
    assert "Secrets" not in sidecar
    assert machine["SecurityGroups"]["Fn::Join"][1][-1] == _output("Group")
    assert role["ManagedPolicyArns"] == [_output("Access")]


def _output(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": ["AddonsStack", f"Outputs.{name}"]}


def test_a_log_router_takes_the_main_containers_logs() -> None:
    """Router and sidecars themselves still log to the job's group."""
    logging = Logging(
        router=Container(name="firelens_log_router", location="fluent", variables={"A": "1"}),
        destination={"Name": "cloudwatch"},
        secret_options={"Key": "/key"},
        config_file="/extra.conf",
        metadata=False,
    )

    main, router = samples.containers(samples.job(logging=logging))

    assert main["LogConfiguration"] == {
        "LogDriver": "awsfirelens",
        "Options": {"Name": "cloudwatch"},
        "SecretOptions": [{"Name": "Key", "ValueFrom": "/key"}],
    }
    assert router["FirelensConfiguration"]["Options"] == {
        "enable-ecs-log-metadata": "false",
        "config-file-type": "file",
        "config-file-value": "/extra.conf",
    }
    assert router["LogConfiguration"]["LogDriver"] == "awslogs"
    assert router["Environment"][-1] == {"Name": "A", "Value": "1"}


def test_file_systems_of_the_persons_own_get_a_policy_each() -> None:
    """Only a volume that may be written to is granted writing; the index counts these alone."""
    volumes = (
        Volume(name="a", path="/a", efs=FileSystem(id="fs-1", access_point_id="fsap-1", iam=True)),
        Volume(name="b", path="/b"),
        Volume(name="c", path="/c", read_only=False, efs=FileSystem(id=Import(export="Files"))),
    )

    policies = samples.resource(samples.job(storage=Storage(volumes=volumes)), "TaskRole")[
        "Policies"
    ][1:]

    names = [policy["PolicyName"] for policy in policies]
    actions = [policy["PolicyDocument"]["Statement"][0]["Action"] for policy in policies]
    imported = {"Fn::ImportValue": "Files"}
    assert names == ["GrantEFSAccessfs-1-0", {"Fn::Join": ["", ["GrantEFSAccess", imported, "-1"]]}]
    assert [len(granted) for granted in actions] == [1, 2]
    granted = policies[1]["PolicyDocument"]["Statement"][0]["Resource"][0]["Fn::Join"][1]
    assert granted[1] == imported
    assert "Condition" in policies[0]["PolicyDocument"]["Statement"][0]


def test_the_managed_volume_comes_first() -> None:
    """Other volumes follow by name; the main container's mounts stay in the manifest's order."""
    volumes = (
        Volume(name="a", path="/a"),
        Volume(name="b", path="/b", efs=ManagedFileSystem(uid=1, gid=2)),
    )

    task = samples.resource(samples.job(storage=Storage(volumes=volumes)), "TaskDefinition")

    assert [volume["Name"] for volume in task["Volumes"]] == ["b", "a"]
    mounts = task["ContainerDefinitions"][0]["MountPoints"]
    assert [mount["SourceVolume"] for mount in mounts] == ["a", "b"]


@pytest.mark.parametrize(("size", "written"), [(None, None), (20, None), (21, "21")])
def test_scratch_space_is_named_where_it_is_more_than_usual(
    size: int | None, written: str | None
) -> None:
    """Fargate gives 20 GiB anyway."""
    task = samples.resource(samples.job(storage=Storage(ephemeral=size)), "TaskDefinition")

    assert task.get("EphemeralStorage", {}).get("SizeInGiB") == written


def test_a_health_check_is_written_in_whole_seconds() -> None:
    """Zero is a value, too."""
    check = HealthCheck(command=("CMD", "true"), interval=10, retries=2, timeout=5, start_period=0)
    main = Container(name="report", location="alpine", health_check=check)

    (container,) = samples.containers(samples.job(main=main, storage=Storage(read_only_root=False)))

    assert container["HealthCheck"] == {
        "Command": ["CMD", "true"],
        "Interval": "10",
        "Retries": "2",
        "StartPeriod": "0",
        "Timeout": "5",
    }
    assert container["ReadonlyRootFilesystem"] == "false"


def test_a_topic_named_twice_is_one_resource() -> None:
    """The manifest's repetition does no harm."""
    sample = samples.job(topics=(Topic(name="a"), Topic(name="a")))

    assert "aSNSTopic" in samples.rendered(sample)["Resources"]


def test_topic_arns_are_of_the_regions_partition() -> None:
    """Containers get the ARNs as one string of JSON."""
    target = replace(samples.TARGET, region="cn-north-1")
    sample = samples.job(topics=(Topic(name="done"),))

    (main,) = samples.containers(sample, samples.context(target=target))

    assert json.loads(main["Environment"][4]["Value"]) == {
        "done": "arn:aws-cn:sns:cn-north-1:123456789012:acme-test-report-done"
    }


def test_parameters_have_their_values_in_the_order_of_sending() -> None:
    """Every declared parameter has a value, and no other has."""
    where = samples.context(
        images={"report": "repo@sha256:1"}, env_files={"proxy": "arn:file"}, addons_url="https://x"
    )

    values = parameters.values(FULL, where)

    assert list(values.items()) == [
        ("AppName", "acme"),
        ("EnvName", "test"),
        ("WorkloadName", "report"),
        ("ContainerImage", "repo@sha256:1"),
        ("AddonsTemplateURL", "https://x"),
        ("ArtifactKeyARN", "arn:aws:kms:eu-central-1:123456789012:key/1"),
        ("EnvFileARN", ""),
        ("EnvFileARNForproxy", "arn:file"),
        ("TaskCPU", "256"),
        ("TaskMemory", "512"),
        ("TaskCount", "1"),
        ("LogRetention", "30"),
        ("Schedule", "cron(0 0 * * ? *)"),
    ]
    assert set(values) == set(samples.rendered(FULL)["Parameters"])


def test_sidecars_whose_names_differ_in_signs_share_the_parameter_of_an_env_file() -> None:
    """It goes to the one that has an env file."""
    one = Sidecar(name="a-b", location="x", env_file="a.env")
    other = Sidecar(name="ab", location="x")

    for sidecars in ((other, one), (one, other)):
        kept = parameters.env_file_parameters(samples.job(sidecars=sidecars))
        assert kept["EnvFileARNForab"] == "a-b"
