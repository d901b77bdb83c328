"""Comparisons in full, for tests of what a comparison finds: Copilot masks nothing."""

from cjob import diff


def text(old: str, new: str) -> str:
    """Return the text of what differs between two templates, with nothing masked."""
    return diff.render(compare(old, new))


def compare(old: str, new: str) -> diff.Redacted:
    """Compare two templates, for rendering with nothing masked."""
    return unredacted(diff.compare(old, new))


def unredacted(comparison: diff.Comparison) -> diff.Redacted:
    """Return a comparison as one that can be rendered, with nothing masked."""
    return diff.Redacted(
        old=comparison.old.root,
        new=comparison.new.root,
        same_text=comparison.old.text == comparison.new.text,
        parts=comparison.parts,
        whole=comparison.whole,
    )
