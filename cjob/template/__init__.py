"""A job's CloudFormation template: `stack` assembles it from the resources of the other modules."""
