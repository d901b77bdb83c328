"""The rights that `cjob iam` prints for commands about runs: enough, and none of them needless."""

import json

import pytest
from calls_proxy import Proxy
from iam_stand_in import Iam, without
from pipelines import ENV, Place, on
from scripted_runs import Script, run_name

from cjob.aws import rights
from cjob.aws.rights import CALLER, MANAGER

COMMANDS = ("run", "runs", "logs", "stop")
OF_THE_CALLER = {
    right.action for right in rights.needed(COMMANDS, CALLER) if right.action.startswith("states:")
}


def granted(place: Place, proxy: Proxy, *, asks_states: bool) -> tuple[Place, Iam]:
    """Return a workspace whose commands have the rights that are printed, and no others."""
    policies = {
        whose: json.loads(
            place.done("iam", *COMMANDS, "--role", whose, *scope, "-o", "json").stdout
        )
        for whose, scope in ((CALLER, ()), (MANAGER, ("-e", ENV)))
    }
    if not asks_states:
        policies[CALLER] = without(policies[CALLER], OF_THE_CALLER)
    iam = Iam(place.settings["AWS_ACCESS_KEY_ID"], policies)
    proxy.meddle = iam.judge
    settings = {**place.settings, "AWS_ENDPOINT_URL": proxy.address}
    return Place(place.root, place.sandbox, settings), iam


@pytest.mark.parametrize("asks_states", [True, False], ids=["states", "manager role alone"])
def test_all_about_runs_works_with_the_rights_that_are_printed(
    place: Place, proxy: Proxy, retried: str, script: Script, *, asks_states: bool
) -> None:
    """Those to ask and to stop in Step Functions are the only ones that may be missing."""
    own, iam = granted(place, proxy, asks_states=asks_states)
    script(retried, log=["hi"], exitCode=0)
    own.done("run", *on(retried))
    assert own.done("logs", *on(retried)).stdout == "hi\n"
    once = run_name(own.done("run", *on(retried), "--var", "A=1"))
    assert own.done("logs", *on(retried), "--run", once).stdout == "hi\n"
    script(retried, seconds=600)
    own.done("run", *on(retried), "--detach")
    own.done("stop", *on(retried), "--yes")
    assert own.run("runs", *on(retried), "--missed").returncode == 0
    denied = {action for _, action, _ in iam.denied}
    assert denied == (set() if asks_states else OF_THE_CALLER)
    if not asks_states:
        needed = {(right.identity, right.action) for right in rights.needed(COMMANDS)}
        assert needed - iam.used == {(CALLER, action) for action in OF_THE_CALLER}
