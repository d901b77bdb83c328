"""The options that several commands take, each declared once."""

import argparse
from collections.abc import Callable, Sequence

PARALLEL_JOBS = 4

OUTPUT = "what stdout gets (default: text on a terminal, else json)"

# Variables that hold defaults of -e and -a.
ENVIRONMENT = "CJOB_ENV"
APPLICATION = "CJOB_APP"

ENGINES = ("docker", "buildx")
SECRET_FORM = "id=NAME,env=VARIABLE or id=NAME,src=FILE"  # noqa: S105 - it describes one

Group = argparse.ArgumentParser | argparse._ArgumentGroup  # noqa: SLF001 - it has no public name


def add_head_and_filter(
    parser: argparse.ArgumentParser, *, output: Sequence[str] = ("json", "text")
) -> None:
    """Add the arguments of a command that reads the workspace or documents."""
    add_files(parser)
    head = parser.add_argument_group("to start from the workspace")
    add_jobs(head)
    add_environment(head)
    add_target(head, "a document of cjob-target: render offline")
    add_tag(head)
    add_allow_outside(parser)
    add_common(parser)
    add_output(parser, output, f"{OUTPUT}: {', '.join(output)}", metavar="FORM")


def add_composite(parser: argparse.ArgumentParser) -> None:
    """Add the options of composites that name the jobs and the environment."""
    add_jobs(parser)
    add_environment(parser)
    add_target(parser, "a document of cjob-target")
    add_tag(parser)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options of nearly every command."""
    parser.add_argument(
        "-C",
        "--directory",
        default=".",
        metavar="DIR",
        help="run in this folder of the workspace (default: .)",
    )
    parser.add_argument(
        "--parallel",
        type=_count,
        default=PARALLEL_JOBS,
        metavar="N",
        help=f"work on N jobs at once (default: {PARALLEL_JOBS})",
    )
    # The name in earlier versions; help and completion do not show it.
    parser.add_argument(
        "--jobs", dest="parallel", type=_count, default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json", "github"),
        default="text",
        help="format of messages on stderr (default: text)",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def add_files(parser: argparse.ArgumentParser) -> None:
    """Add the files that a filter reads."""
    parser.add_argument(
        "file", nargs="*", metavar="FILE", help="files with documents (default: stdin)"
    )


def add_jobs(parser: Group) -> None:
    """Add the options that name jobs."""
    add_name(parser, "a job; repeatable")
    parser.add_argument("--all", action="store_true", help="all scheduled jobs in the workspace")


def add_name(parser: Group, text: str) -> None:
    """Add the option that names a job."""
    parser.add_argument("-n", "--name", action="append", metavar="JOB", help=text)


def add_environment(parser: Group) -> None:
    """Add the options that name the environment and its application."""
    add_env(parser, f"the environment (default: ${ENVIRONMENT})")
    add_app(parser)


def add_env(parser: Group, text: str) -> None:
    """Add the option that names the environment."""
    parser.add_argument("-e", "--env", metavar="ENV", help=text)


def add_app(parser: Group) -> None:
    """Add the option that names the application."""
    parser.add_argument(
        "-a",
        "--app",
        metavar="APP",
        help=f"the application (default: ${APPLICATION}, or the workspace's)",
    )


def add_target(parser: Group, text: str) -> None:
    """Add the option that names a file with a target."""
    parser.add_argument("--target", metavar="FILE", help=text)


def add_tag(parser: Group) -> None:
    """Add the option for the main image's tag."""
    parser.add_argument("--tag", default="", help="tag for the main image (default: git commit)")


def add_output(
    parser: Group,
    forms: Sequence[str],
    text: str,
    *,
    default: str | None = None,
    metavar: str | None = None,
) -> None:
    """Add the option that chooses what stdout gets."""
    parser.add_argument(
        "-o", "--output", choices=forms, default=default, metavar=metavar, help=text
    )


def add_output_form(parser: Group) -> None:
    """Add -o for a command that prints text unless it is asked for JSON."""
    add_output(parser, ("text", "json"), "form (default: text)", default="text")


def add_composite_output(parser: argparse.ArgumentParser) -> None:
    """Add -o for composites, which print text unless documents were asked for."""
    text = "what stdout gets; json: the documents (default: text)"
    add_output(parser, ("text", "json"), text, default="text")


