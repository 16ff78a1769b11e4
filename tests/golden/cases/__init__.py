# SPDX-License-Identifier: MIT
"""The golden cases: each a pipeline in fovea's language, and beside it the same net in PyTorch's words.

The two are written by hand, each in its own language, and name parameters by hand too: what fovea makes of the text
is exactly what is being tested. A function returns what the first loss looks at, and the whole objective.
"""
import torch

CASES = {}


def case(name, batch, shape, text, **inputs):
    """Registers a case. `shape` is the input's C, H, W. inputs: fixed `x`, `target`, `params` instead of drawn ones."""

    def register(function):
        CASES[name] = {"batch": batch, "shape": shape, "text": text.strip("\n") + "\n", "run": function, **inputs}
        return function

    return register


def cat(*values):
    return torch.cat(values, 1)


from . import (activations, adaptive, fitted, layers, losses, nets,  # noqa: E402,F401 (they register themselves)
               normalisations, regularisers, shapes, structure, course)
