# SPDX-License-Identifier: MIT
"""Golden cases: pooling to a given extent."""
import torch.nn.functional as F

from . import case


def window(i, outputs, extent):
    return slice(i * extent // outputs, -(-(i + 1) * extent // outputs))


def adaptive_max(n, x, size):
    """Of windows with one largest value each."""
    for i in range(size[0]):
        for j in range(size[1]):
            pixels = x[:, :, window(i, size[0], x.shape[2]), window(j, size[1], x.shape[3])].flatten(2)
            if pixels.shape[2] > 1:
                best = pixels.topk(2, dim=2).values
                gap = best[..., 0] - best[..., 1]
                n.near(gap[gap != 0])  # copies of one pixel, where there are more outputs than pixels
    return F.adaptive_max_pool2d(x, size)


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


@case("adaptive-maxpool", 3, (3, 9, 7), """
net {
  # The same; several gradients for one pixel.
  input(3, 9, 7) -> conv(5, 2) -> elu -> adaptive_maxpool([3, 4]) -> conv(4, 1) -> adaptive_maxpool([4, 7]) as wide
  wide -> adaptive_maxpool as most
  wide -> dense(4) as rest
  add(most, rest) as result
}
loss = mse(result, target)
""")
def adaptive_maxpool(n, x):
    y = adaptive_max(n, n.elu(n.conv(x, "conv1", 5, 2)), (3, 4))
    y = adaptive_max(n, n.conv(y, "conv2", 4, 1), (4, 7))
    y = adaptive_max(n, y, (1, 1)) + n.dense(y, "dense1", 4)
    return y, n.mse(y)


@case("adaptive-maxpool-ties", 1, (2, 2, 4), """
net {
  # Equal values in a window, and windows that share pixels: the first, row by row, takes the gradient.
  input(2, 2, 4) -> conv(1, 1, bias=false) -> adaptive_maxpool([1, 3]) as result
}
loss = mse(result, target)
""", x=[[[[1, 2, 5, 0], [2, 1, 1, 3]], [[3, 2, 0, 1], [2, 3, 4, 2]]]], params={"conv1.weight": [[[[1.0]], [[1.0]]]]},
      ties=True)
def adaptive_maxpool_ties(n, x):
    y = F.adaptive_max_pool2d(n.conv(x, "conv1", 1, 1, bias=False), (1, 3))
    return y, n.mse(y)
