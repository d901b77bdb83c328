"""`cjob render`: render the CloudFormation template, its parameters and tags.

Reads documents on stdin, or begins from the workspace (-n, -e); writes them with a "stack"
section. With --target it needs no AWS. What only a push could give is named in "missing".
"""

import argparse

from cjob.cli import job_options, resource_tags

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cjob.document.models import Release

EXAMPLES = """\
examples:
  cjob-build -n report -e test | cjob-push | cjob-render | cjob-diff
  cjob-render -n report -e test --target target.json -o template | cfn-lint -
  cjob-render -n report -e test -o template-json | jq .Resources.TaskDefinition
  cjob-render -n report -e test -o params
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="render")
    job_options.options(parser, output=("json", "text", "template", "template-json", "params"))
    job_options.as_caller(parser)
    resource_tags.options(parser)
    job_options.cdk_environment(parser)


def run(args: argparse.Namespace) -> int:
    """Write documents with their stack, or the template or parameters alone."""
    stages = ("resolve", "render", "override")
    together = {"template": templates, "text": templates, "template-json": templates_as_json}
    return job_options.run_command(
        args, stages, stages, _parameters, needs="source", together=together
    )


def templates(releases: "Sequence[Release]") -> str:
    """Return the templates as one stream of YAML: those after the first begin with `---`."""
    return "---\n".join(release.stack.template for release in releases if release.stack)


def templates_as_json(releases: "Sequence[Release]") -> str:
    """Return the templates in JSON, one after another, with functions in full form, as jq reads."""
    import cfn_flip  # noqa: PLC0415 - only here

    return "".join(
        cfn_flip.to_json(release.stack.template) + "\n" for release in releases if release.stack
    )


def _parameters(release: "Release", _form: str) -> str:
    return parameter_file(release)


def parameter_file(release: "Release", *, blank_missing: bool = False) -> str:
    """Give parameters and tags as CodePipeline and the AWS CLI take them: JSON, which is YAML too.

    With `blank_missing`, what only a push can give is empty text.
    """
    import json  # noqa: PLC0415 - help needs none of it

    stack = release.stack
    if stack is None:
        return ""
    parameters = {
        name: "" if blank_missing and name in stack.missing else value
        for name, value in stack.parameters.items()
    }
    content = {"Parameters": parameters, "Tags": dict(stack.tags)}
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
