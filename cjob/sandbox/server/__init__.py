"""The sandbox's server: ministack with what a Copilot application needs besides.

It runs with the Python of the sandbox's virtual environment, as `python -m server` from the
folder above this one, and imports nothing of cjob but itself. `edge` adds what can be added to
HTTP requests and answers; `mends` changes the few places inside ministack where that can't be.

What a deploy needs beyond ministack, and where it is added:

- at the edge: StackSets, Metadata in GetTemplateSummary, and a GetAuthorizationToken that names
  the sandbox's own address as the registry;
- inside: a TemplateURL with the bucket in its host name (nested stacks use it too), the nested
  keys of an AWS::ECS::TaskDefinition, env files, volumes and image names of a task's containers,
  their network, and a state machine's task that fails as its container does.
"""
