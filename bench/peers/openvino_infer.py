# SPDX-License-Identifier: MIT
"""OpenVINO predicting a net. usage: openvino_infer.py NET FILE [--variant V] [--seconds S]"""
import numpy as np
import openvino

import peer

# By latency one batch has all cores; by throughput several batches are under way, each on cores of its own.
VARIANTS = ["latency", "throughput", "latency, 1 thread"]


def prepare(net, variant, file):
    core = openvino.Core()
    hint, *threads = variant.split(", ")
    compiled = core.compile_model(file, "CPU", {
        "PERFORMANCE_HINT": hint.upper(),
        "INFERENCE_NUM_THREADS": 1 if threads else peer.cores(),
        "ENABLE_CPU_PINNING": True,
        "INFERENCE_PRECISION_HINT": "f32",  # as the others: it takes bfloat16 by itself where the CPU has it
    })
    count = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS") if hint == "throughput" else 1
    requests = [compiled.create_infer_request() for _ in range(count)]
    for request in requests:
        request.set_input_tensor(openvino.Tensor(np.random.rand(*peer.SHAPES[net]).astype(np.float32)))
    batch = peer.SHAPES[net][0]
    if hint == "latency":
        return requests[0].infer, batch, None  # it pins these itself

    # The queue is kept full: each request begins again as soon as it is done. A run is several rounds of all of them,
    # so that waiting for the last does not weigh much.
    rounds = 4 if net in ("vgg16", "resnet50", "resnet18") else 200

    def run():
        for request in requests:
            request.start_async()
        for _ in range(rounds - 1):
            for request in requests:
                request.wait()
                request.start_async()
        for request in requests:
            request.wait()

    return run, batch * rounds * len(requests), peer.pin_workers


peer.main(VARIANTS, prepare)
