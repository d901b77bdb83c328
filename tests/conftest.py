"""Which tests are slow, and what the end of a run prints besides what passed."""

import signal
from pathlib import Path

import programs
import pytest

ROOT = Path(__file__).parent

# Folders and files whose tests start sandboxes, daemons, shells or interpreters, or take long.
SLOW = frozenset(
    ROOT / name
    for name in (
        "architecture/test_imports.py",
        "architecture/test_installed.py",
        "cli/test_cli_credentials.py",
        "cli/test_cli_endings.py",
        "cli/test_cli_filters.py",
        "cli/test_cli_lookups.py",
        "cli/test_cli_names.py",
        "cli/test_cli_pipes.py",
        "conformance/test_mutated_templates.py",
        "conformance/test_templates.py",
        "demo",
        "engines",
        "help/test_ci_examples.py",
        "help/test_help_topics.py",
        "overrides/test_cdk_app.py",
        "overrides/test_processes.py",
        "pipeline",
        "readme",
        "robustness",
        "sandbox",
        "trust/test_false_answers.py",
        "trust/test_git_programs.py",
        "trust/test_hostile_names.py",
        "trust/test_limits_of_the_machine.py",
        "trust/test_linear_time.py",
        "trust/test_silence.py",
    )
)
FAST = "not slow"
"""The expression with which `bin/check --fast` selects tests."""

# A shell's background jobs ignore Ctrl-C, and hand that on to the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Return True for what `bin/check --fast` does not run, so that it is not even imported."""
    return (config.option.markexpr == FAST and collection_path in SLOW) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests and run them first.

    The many quick ones then fill the time in which one of two processes waits for the other.
    """
    for item in items:
        if not SLOW.isdisjoint((item.path, *item.path.parents)):
            item.add_marker("slow")
    items.sort(key=lambda item: "slow" not in item.keywords)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as `told`, and how to install what tests were skipped for."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "told" and getattr(report, "when", "") == "call":
                    terminalreporter.write_line(str(value))
    skipped = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", ())]
    for line in programs.advice(skipped):
        terminalreporter.write_line(line)