def add_diff(parser: argparse.ArgumentParser, text: str) -> None:
    """Add the option to compare with the deployed stack."""
    parser.add_argument("--diff", action="store_true", help=text)


def add_exit_code(parser: Group, text: str) -> None:
    """Add the option to report findings by the exit status."""
    parser.add_argument("--exit-code", action="store_true", help=text)


def add_reason(parser: Group, text: str, convert: Callable[[str], str] = str) -> None:
    """Add the option for a reason, which is kept."""
    parser.add_argument("--reason", type=convert, default="", metavar="TEXT", help=text)


def add_yes(parser: Group, text: str) -> None:
    """Add the option not to ask."""
    parser.add_argument("-y", "--yes", action="store_true", help=text)


def add_resource_tags(parser: Group) -> None:
    """Add the option for tags of the stack."""
    parser.add_argument(
        "--resource-tags",
        action="append",
        default=[],
        metavar="K=V[,K=V]",
        help="tags for the stack and its resources; repeatable",
    )


def add_cdk_env(parser: argparse.ArgumentParser) -> None:
    """Add the option of commands that can run a CDK app."""
    parser.add_argument(
        "--cdk-env",
        action="append",
        default=[],
        metavar="NAME",
        help="pass this environment variable to CDK overrides; repeatable",
    )


def add_allow_outside(parser: argparse.ArgumentParser) -> None:
    """Add the option that allows files outside the repository."""
    parser.add_argument(
        "--allow-outside",
        action="store_true",
        help="allow manifests and addons to name files outside the repository",
    )


def add_as_caller(parser: argparse.ArgumentParser) -> None:
    """Add the option of commands that only read, for callers who cannot assume a role."""
    parser.add_argument(
        "--as-caller",
        action="store_true",
        help="read with your own permissions instead of assuming the manager role",
    )


def add_build(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that builds images."""
    group = parser.add_argument_group("to build images (cjob help images)")
    group.add_argument(
        "--engine",
        choices=ENGINES,
        help="build with docker's classic builder or with buildx (default: buildx, if installed)",
    )
    group.add_argument("--builder", default="", metavar="NAME", help="the docker buildx builder")
    group.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="SPEC",
        help=f"a secret for builds, as {SECRET_FORM}; repeatable",
    )
    add_image(group)
    add_no_latest(group)


def add_image(parser: Group) -> None:
    """Add the option that names an existing image."""
    parser.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="[CONTAINER=]URI",
        help="use an existing image (by digest) instead of building; repeatable",
    )


def add_build_to_compare(parser: Group) -> None:
    """Add the option to build images for a comparison."""
    parser.add_argument(
        "--build",
        action="store_true",
        help="build the images, to compare them with the deployed ones",
    )


def add_create_repository(parser: Group) -> None:
    """Add the option to create the job's repository."""
    parser.add_argument(
        "--create-repository",
        action="store_true",
        help="create the job's image repository if it has none, as copilot job init does",
    )


def add_no_latest(parser: Group) -> None:
    """Add the option for repositories with immutable tags."""
    parser.add_argument(
        "--no-latest",
        dest="latest",
        action="store_false",
        help="do not tag images with latest",
    )


def add_allow_downgrade(parser: Group, text: str) -> None:
    """Add the option that allows a stack of a newer version."""
    parser.add_argument("--allow-downgrade", action="store_true", help=text)


def add_detach(parser: Group, text: str) -> None:
    """Add the option not to wait."""
    parser.add_argument("--detach", action="store_true", help=text)


def add_deployment(parser: argparse.ArgumentParser) -> None:
    """Add the options of a deployment."""
    parser.add_argument(
        "--no-rollback",
        dest="rollback",
        action="store_false",
        help="keep a failed deployment instead of rolling it back",
    )
    add_detach(parser, "do not wait for the deployment to end")
    add_allow_downgrade(parser, "deploy even if a newer version deployed the stack")
    parser.add_argument(
        "--wait-for-stack",
        action="store_true",
        help="if another deployment is in progress, wait instead of failing",
    )
    parser.add_argument(
        "--fail-fast", action="store_true", help="start no more jobs after the first failure"
    )
    parser.add_argument(
        "--allow-removal",
        action="append",
        default=[],
        metavar="LOGICALID",
        help="allow to remove or replace this resource, with its data; repeatable",
    )
    parser.add_argument(
        "--adopt-stack",
        action="store_true",
        help="adopt an existing stack that neither cjob nor Copilot made",
    )
