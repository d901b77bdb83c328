"""The resolve stage: what is looked up, what is taken as given, and what is refused."""

import pytest
from stage_samples import JOB, TARGET

from cjob.document.models import Release, Source, Target
from cjob.document.records import replace
from cjob.reporting.errors import InputError
from cjob.stages.resolve import Directory, Tags, confirm_target, look_up, look_up_missing

MANIFEST = "name: report\ntype: Scheduled Job\nimage: {location: a}\non: {schedule: '@daily'}\n"
BY_TAGS = MANIFEST + (
    "network: {vpc: {placement: {subnets: {from_tags: {tier: [app, db], team: ops}}}}}\n"
)
QUERY = "team=ops;tier=app,db"


class Known:
    """A directory that knows one environment, and remembers what it was asked."""

    def __init__(self, target: Target = TARGET, subnets: tuple[str, ...] = ("subnet-1",)) -> None:
        """Take what there is."""
        self.asked: list[object] = []
        self._target = target
        self._subnets = subnets

    def target(self, app: str, env: str, *, refresh: bool = False) -> Target:
        """Return the environment."""
        self.asked.append((app, env))
        assert not refresh
        return self._target

    def subnets(self, target: Target, tags: Tags) -> tuple[str, ...]:
        """Return the subnets."""
        assert target == self._target
        self.asked.append({key: tuple(values) for key, values in tags.items()})
        return self._subnets


def nobody() -> Directory:
    """Fail the test."""
    raise AssertionError("the directory was asked for")


def document(manifest: str = MANIFEST, target: Target | None = None) -> Release:
    """Return a document that was loaded."""
    return Release(job=JOB, source=Source(manifest=manifest), target=target)


def test_a_target_that_is_absent_is_looked_up() -> None:
    """For the job's application and environment."""
    directory = Known()
    assert look_up_missing(document(), lambda: directory).target == TARGET
    assert directory.asked == [("acme", "test")]


def test_a_target_that_was_given_needs_no_directory() -> None:
    """So that all that follows is offline."""
    given = document(target=TARGET)
    assert look_up_missing(given, nobody) == given


def test_subnets_that_the_manifest_names_by_tags_are_looked_up() -> None:
    """And kept by what was asked, so that render finds them."""
    directory = Known()
    target = look_up(document(BY_TAGS), directory).target
    assert target is not None
    assert target.subnets == {QUERY: ("subnet-1",)}
    assert directory.asked == [("acme", "test"), {"team": ("ops",), "tier": ("app", "db")}]


def test_a_given_target_that_has_the_subnets_needs_no_directory() -> None:
    """One that lacks them has only them looked up."""
    known = replace(TARGET, subnets={QUERY: ("subnet-9",)})
    assert look_up_missing(document(BY_TAGS, known), nobody).target == known
    directory = Known()
    found = look_up_missing(document(BY_TAGS, TARGET), lambda: directory).target
    assert found is not None
    assert found.subnets == {QUERY: ("subnet-1",)}
    assert directory.asked == [{"team": ("ops",), "tier": ("app", "db")}]


def test_tags_that_no_subnet_has_are_named() -> None:
    """The stack would have none to run tasks in."""
    with pytest.raises(InputError, match="has the tags 'team=ops;tier=app,db'") as caught:
        look_up(document(BY_TAGS), Known(subnets=()))
    assert "from_tags" in caught.value.hint


def test_a_target_is_made_anew_where_that_is_asked_for() -> None:
    """Whatever the document had."""
    old = replace(TARGET, region="us-east-1")
    assert look_up(document(target=old), Known()).target == TARGET


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("account_id", "999999999999", "account id"),
        ("region", "us-east-1", "region"),
        ("manager_role_arn", "arn:m", "manager role arn"),
        ("execution_role_arn", "arn:e", "execution role arn"),
        ("artifact_bucket", "mine", "artifact bucket"),
        ("artifact_key_arn", "arn:k", "artifact key arn"),
        ("repositories", {"report": "mine"}, "repositories"),
    ],
)
def test_a_target_that_aws_contradicts_is_refused(field: str, value: object, told: str) -> None:
    """A document could be anybody's, and would send things elsewhere."""
    given = replace(TARGET, **{field: value})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=f"target is out of date: {told} "):
        confirm_target(document(target=given), Known())


def test_of_many_repositories_the_jobs_own_counts() -> None:
    """An application may have hundreds of jobs, and one was made in the meantime: maybe this."""
    more = {**TARGET.repositories, "report": "one", "new": "another"}
    known = Known(target=replace(TARGET, repositories=more))
    before = {name: one for name, one in TARGET.repositories.items() if name != "report"}
    confirmed = confirm_target(document(target=replace(TARGET, repositories=before)), known)
    assert confirmed.target == known.target("acme", "test")
    given = replace(TARGET, repositories={"report": "mine", "other": "x"})
    with pytest.raises(InputError, match=r"repositories 'mine', now 'one'$"):
        confirm_target(document(target=given), known)


def test_a_target_that_aws_confirms_stays_with_its_subnets() -> None:
    """And with what a later version wrote there."""
    given = replace(TARGET, subnets={QUERY: ("subnet-1",), "old": ("x",)}, extra={"later": 1})
    assert confirm_target(document(BY_TAGS, given), Known()).target == given


def test_subnets_that_aws_contradicts_are_refused() -> None:
    """The job's tasks would run in another network."""
    given = replace(TARGET, subnets={QUERY: ("subnet-9",)})
    with pytest.raises(InputError, match=r"are subnet-9; AWS says subnet-1$"):
        confirm_target(document(BY_TAGS, given), Known())


def test_a_document_without_target_gets_it_when_it_is_to_be_confirmed() -> None:
    """There is nothing to contradict."""
    assert confirm_target(document(), Known()).target == TARGET
