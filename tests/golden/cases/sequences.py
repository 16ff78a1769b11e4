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


def lstm(n, x, path, hidden, layers=1, bidirectional=False, last=False, bias=True, h0=None, c0=None):
    """torch.nn.LSTM's computation; its parameters in its order, under its names."""
    directions = 2 if bidirectional else 1
    weights = []
    for layer in range(layers):
        inputs = x.shape[1] if layer == 0 else directions * hidden
        for direction in ["", "_reverse"][:directions]:
            shapes = {"weight_ih": (4 * hidden, inputs), "weight_hh": (4 * hidden, hidden)}
            if bias:
                shapes.update(bias_ih=(4 * hidden,), bias_hh=(4 * hidden,))
            for name, shape in shapes.items():
                deviation = 1.5 / np.sqrt(shape[1]) if len(shape) == 2 else 0.5
                weights.append(n.param(f"{path}.{name}_l{layer}{direction}", lambda: n.normal(shape, deviation),
                                       penalised=len(shape) == 2))
    states = [torch.zeros(len(x), layers * directions * hidden, dtype=x.dtype) if state is None else state.flatten(1)
              for state in (h0, c0)]
    states = [state.view(len(x), layers * directions, hidden).transpose(0, 1).contiguous() for state in states]
    steps = x.flatten(2).permute(0, 2, 1)   # N, positions, features
    y, h, _ = torch._VF.lstm(steps, states, weights, bias, layers, 0.0, n.training, bidirectional, True)
    if last:
        return h[-directions:].transpose(0, 1).flatten(1)[:, :, None, None]
    return y.permute(0, 2, 1).reshape(len(x), directions * hidden, *x.shape[2:])


@case("lstm", 19, (3, 1, 7), """
net {
  input(3, 1, 7) -> lstm(5, layers=2, bidirectional=true) -> lstm(18, return=last) -> dense(3) as result
}
loss = mse(result, target)
""")
def lstm_case(n, x):
    y = lstm(n, lstm(n, x, "lstm1", 5, 2, True), "lstm2", 18, last=True)
    y = n.dense(y, "dense1", 3)
    return y, n.mse(y)


@case("lstm-state", 5, (3, 3, 4), """
net {
  # Positions row after row; states that come from elsewhere.
  input(3, 3, 4) as image -> conv(12, [3, 4]) as features
  image -> lstm(3, layers=2, bidirectional=true, c0=features, bias=false) -> lstm(12, h0=features) as some
  image -> conv(4, [3, 4]) -> lstm(6, bidirectional=true, return=last, h0=features, c0=features) as one
  some -> dense(12) -> add(one) as result
}
loss = mse(result, target) + l2(0.01)
""")
def lstm_state(n, x):
    features = n.conv(x, "conv1", 12, (3, 4))
    y = lstm(n, lstm(n, x, "lstm1", 3, 2, True, bias=False, c0=features), "lstm2", 12, h0=features)
    one = lstm(n, n.conv(x, "conv2", 4, (3, 4)), "lstm3", 6, 1, True, last=True, h0=features, c0=features)
    y = n.dense(y, "dense1", 12) + one
    return y, n.mse(y) + n.l2(0.01)
