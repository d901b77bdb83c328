"""Run `cjob list`."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from cjob.cli import job_options, stage_command
from cjob.cli.output import streams
from cjob.context import RunContext
from cjob.document.models import Source, required
from cjob.engines.fingerprint import digests
from cjob.manifest import reading
from cjob.reporting.errors import InputError
from cjob.reporting.progress import warning
from cjob.stages.images.plans import outside
from cjob.workspace.find import Workspace, valid_names


def run(args: argparse.Namespace) -> int:
    """Print the names, sorted."""
    _check_options(args)
    context, console = job_options.start(args)
    if args.what == "inputs":
        return _write_inputs(args, _inputs(args, context))
    if args.what == "jobs":
        names: Sequence[str] = job_options.all_jobs(context)
    else:
        with console.waiting("looking up the environments"):
            names = _environments(args, context)
        if not names:
            found = "the workspace names" if args.offline else "the application has"
            console.info(f"{found} no environments")
    if args.output == "json":
        streams.write(json.dumps(list(names), separators=(",", ":")) + "\n")
    else:
        streams.write("".join(f"{name}\n" for name in names))
    return 0


def _check_options(args: argparse.Namespace) -> None:
    """Refuse options that have no effect on the list."""
    given = {
        "--app": args.app is not None and args.what == "jobs",
        "--offline": args.offline and args.what != "envs",
        "--env": args.env is not None and args.what != "inputs",
        "--name": args.name and args.what != "inputs",
        "--all": args.all and args.what != "inputs",
        "--ignore": args.ignore and args.what != "inputs",
    }
    for flag, is_idle in given.items():
        if is_idle:
            hint = f"remove it: cjob list {args.what}"
            raise InputError(f"{flag} has no effect on cjob list {args.what}", hint=hint)
    if args.what == "inputs" and not job_options.is_head(args):
        raise InputError("no job named", hint="name it with -n, or pass --all")


def _inputs(args: argparse.Namespace, context: RunContext) -> Mapping[str, str]:
    """Return a digest for each input of the jobs, by its path in the workspace."""
    context.report = lambda _: None  # the command that uses the inputs warns of them
    workspace = context.workspace
    skip = [Path(args.directory, folder).resolve() for folder in args.ignore]
    found: dict[str, str] = {}
    for release in stage_command.load_jobs(args, context):
        source = required(release.source, "source")
        folder = f"copilot/{release.job.name}"
        texts = {f"{folder}/manifest.yml": source.manifest}
        texts |= {f"{folder}/addons/{name}": text for name, text in source.addons.items()}
        if source.overrides.patches:
            texts[f"{folder}/overrides/cfn.patches.yml"] = source.overrides.patches
        found |= {path: sha256(text.encode()).hexdigest() for path, text in texts.items()}
        found |= {asset.path: asset.sha256 for asset in source.assets if asset.path}
        if source.overrides.cdk:
            app = workspace.inside(source.overrides.cdk)
            skip += [app / name for name in ("node_modules", "cdk.out")]
        for folder_built, dockerfile in _contexts(source, workspace):
            for fault in outside(folder_built, dockerfile, workspace):
                raise InputError(fault.message, hint=fault.hint, place=folder)
            read = digests(folder_built, dockerfile, skip)
            found |= {workspace.shown(path): digest for path, digest in read.items()}
    return dict(sorted(found.items()))


def _contexts(source: Source, workspace: Workspace) -> Iterator[tuple[Path, Path]]:
    """Yield build contexts and the folder of a CDK app, each with its main file."""
    for build in source.builds.values():
        yield workspace.inside(build.context), workspace.inside(build.dockerfile)
    if source.overrides.cdk:
        folder = workspace.inside(source.overrides.cdk)
        yield folder, folder / "cdk.json"


def _write_inputs(args: argparse.Namespace, found: Mapping[str, str]) -> int:
    if args.output == "json":
        rows = [{"path": path, "sha256": digest} for path, digest in found.items()]
        streams.write(json.dumps(rows, separators=(",", ":")) + "\n")
    else:
        streams.write("".join(f"{digest}  {path}\n" for path, digest in found.items()))
    return 0


def _environments(args: argparse.Namespace, context: RunContext) -> Sequence[str]:
    """Return the environments' names, without those that a shell could misread."""

    def warn(text: str) -> None:
        context.report(warning(text))

    if not args.offline:
        known = context.directory.environments(job_options.application(args, context))
        return valid_names(known, "environment", warn)
    workspace = context.workspace
    found = set(workspace.environments(warn))
    for path in map(workspace.manifest, workspace.jobs()):
        text = workspace.read_text(path)
        found.update(reading.environment_names(text, file=workspace.shown(path)))
    return valid_names(found, "environment", warn)
