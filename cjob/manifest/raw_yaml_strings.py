"""Texts that Copilot put into its template without quotes: the check that they can be read there.

Takes merged trees, gives nothing but faults. Manifests rely on such a text being YAML of its own
(`!Ref X`, quotes, numbers), so the template reads them again, with `functions`. Touches nothing.
"""

from collections.abc import Iterator

from yaml.nodes import Node

from cjob.manifest import shellwords
from cjob.manifest.functions import composed
from cjob.manifest.report import Report, quoted
from cjob.manifest.sections.container import looks_like_a_list
from cjob.manifest.tree import Items, Leaf, Section
from cjob.manifest.values import Import

_OPENING = tuple("[{\"'")

_Text = tuple[str, Node, str]
"""What a text is, the node to point at, and the text."""


def raw_strings_are_complete(job: Section, report: Report) -> None:
    """Refuse what begins like a list, a map or quotes and has no end: it was cut at its blanks."""
    for what, node, text in _texts(job):
        if len(text) > 1 and text.startswith(_OPENING) and composed(text) is None:
            report.error(
                node,
                f"{quoted(text)} ({what}) begins like a list, a map or quotes, but does not end "
                "like one",
                "write a list as a YAML list; put a text with blanks into quotes as a whole",
            )


def _texts(job: Section) -> Iterator[_Text]:
    yield from _container(job, "the job")
    yield from _container(job.section("logging"), "the log router")
    for name, sidecar in job.sections("sidecars"):
        yield "the sidecar's name", sidecar.node, name
        yield from _container(sidecar, f"sidecar {quoted(name)}")
        yield from _leaf(sidecar.section("image"), "location", f"image of sidecar {quoted(name)}")
        for point in sidecar.listed("mount_points"):
            yield from _leaf(point, "source_volume", f"sidecar {quoted(name)}")
    for name, volume in job.section("storage").sections("volumes"):
        yield "the volume's name", volume.node, name
        yield from _leaf(volume.section("efs"), "id", f"volume {quoted(name)}")
        yield from _leaf(volume.section("efs").section("auth"), "access_point_id", "efs.auth")
    yield from _leaf(job.section("image"), "credentials", "image")
    yield from _network(job.section("network").section("vpc"))


def _container(section: Section, of: str) -> Iterator[_Text]:
    for key in ("entrypoint", "command"):
        words = section.at(key)
        if isinstance(words, Items):
            yield from _items(words, f"{key} of {of}")
        for word in _words(section.text(key)):
            yield f"{key} of {of}", section.node_at(key), word
    for key in ("variables", "secrets", "secretOptions"):
        for name, value in section.section(key).fields.items():
            yield f"a name in {key} of {of}", value.node, name
            if key != "variables" and isinstance(value, Leaf) and isinstance(value.value, str):
                yield f"{key} of {of}", value.node, value.value
    for key in ("image", "configFilePath", "credentialsParameter"):
        yield from _leaf(section, key, of)


def _words(text: str | None) -> tuple[str, ...]:
    """Split a command; one that cannot be, or that is a list in disguise, is a fault already."""
    if text is None or looks_like_a_list(text):
        return ()
    try:
        return shellwords.split(text)
    except shellwords.ShellWordsError:
        return ()


def _network(vpc: Section) -> Iterator[_Text]:
    lists = (
        vpc.at("security_groups"),
        vpc.section("security_groups").at("groups"),
        vpc.section("placement").at("subnets"),
    )
    for found in lists:
        if isinstance(found, Items):
            yield from _items(found, "network.vpc")


def _items(items: Items, of: str) -> Iterator[_Text]:
    for item in items.values:
        yield from _text(item, of)


def _leaf(section: Section, key: str, of: str) -> Iterator[_Text]:
    yield from _text(section.at(key), f"{key} of {of}")


def _text(value: object, what: str) -> Iterator[_Text]:
    if isinstance(value, Leaf) and isinstance(value.value, str | Import):
        text = value.value if isinstance(value.value, str) else value.value.export
        yield what, value.node, text
