"""Documents that were edited after they were made, as push and apply see them."""

import hashlib

import pytest

from cjob.checks.assets import check_addons, check_key
from cjob.checks.plan import check_difference
from cjob.document import names
from cjob.document.fingerprint import fingerprint
from cjob.document.models import Asset, Change, Diff, Job, Stack, Target
from cjob.document.records import replace
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import InputError

JOB = Job(app="acme", env="test", name="report")
SHA, OTHER = "ab" * 32, "cd" * 32

TARGET = Target(
    account_id="123456789012",
    region="eu-west-1",
    manager_role_arn="arn:m",
    execution_role_arn="arn:e",
    artifact_bucket="artifacts",
    artifact_key_arn="arn:k",
    environment_version="v1.33.2",
    service_discovery_endpoint="test.acme.local",
)

ASSETS = (
    Asset(kind="envFile", sha256=SHA, path="env/a.env", key=f"manual/env-files/a.env/{SHA}.env"),
    Asset(kind="addonAsset", sha256=SHA, path="fn", key=f"manual/addons/report/assets/{SHA}"),
    Asset(kind="controller", sha256=SHA, key=names.controller_key(SHA)),
)


@pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: asset.kind)
def test_the_key_of_an_asset_follows_from_its_content(asset: Asset) -> None:
    """Under any other key it could be taken for other content, by whoever needs that."""
    check_key(asset, JOB)
    for key in (asset.key.replace(SHA, OTHER), "templates/x.yml", f"../{asset.key}", ""):
        with pytest.raises(InputError, match="not 'manual/"):
            check_key(replace(asset, key=key), JOB)
    with pytest.raises(InputError):
        check_key(replace(asset, sha256=OTHER), JOB)


def test_another_jobs_asset_is_refused() -> None:
    """Its key has the job's name."""
    with pytest.raises(InputError):
        check_key(ASSETS[1], replace(JOB, name="other"))


def stack(addons: str, url: str) -> Stack:
    """Return a stack with addons at an address."""
    return Stack(
        name="s", template="", parameters={"AddonsTemplateURL": url}, tags={}, addons=addons
    )


def test_addons_are_those_that_the_document_shows() -> None:
    """The address is what CloudFormation deploys, the text is what was compared and reviewed."""
    text = "Resources: {}\n"
    key = names.addons_key("report", hashlib.sha256(text.encode()).hexdigest())
    url = f"https://artifacts.s3.eu-west-1.amazonaws.com/{key}"
    check_addons(stack(text, url), JOB, TARGET)
    check_addons(stack("", ""), JOB, TARGET)
    for shown, at in ((text + " ", url), (text, url + "x"), (text, ""), ("", url)):
        with pytest.raises(InputError, match="the stack's addons are at"):
            check_addons(stack(shown, at), JOB, TARGET)


CHANGE = Change(op="change", path="parameters.Schedule", kind="schedule", old="a", new="b")
PLAN = Diff(changed=True, text="t", changes=(CHANGE,), against=fingerprint(StackSnapshot()))


def test_a_plan_that_says_what_it_does_passes() -> None:
    """Keys that this version does not know make no difference, nor do lists for tuples."""
    noted = replace(CHANGE, old=["a"], new={"b": [1]}, extra={"note": "mine"})
    same = replace(CHANGE, old=("a",), new={"b": (1,)})
    check_difference(replace(PLAN, changes=(noted,)), replace(PLAN, changes=(same,)), "report")


@pytest.mark.parametrize(
    "now",
    [
        replace(PLAN, changes=(CHANGE, replace(CHANGE, path="Resources.Backdoor", op="add"))),
        replace(PLAN, changes=(replace(CHANGE, new="c"),)),
        replace(PLAN, changes=()),
        replace(PLAN, text="another"),
        replace(PLAN, changed=False),
    ],
    ids=["more", "another", "less", "text", "changed"],
)
def test_a_plan_that_would_do_something_else_is_refused(now: Diff) -> None:
    """The reviewer read the difference, not the template."""
    with pytest.raises(InputError, match="would make changes that its difference does not show"):
        check_difference(PLAN, now, "report")


def test_the_first_change_that_the_plan_does_not_say_is_named() -> None:
    """So that one sees what was hidden."""
    hidden = replace(CHANGE, path="Resources.Backdoor", op="add")
    with pytest.raises(InputError, match=r"show: Resources\.Backdoor$"):
        check_difference(PLAN, replace(PLAN, changes=(CHANGE, hidden)), "report")
