"""What importing costs and needs: each module alone, and a command's help."""

import json
import subprocess
import sys

import modules
import pytest

# Forks of one interpreter that has imported no module of cjob, and once what all of them need from
# elsewhere: for cjob's modules as fresh as a new one, and far faster.
IMPORT_ALONE = """
import json, os, sys
modules, libraries = json.load(sys.stdin)
for library in libraries:
    __import__(library)
failed = {}
for module in modules:
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        try:
            __import__(module)
        except BaseException as error:
            os.write(writing, repr(error).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as told:
        if message := told.read():
            failed[module] = message
    os.wait()
print(json.dumps(failed))
"""

HELP = """
import sys
sys.argv = ["cjob", *sys.argv[1:]]
before = set(sys.modules)
from cjob import cli
cli._complete(sys.argv[1:])
print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""

# Each of these takes longer to import than all that a help needs, or leads to one that does.
HEAVY = {
    "asyncio",
    "boto3",
    "botocore",
    "cfn_flip",
    "concurrent.futures",
    "dataclasses",
    "dictdiffer",
    "docker",
    "email",
    "hashlib",
    "http",
    "inspect",
    "logging",
    "pathlib",
    "requests",
    "rich",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "urllib3",
    "yaml",
}


def test_every_module_imports_alone() -> None:
    """None counts on another one to have been imported before it.

    The sandbox's server is left out: it runs in an installation of its own.
    """
    alone = [m for m in modules.files() if not m.startswith("cjob.sandbox.server")]
    wanted = {i.name for m in alone for i in modules.imports(m) if i.at_once}
    libraries = sorted(wanted - set(modules.files()))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALONE],
        input=json.dumps([alone, libraries]),
        capture_output=True,
        text=True,
        cwd=modules.ROOT,
        check=False,
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == {}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--help",),
        ("--version",),
        *(
            (path.stem, "--help")
            for path in sorted((modules.PACKAGE / "cli").glob("*.py"))
            if "def run(" in path.read_text(encoding="utf-8") and path.stem != "__init__"
        ),
    ],
)
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """A person who asks how to type a command waits for nothing that runs it."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", HELP, *arguments],
        capture_output=True,
        text=True,
        cwd=modules.ROOT,
        check=True,
    )
    assert "cjob" in done.stdout + done.stderr
    imported = set(done.stderr.splitlines()[-1].split())
    assert "cjob.cli" in imported
    assert imported & HEAVY == set()
    if not arguments or arguments[0].startswith("--"):
        assert imported & {"argparse", "typing", "json", "re"} == set()
