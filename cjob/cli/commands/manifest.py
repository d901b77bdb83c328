"""Run `cjob manifest`."""

import argparse
import json

from cjob.cli import job_options, stage_command
from cjob.cli.output import streams
from cjob.diff.reader import Interner, read
from cjob.diff.values import plain
from cjob.document import names
from cjob.document.models import Release, required
from cjob.manifest import reading, serialize
from cjob.reporting.errors import InputError
from cjob.yamlio import writer


def run(args: argparse.Namespace) -> int:
    """Write the manifests: YAML documents, or one JSON object a line."""
    if not job_options.is_head(args):
        raise InputError("no job named", hint="name it with -n, or pass --all")
    context, _ = job_options.start(args)
    texts = [_text(release) for release in stage_command.load_jobs(args, context)]
    if args.output == "json":
        streams.write("".join(map(_json, texts)))
    else:
        streams.write("---\n".join(texts))
    return 0


def _text(release: Release) -> str:
    source, job = required(release.source, "source"), release.job
    section = reading.merged(source.manifest, job.env, file=names.manifest_path(job.name))
    return writer.text(serialize.manifest(section))


def _json(text: str) -> str:
    root = read(text, "manifest", Interner()).root
    return json.dumps(plain(root) if root else None, ensure_ascii=False) + "\n"
