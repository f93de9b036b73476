"""A process of one peer: reads what to measure, a JSON object a line, and answers each with one."""

import argparse
import json
import os
import sys

import numpy

import measurement
import tensors
from cases import NAMED
from onnx_runtime import ONNXRuntime
from open_vino import OpenVINO
from pytorch import PyTorch
from reference import Agreement

PEERS = {"pytorch": PyTorch, "onnxruntime": ONNXRuntime, "openvino": OpenVINO}


def measure(peer, request):
    """Seconds of the fastest way to compute a case, and how right its output is."""
    case = NAMED[request["case"]]
    given = {name: numbers for name, numbers in tensors.read(request["tensors"]).items() if name[:6] != "output"}
    candidate = measurement.fastest(peer.candidates(case, given, request["threads"], request["rewritten"]))
    seconds, count = measurement.median(candidate, request["seconds"])
    agreement = Agreement.of(candidate.output(), numpy.load(request["expected"]))
    return {"seconds": seconds, "samples": count, "way": candidate.name, "error": agreement.error,
            "agrees": agreement.agrees, "words": agreement.words}


def serve(peer, requests, answer):
    for line in requests:
        try:
            answer(measure(peer, json.loads(line)))
        except Exception as error:  # whatever a peer's library raises belongs to this case alone
            answer({"failure": f"{type(error).__name__}: {error}".strip()})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    name = parser.parse_args().peer
    # What libraries print goes to standard error: the answers' channel is a copy of standard output.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(content):
        print(json.dumps(content), file=answers)

    try:
        peer = PEERS[name]()
    except (ImportError, OSError) as error:
        answer({"missing": f"{type(error).__name__}: {error}".strip()})
        return
    answer({"version": peer.version})
    with peer.context():
        serve(peer, sys.stdin, answer)


if __name__ == "__main__":
    main()
