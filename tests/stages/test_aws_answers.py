"""How answers of AWS are read, and told where they are errors."""

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from cjob.aws.directory import repositories, template_version
from cjob.aws.errors import clean, explain
from cjob.document import names
from cjob.reporting.errors import InputError, ServiceError

ROLE = "arn:aws:iam::123456789012:role/acme-test-EnvManagerRole"


def answer(code: str, operation: str = "DescribeStacks", message: str = "no") -> ClientError:
    """Return an error as a service answers it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


SAID = (
    "User: arn:aws:sts::123456789012:assumed-role/acme-test-EnvManagerRole/cjob-1 is not "
    "authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/x "
    "because no identity-based policy allows the iam:PassRole action"
)


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
def test_a_denied_call_names_the_right_what_it_is_on_and_the_role(code: str) -> None:
    """Whoever may grant it needs all of them; and AWS's reason is kept."""
    error = explain(answer(code, "CreateChangeSet", SAID), "change stack 'a'", ROLE)
    assert isinstance(error, ServiceError)
    assert error.message == (
        f"cannot change stack 'a': {ROLE} is not allowed to perform iam:PassRole "
        "on arn:aws:iam::123456789012:role/x "
        "because no identity-based policy allows the iam:PassRole action"
    )
    assert "had this permission when it was created" in error.hint


def test_a_denied_call_of_the_caller_names_who_that_is() -> None:
    """And where the rights are printed; a reason that AWS doesn't give is left out."""
    said = "User: arn:aws:iam::1:user/ci is not authorized to perform: ssm:GetParameter"
    error = explain(answer("AccessDeniedException", "GetParameter", said), "read a record")
    assert (
        error.message
        == "cannot read a record: arn:aws:iam::1:user/ci is not allowed to perform ssm:GetParameter"
    )
    assert "cjob iam prints" in error.hint


@pytest.mark.parametrize(
    ("operation", "resource", "policy"),
    [
        ("GetTemplateSummary", "", "cjob iam --session-policy prints"),
        ("DescribeStacks", "stack/demo-test/1", "cjob iam --session-policy prints"),
        ("DescribeStacks", "stack/StackSet-demo-infrastructure-1/2", "cjob iam prints"),
    ],
)
def test_a_read_denied_to_a_caller_without_the_role_has_the_policy_for_that(
    operation: str, resource: str, policy: str
) -> None:
    """What only the manager role reads otherwise is not in the policy of callers."""
    said = f"User: arn:aws:iam::1:user/ci is not authorized to perform: cloudformation:{operation}"
    if resource:
        said += f" on resource: arn:aws:cloudformation:eu-west-1:1:{resource}"
    error = explain(answer("AccessDenied", operation, said), "read stack 'a'")
    assert error.hint.startswith(f"grant it to arn:aws:iam::1:user/ci; {policy} ")


def test_a_denial_without_words_is_told_from_what_is_known() -> None:
    """S3 answers a HEAD with a number alone, and rights have other names than calls."""
    error = explain(
        answer("403", "HeadObject", "Forbidden"), "look for 'k'", ROLE, "arn:aws:s3:::b/k"
    )
    assert error.message == (
        f"cannot look for 'k': {ROLE} is not allowed to perform s3:GetObject or s3:ListBucket "
        "on arn:aws:s3:::b/k (Forbidden)"
    )


def test_a_right_that_came_late_names_the_environments_that_have_it() -> None:
    """An older one is to be deployed again."""
    said = "is not authorized to perform: s3:PutObjectAcl on resource: arn:aws:s3:::b/k"
    error = explain(answer("AccessDenied", "PutObject", said), "send 'k'", ROLE)
    assert "since version v1.9.0" in error.hint


S3_SAID = (
    "User: arn:aws:sts::1:assumed-role/r/cjob-1 is not authorized to perform: s3:PutObject on "
    'resource: "arn:aws:s3:::bucket/manual/k" {why}'
)
KEY_SAID = (
    "User: arn:aws:sts::1:assumed-role/r/cjob-1 is not authorized to perform: kms:GenerateDataKey "
    "on resource: arn:aws:kms:eu-west-1:1:key/2 {why}"
)
NO_HELP = "allowing it elsewhere does not help"


