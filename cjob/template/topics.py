"""The job's SNS topics, their policies, and the variables that name them."""

import json

from cjob.document import names
from cjob.manifest.job import Job
from cjob.manifest.sections.publish import Topic
from cjob.template.context import Context
from cjob.template.values import (
    POLICY_VERSION,
    Double,
    Resource,
    Single,
    copilot_description,
    policy,
    ref,
    sub,
)


def full_topic_name(topic: Topic) -> str:
    """Return a topic's name for SNS: FIFO topics end in `.fifo`."""
    return topic.name + (".fifo" if topic.fifo else "")


def topic_id(topic: Topic) -> str:
    """Return the logical id of a topic."""
    return names.topic_id(full_topic_name(topic))


def resources(job: Job) -> Resource:
    """Return each topic with its policy."""
    out: Resource = {}
    for topic in job.topics:
        identifier = topic_id(topic)
        out[identifier] = _topic(topic)
        out[identifier + "Policy"] = _policy(identifier)
    return out


def _topic(topic: Topic) -> Resource:
    properties: Resource = {"TopicName": sub("${AWS::StackName}-" + full_topic_name(topic))}
    if topic.fifo:
        properties["FifoTopic"] = True
        if topic.deduplication is not None:
            properties["ContentBasedDeduplication"] = topic.deduplication
    properties["KmsMasterKeyId"] = Single("alias/aws/sns")
    return {
        "Metadata": copilot_description(f"SNS topic for {full_topic_name(topic)} events"),
        "Type": "AWS::SNS::Topic",
        "Properties": properties,
    }


def _policy(identifier: str) -> Resource:
    return {
        "Type": "AWS::SNS::TopicPolicy",
        "DependsOn": identifier,
        "Properties": {
            "Topics": [ref(identifier)],
            "PolicyDocument": {
                "Version": POLICY_VERSION,
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {
                            "AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")
                        },
                        "Action": ["sns:Subscribe"],
                        "Resource": ref(identifier),
                        "Condition": {"StringEquals": {Double("sns:Protocol"): Double("sqs")}},
                    }
                ],
            },
        },
    }


def publish_policy(job: Job) -> list[Resource]:
    """Return the policy that lets containers publish to the job's topics."""
    if not job.topics:
        return []
    publish: Resource = {
        "Effect": Single("Allow"),
        "Action": Single("sns:Publish"),
        "Resource": [ref(topic_id(topic)) for topic in job.topics],
    }
    return [policy(Single("Publish2SNS"), [publish])]


def topic_arns(job: Job, context: Context) -> str:
    """Return the variable that maps topic names to ARNs, as JSON."""
    region, account = context.target.region, context.target.account_id
    prefix = f"arn:{names.partition(region)}:sns:{region}:{account}:"
    job_name = f"{context.app}-{context.env}-{job.name}"
    topics = sorted({full_topic_name(topic) for topic in job.topics})
    arns = {name: f"{prefix}{job_name}-{name}" for name in topics}
    return json.dumps(arns, separators=(",", ":"), ensure_ascii=False)
