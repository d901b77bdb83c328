"""Every rule that a merged manifest must keep, in one list.

Takes the tree of one environment, reports what breaks a rule. A rule is a function beside the
fields that it is about, named for what it demands; to add one, write it there and list it here.
"""

from collections.abc import Callable

from cjob.manifest import (
    containers,
    dependencies,
    images,
    network,
    overrides,
    storage,
    triggers,
    unquoted,
    variables,
)
from cjob.manifest.report import Report
from cjob.manifest.tree import Section

Rule = Callable[[Section, Report], None]


def has_a_name(job: Section, report: Report) -> None:
    """Require a name."""
    if job.at("name") is None:
        report.fault(
            job.node_at("name"), "the job has no name", "write 'name:' and its folder's name"
        )


def count_is_a_number(job: Section, report: Report) -> None:
    """Check that the count is a number: jobs don't scale."""
    if isinstance(job.at("count"), Section):
        hint = "write 'count: 1' or leave it out: jobs don't scale"
        report.fault(job.node_at("count"), "'count' can only be a number for a job", hint)


RULES: tuple[Rule, ...] = (
    has_a_name,
    images.is_built_or_located,
    images.platform_is_known,
    images.references_can_be_resolved,
    images.size_is_offered,
    count_is_a_number,
    storage.has_a_size_that_exists,
    storage.volumes_have_paths,
    storage.owners_are_complete,
    storage.access_points_are_alone,
    storage.only_one_is_managed,
    storage.windows_has_what_it_can,
    containers.sidecars_are_few,
    containers.commands_are_words,
    containers.imported_variables_have_names,
    containers.env_files_end_in_env,
    containers.env_files_have_parameters_of_their_own,
    images.sidecars_have_one_image,
    containers.mount_points_are_complete,
    containers.ports_are_numbers,
    containers.ports_are_used_once,
    network.placement_is_known,
    network.topics_have_names,
    network.topics_are_resources_of_their_own,
    triggers.schedule_can_be_kept,
    triggers.timeout_is_whole_seconds,
    triggers.retries_are_not_negative,
    overrides.override_paths_can_be_followed,
    dependencies.statuses_are_known,
    dependencies.containers_exist,
    dependencies.nothing_waits_for_itself,
    dependencies.healthy_has_a_health_check,
    variables.names_can_be_used,
    unquoted.unquoted_texts_end,
)
