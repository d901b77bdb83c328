"""A job's CloudFormation template: `stack` puts it together, each module gives its resources."""
