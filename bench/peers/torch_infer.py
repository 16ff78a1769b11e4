#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""PyTorch predicting a net, in every way that it knows. usage: torch_infer.py NET [--variant V] [--seconds S]"""
import warnings

warnings.filterwarnings("ignore")
import torch

import nets
import peer

# Freezing folds batchnorm into convolutions; optimize_for_inference also hands convolutions and what lies between them
# to oneDNN in its own formats.
VARIANTS = [f"{layout}, {way}{threads}" for layout in ("contiguous", "channels_last")
            for way in ("eager", "freeze", "optimize_for_inference") for threads in ("", ", 1 thread")]


def prepare(net, variant, _):
    layout, way, *threads = variant.split(", ")
    torch.set_num_threads(1 if threads else peer.cores())
    model, x = nets.make_trained(net)
    if layout == "channels_last":
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    with torch.no_grad():
        if way != "eager":
            model = torch.jit.freeze(torch.jit.trace(model, x))
        if way == "optimize_for_inference":
            model = torch.jit.optimize_for_inference(model)

    def run():
        with torch.no_grad():
            model(x)

    return run, len(x), peer.pin


peer.main(VARIANTS, prepare)
