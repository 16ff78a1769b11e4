# SPDX-License-Identifier: MIT
"""Golden cases: pooling to a given extent."""
import torch.nn.functional as F

from . import case


@case("adaptive-avgpool", 3, (3, 9, 7), """
net {
  # Windows that share pixels; more outputs than pixels; the mean of everything.
  input(3, 9, 7) -> conv(5, 2) -> elu -> adaptive_avgpool([3, 4]) -> conv(4, 1) -> adaptive_avgpool([4, 7]) as wide
  wide -> adaptive_avgpool as mean
  wide -> dense(4) as rest
  add(mean, rest) as result
}
loss = mse(result, target)
""")
def adaptive_avgpool(n, x):
    y = F.adaptive_avg_pool2d(n.elu(n.conv(x, "conv1", 5, 2)), (3, 4))
    y = F.adaptive_avg_pool2d(n.conv(y, "conv2", 4, 1), (4, 7))
    y = F.adaptive_avg_pool2d(y, 1) + n.dense(y, "dense1", 4)
    return y, n.mse(y)
