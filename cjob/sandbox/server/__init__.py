"""The sandbox's server: ministack with what a Copilot application needs besides.

It runs with the Python of the sandbox's virtual environment, as `python -m server` from the
folder above this one, and imports nothing of cjob but itself.

A request passes `middleware`: `authentication` returns how it is authenticated, `access` verifies
its signature, and `limits` checks whether AWS would accept it. Then ministack answers.
`permissions` adds to ministack's evaluation of policies. The others change ministack's internals:
`stacksets`, `answers` and `stack_conflicts` in CloudFormation, `networking` the types of resources,
`tasks` and `executions` how a job runs, `patches` the rest.

A task's containers are on the host's network, so their loopback is the sandbox's own: they reach
its services and its registry without any tricks of names, and an image is found by ECR's name for
it as well as by the registry's address. That needs a daemon on the same machine.

Where it still is kinder than AWS: what CloudFormation does with a stack's role is not checked, a
container does not wait for those that it depends on, and a change set may be executed on a stack
that AWS would not update.
"""
