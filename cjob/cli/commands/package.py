"""`cjob package`: print or write the template of a job and its parameters, or the difference.

Prints the template; with --output-dir writes it with its parameters, and the addons' template
where there is one; with --diff prints how it differs from the live stack. With -o json it prints
the documents instead. Sends nothing unless --upload-assets asks for it.
"""

import argparse

from cjob.cli import build_options, defaults, job_options, resource_tags
from cjob.cli.commands.render import parameter_file, templates
from cjob.cli.output import console
from cjob.reporting.errors import DIFFERENT, DONE, CjobError, InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cjob.document.models import Release
    from cjob.pipeline import Stages

EXAMPLES = """\
examples:
  cjob package -n report-generator -e test
  cjob package -n report-generator -e test --output-dir ./infrastructure
  cjob package -n report-generator -e test --diff

The exit status of --diff is 0 for no differences, 1 for differences, 2 for any error.
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="package")
    defaults.options(parser)
    job_options.as_caller(parser)
    resource_tags.options(parser)
    job_options.cdk_environment(parser)
    parser.add_argument("--output-dir", metavar="DIR", help="write files instead of printing")
    parser.add_argument(
        "--upload-assets", action="store_true", help="build and send what the stack needs"
    )
    parser.add_argument("--diff", action="store_true", help="print the difference and exit")
    build_options.compared(parser)
    parser.add_argument(
        "--allow-downgrade", action="store_true", help="render although a newer version deployed"
    )
    build_options.options(parser)
    job_options.outside(parser)
    job_options.common(parser)
    job_options.composite_output(parser)


def run(args: argparse.Namespace) -> int:
    """Print or write what was asked for."""
    if args.build and not args.diff:
        raise InputError(
            "--build goes with --diff, which compares what was built",
            hint="to build and send what the stack needs: --upload-assets",
        )
    if build_options.given(args) and not (args.upload_assets or args.build):
        raise InputError(
            "--engine, --builder, --secret, --image and --no-latest are for builds, and "
            "nothing is built here",
            hint="add --upload-assets, which builds and sends what the stack needs, or --build to "
            "--diff",
        )
    if args.output_dir == "":
        raise InputError("--output-dir names no folder", hint="as in --output-dir ./infrastructure")
    if not args.diff:
        return _package(args)
    try:
        if args.output_dir or args.upload_assets:
            raise InputError(
                "--diff cannot go with --output-dir or --upload-assets", hint="run it once for each"
            )
        return _compare(args)
    except CjobError as error:
        error.status = InputError.status
        raise


def _compare(args: argparse.Namespace) -> int:
    from cjob import pipeline  # noqa: PLC0415 - help needs none of it
    from cjob.cli.commands import diff as diff_command  # noqa: PLC0415 - help needs none of it

    begun, stages, talk = _begin(args)
    with talk.watching([release.job for release in begun]):
        names = pipeline.PACKAGE_DIFF_BUILT if args.build else pipeline.PACKAGE_DIFF
        done = pipeline.run(begun, stages, names, args.jobs)
    for release in done:
        diff_command.tell(release, talk, args.output)
    _write(args, done, diff_command.text)
    return DIFFERENT if any(r.diff and r.diff.changed for r in done) else DONE


def _package(args: argparse.Namespace) -> int:
    from cjob import pipeline  # noqa: PLC0415 - help needs none of it
    from cjob.cli.output import files  # noqa: PLC0415

    begun, stages, talk = _begin(args)
    if args.output_dir:
        files.check_folder(args.output_dir, stages.workspace)
    names = pipeline.PACKAGE_UPLOADED if args.upload_assets else pipeline.PACKAGE
    with talk.watching([release.job for release in begun]):
        done = pipeline.run(begun, stages, names, args.jobs)
    if args.output_dir:
        texts: dict[str, str] = {}
        for release in done:
            texts |= _files(release, uploaded=args.upload_assets)
        files.write_all(args.output_dir, texts)
        folder = args.output_dir.rstrip("/")
        talk.say("\n".join(f"wrote {folder}/{name}" for name in texts))
    if args.output == "json" or not args.output_dir:
        _write(args, done, templates)
    return DONE


def _write(
    args: argparse.Namespace,
    done: "Sequence[Release]",
    view: "Callable[[Sequence[Release]], str]",
) -> None:
    """Write the documents if they were asked for, else a view of them."""
    from cjob.document import codec  # noqa: PLC0415 - help needs none of it

    console.write(codec.dump(done) if args.output == "json" else view(done))


def _begin(
    args: argparse.Namespace,
) -> "tuple[tuple[Release, ...], Stages, console.Console]":
    tools, stages, talk = job_options.prepare(args, allow_downgrade=args.allow_downgrade)
    defaults.complete(args, tools, talk)
    return tuple(stages.load(job) for job in job_options.chosen_jobs(args, tools)), stages, talk


def _files(release: "Release", *, uploaded: bool) -> dict[str, str]:
    """Return the files of a job by name: template, parameters, and the addons' template.

    Unless its files were uploaded, the addons' template has their local paths, as it was written.
    """
    from cjob.stages.render import local_addons  # noqa: PLC0415 - help needs none of it

    stack, name = release.stack, release.job.name
    if stack is None:
        return {}
    files = {
        f"{name}-{release.job.env}.stack.yml": stack.template,
        f"{name}-{release.job.env}.params.yml": parameter_file(release, blank_missing=True),
    }
    if stack.addons:
        text = stack.addons if uploaded else local_addons(release)
        files[f"{name}.addons.stack.yml"] = text
    return files
