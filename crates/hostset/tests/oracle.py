"""Reads hostlists with ClusterShell for clustershell.rs: one JSON request on stdin, one JSON answer on stdout."""

import json
import sys

from ClusterShell.NodeSet import NodeSet, NodeSetException, RESOLVER_NOGROUP


def read(text):
    return NodeSet(text, resolver=RESOLVER_NOGROUP)


def of_names(names):
    # One text of all names: as many names, each read by ClusterShell alone.
    return read(",".join(names))


def expand(text):
    try:
        nodes = read(text)
    except NodeSetException as refused:
        return {"refused": str(refused)}
    return {"names": list(nodes), "folded": str(nodes)}


def algebra(pair):
    left, right = (read(text) for text in pair)
    return {
        "union": list(left | right),
        "intersection": list(left & right),
        "difference": list(left - right),
        "symmetric_difference": list(left ^ right),
        "subset": left <= right,
    }


request = json.load(sys.stdin)
json.dump(
    {
        "expand": [expand(text) for text in request["expand"]],
        "fold": [str(of_names(names)) for names in request["fold"]],
        "algebra": [algebra(pair) for pair in request["algebra"]],
    },
    sys.stdout,
)
