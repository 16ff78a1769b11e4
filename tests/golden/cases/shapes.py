# SPDX-License-Identifier: MIT
"""Layers that move, repeat or leave out elements."""
import torch
from torch.nn import functional

from . import case


def enlarged(x, factor, **options):
    return functional.interpolate(x, scale_factor=factor, **options)


@case("upsample", 17, (2, 3, 4), """
net {
  input(2, 3, 4) -> conv(3, 1) -> upsample as first
  first -> upsample([1, 3]) -> conv(2, 2, stride=[2, 3]) as result
}
loss = mse(result, target)
""")
def upsample(n, x):
    y = enlarged(enlarged(n.conv(x, "conv1", 3, 1), 2.0), (1.0, 3.0))
    y = n.conv(y, "conv2", 2, 2, (2, 3))
    return y, n.mse(y)


@case("upsample-bilinear", 3, (2, 3, 4), """
net {
  input(2, 3, 4) -> conv(3, 1) -> upsample([2, 3], mode=bilinear)
    -> upsample(2, mode=bilinear, align_corners=true) -> conv(2, 3, stride=4) as result
}
loss = mse(result, target)
""")
def upsample_bilinear(n, x):
    y = enlarged(n.conv(x, "conv1", 3, 1), (2.0, 3.0), mode="bilinear", align_corners=False)
    y = enlarged(y, 2.0, mode="bilinear", align_corners=True)
    y = n.conv(y, "conv2", 2, 3, 4)
    return y, n.mse(y)


@case("pad", 3, (2, 3, 4), """
net {
  input(2, 3, 4) -> conv(5, 2) -> pad as around
  around -> pad([0, 2], value=0.75) -> conv(3, 2, stride=2) -> pad([2, 0, 1, 3], value=-1.5) -> conv(2, 3) as result
}
loss = mse(result, target)
""")
def pad(n, x):
    y = functional.pad(n.conv(x, "conv1", 5, 2), (1, 1, 1, 1))
    y = n.conv(functional.pad(y, (2, 2, 0, 0), value=0.75), "conv2", 3, 2, 2)
    y = n.conv(functional.pad(y, (0, 3, 2, 1), value=-1.5), "conv3", 2, 3)
    return y, n.mse(y)


@case("pad-edge", 17, (2, 3, 4), """
net {
  # Two values into one sum, one of which is what is padded; a single column.
  input(2, 3, 4) -> conv(3, [1, 4]) -> pad([1, 0, 0, 2], fill=edge) -> pad([2, 3], fill=edge) as wide
  wide -> conv(2, 3) -> pad(1, fill=edge) as again
  wide -> conv(2, 1) as same
  add(again, same) as result
}
loss = mse(result, target)
""")
def pad_edge(n, x):
    y = functional.pad(n.conv(x, "conv1", 3, (1, 4)), (0, 2, 1, 0), mode="replicate")
    y = functional.pad(y, (3, 3, 2, 2), mode="replicate")
    y = functional.pad(n.conv(y, "conv2", 2, 3), (1, 1, 1, 1), mode="replicate") + n.conv(y, "conv3", 2, 1)
    return y, n.mse(y)


@case("pad-reflect", 3, (2, 4, 5), """
net {
  # Margins as large as they may be; pixels that are copied to both sides.
  input(2, 4, 5) -> conv(3, 2) -> pad(2, fill=reflect) -> conv(2, 2) -> pad([1, 5, 0, 2], fill=reflect)
    -> conv(2, 3, stride=2) as result
}
loss = mse(result, target)
""")
def pad_reflect(n, x):
    y = functional.pad(n.conv(x, "conv1", 3, 2), (2, 2, 2, 2), mode="reflect")
    y = functional.pad(n.conv(y, "conv2", 2, 2), (5, 2, 1, 0), mode="reflect")
    y = n.conv(y, "conv3", 2, 3, 2)
    return y, n.mse(y)


@case("slice", 17, (3, 5, 6), """
net {
  # Halves that change places; a crop; one pixel and one channel from the end.
  input(3, 5, 6) -> conv(6, 1) as x
  x -> slice(channels=2) -> tanh as first
  x -> slice(2) as rest
  concat(rest, first) -> slice(row=1, rows=3, column=2) -> conv(4, 2) as y
  y -> slice(-1, row=-1, column=1, columns=1) as corner
  y -> slice(1, 1, 0, 1, -2, 1) as other
  add(corner, other) -> conv(2, 1) as result
}
loss = mse(result, target)
""")
def slices(n, x):
    x = n.conv(x, "conv1", 6, 1)
    y = torch.cat((x[:, 2:], x[:, :2].tanh()), 1)[:, :, 1:4, 2:]
    y = n.conv(y, "conv2", 4, 2)
    y = n.conv(y[:, -1:, -1:, 1:2] + y[:, 1:2, :1, -2:-1], "conv3", 2, 1)
    return y, n.mse(y)


@case("reshape", 17, (2, 3, 4), """
net {
  # Vector to image, image to image with more and fewer channels, image to vector.
  input(2, 3, 4) -> dense(36) -> reshape(3, 4, 3) -> conv(4, [1, 2]) -> reshape(2, 4, -1) -> conv(3, 1)
    -> reshape(-1, 2, 2) -> conv(5, 1) -> reshape(1, height=-1) -> conv(2, [4, 1], stride=3) -> reshape(-1)
    -> dense(2) as result
}
loss = mse(result, target)
""")
def reshape(n, x):
    y = n.conv(n.dense(x, "dense1", 36).reshape(-1, 3, 4, 3), "conv1", 4, (1, 2))
    y = n.conv(y.reshape(-1, 2, 4, 4), "conv2", 3, 1)
    y = n.conv(y.reshape(-1, 12, 2, 2), "conv3", 5, 1)
    y = n.conv(y.reshape(-1, 1, 20, 1), "conv4", 2, (4, 1), (3, 1))
    y = n.dense(y.reshape(-1, 12, 1, 1), "dense2", 2)
    return y, n.mse(y)
