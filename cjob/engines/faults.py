"""What docker's client raises, told as an error that a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3
from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException

from cjob.engines.messages import plain
from cjob.errors import InputError, ServiceError

NO_ENGINE_HINT = "start Docker, or set DOCKER_HOST to an engine that runs; `docker info` must work"


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Turn what docker, requests and urllib3 raise inside into an error that names the work.

    A stream that breaks or falls silent is raised raw by urllib3, past the other two, and a
    credential helper's failure by a class that stands alone.
    """
    try:
        yield
    except APIError as error:
        said = plain(str(error.explanation or error).replace("\n", " "))
        raise ServiceError(
            f"{doing} failed: {said}", hint="the container engine refused it, for that reason"
        ) from error
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise ServiceError(
            f"{doing} failed: the container engine fell silent",
            hint="see whether the engine and the registry still answer, then try again",
        ) from error
    except StoreError as error:
        raise ServiceError(
            f"{doing} failed: {plain(str(error))}",
            hint="docker's config.json names a credential helper that does not work here",
        ) from error
    except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise ServiceError(f"{doing} failed: {plain(str(error))}", hint=NO_ENGINE_HINT) from error
    except OSError as error:
        raise InputError(
            f"{doing} failed: {plain(str(error))}", hint="cjob must be able to read that file"
        ) from error
