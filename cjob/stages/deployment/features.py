"""Whether a deployment also updates the environment's stack, by the env controller. Pure."""

from cjob.document.models import Diff


def switches_features(diff: Diff) -> bool:
    """Return whether the changes update the environment's stack, or may do so."""
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
