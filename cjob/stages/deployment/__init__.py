"""The parts of apply: decide, change, cancel, and what CloudFormation reports meanwhile."""
