# SPDX-License-Identifier: MIT
"""Golden cases: layers that change the shape of values: transposed convolutions, upsampling, adaptive pooling, margins,
parts, other shapes."""
from . import case

# --------------------------------------------------------------------------------------------- transposed convolutions


@case("conv-transpose", 3, (3, 3, 2), """
net {
  input(3, 3, 2) -> conv_transpose(5, 3) -> conv_transpose(4, 4, stride=2, pad=1)
    -> conv_transpose(2, [3, 2], stride=[2, 3], pad=[1, 0], output_pad=[1, 2]) as result
}
loss = mse(result, target)
""")
def conv_transpose(n, x):
    y = n.conv_transpose(n.conv_transpose(x, "conv_transpose1", 5, 3), "conv_transpose2", 4, 4, stride=2, pad=1)
    y = n.conv_transpose(y, "conv_transpose3", 2, (3, 2), stride=(2, 3), pad=(1, 0), output_pad=(1, 2))
    return y, n.mse(y)


@case("conv-transpose-dilation", 5, (4, 4, 5), """
net {
  # output_pad beyond the stride, as the dilation allows it.
  input(4, 4, 5) -> conv_transpose(3, [3, 2], pad=1, dilation=[2, 3], output_pad=[1, 2], bias=false)
    -> conv_transpose(2, 3, stride=2, pad=2, dilation=2) as result
}
loss = mse(result, target)
""")
def conv_transpose_dilation(n, x):
    y = n.conv_transpose(x, "conv_transpose1", 3, (3, 2), pad=1, dilation=(2, 3), output_pad=(1, 2), bias=False)
    y = n.conv_transpose(y, "conv_transpose2", 2, 3, stride=2, pad=2, dilation=2)
    return y, n.mse(y)


@case("conv-transpose-groups", 3, (6, 2, 3), """
net {
  # Groups; one channel in each; a stride beyond the kernel, so that pixels between get the bias alone.
  input(6, 2, 3) -> conv_transpose(9, 3, pad=1, groups=3) -> conv_transpose(9, 4, stride=2, pad=1, groups=9)
    -> conv_transpose(6, 2, stride=3, groups=3) as result
}
loss = mse(result, target)
""")
def conv_transpose_groups(n, x):
    y = n.conv_transpose(x, "conv_transpose1", 9, 3, pad=1, groups=3)
    y = n.conv_transpose(y, "conv_transpose2", 9, 4, stride=2, pad=1, groups=9)
    y = n.conv_transpose(y, "conv_transpose3", 6, 2, stride=3, groups=3)
    return y, n.mse(y)


@case("conv-transpose-generator", 17, (7, 1, 1), """
net {
  # A vector becomes an image, as in generators; prediction has the normalisations in the weights.
  input(7, 1, 1) -> conv_transpose(6, [3, 4], bias=false) -> batchnorm -> tanh
    -> conv_transpose(4, 4, stride=2, pad=1, groups=2) -> batchnorm -> relu -> conv_transpose(3, 3, pad=1, bias=false)
    -> batchnorm -> tanh -> conv_transpose(2, 1) as result
}
loss = mse(result, target)
""")
def conv_transpose_generator(n, x):
    y = n.batchnorm(n.conv_transpose(x, "conv_transpose1", 6, (3, 4), bias=False), "batchnorm1").tanh()
    y = n.conv_transpose(y, "conv_transpose2", 4, 4, stride=2, pad=1, groups=2)
    y = n.conv_transpose(n.relu(n.batchnorm(y, "batchnorm2")), "conv_transpose3", 3, 3, pad=1, bias=False)
    y = n.conv_transpose(n.batchnorm(y, "batchnorm3").tanh(), "conv_transpose4", 2, 1)
    return y, n.mse(y)


@case("conv-transpose-wide", 3, (33, 5, 6), """
net {
  # More than a vector of channels, by Winograd's algorithm where that is on, and as one product at the end.
  input(33, 5, 6) -> conv(5, 1) -> conv_transpose(19, 3, pad=1) -> conv_transpose(5, 3, pad=[0, 2])
    -> conv(17, [7, 4]) -> conv_transpose(18, [2, 3]) -> conv(2, 1) as result
}
loss = mse(result, target)
""")
def conv_transpose_wide(n, x):
    y = n.conv_transpose(n.conv(x, "conv1", 5, 1), "conv_transpose1", 19, 3, pad=1)
    y = n.conv(n.conv_transpose(y, "conv_transpose2", 5, 3, pad=(0, 2)), "conv2", 17, (7, 4))
    y = n.conv(n.conv_transpose(y, "conv_transpose3", 18, (2, 3)), "conv3", 2, 1)
    return y, n.mse(y)