@pytest.mark.parametrize(
    ("said", "why", "hint"),
    [
        (
            S3_SAID,
            "with an explicit deny in a resource-based policy",
            "the bucket, which denies it: aws s3api get-bucket-policy --bucket bucket",
        ),
        (
            KEY_SAID,
            "because no resource-based policy allows the kms:GenerateDataKey action",
            "not allow it: aws kms get-key-policy --key-id arn:aws:kms:eu-west-1:1:key/2 --policy",
        ),
        (S3_SAID, "with an explicit deny in an identity-based policy", NO_HELP),
        (S3_SAID, "with an explicit deny in a service control policy", "the AWS organization"),
        (S3_SAID, "with an explicit deny in a permissions boundary", "boundary of " + ROLE),
        (S3_SAID, "because no session policy allows the s3:PutObject action", "session policy"),
        (S3_SAID, "with an explicit deny in a VPC endpoint policy", "the VPC endpoint"),
        (S3_SAID, "because no identity-based policy allows it", "since version v1.8.0: deploy the"),
    ],
)
def test_a_denial_is_fixed_in_the_policy_that_decided_it(said: str, why: str, hint: str) -> None:
    """A newer environment helps only if the role's own policy lacks the permission."""
    error = explain(answer("AccessDenied", "PutObject", said.format(why=why)), "send 'k'", ROLE)
    assert error.message.endswith(why)
    assert hint in error.hint
    assert ("environment" in error.hint) == ("identity-based policy allows" in why)


def test_a_role_that_may_not_be_taken_is_the_callers_matter() -> None:
    """It is not the role that lacks a permission."""
    error = explain(answer("AccessDenied", "AssumeRole"), "read stack 'a'", ROLE)
    assert error.message == (
        "cannot read stack 'a': the identity in use is not allowed to perform sts:AssumeRole "
        f"on {ROLE} (no)"
    )


@pytest.mark.parametrize(
    "code", ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestExpired"]
)
def test_expired_credentials_are_to_be_renewed(code: str) -> None:
    """Nothing else helps."""
    assert "sign in again" in explain(answer(code), "read stack 'a'").hint


@pytest.mark.parametrize(
    ("code", "status", "again"),
    [
        ("Throttling", 400, True),
        ("RequestLimitExceeded", 400, True),
        ("InternalFailure", 500, True),
        ("ServiceUnavailable", 503, True),
        ("ValidationError", 400, False),
        ("StackSetNotFoundException", 404, False),
        ("RepositoryNotFoundException", 400, False),
    ],
)
def test_only_what_passes_is_worth_another_try(code: str, status: int, *, again: bool) -> None:
    """The same request gets the same answer, unless the service was busy or broken."""
    error = ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "DescribeStacks",
    )
    hint = explain(error, "read a stack").hint
    assert hint.startswith(f"AWS answered {code} to DescribeStacks")
    assert ("run the same command again" in hint) == again


def test_any_other_answer_is_passed_on_with_its_code() -> None:
    """Without what would drive a terminal."""
    error = explain(answer("Oops", message="\x1b[31mbad\nluck"), "read stack 'a'")
    assert error.message == "cannot read stack 'a': bad luck"
    assert "Oops to DescribeStacks" in error.hint


@pytest.mark.parametrize(
    ("raised", "kind", "hint"),
    [
        (exceptions.NoCredentialsError(), ServiceError, "AWS_ACCESS_KEY_ID"),
        (exceptions.UnauthorizedSSOTokenError(), ServiceError, "aws sso login"),
        (exceptions.ProfileNotFound(profile="x"), InputError, "AWS_PROFILE"),
        (exceptions.NoRegionError(), InputError, "AWS_REGION"),
        (exceptions.EndpointConnectionError(endpoint_url="http://a"), ServiceError, "the network"),
        (exceptions.InvalidConfigError(error_msg="x"), ServiceError, "aws configure list"),
    ],
)
def test_what_keeps_a_call_from_being_made_has_its_remedy(
    raised: Exception, kind: type[Exception], hint: str
) -> None:
    """Each one another."""
    error = explain(raised, "read stack 'a'")
    assert isinstance(error, kind)
    assert hint in error.hint


