# SPDX-License-Identifier: MIT
"""Golden cases: elementwise layers beyond the oldest, which are in layers.py."""
import torch
import torch.nn.functional as F

from . import case, cat


@case("relu6", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> relu6 -> dense(6) -> relu6 as result
}
loss = mse(result, target)
""", params={"conv1.bias": [0.0, 5.0, 6.0, 6.5, 0.5], "dense1.bias": [0.0, 1.0, 3.0, 5.0, 6.0, 7.0]})
def relu6(n, x):
    def unit(value):
        n.near(value)
        n.near(value - 6)
        return F.relu6(value)

    y = unit(n.dense(unit(n.conv(x, "conv1", 5, 2)), "dense1", 6))
    return y, n.mse(y)


def twice(n, x, function, *more):
    """The net of the cases below: on an image, then on a vector."""
    y = (more[0] if more else function)(n.dense(function(n.conv(x, "conv1", 5, 2)), "dense1", 6))
    return y, n.mse(y)


@case("selu", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> selu -> dense(6) -> selu as result
}
loss = mse(result, target)
""")
def selu(n, x):
    def unit(value):
        n.near(value)
        return F.selu(value)

    return twice(n, x, unit)


@case("gelu", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> gelu -> dense(6) -> gelu(approximate=tanh) as result
}
loss = mse(result, target)
""")
def gelu(n, x):
    return twice(n, x, F.gelu, lambda value: F.gelu(value, approximate="tanh"))


@case("silu", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> silu -> dense(6) -> silu as result
}
loss = mse(result, target)
""")
def silu(n, x):
    return twice(n, x, F.silu)


@case("softplus", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> softplus -> dense(6) -> softplus(beta=2.5, threshold=1) as result
}
loss = mse(result, target)
""")
def softplus(n, x):
    def sharp(value):
        n.near(2.5 * value - 1)
        return F.softplus(value, 2.5, 1)

    return twice(n, x, F.softplus, sharp)


@case("hardswish", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> hardswish -> dense(6) -> hardswish as result
}
loss = mse(result, target)
""", params={"conv1.bias": [0.0, 3.0, -3.0, 4.0, -4.0], "dense1.bias": [0.0, -6.0, 3.0, -3.0, 6.0, -2.0]})
def hardswish(n, x):
    def unit(value):
        n.near(value - 3)
        n.near(value + 3)
        return F.hardswish(value)

    return twice(n, x, unit)


@case("activations-far", 3, (1, 2, 4), """
net {
  # Far from 0, where exponentials are 0 or infinite.
  input(1, 2, 4) -> conv(2, 1) as x
  x -> { gelu | gelu(approximate=tanh) | silu | softplus | hardswish | selu | elu | sigmoid | tanh | softplus(10)
       | relu6 } -> concat as result
}
loss = mse(result, target)
""", x=[[[[-1e4, -120, -30, -8], [8, 30, 120, 1e4]]], [[[-4, -25, 0, 2.5], [1.5, 0.1, 3.5, 5.5]]],
        [[[-15, -90, -700, -20], [15, 88, 89, 710]]]],
      params={"conv1.weight": [[[[1.0]]], [[[0.5]]]], "conv1.bias": [0.0, 0.0]}, ties=True)
def activations_far(n, x):
    x = n.conv(x, "conv1", 2, 1)
    y = cat(F.gelu(x), F.gelu(x, approximate="tanh"), F.silu(x), F.softplus(x), F.hardswish(x), F.selu(x), F.elu(x),
            x.sigmoid(), x.tanh(), F.softplus(x, 10), F.relu6(x))
    return y, n.mse(y)


def prelu(n, x, path, per_channel=False):
    n.near(x)
    return F.prelu(x, n.param(path + ".weight", lambda: n.random.uniform(-0.5, 1.5, x.shape[1] if per_channel else 1)))


@case("prelu", 5, (2, 5, 5), """
net {
  # Straight after the input, too, where only the weights have a gradient.
  input(2, 5, 5) -> prelu(per_channel=true) -> conv(5, 2) -> prelu -> tanh -> conv(20, 2) -> prelu(per_channel=true)
    -> dense(6) -> prelu as result
}
loss = mse(result, target)
""")
def prelu_net(n, x):
    y = n.conv(prelu(n, x, "prelu1", True), "conv1", 5, 2)
    y = n.conv(prelu(n, y, "prelu2").tanh(), "conv2", 20, 2)
    y = prelu(n, n.dense(prelu(n, y, "prelu3", True), "dense1", 6), "prelu4")
    return y, n.mse(y)


def maxout(n, x, pieces):
    parts = torch.stack(x.chunk(pieces, 1))
    if pieces > 1:
        best = parts.topk(2, dim=0).values
        n.near(best[0] - best[1])
    return parts.max(0).values


@case("maxout", 5, (2, 5, 5), """
net {
  # The course's max(w1 x + b1, w2 x + b2) at the end.
  input(2, 5, 5) -> conv(9, 2) -> maxout(3) -> tanh -> conv(40, 1) -> maxout -> dense(12) -> maxout(2) as result
}
loss = mse(result, target)
""")
def maxout_net(n, x):
    y = n.conv(maxout(n, n.conv(x, "conv1", 9, 2), 3).tanh(), "conv2", 40, 1)
    y = n.dense(maxout(n, y, 2), "dense1", 12)
    return maxout(n, y, 2), n.mse(maxout(n, y, 2))
