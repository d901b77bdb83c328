"""Render: the template, its parameters and tags become `stack`.

`cjob.template.render` does it; this stage only keeps several jobs from rendering at once.
"""

from cjob.checks import deployable
from cjob.context import RunContext
from cjob.document.models import Release, required
from cjob.template.render import render_stack


def render(release: Release, context: RunContext) -> Release:
    """Add `stack`; raise InputError if manifest, environment or overrides do not fit."""
    with context.rendering:
        return render_stack(release)


def check_rendered(rendered: Release) -> None:
    """Refuse what AWS would refuse; apply checks a template that a CDK app is yet to change."""
    cdk = required(rendered.source, "source").overrides.cdk
    deployable.check(rendered, template_known=not cdk)
