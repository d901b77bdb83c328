"""Stacks in each state that the sandbox can bring them to."""

from calls_proxy import Proxy
from pipelines import Place, eventually, name, on, through

from cjob.document import names

TEMPLATE = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"
BROKEN = "Resources: {Topic: {Type: 'AWS::SNS::Topic', Condition: Nowhere}}\n"


def propose(place: Place, job: str, template: str, change_set: str = "by-hand") -> None:
    """Make a first change set for a job's stack, as another tool would."""
    place.stacks.create_change_set(
        StackName=name(job),
        ChangeSetName=change_set,
        ChangeSetType="CREATE",
        TemplateBody=template,
    )


def make(place: Place, job: str, template: str = TEMPLATE, *, app: str = "demo") -> None:
    """Make a job's stack, as another tool would, whose creation may fail."""
    tags = names.copilot_tags(app, "test", job)
    place.stacks.create_stack(
        StackName=name(job),
        TemplateBody=template,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    eventually(lambda: not place.status(job).endswith("IN_PROGRESS"))


NETWORK = "Resources: {Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.9.0.0/16}}}\n"

WAITS_AND_FAILS = """\
Resources:
  Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}
  Signal:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {Handle: !Ref Handle, Timeout: '1', Count: 1}
"""


def test_a_first_change_set_that_failed_is_in_nobodys_way(place: Place) -> None:
    """The stack that was to be is deleted, and made."""
    place.job("proposed")
    own = names.creation_change_set(name("proposed"))
    propose(place, "proposed", BROKEN, own)
    assert place.status("proposed") == "REVIEW_IN_PROGRESS"
    done = place.done("deploy", *on("proposed"))
    assert "deleting stack demo-test-proposed, which has no resources" in done.stderr
    assert place.status("proposed") == "CREATE_COMPLETE"


def test_a_change_set_made_by_hand_stays_for_its_review(place: Place) -> None:
    """Nothing is deleted that somebody may still want, and nothing is built for it."""
    place.job("by-hand")
    propose(place, "by-hand", TEMPLATE)
    done = place.run("deploy", *on("by-hand"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "is being created by another run: it is REVIEW_IN_PROGRESS since" in done.stderr
    command = "aws cloudformation delete-stack --region us-west-2 --stack-name demo-test-by-hand"
    assert command in done.stderr
    assert len(place.change_sets("by-hand")) == 1


def test_what_a_failed_deletion_could_not_delete_is_named(place: Place, proxy: Proxy) -> None:
    """By the calls that the manager role has a right to."""
    place.job("undeletable")
    make(place, "undeletable", NETWORK)
    ec2 = place.sandbox.session().client("ec2", endpoint_url=place.sandbox.endpoint)
    vpc = place.stacks.describe_stack_resource(
        StackName=name("undeletable"), LogicalResourceId="Vpc"
    )["StackResourceDetail"]["PhysicalResourceId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    place.stacks.delete_stack(StackName=name("undeletable"))
    eventually(lambda: place.status("undeletable") == "DELETE_FAILED")
    done = through(place, proxy).run("deploy", *on("undeletable"))
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "--stack-name demo-test-undeletable --retain-resources Vpc" in done.stderr
    assert [action for action in proxy.actions if action.startswith("ListStackRes")] == []
    ec2.delete_subnet(SubnetId=subnet)


def test_a_failed_creation_that_is_protected_stays(place: Place) -> None:
    """Until somebody takes the protection away."""
    place.job("protected")
    make(place, "protected", WAITS_AND_FAILS)
    assert place.status("protected") == "ROLLBACK_COMPLETE"
    protection = place.stacks.update_termination_protection
    protection(StackName=name("protected"), EnableTerminationProtection=True)
    done = place.run("deploy", *on("protected"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "--stack-name demo-test-protected --no-enable-termination-protection" in done.stderr
    protection(StackName=name("protected"), EnableTerminationProtection=False)
    place.done("deploy", *on("protected"))
    assert place.status("protected") == "CREATE_COMPLETE"


def test_a_stack_of_another_application_is_left_alone(place: Place) -> None:
    """Although it has the name that the job's would have."""
    place.job("theirs")
    make(place, "theirs", app="other")
    done = place.run("deploy", *on("theirs"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "belongs to another application: 'other'" in done.stderr
    assert place.stack("theirs")["StackStatus"] == "CREATE_COMPLETE"
