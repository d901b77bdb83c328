"""Run `cjob sandbox`."""

# ruff: noqa: T201 - printing is what this command does

import argparse
import dataclasses
import json
import re
import shlex
import sys
from pathlib import Path

from cjob.aws.seed import local_session, seed
from cjob.cli.commands import sandbox_script
from cjob.document import versions
from cjob.reporting.errors import DONE, InputError
from cjob.sandbox import lifecycle, state
from cjob.sandbox.server import access
from cjob.sandbox.state import Record

LAST_PORT = 65_535
UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


def run(args: argparse.Namespace) -> int:
    """Do what `args.action` names and give the exit status."""
    actions = {
        "start": _start,
        "stop": _stop,
        "status": _status,
        "env": _env,
        "reset": _reset,
        "script": sandbox_script.run,
    }
    return actions[args.action](args)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _start(args: argparse.Namespace) -> int:
    wanted = _wanted(args)
    with lifecycle.starting(state.private_folder(), wanted, _say) as (record, is_new):
        if is_new:
            _seed(record)
    if not is_new:
        _check_asked(args, record, wanted)
        _say(f"the sandbox is running already, at {record.endpoint}")
        return DONE
    _say(f"the sandbox runs at {record.endpoint}")
    _say(_containers(record.docker))
    _say('point AWS clients at it with: eval "$(cjob sandbox env)"')
    return DONE


def _wanted(args: argparse.Namespace) -> lifecycle.Wanted:
    """Return what the options ask for; raise InputError for what can't be."""
    app = args.app or "demo"
    envs, jobs = (tuple(dict.fromkeys(given or ())) for given in (args.env, args.job))
    names = [("application", app), *(("environment", env) for env in envs)]
    for what, name in (*names, *(("job", job) for job in jobs)):
        _check_name(what, name)
    if not 0 <= args.port <= LAST_PORT:
        raise InputError(
            f"--port: '{args.port}' is not a port", hint=f"use a port from 1 to {LAST_PORT}"
        )
    if args.policy and not args.strict:
        raise InputError("--policy has no effect without --strict", hint="add --strict")
    if args.env_version and not versions.PATTERN.fullmatch(args.env_version):
        raise InputError(
            f"--env-version {args.env_version!r} is not a version", hint="a version is like v1.8.0"
        )
    contents = state.Contents(app, envs or ("test",), jobs or ("report",), args.env_version)
    policy = _read_policy(args.policy) if args.policy else None
    return lifecycle.Wanted(contents, args.port, strict=args.strict, policy=policy)


def _read_policy(path: str) -> dict[str, object]:
    """Read an IAM policy document."""
    try:
        found = json.loads(Path(path).read_text())
    except OSError as error:
        raise InputError(f"--policy {path!r}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"--policy {path!r}: not valid JSON: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("Statement"), list | dict):
        raise InputError(
            f"--policy {path!r}: not an IAM policy: it has no 'Statement'",
            hint="cjob iam deploy --role caller -o json > policy.json",
        )
    return found


def _check_asked(args: argparse.Namespace, record: Record, wanted: lifecycle.Wanted) -> None:
    """Refuse to call it done where what runs already is not what was asked for."""
    has = record.contents
    others = [
        f"--{option} {asked}"
        for option, asked, there in (
            ("app", args.app, has.app == args.app),
            *(("env", env, env in has.envs) for env in args.env or ()),
            *(("job", job, job in has.jobs) for job in args.job or ()),
            ("env-version", args.env_version, has.version == args.env_version),
            ("port", args.port, record.port == args.port),
            ("policy", args.policy, record.policy == wanted.policy),
        )
        if asked and not there
    ]
    others += ["--strict"] * (args.strict and not record.strict)
    if others:
        raise InputError(
            f"the sandbox is running already, at {record.endpoint}, without {' '.join(others)}",
            hint="end it first with `cjob sandbox stop`; what was deployed to it goes, too",
        )


def _stop(_: argparse.Namespace) -> int:
    before = lifecycle.stop(state.private_folder())
    _say("the sandbox is stopped" if before.running else f"nothing to stop: {before.reason}")
    return DONE


def _reset(_: argparse.Namespace) -> int:
    with lifecycle.resetting(state.private_folder()) as record:
        _seed(record)
    contents = record.contents
    envs = ", ".join(map(repr, contents.envs))
    _say(f"the sandbox has {contents.app!r} in {envs} again, and nothing else")
    return DONE


def _status(args: argparse.Namespace) -> int:
    found = lifecycle.status(state.private_folder())
    record = found.record
    if _wants_json(args):
        shown: dict[str, object] = {"state": found.state, "reason": found.reason}
        if record:
            shown |= {"endpoint": record.endpoint, **dataclasses.asdict(record)}
            shown |= dataclasses.asdict(record.contents) | {"env": record.contents.envs[0]}
            for left_out in ("contents", "keys", "policy"):
                del shown[left_out]
        print(json.dumps(shown))
    elif record and found.running:
        _say(f"the sandbox runs at {record.endpoint}, as process {record.pid}")
        contents = record.contents
        envs = ", ".join(map(repr, contents.envs))
        _say(f"application {contents.app!r}, environments {envs} in {record.region}")
        _say(f"permissions are {'enforced' if record.strict else 'not enforced'}")
        _say(f"jobs with a repository: {', '.join(contents.jobs)}")
        _say(_containers(record.docker))
    else:
        _say(f"the sandbox does not run: {found.reason}")
    return DONE


def _env(args: argparse.Namespace) -> int:
    if args.unset:
        if args.output == "json":
            print(json.dumps(dict.fromkeys(lifecycle.SETTINGS)))
        else:
            print(f"unset {' '.join(lifecycle.SETTINGS)}")
        return DONE
    record = lifecycle.running(state.private_folder())
    settings = lifecycle.client_environment(record)
    # Shell text is what `eval` reads from a pipe, so only being asked for makes it JSON.
    if args.output == "json":
        print(json.dumps({**settings, **dict.fromkeys(UNSET)}))
        return DONE
    for name, value in settings.items():
        print(f"export {name}={shlex.quote(value)}")
    print(f"unset {' '.join(UNSET)}")
    return DONE


def _wants_json(args: argparse.Namespace) -> bool:
    """Return whether JSON is wanted: where nobody reads stdout, unless it was said otherwise."""
    return bool(args.output == "json" if args.output else not sys.stdout.isatty())


def _check_name(what: str, name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name):
        raise InputError(
            f"{what} {name!r} is not a valid name",
            hint="a name has lower-case letters, digits and -, and begins with a letter",
        )


def _containers(docker: str) -> str:
    if docker:
        return f"tasks run as containers of {docker}"
    return "no Docker daemon answers, so tasks are recorded and no container runs"


def _seed(record: Record) -> None:
    session = local_session(access.SETUP_KEY, record.keys.setup, record.region)
    contents = record.contents
    seed(
        session,
        contents.app,
        contents.envs,
        contents.jobs,
        endpoint=record.endpoint,
        version=contents.version,
    )
