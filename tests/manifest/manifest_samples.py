"""The smallest manifest that can be read, and short ways to read variations of it."""

from collections.abc import Mapping

from cjob.manifest import reading
from cjob.manifest.job import Job
from cjob.reporting.errors import InputError, InputErrors

HEAD = "name: report\ntype: Scheduled Job\n"
IMAGE = "image:\n  location: alpine\n"
ON = 'on:\n  schedule: "@daily"\n'
MINIMAL = HEAD + IMAGE + ON
PREDEFINED = {"COPILOT_APPLICATION_NAME": "acme", "COPILOT_ENVIRONMENT_NAME": "test"}


def load(text: str, variables: Mapping[str, str] | None = None) -> reading.Loaded:
    """Load a whole manifest for the environment `test`."""
    return reading.load(text, "test", PREDEFINED, variables or {}, file="m.yml", name="report")


def job_with(more: str, variables: Mapping[str, str] | None = None) -> Job:
    """Load the smallest manifest with more fields below it."""
    return load(MINIMAL + more, variables).job


def problems(text: str, variables: Mapping[str, str] | None = None) -> tuple[InputError, ...]:
    """Return what is wrong with a whole manifest."""
    try:
        load(text, variables)
    except InputErrors as errors:
        return errors.problems
    except InputError as error:
        return (error,)
    return ()
