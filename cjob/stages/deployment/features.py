"""Whether a deployment has the environment's own stack updated, by the env controller.

Takes the difference; touches nothing.
"""

from cjob.document.models import Diff


def switches_features(diff: Diff) -> bool:
    """Return whether the environment's own stack would be updated for this, at least perhaps."""
    action = "Resources.EnvControllerAction"
    for change in diff.changes:
        if change.path.startswith(f"{action}.Properties.Parameters"):
            return True
        added = change.new if change.path in ("Resources", action) else None
        if isinstance(added, dict):
            resource = added.get("EnvControllerAction", added)
            properties = resource.get("Properties") if isinstance(resource, dict) else None
            if isinstance(properties, dict) and properties.get("Parameters"):
                return True
    return False
