"""Local files of addons: which are found, what replaces them, how they are hashed."""

import io
import zipfile

import pytest

from cjob.reporting.errors import InputError
from cjob.template.addons.assets import AssetFile, archive, archive_digest, file_digest
from cjob.template.addons.packaging import LocalFile, Location, local_files, packaged

TEMPLATE = """\
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Code: ./code/
  Inline:
    Type: AWS::Lambda::Function
    Properties:
      Code: {ZipFile: pass}
  Referred:
    Type: AWS::Lambda::Function
    Properties:
      Code: !Ref Somewhere
  Job:
    Type: AWS::Glue::Job
    Properties:
      Command: {ScriptLocation: job.py}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      BodyS3Location: api.yml
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: https://example.com/x.yml
  Local:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: nested.yml
  Included:
    Fn::Transform:
      Name: AWS::Include
      Parameters: {Location: part.yml}
"""
FILES = (
    LocalFile(path="api.yml", zipped=False),
    LocalFile(path="code", zipped=True),
    LocalFile(path="job.py", zipped=False),
    LocalFile(path="nested.yml", zipped=False),
    LocalFile(path="part.yml", zipped=False),
)


def test_local_files_are_listed() -> None:
    """Addresses, functions and inline code are none."""
    assert local_files(TEMPLATE) == FILES


def test_each_property_gets_the_form_that_it_takes() -> None:
    """Some take a URL, some a mapping of bucket and key."""
    text = packaged(
        TEMPLATE, {file: Location(bucket="b", key=file.path, region="eu-west-1") for file in FILES}
    )

    assert "Code:\n        S3Bucket: b\n        S3Key: code\n" in text
    assert "Command: {ScriptLocation: s3://b/job.py}" in text
    assert "BodyS3Location:\n        Bucket: b\n        Key: api.yml\n" in text
    assert "Parameters: {Location: s3://b/part.yml}" in text
    assert "TemplateURL: https://b.s3.eu-west-1.amazonaws.com/nested.yml\n" in text
    assert local_files(text) == ()


def test_a_file_without_a_location_is_refused() -> None:
    """The workspace has changed since it was loaded."""
    with pytest.raises(InputError, match="refer to 'code'"):
        packaged(TEMPLATE, {})


ASSET = (
    AssetFile(name="a.py", mode=0o644, content=[b"pa", b"ss\n"]),
    AssetFile(name="lib/run", mode=0o100755, content=[b"#!/bin/sh\n"]),
)


def test_an_archives_digest_is_of_names_modes_and_contents() -> None:
    """So it is known without zipping, and times do not count."""
    text = b"a.py -rw-r--r--pass\nlib/run -rwxr-xr-x#!/bin/sh\n"

    assert archive_digest(ASSET) == file_digest([text])


def test_an_archive_holds_the_files_with_their_modes() -> None:
    """The same files always give the same bytes."""
    out, again = io.BytesIO(), io.BytesIO()
    assert archive(ASSET, out) == archive_digest(ASSET)
    data = out.getvalue()

    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        assert {i.filename: i.external_attr >> 16 for i in zipped.infolist()} == {
            "a.py": 0o100644,
            "lib/run": 0o100755,
        }
        assert zipped.read("lib/run") == b"#!/bin/sh\n"
    archive(ASSET, again)
    assert again.getvalue() == data
