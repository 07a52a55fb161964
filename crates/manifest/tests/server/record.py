#!/usr/bin/env python3
"""Records what a real API server says about each case of cases.json into answers.json.

Usage: kubectl apply -f crd.yaml; kubectl proxy --port=8001 &; record.py http://localhost:8001
"""
import json, pathlib, sys, urllib.error, urllib.request

here = pathlib.Path(__file__).parent
base = sys.argv[1]
probes = "/apis/probe.dev/v1/probes"


def call(method, path, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(base + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def objections(answer):
    """The objections of a refusal as [field, message]; none when accepted."""
    if answer.get("kind") != "Status" or answer.get("status") == "Success":
        return []
    message = answer["message"]
    if "strict decoding error: " in message:
        unknown = message.split("strict decoding error: ")[1].split(", ")
        return [[None, text] for text in unknown]
    causes = answer.get("details", {}).get("causes")
    if not causes:
        return [[None, message]]
    return [[cause.get("field"), cause["message"]] for cause in causes]


def full(case, spec, name="a"):
    probe = {"apiVersion": "probe.dev/v1", "kind": "Probe", "metadata": {"name": name}, "spec": spec}
    return {**probe, **case.get("with", {})}


def run(case):
    query = "?dryRun=All&fieldValidation=Strict"
    if "old" not in case:
        return objections(call("POST", probes + query, full(case, case.get("spec", {"name": "ok"}))))
    old = call("POST", probes, {**full({}, case["old"]), "metadata": {"name": "a"}})
    assert old["kind"] == "Probe", old
    if "oldStatus" in case:
        old["status"] = case["oldStatus"]
        old = call("PUT", probes + "/a/status", old)
        assert old["kind"] == "Probe", old
    new = full(case, case.get("spec", case["old"]))
    new["metadata"] = {**new["metadata"], "resourceVersion": old["metadata"]["resourceVersion"]}
    tail = "/a/status" if case.get("subresource") == "status" else "/a"
    answer = objections(call("PUT", probes + tail + query, new))
    call("DELETE", probes + "/a")
    return answer


cases = json.loads((here / "cases.json").read_text())
version = call("GET", "/version")["gitVersion"]
answers = {"server": version, "answers": {name: run(case) for name, case in cases.items()}}
lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(answer)}" for name, answer in answers["answers"].items())
(here / "answers.json").write_text(
    f'{{\n  "server": {json.dumps(version)},\n  "answers": {{\n{lines}\n  }}\n}}\n'
)
