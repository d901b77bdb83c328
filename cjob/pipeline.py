"""The pipeline: the stages between a manifest and a deployed stack, and their order.

One document for each job, a Release (`cjob.document.models`), grows as it moves. A stage is a
function `(Release, RunContext) -> Release` in `cjob/stages/`, one file each, that adds a section:

    stage         touches                                  adds
    load          the workspace's files, git               job, source
    resolve       AWS: application and environment         target
    build         a container engine                       images (built)
    push          engine, registry, S3                     images (by digest), artifacts
    render        nothing: `cjob.template` is pure         stack
    override      Node.js, for CDK overrides only          stack.template
    diff          CloudFormation, reads only               diff
    apply         S3, CloudFormation                       deployment

Between them run stages that check, or read once what several others use:

    confirm                the document's target is the one that AWS knows
    read_stack             the deployed stack, as `Release.snapshot`, which is never written
    preflight              refuses before the first build what apply would refuse after it
    check_data_loss        likewise, for resources that hold data
    match_deployed_images  which images are deployed already, found without a push

Each command runs stages (`cjob.stages.runner`). A single command, such as `cjob render`, runs its
own, and the document moves to the next one as JSON through a pipe (`cjob.document.codec`). The
composites below run the same functions in one process.

A stage gets everything else from the RunContext (`cjob.context`): options, and clients that are
made on first use. Only `cjob/aws/` imports boto3, only `cjob/engines/` imports docker, and only
`cjob/cli/` reads options, stdin and terminals. The rest is pure: `manifest/` turns a manifest into
a Job, `template/` a Job into a template, `diff/` compares two templates, and `checks/` refuses;
preflight and apply run the same checks.
"""

from cjob.stages.apply import apply
from cjob.stages.build import build
from cjob.stages.diff import diff
from cjob.stages.match_images import match_deployed_images
from cjob.stages.override import override
from cjob.stages.preflight import check_data_loss, preflight
from cjob.stages.push import push
from cjob.stages.read_stack import check_unchanged, check_version, read_stack
from cjob.stages.render import render
from cjob.stages.resolve import confirm, resolve
from cjob.stages.runner import Stage

Phases = tuple[tuple[Stage, ...], ...]
"""A phase ends for all jobs before the next begins: all images are built before one is pushed."""

CHECK: tuple[Stage, ...] = (confirm, resolve, read_stack, preflight)
COMPARE: tuple[Stage, ...] = (match_deployed_images, render, override, diff)
SEND: tuple[Stage, ...] = (push, render, override)

# cjob deploy
DEPLOY: Phases = (
    (*CHECK, check_data_loss, build),
    (*SEND, diff),
)
DEPLOY_LAST = apply
"""Runs for each job to its own end, whatever becomes of the others."""

# cjob deploy --diff
DEPLOY_COMPARE: Phases = ((*CHECK, build, *COMPARE),)
DEPLOY_UNCHANGED: Phases = ((check_unchanged,),)
DEPLOY_COMPARED: Phases = (
    (check_data_loss,),
    (*SEND, diff),
)

# cjob package
PACKAGE: Phases = ((resolve, check_version, render, override),)
PACKAGE_UPLOAD: Phases = (
    (confirm, resolve, check_version, build),
    SEND,
)
PACKAGE_DIFF: Phases = ((resolve, read_stack, *COMPARE),)
PACKAGE_DIFF_BUILD: Phases = ((resolve, read_stack, build, *COMPARE),)

# cjob diff: begun from the workspace, or from a document with a stack
DIFF: Phases = ((resolve, *COMPARE),)
DIFF_BUILD: Phases = ((resolve, build, *COMPARE),)
DIFF_DOCUMENT: Phases = ((resolve, match_deployed_images, diff),)
