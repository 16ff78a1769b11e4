# SPDX-License-Identifier: MIT
"""The two file formats of a golden case, written with numpy and json alone: .npy and safetensors."""
import json
import struct

import numpy as np


def write_npy(path, array):
    """float32 in N,C,H,W, or int64 of shape N."""
    with open(path, "wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), version=(1, 0))


def write_safetensors(path, tensors):
    """name -> array, stored as float32, or as int64 where its numbers are whole: the header's length (8 bytes), the
    header (JSON, padded to 8), the data."""
    header, data, at = {}, [], 0
    for name in sorted(tensors):
        whole = np.issubdtype(np.asarray(tensors[name]).dtype, np.integer)
        array = np.asarray(tensors[name], dtype="<i8" if whole else "<f4", order="C")
        header[name] = {"dtype": "I64" if whole else "F32", "shape": list(array.shape),
                        "data_offsets": [at, at + array.nbytes]}
        data.append(array.tobytes())
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))
