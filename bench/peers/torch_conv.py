#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Milliseconds of a convolution's forward pass by PyTorch, in its fastest way; prints [{"variant", "ms"}].
usage: torch_conv.py BATCH INPUTS HEIGHT WIDTH OUTPUTS KERNEL PAD GROUPS"""
import warnings

warnings.filterwarnings("ignore")
import json
import sys

import torch

import peer

batch, inputs, height, width, outputs, kernel, pad, groups = map(int, sys.argv[1:])
torch.set_num_threads(peer.cores())
results = []
for layout in ("contiguous_format", "channels_last"):
    for way in ("eager", "optimize_for_inference"):
        layer = torch.nn.Conv2d(inputs, outputs, kernel, padding=pad, groups=groups, bias=False).eval()
        layer = layer.to(memory_format=getattr(torch, layout))
        x = torch.rand(batch, inputs, height, width).to(memory_format=getattr(torch, layout))
        with torch.no_grad():
            if way != "eager":
                layer = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(layer, x)))
            results.append({"variant": f"{layout}, {way}", "ms": 1e3 / peer.rate(lambda: layer(x), 1, 1)})
print(json.dumps(sorted(results, key=lambda r: r["ms"])))
