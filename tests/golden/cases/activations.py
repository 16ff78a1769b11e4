# SPDX-License-Identifier: MIT
"""Golden cases: elementwise layers beyond the oldest, which are in layers.py."""
import torch.nn.functional as F

from . import case


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
