"""The sandbox's server: ministack with what a Copilot application needs besides.

It runs with the Python of the sandbox's virtual environment, as `python -m server` from the
folder above this one, and imports nothing of cjob but itself. `edge` adds what can be added to
HTTP requests and answers; `mends` and `networking` change what is inside ministack.

What a deploy needs beyond ministack, and where it is added:

- at the edge: StackSets, Metadata in GetTemplateSummary, and a GetAuthorizationToken that names
  the sandbox's own address as the registry;
- inside: a TemplateURL with the bucket in its host name (nested stacks use it too), the nested
  keys of an AWS::ECS::TaskDefinition, resource types of an environment's network, env files,
  secrets, volumes, network and image names of a task's containers, a state machine's task that
  fails as its container does, and a stack that takes no repository for its own that was there.

A task's containers are on the host's network, so their loopback is the sandbox's own: they reach
its services and its registry without any tricks of names, and an image is found by ECR's name for
it as well as by the registry's address. That needs a daemon on the same machine.

Where it still is kinder than AWS: capabilities, policies and a registry's passwords are not
checked, a container does not wait for those that it depends on, and a change set may be executed
on a stack that AWS would not update.
"""