def test_control_characters_become_spaces() -> None:
    """Line breaks, that is; others are removed or escaped."""
    assert clean("a\r\n\x1b[1mb\x9b2Jc\x07 ") == "a bc\\x07"


# Records and stacks


def test_repositories_are_found_by_the_names_of_outputs() -> None:
    """A name's dashes are spelt out there."""
    arn = "arn:aws:ecr:eu-central-1:123456789012:repository/acme/tidy-up"
    outputs = {"ECRRepotidyDASHup": arn, "ECRRepogone": "", "KMSKeyARN": "arn:k"}
    assert repositories(outputs) == {
        "tidy-up": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/tidy-up"
    }


def test_a_repository_in_china_has_chinas_domain() -> None:
    """As its ARN has China's partition."""
    uri = names.repository_uri("arn:aws-cn:ecr:cn-north-1:1:repository/acme/a")
    assert uri == "1.dkr.ecr.cn-north-1.amazonaws.com.cn/acme/a"


@pytest.mark.parametrize(
    ("metadata", "version"),
    [
        ('{"Version":"v1.33.2"}', "v1.33.2"),
        ("Version: v1.2.0\nManifest: |\n  a: b\n", "v1.2.0"),
        ("Version: bootstrap", "bootstrap"),
        ("", "v0.0.0"),
        ("{}", "v0.0.0"),
        ("just text", "v0.0.0"),
        ("a: [", "v0.0.0"),
    ],
)
def test_an_environments_version_is_in_its_templates_metadata(metadata: str, version: str) -> None:
    """Which comes as text, in JSON or YAML; one without is older than all others."""
    assert template_version(metadata) == version


# Names


def test_a_stacks_name_is_cut_to_what_cloudformation_takes() -> None:
    """128 characters."""
    assert names.job_stack("acme", "test", "report") == "acme-test-report"
    assert len(names.job_stack("acme", "test", "r" * 255)) == 128


@pytest.mark.parametrize(
    ("region", "host", "partition"),
    [
        ("us-east-1", "s3.amazonaws.com", "aws"),
        ("eu-west-1", "s3.eu-west-1.amazonaws.com", "aws"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn", "aws-cn"),
        ("us-gov-west-1", "s3.us-gov-west-1.amazonaws.com", "aws-us-gov"),
    ],
)
def test_an_object_is_addressed_as_in_its_partition(region: str, host: str, partition: str) -> None:
    """With the region in the host's name everywhere but in us-east-1."""
    assert names.object_url(region, "b", "k") == f"https://b.{host}/k"
    assert names.object_arn(region, "b", "k") == f"arn:{partition}:s3:::b/k"


@pytest.mark.parametrize(
    ("arn", "uri"),
    [
        (
            "arn:aws:ecr:us-east-1:123456789012:repository/a/b",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/a/b",
        ),
        (
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/a/b",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b",
        ),
        (
            "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/a/b",
            "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/a/b",
        ),
    ],
)
def test_a_repository_is_addressed_as_in_its_partition(arn: str, uri: str) -> None:
    """Images are pushed to it by that name."""
    assert names.repository_uri(arn) == uri


def test_keys_in_the_bucket_are_those_that_copilot_gives() -> None:
    """What it sent before is found by them."""
    assert names.env_file_key("a b.env", "12") == "manual/env-files/a b.env/12.env"
    assert names.addon_asset_key("job", "12") == "manual/addons/job/assets/12"
    assert names.addons_key("job", "12") == "manual/addons/job/12.yml"
    controller = "manual/scripts/custom-resources/envcontrollerfunction/12.zip"
    assert names.controller_key("12") == controller
    assert names.template_key("a-b-c", "12") == "manual/templates/a-b-c/12.yml"


def test_a_query_for_subnets_is_the_same_in_any_order_of_tags() -> None:
    """It is what its answer is found by."""
    assert names.subnet_query({"b": ["2", "3"], "a": ["1"]}) == "a=1;b=2,3"
