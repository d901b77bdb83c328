"""The options of commands that build images: which engine, on which builder, with which secrets.

Reads a secret's variable or file, so that what is absent is told before anything is begun.
"""

import argparse
import os
import re

from cjob.cli.output import console
from cjob.reporting.errors import InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from cjob.document.models import Image
    from cjob.engines.engine import BuilderName, BuildOptions, Secret

ENGINES = ("docker", "buildx")
OFF = ("0", "f", "F", "false", "FALSE", "False")
"""Values of DOCKER_BUILDKIT that choose the classic builder, as the docker command reads them."""

FORM = "id=NAME,env=VARIABLE or id=NAME,src=FILE"
LARGEST_SECRET = 500 * 1024
"""Bytes that BuildKit takes."""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare them."""
    group = parser.add_argument_group("to build images (cjob help images)")
    group.add_argument(
        "--engine",
        choices=ENGINES,
        help="build with docker's classic builder or with buildx (default: buildx, if installed)",
    )
    group.add_argument("--builder", default="", metavar="NAME", help="a builder of docker buildx")
    group.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="SPEC",
        help=f"what a build may read, as {FORM}; repeatable",
    )
    elsewhere(group)
    latest(group)


def elsewhere(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Declare how an image is named that was built elsewhere."""
    parser.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="[CONTAINER=]URI",
        help="an image that exists, by digest, instead of a build; repeatable",
    )


def compared(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Declare that images are built for a comparison."""
    parser.add_argument(
        "--build", action="store_true", help="build the images, to compare them with the deployed"
    )


def repository(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Declare that the job's repository is made where it is wanting."""
    parser.add_argument(
        "--create-repository",
        action="store_true",
        help="make the job's image repository where it has none, as copilot job init does",
    )


def latest(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Declare how images get no tag that moves, for repositories with immutable tags."""
    parser.add_argument(
        "--no-latest",
        dest="latest",
        action="store_false",
        help="do not tag images with latest",
    )


def metadata(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Declare how an image is named by what buildx wrote of it."""
    parser.add_argument(
        "--from-metadata",
        action="append",
        default=[],
        metavar="[CONTAINER=]FILE",
        help="take the image that docker buildx build --metadata-file tells of; repeatable",
    )


def images(args: argparse.Namespace) -> "dict[str, Image]":
    """Return the images from elsewhere by container; InputError for what names none."""
    from cjob.stages import prebuilt  # noqa: PLC0415 - help needs none of it

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
            content, _ = console.read_input(value)
            found[container] = prebuilt.from_metadata(content, value)
    return found


def build_options(args: argparse.Namespace) -> "BuildOptions":
    """Return what the arguments ask of builds; InputError for what can't be had."""
    from cjob.engines.engine import BuildOptions  # noqa: PLC0415 - help needs none of it

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


def _secret(text: str) -> "Secret":
    """Read `id=NAME,env=VARIABLE` or `id=NAME,src=FILE` as docker does, and what it names.

    The messages show no more than the id: a person may well have put the secret itself there.
    """
    import csv  # noqa: PLC0415 - only where there is a secret

    from cjob.engines.engine import Secret  # noqa: PLC0415

    fields = dict(field.partition("=")[::2] for field in next(csv.reader([text]), []))
    file = fields.get("src", fields.get("source", ""))
    variable = fields.get("env", "")
    name = fields.get("id", "")
    if not re.fullmatch(r"[\w.-]+", name) or bool(file) == bool(variable) or _unknown(fields):
        raise InputError(
            f"a --secret is not {FORM}",
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
