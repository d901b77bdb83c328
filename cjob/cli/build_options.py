"""The options of commands that build images: which engine, on which builder, with which secrets.

Reads a secret's variable or file, so that what is absent is told before anything is begun.
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
"""Bytes that BuildKit takes."""


def images(args: argparse.Namespace) -> dict[str, Image]:
    """Return the images from elsewhere by container; InputError for what names none."""
    found: dict[str, Image] = {}
    named = [("--image", text) for text in getattr(args, "image", ())]
    named += [("--from-metadata", text) for text in getattr(args, "from_metadata", ())]
    for flag, text in named:
        container, sign, value = text.partition("=")
        container, value = (container, value) if sign else (prebuilt.MAIN, text)
        if container in found:
            raise InputError(
                f"{container or 'the main container'!r} is given two images", hint="give it one"
            )
        if flag == "--image":
            found[container] = prebuilt.by_digest(value, "--image")
        else:
            content, _ = streams.read_input(value)
            found[container] = prebuilt.from_metadata(content, value)
    return found


def build_options(args: argparse.Namespace) -> BuildOptions:
    """Return what the arguments ask of builds; InputError for what can't be had."""
    secrets = tuple(_secret(text) for text in args.secret)
    names = [secret.id for secret in secrets]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"--secret {name!r} is given twice", hint="give each its own id")
    if args.engine == "docker" and (secrets or args.builder):
        raise InputError(
            f"{'--secret' if secrets else '--builder'} is not for --engine docker, whose classic "
            "builder has nothing like it",
            hint="install docker buildx (cjob help images), and leave out --engine",
        )
    # buildx heeds the variable by itself; but that it is set is a wish for buildx.
    builder = args.builder or os.environ.get("BUILDX_BUILDER", "")
    prefers: BuilderName = "docker" if os.environ.get("DOCKER_BUILDKIT", "") in OFF else "buildx"
    return BuildOptions(engine=args.engine, prefers=prefers, builder=builder, secrets=secrets)


def given(args: argparse.Namespace) -> bool:
    """Return whether any of them was given."""
    named = args.engine or args.builder or args.secret or getattr(args, "image", None)
    return bool(named) or not getattr(args, "latest", True)


def _secret(text: str) -> Secret:
    """Read `id=NAME,env=VARIABLE` or `id=NAME,src=FILE` as docker does, and what it names.

    The messages show no more than the id: a person may well have put the secret itself there.
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
            hint="export it; its value belongs in the environment alone",
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
            f"the file {path!r} of --secret {name!r} can't be read: {error.strerror}",
            hint="name a file that is there; its path is relative to where you are",
        ) from None
    if len(content) > LARGEST_SECRET:
        raise InputError(
            f"the file {path!r} of --secret {name!r} is larger than 500 KiB",
            hint="BuildKit takes no larger secret",
        )
    return content.decode("utf-8", errors="replace")
