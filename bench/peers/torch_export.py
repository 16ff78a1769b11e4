#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes a net in ONNX's format, for the peers that read it. usage: torch_export.py NET FILE"""
import sys
import warnings

warnings.filterwarnings("ignore")
import torch

import nets

model, x = nets.make_trained(sys.argv[1])
torch.onnx.export(model, x, sys.argv[2], opset_version=13, input_names=["x"], output_names=["y"])
