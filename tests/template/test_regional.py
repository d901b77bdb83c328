"""A job's repository in the template that an application's StackSet holds."""

import pytest
import yaml

from cjob.reporting.errors import InputError, ServiceError
from cjob.template.regional import Update, with_repository
from cjob.yamlio import reader
from cjob.yamlio.nodes import find, same

METADATA = """\
  TemplateVersion: 'v1.2.0'
  Version: 9
  Workloads:
    - Name: web
      WithECR: true
    - Name: site
      WithECR: false
  Accounts:
    - 012345678901
  Services: "See #5140"
"""
LEGACY = """\
  TemplateVersion: 'v1.0.2'
  Version: 9
  Services:
  - web
  Accounts: []
"""
TEMPLATE = """\
# Resources in each region
AWSTemplateFormatVersion: '2010-09-09'
Metadata:
{metadata}\
Resources:
  KMSKey:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: '2012-10-17'
        Id: !Ref AWS::StackName
        Statement:
          -
            # of the application's own account
            Effect: Allow
            Principal:
              AWS: !Sub arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:root
            Action:
              - "kms:Create*"
            Resource: "*"
            Condition:
              'Null':
                s3:x-amz-server-side-encryption: false
Outputs:
  KMSKeyARN:
    Value: !GetAtt KMSKey.Arn
    Export:
      Name: acme-ArtifactKey
  StackSetOpId:
    Value: 9
"""
REPOSITORY = """\
Metadata:
  aws:copilot:description: ECR repository of the images of my-job
Type: AWS::ECR::Repository
Properties:
  RepositoryName: acme/my-job
  Tags:
    - Key: copilot-service
      Value: my-job
  RepositoryPolicyText:
    Version: '2012-10-17'
    Statement:
      - Sid: AllowPushPull
        Effect: Allow
        Principal:
          AWS:
            - !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:root
            - !Sub arn:${AWS::Partition}:iam::012345678901:root
        Action:
          - ecr:GetDownloadUrlForLayer
          - ecr:BatchGetImage
          - ecr:BatchCheckLayerAvailability
          - ecr:PutImage
          - ecr:InitiateLayerUpload
          - ecr:UploadLayerPart
          - ecr:CompleteLayerUpload
"""


def added(metadata: str = METADATA, job: str = "my-job") -> Update:
    """Add a job to the template with this Metadata."""
    return with_repository(TEMPLATE.format(metadata=metadata), "acme", job)


def node(text: str) -> yaml.Node:
    """Read a text."""
    found = reader.compose(text, "test")
    assert found is not None
    return found


def at(root: yaml.Node, *keys: str) -> yaml.Node:
    """Return what is at the end of a path."""
    found: yaml.Node | None = root
    for key in keys:
        found = find(found, key)
    assert found is not None, keys
    return found


def test_a_job_is_listed_and_has_a_repository() -> None:
    """It is what Copilot would write, so that nothing changes when Copilot writes it again."""
    template = node(added().template)
    assert same(at(template, "Resources", "ECRRepomyDASHjob"), node(REPOSITORY))
    assert same(
        at(template, "Outputs", "ECRRepomyDASHjob", "Value"), node("!GetAtt ECRRepomyDASHjob.Arn")
    )
    listed = at(template, "Metadata", "Workloads").value
    assert same(listed[-1], node("Name: my-job\nWithECR: true"))
    assert len(listed) == 3


def test_an_operation_is_named_by_the_next_version() -> None:
    """Of two that read the same version, one is refused; and every region's stack changes."""
    update = added()
    template = node(update.template)
    assert update.operation == "10"
    assert at(template, "Metadata", "Version").value == "10"
    assert at(template, "Outputs", "StackSetOpId", "Value").value == "10"


def test_all_else_stays_as_it_is() -> None:
    """The key and the bucket are everybody's: functions, quotes and odd numbers are kept."""
    before, after = node(TEMPLATE.format(metadata=METADATA)), node(added().template)
    for path in (
        ("AWSTemplateFormatVersion",),
        ("Metadata", "TemplateVersion"),
        ("Metadata", "Accounts"),
        ("Metadata", "Services"),
        ("Resources", "KMSKey"),
        ("Outputs", "KMSKeyARN"),
    ):
        assert same(at(before, *path), at(after, *path)), path
    names = [key.value for key, _ in at(after, "Resources").value]
    assert names == ["KMSKey", "ECRRepomyDASHjob"]


def test_a_template_from_before_workloads_lists_the_job_with_its_services() -> None:
    """That list is what both older and newer versions of Copilot read there."""
    template = node(added(LEGACY).template)
    assert same(at(template, "Metadata", "Services"), node("[web, my-job]"))
    assert find(find(template, "Metadata"), "Workloads") is None


def test_an_empty_list_gets_its_first_entry() -> None:
    """As in an application that has no workloads yet."""
    template = node(added("  Version: 0\n  Workloads: []\n  Accounts: []\n").template)
    assert same(at(template, "Metadata", "Workloads"), node("[{Name: my-job, WithECR: true}]"))


@pytest.mark.parametrize("metadata", [METADATA, LEGACY])
def test_what_is_listed_already_is_brought_to_the_regions_again(metadata: str) -> None:
    """The operation that listed it may have failed; nothing is there twice."""
    first = added(metadata)
    again = with_repository(first.template, "acme", "my-job")
    assert again.operation == "11"
    assert again.template.replace("11", "10") == first.template


def test_a_service_without_images_keeps_its_name() -> None:
    """Its entry says that it has no repository, and Copilot relies on that."""
    with pytest.raises(InputError, match="a service 'site' that has no images"):
        added(job="site")


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("", "has no version"),
        ("Resources: {}\n", "has no version"),
        ("Metadata: {Version: x, Workloads: []}\nResources: {}\nOutputs: {}\n", "has no version"),
        (
            "Metadata: {Version: 1, Workloads: []}\nResources: {}\n",
            "has no Resources or no Outputs",
        ),
        ("Metadata: {Version: 1}\nResources: {}\nOutputs: {}\n", "lists no workloads"),
        (
            "Metadata: {Version: 1, Services: see}\nResources: {}\nOutputs: {}\n",
            "lists no workloads",
        ),
    ],
)
def test_a_template_that_is_somebody_elses_is_not_touched(template: str, what: str) -> None:
    """What is not understood is left to the tool that made it."""
    with pytest.raises(ServiceError, match=what):
        with_repository(template, "acme", "my-job")
