"""The digests of a deployed stack, which pin a plan to the stack that it was made for."""

import hashlib
import json
from collections.abc import Mapping

from cjob.document.models import Baseline
from cjob.document.snapshot import StackSnapshot


def fingerprint(snapshot: StackSnapshot) -> Baseline:
    """Return the digests of a snapshot, which a plan contains."""
    return Baseline(
        status=snapshot.status,
        stack_id=snapshot.stack_id,
        template=_digest(snapshot.template),
        parameters=_digest(snapshot.parameters),
        tags=_digest(snapshot.tags),
        addons=_digest(snapshot.addons),
    )


def _digest(value: str | Mapping[str, str]) -> str:
    text = value if isinstance(value, str) else json.dumps(dict(value), sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
