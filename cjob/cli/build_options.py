"""Read the options for images: engine, builder, secrets, and images that exist already.

Reads the variables and files of secrets, so that a missing one is an error before any work starts.
"""

import argparse
import csv
import os
import re

from cjob.cli.arguments.shared import SECRET_FORM
from cjob.cli.output import streams
from cjob.document.models import Image
from cjob.engines.engine import BuilderName, BuildOptions, Secret
from cjob.reporting.errors import InputError
from cjob.stages.images import prebuilt

OFF = ("0", "f", "F", "false", "FALSE", "False")
"""Values of DOCKER_BUILDKIT that choose the classic builder, as the docker command reads them."""

LARGEST_SECRET = 500 * 1024
"""BuildKit's limit in bytes."""


def images(args: argparse.Namespace) -> dict[str, Image]:
    """Return the images from elsewhere by container; InputError for one that is not valid."""
    found: dict[str, Image] = {}
    named = [("--image", text) for text in getattr(args, "image", ())]
    named += [("--from-metadata", text) for text in getattr(args, "from_metadata", ())]
    for flag, text in named:
        container, sign, value = text.partition("=")
        container, value = (container, value) if sign else (prebuilt.MAIN, text)
        if container in found:
            raise InputError(
                f"{container or 'the main container'!r} has two images", hint="give it one"
            )
        if flag == "--image":
            found[container] = prebuilt.by_digest(value, "--image")
        else:
            content, _ = streams.read_input(value)
            found[container] = prebuilt.from_metadata(content, value)
    return found


def build_options(args: argparse.Namespace) -> BuildOptions:
    """Return the options of builds; InputError for options that cannot be combined."""
    secrets = tuple(_secret(text) for text in args.secret)
    names = [secret.id for secret in secrets]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"--secret {name!r} is used twice", hint="give each its own id")
    if args.engine == "docker" and (secrets or args.builder):
        raise InputError(
            f"{'--secret' if secrets else '--builder'} cannot be combined with --engine docker: "
            "the classic builder has no such option",
            hint="install docker buildx (cjob help images), and remove --engine",
        )
    # buildx reads the variable itself; but whoever sets it wants buildx.
    builder = args.builder or os.environ.get("BUILDX_BUILDER", "")
    prefers: BuilderName = "docker" if os.environ.get("DOCKER_BUILDKIT", "") in OFF else "buildx"
    return BuildOptions(engine=args.engine, prefers=prefers, builder=builder, secrets=secrets)


def given(args: argparse.Namespace) -> bool:
    """Return whether any option for builds was passed."""
    named = args.engine or args.builder or args.secret or getattr(args, "image", None)
    return bool(named) or not getattr(args, "latest", True)


def _secret(text: str) -> Secret:
    """Read `id=NAME,env=VARIABLE` or `id=NAME,src=FILE` as docker does, and the value it names.

    Messages show only the id: the rest may be the secret itself, passed by mistake.
    """
    fields = dict(field.partition("=")[::2] for field in next(csv.reader([text]), []))
    file = fields.get("src", fields.get("source", ""))
    variable = fields.get("env", "")
    name = fields.get("id", "")
    if not re.fullmatch(r"[\w.-]+", name) or bool(file) == bool(variable) or _unknown(fields):
        raise InputError(
            f"a --secret is not {SECRET_FORM}",
            hint="as in --secret id=npm,env=NPM_TOKEN; see cjob help images",
        )
    if file:
        path = os.path.abspath(os.path.expanduser(file))  # noqa: PTH100, PTH111 - a start-up tax
        return Secret(id=name, file=path, value=_content(name, path))
    if variable not in os.environ:
        raise InputError(
            f"the variable {variable!r} of --secret {name!r} is not set",
            hint="export it",
        )
    return Secret(id=name, variable=variable, value=os.environ[variable])


def _unknown(fields: dict[str, str]) -> bool:
    return not fields.keys() <= {"id", "env", "src", "source"}


def _content(name: str, path: str) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a start-up tax
            content = file.read(LARGEST_SECRET + 1)
    except OSError as error:
        raise InputError(
            f"the file {path!r} of --secret {name!r} cannot be read: {error.strerror}",
            hint="check the path, which is relative to the current folder",
        ) from None
    if len(content) > LARGEST_SECRET:
        raise InputError(
            f"the file {path!r} of --secret {name!r} is larger than 500 KiB",
            hint="BuildKit accepts no larger secrets",
        )
    return content.decode("utf-8", errors="replace")
