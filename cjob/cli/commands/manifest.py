"""`cjob manifest`: show what a job's manifest comes to in one environment.

Prints the manifest with its variables substituted, the environment's section applied, and what has
no effect left out. Defaults are not filled in. Needs no AWS and no engine.
"""

import argparse

from cjob.cli import job_options
from cjob.cli.output import console
from cjob.reporting.errors import InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from cjob.document.models import Release

EXAMPLES = """\
examples:
  cjob manifest -n report -e test
  diff <(cjob manifest -n report -e test) <(cjob manifest -n report -e prod)
  cjob manifest --all -e test -o json | jq '{name, schedule: .on.schedule}'
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="manifest", target=None)
    job_options.jobs(parser)
    job_options.environment(parser)
    job_options.outside(parser)
    job_options.common(parser)
    parser.add_argument("-o", "--output", choices=("yaml", "json"), help="default: yaml")


def run(args: argparse.Namespace) -> int:
    """Write the manifests: YAML documents, or one JSON object a line."""
    if not job_options.is_head(args):
        raise InputError("no job was named", hint="name it with -n, or take --all")
    tools, stages, _ = job_options.prepare(args)
    jobs = job_options.chosen_jobs(args, tools)
    texts = [_text(stages.load(job)) for job in jobs]
    if args.output == "json":
        console.write("".join(map(_json, texts)))
    else:
        console.write("---\n".join(texts))
    return 0


def _text(release: "Release") -> str:
    from cjob.document import names  # noqa: PLC0415
    from cjob.document.models import required  # noqa: PLC0415
    from cjob.manifest import reading, serialize  # noqa: PLC0415 - help needs none of these
    from cjob.template import writer  # noqa: PLC0415

    source, job = required(release.source, "source"), release.job
    section = reading.merged(source.manifest, job.env, file=names.manifest_path(job.name))
    return writer.text(serialize.manifest(section))


def _json(text: str) -> str:
    import json  # noqa: PLC0415 - only for this form

    from cjob.diff.reader import Forms, read  # noqa: PLC0415 - only for this form
    from cjob.diff.values import plain  # noqa: PLC0415

    root = read(text, "manifest", Forms()).root
    return json.dumps(plain(root) if root else None, ensure_ascii=False) + "\n"
