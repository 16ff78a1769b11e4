# SPDX-License-Identifier: MIT
"""Golden cases: layers of sequences."""
import numpy as np
import torch
import torch.nn.functional as F

from . import case


def embedding(n, x, path, vocabulary, dim, padding=None):
    """Zeros where PyTorch would refuse a number."""
    w = n.param(path + ".weight", lambda: n.normal((vocabulary, dim), 1.0), penalised=True)
    numbers = x.round().long()
    known = (numbers >= 0) & (numbers < vocabulary)
    if padding is not None:
        known &= numbers != padding
    y = F.embedding(numbers * known, w, padding) * known[..., None]   # N, C, H, W, dim
    return y.permute(0, 1, 4, 2, 3).flatten(1, 2)


def numbers(*shape, low, high):
    return np.random.Generator(np.random.PCG64(5)).integers(low, high, shape).astype(float)


@case("embedding", 5, (2, 3, 4), """
net {
  # Numbers without a vector among them; some twice in a sample, some in none.
  input(2, 3, 4) as words -> embedding(11, 5, padding=3) -> conv(4, 1) as some
  words -> embedding(vocabulary=9, dim=18) -> conv(4, 1) as more
  add(some, more) as result
}
loss = mse(result, target) + l2(0.01)
""", x=numbers(5, 2, 3, 4, low=-1, high=12) + 0.25)
def embedding_case(n, x):
    some = n.conv(embedding(n, x, "embedding1", 11, 5, 3), "conv1", 4, 1)
    y = some + n.conv(embedding(n, x, "embedding2", 9, 18), "conv2", 4, 1)
    return y, n.mse(y) + n.l2(0.01)
