"""`cjob sandbox`: a local AWS with an application to deploy to, in one command.

Needs no account and no network once it is installed. Messages go to stderr; the settings of `env`
and the JSON of `status` are data, and go to stdout.
"""

# A command's start-up bears no imports but its own, and printing is what a command does.
# ruff: noqa: PLC0415, T201

import argparse
import sys

from cjob.cli.commands import sandbox_script
from cjob.reporting.errors import DONE, InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from cjob.sandbox import lifecycle
    from cjob.sandbox.place import Record

EXAMPLES = """\
examples:
  cjob sandbox start && eval "$(cjob sandbox env)"
  cjob sandbox start --app acme --env prod --job report --job tidy-up
  cjob sandbox status -o json | jq -r .endpoint
  cjob sandbox start --strict --env test --env prod
  cjob sandbox stop; eval "$(cjob sandbox env --unset)"
"""

ACTIONS = {
    "start": "install what is needed, start it and set up an application",
    "stop": "end it, with all that was deployed to it",
    "status": "tell whether it runs, and what with",
    "env": "print the settings that point AWS clients at it",
    "reset": "empty it and set up the application again",
    "script": "say what the runs of a job do, with no container at all",
}

LAST_PORT = 65_535
UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary in ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=summary)
        if name == "start":
            action.add_argument("--app", help="application (default: demo)")
            action.add_argument(
                "--env",
                action="append",
                metavar="NAME",
                help="an environment; repeatable (default: test)",
            )
            action.add_argument(
                "--env-version",
                default="",
                metavar="VERSION",
                help="version of Copilot's template that the environments have (such as v1.8.0)",
            )
            action.add_argument(
                "--job",
                action="append",
                metavar="NAME",
                help="a job to make a repository for; repeatable (default: report)",
            )
            action.add_argument(
                "--port", type=int, default=0, help="port (default: the last one, or a free one)"
            )
            action.add_argument(
                "--strict",
                action="store_true",
                help="deny what AWS denies: roles may do what their policies say, and no more",
            )
            action.add_argument(
                "--policy",
                metavar="FILE",
                help="with --strict: an IAM policy for you, such as `cjob iam` prints",
            )
        if name == "script":
            sandbox_script.options(action)
        if name in ("status", "env"):
            choices = ("text", "json")
            action.add_argument("-o", "--output", choices=choices, help="how to print it")
        if name == "env":
            action.add_argument(
                "--unset", action="store_true", help="print what takes the settings back again"
            )


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
    from cjob.sandbox import lifecycle, place

    wanted = _wanted(args)
    with lifecycle.starting(place.private_folder(), wanted, _say) as (record, is_new):
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


def _wanted(args: argparse.Namespace) -> "lifecycle.Wanted":
    """Return what the options ask for; raise InputError for what can't be."""
    from cjob.document import versions
    from cjob.sandbox import lifecycle, place

    app = args.app or "demo"
    envs, jobs = (tuple(dict.fromkeys(given or ())) for given in (args.env, args.job))
    names = [("application", app), *(("environment", env) for env in envs)]
    for what, name in (*names, *(("job", job) for job in jobs)):
        _check_name(what, name)
    if not 0 <= args.port <= LAST_PORT:
        raise InputError(f"--port {args.port} is no port", hint=f"a port is from 1 to {LAST_PORT}")
    if args.policy and not args.strict:
        raise InputError("--policy has no effect without --strict", hint="add --strict")
    if args.env_version and not versions.PATTERN.fullmatch(args.env_version):
        raise InputError(
            f"--env-version {args.env_version!r} is not a version", hint="a version is like v1.8.0"
        )
    contents = place.Contents(app, envs or ("test",), jobs or ("report",), args.env_version)
    policy = _read_policy(args.policy) if args.policy else None
    return lifecycle.Wanted(contents, args.port, strict=args.strict, policy=policy)


def _read_policy(path: str) -> "dict[str, object]":
    """Read an IAM policy document."""
    import json
    from pathlib import Path

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


def _check_asked(args: argparse.Namespace, record: "Record", wanted: "lifecycle.Wanted") -> None:
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
    from cjob.sandbox import lifecycle, place

    before = lifecycle.stop(place.private_folder())
    _say("the sandbox is stopped" if before.running else f"nothing to stop: {before.reason}")
    return DONE


def _reset(_: argparse.Namespace) -> int:
    from cjob.sandbox import lifecycle, place

    with lifecycle.resetting(place.private_folder()) as record:
        _seed(record)
    contents = record.contents
    envs = ", ".join(map(repr, contents.envs))
    _say(f"the sandbox has {contents.app!r} in {envs} again, and nothing else")
    return DONE


def _status(args: argparse.Namespace) -> int:
    import dataclasses
    import json

    from cjob.sandbox import lifecycle, place

    found = lifecycle.status(place.private_folder())
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
    import json
    import shlex

    from cjob.sandbox import lifecycle, place

    if args.unset:
        if args.output == "json":
            print(json.dumps(dict.fromkeys(lifecycle.SETTINGS)))
        else:
            print(f"unset {' '.join(lifecycle.SETTINGS)}")
        return DONE
    record = lifecycle.running(place.private_folder())
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
    import re

    if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name):
        raise InputError(
            f"{what} {name!r} is not a valid name",
            hint="a name has lower-case letters, digits and -, and begins with a letter",
        )


def _containers(docker: str) -> str:
    if docker:
        return f"tasks run as containers of {docker}"
    return "no Docker daemon answers, so tasks are recorded and no container runs"


def _seed(record: "Record") -> None:
    from cjob.aws.seed import local_session, seed
    from cjob.sandbox.server import access

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
