# SPDX-License-Identifier: MIT
"""Layers that move, repeat or leave out elements."""
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
