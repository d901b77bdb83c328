"""Which tests are slow, and what the end of a run prints besides what passed."""

import signal
from pathlib import Path

import programs
import pytest

# Folders and files whose tests start sandboxes, daemons, many processes, or take long themselves.
SLOW = (
    "architecture/test_installed.py",
    "conformance/test_mutated_templates.py",
    "conformance/test_templates.py",
    "demo",
    "engines",
    "help/test_ci_examples.py",
    "overrides/test_cdk_app.py",
    "pipeline",
    "readme",
    "robustness",
    "sandbox",
)

# A shell's background jobs ignore Ctrl-C, and hand that on to the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests, which `bin/check --fast` leaves out, and run them first.

    The many quick ones then fill the time in which one of two processes waits for the other.
    """
    root = Path(__file__).parent
    slow = tuple(root / name for name in SLOW)
    for item in items:
        if any(item.path.is_relative_to(place) for place in slow):
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
