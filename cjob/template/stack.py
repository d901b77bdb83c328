"""The whole template of a job's stack, in the order in which CloudFormation shows it.

Takes a Job and its Context, returns values of a template. Pure.
"""

from cjob.manifest.job import Job
from cjob.template import controller, parameters, roles, schedule, state_machine, task, topics
from cjob.template.context import Context
from cjob.template.values import Block, Plain, Resource, copilot_description, full_name, ref
from cjob.template.volumes import access_point


def template(job: Job, context: Context) -> Resource:
    """Return the template."""
    return {
        "AWSTemplateFormatVersion": Plain("2010-09-09"),
        "Description": "A scheduled job that runs as a task on Amazon ECS.",
        "Metadata": {
            "Version": context.version,
            **({"Manifest": Block(context.manifest)} if context.manifest else {}),
        },
        "Parameters": parameters.declarations(job),
        "Conditions": parameters.conditions(job),
        "Resources": {
            **_log_group(),
            **controller.resources(job, context),
            **task.resources(job, context),
            **roles.resources(job, context),
            **schedule.resources(job, context),
            **state_machine.resources(job, context),
            **access_point(job),
            **_addons_stack(job, context),
            **topics.resources(job),
        },
    }


def _log_group() -> Resource:
    return {
        "LogGroup": {
            "Metadata": copilot_description("Log group of the containers and the state machine"),
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": full_name(prefix=["/copilot/"]),
                "RetentionInDays": ref("LogRetention"),
            },
        }
    }


def _addons_stack(job: Job, context: Context) -> Resource:
    """Return the nested stack; its resources may need the features that the controller turns on."""
    return {
        "AddonsStack": {
            "Metadata": copilot_description("Nested stack with the resources of the addons folder"),
            "Type": "AWS::CloudFormation::Stack",
            **({"DependsOn": "EnvControllerAction"} if controller.features(job) else {}),
            "Condition": "HasAddons",
            "Properties": {
                "Parameters": {
                    "App": ref("AppName"),
                    "Env": ref("EnvName"),
                    "Name": ref("WorkloadName"),
                    **(context.addons.parameters if context.addons else {}),
                },
                "TemplateURL": ref("AddonsTemplateURL"),
            },
        }
    }
