"""The names of the YAML reader that cjob.manifest uses."""

from cjob.yamlio.entries import Entry, Fault, entries
from cjob.yamlio.nodes import BINARY, BOOL, FLOAT, INT, MAP, MERGE, NULL, SEQ, STR, TIMESTAMP, place
from cjob.yamlio.reader import DEPTH_LIMIT, NODE_LIMIT, SIZE_LIMIT, compose, second_document
from cjob.yamlio.scalars import as_boolean, as_integer, as_text
from cjob.yamlio.scalars import tag_1_2 as plain_tag

__all__ = [
    "BINARY",
    "BOOL",
    "DEPTH_LIMIT",
    "FLOAT",
    "INT",
    "MAP",
    "MERGE",
    "NODE_LIMIT",
    "NULL",
    "SEQ",
    "SIZE_LIMIT",
    "STR",
    "TIMESTAMP",
    "Entry",
    "Fault",
    "as_boolean",
    "as_integer",
    "as_text",
    "compose",
    "entries",
    "place",
    "plain_tag",
    "second_document",
]
