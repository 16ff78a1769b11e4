# SPDX-License-Identifier: MIT
"""ONNX Runtime predicting a net. usage: onnxruntime_infer.py NET FILE [--variant V] [--seconds S]"""
import numpy as np
import onnxruntime

import peer

VARIANTS = ["all cores", "1 thread"]


def prepare(net, variant, file):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = 1 if variant == "1 thread" else peer.cores()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    # Input and output stay where they are: nothing is copied or allocated from run to run.
    binding = session.io_binding()
    x = onnxruntime.OrtValue.ortvalue_from_numpy(np.random.rand(*peer.SHAPES[net]).astype(np.float32))
    binding.bind_ortvalue_input("x", x)
    y = np.empty(session.get_outputs()[0].shape, np.float32)
    binding.bind_ortvalue_output("y", onnxruntime.OrtValue.ortvalue_from_numpy(y))
    return lambda: session.run_with_iobinding(binding), peer.SHAPES[net][0], peer.pin


peer.main(VARIANTS, prepare)
