# SPDX-License-Identifier: MIT
"""Golden cases: every layer and its options, alone or in short chains."""
from . import case, cat

# -------------------------------------------------------------------------------------------------------- convolutions


@case("conv-plain", 3, (3, 7, 9), """
net {
  input(3, 7, 9) -> conv(5, 3) -> conv(4, [5, 7]) as result   # the second one's kernel is all of its input
}
loss = mse(result, target)
""")
def conv_plain(n, x):
    y = n.conv(n.conv(x, "conv1", 5, 3), "conv2", 4, (5, 7))
    return y, n.mse(y)


@case("conv-stride", 3, (2, 8, 11), """
net {
  # Strides that do not divide: the last row or column of the input is never looked at.
  input(2, 8, 11) -> conv(4, 3, stride=2) -> conv(3, 2, stride=[1, 3]) as result
}
loss = mse(result, target)
""")
def conv_stride(n, x):
    y = n.conv(n.conv(x, "conv1", 4, 3, stride=2), "conv2", 3, 2, stride=(1, 3))
    return y, n.mse(y)


@case("conv-stride-gaps", 5, (2, 8, 10), """
net {
  # Strides beyond the kernel: inputs between the windows have a gradient of zero.
  input(2, 8, 10) -> conv(3, 1, stride=1) -> conv(4, 2, stride=3) -> conv(3, 1, stride=2) as result
}
loss = mse(result, target)
""")
def conv_stride_gaps(n, x):
    y = n.conv(x, "conv1", 3, 1)
    y = n.conv(n.conv(y, "conv2", 4, 2, stride=3), "conv3", 3, 1, stride=2)
    return y, n.mse(y)


@case("conv-pad", 3, (3, 5, 6), """
net {
  input(3, 5, 6) -> conv(4, 3, pad=1) -> conv(3, 3, pad=[2, 0]) -> conv(2, 2, stride=2, pad=[0, 1])
    -> conv(3, 5, pad=2) as result
}
loss = mse(result, target)
""")
def conv_pad(n, x):
    y = n.conv(n.conv(x, "conv1", 4, 3, pad=1), "conv2", 3, 3, pad=(2, 0))
    y = n.conv(n.conv(y, "conv3", 2, 2, stride=2, pad=(0, 1)), "conv4", 3, 5, pad=2)
    return y, n.mse(y)


@case("conv-dilation", 3, (2, 9, 11), """
net {
  input(2, 9, 11) -> conv(4, 3, pad=2, dilation=2) -> conv(3, [2, 3], dilation=[1, 3])
    -> conv(2, 3, stride=2, pad=1, dilation=[3, 1]) as result
}
loss = mse(result, target)
""")
def conv_dilation(n, x):
    y = n.conv(n.conv(x, "conv1", 4, 3, pad=2, dilation=2), "conv2", 3, (2, 3), dilation=(1, 3))
    y = n.conv(y, "conv3", 2, 3, stride=2, pad=1, dilation=(3, 1))
    return y, n.mse(y)


@case("conv-groups", 5, (6, 6, 5), """
net {
  input(6, 6, 5) -> conv(9, 3, groups=3) -> conv(6, 2, pad=1, groups=3) -> conv(4, 2, stride=2, groups=2) as result
}
loss = mse(result, target)
""")
def conv_groups(n, x):
    y = n.conv(n.conv(x, "conv1", 9, 3, groups=3), "conv2", 6, 2, pad=1, groups=3)
    y = n.conv(y, "conv3", 4, 2, stride=2, groups=2)
    return y, n.mse(y)


@case("conv-depthwise", 17, (5, 7, 6), """
net {
  # One group a channel; then two outputs for each; then the 1x1 convolution that mixes them.
  input(5, 7, 6) -> conv(5, 3, pad=1, groups=5) -> conv(10, 3, stride=2, pad=1, groups=5, bias=false)
    -> conv(3, 1) as result
}
loss = mse(result, target)
""")
def conv_depthwise(n, x):
    y = n.conv(x, "conv1", 5, 3, pad=1, groups=5)
    y = n.conv(n.conv(y, "conv2", 10, 3, stride=2, pad=1, groups=5, bias=False), "conv3", 3, 1)
    return y, n.mse(y)


@case("conv-depthwise-wide", 3, (19, 6, 7), """
net {
  input(19, 6, 7) -> conv(19, 3, pad=1, groups=19) -> conv(19, [5, 3], stride=[2, 1], pad=[2, 0], groups=19) as result
}
loss = mse(result, target)
""")
def conv_depthwise_wide(n, x):
    y = n.conv(x, "conv1", 19, 3, pad=1, groups=19)
    y = n.conv(y, "conv2", 19, (5, 3), stride=(2, 1), pad=(2, 0), groups=19)
    return y, n.mse(y)


@case("conv-rect", 3, (2, 8, 9), """
net {
  input(2, 8, 9) -> conv(3, [1, 5]) -> conv(4, [3, 1]) -> conv(3, [2, 4], stride=[3, 1], pad=[1, 2]) as result
}
loss = mse(result, target)
""")
def conv_rect(n, x):
    y = n.conv(n.conv(x, "conv1", 3, (1, 5)), "conv2", 4, (3, 1))
    y = n.conv(y, "conv3", 3, (2, 4), stride=(3, 1), pad=(1, 2))
    return y, n.mse(y)


@case("conv-nobias", 1, (3, 6, 5), """
net {
  input(3, 6, 5) -> conv(4, bias=false) -> conv(kernel=2, channels=3, bias=false) as result
}
loss = mse(result, target)
""")
def conv_nobias(n, x):
    y = n.conv(n.conv(x, "conv1", 4, 3, bias=False), "conv2", 3, 2, bias=False)
    return y, n.mse(y)


@case("conv-1x1", 17, (5, 4, 3), """
net {
  input(5, 4, 3) -> conv(7, 1) -> conv(3, 1, bias=false) -> conv(20, 1) -> conv(2, 1) as result
}
loss = mse(result, target)
""")
def conv_1x1(n, x):
    y = n.conv(n.conv(x, "conv1", 7, 1), "conv2", 3, 1, bias=False)
    y = n.conv(n.conv(y, "conv3", 20, 1), "conv4", 2, 1)
    return y, n.mse(y)


@case("conv-1x1-pad", 3, (3, 4, 5), """
net {
  input(3, 4, 5) -> conv(4, 1, pad=1) -> conv(2, 1, stride=2, pad=[0, 1]) as result
}
loss = mse(result, target)
""")
def conv_1x1_pad(n, x):
    y = n.conv(n.conv(x, "conv1", 4, 1, pad=1), "conv2", 2, 1, stride=2, pad=(0, 1))
    return y, n.mse(y)


@case("conv-wide", 3, (19, 5, 6), """
net {
  # More than 16 channels, and no multiple of it: tiles with a rest.
  input(19, 5, 6) -> conv(37, 3, pad=1) -> conv(21, 2) as result
}
loss = mse(result, target)
""")
def conv_wide(n, x):
    y = n.conv(n.conv(x, "conv1", 37, 3, pad=1), "conv2", 21, 2)
    return y, n.mse(y)


@case("conv-wide-blocks", 17, (17, 3, 4), """
net {
  input(17, 3, 4) -> conv(34, 3, pad=1) -> conv(18, 1) as result
}
loss = mse(result, target)
""")
def conv_wide_blocks(n, x):
    y = n.conv(n.conv(x, "conv1", 34, 3, pad=1), "conv2", 18, 1)
    return y, n.mse(y)


@case("conv-wide-groups", 3, (34, 4, 5), """
net {
  input(34, 4, 5) -> conv(38, 3, pad=1, groups=2) -> conv(36, 2, groups=2, bias=false) as result
}
loss = mse(result, target)
""")
def conv_wide_groups(n, x):
    y = n.conv(n.conv(x, "conv1", 38, 3, pad=1, groups=2), "conv2", 36, 2, groups=2, bias=False)
    return y, n.mse(y)


@case("conv-everything", 33, (4, 9, 11), """
net {
  input(4, 9, 11)
    -> conv(6, [3, 2], stride=[2, 3], pad=[1, 2], dilation=[2, 1], groups=2, bias=false)
    -> conv(channels=4, kernel=[2, 3], pad=[0, 1], dilation=[3, 1], groups=2) as result
}
loss = mse(result, target)
""")
def conv_everything(n, x):
    y = n.conv(x, "conv1", 6, (3, 2), stride=(2, 3), pad=(1, 2), dilation=(2, 1), groups=2, bias=False)
    y = n.conv(y, "conv2", 4, (2, 3), pad=(0, 1), dilation=(3, 1), groups=2)
    return y, n.mse(y)


# --------------------------------------------------------------------------------------------------------------- dense


@case("dense-spatial", 5, (3, 5, 3), """
net {
  # The weight's inputs are in C, H, W order.
  input(3, 5, 3) -> conv(4, 2) -> dense(7) as result
}
loss = mse(result, target)
""")
def dense_spatial(n, x):
    y = n.dense(n.conv(x, "conv1", 4, 2), "dense1", 7)
    return y, n.mse(y)


@case("dense-vector", 33, (11, 1, 1), """
net {
  input(11) -> dense(19) -> dense(5, bias=false) -> dense(3) as result
}
loss = mse(result, target)
""")
def dense_vector(n, x):
    y = n.dense(n.dense(n.dense(x, "dense1", 19), "dense2", 5, bias=False), "dense3", 3)
    return y, n.mse(y)


@case("dense-wide", 17, (37, 2, 1), """
net {
  input(37, 2, 1) -> dense(50) -> dense(33) as result
}
loss = mse(result, target)
""")
def dense_wide(n, x):
    y = n.dense(n.dense(x, "dense1", 50), "dense2", 33)
    return y, n.mse(y)


# ------------------------------------------------------------------------------------------------------------- pooling


@case("maxpool", 3, (2, 11, 13), """
net {
  # Odd sizes lose their last row and column; then overlapping windows; then windows over the edge.
  input(2, 11, 13) -> conv(4, 3, pad=1) -> maxpool(2) -> maxpool(3, stride=1, pad=1) as spread
  spread -> maxpool(3, 2) -> conv(3, 1) as result
}
loss = mse(result, target)
""")
def maxpool(n, x):
    y = n.maxpool(n.conv(x, "conv1", 4, 3, pad=1), 2)
    # The largest of one window is the largest of its neighbours too: ties that all lead to the same place.
    y = n.conv(n.maxpool(n.maxpool(y, 3, 1, 1), 3, 2), "conv2", 3, 1)
    return y, n.mse(y)


@case("maxpool-rect", 17, (3, 7, 8), """
net {
  input(3, 7, 8) -> conv(3, 1) -> maxpool([2, 3], stride=[2, 1], pad=[1, 1]) -> conv(2, 2)
    -> maxpool([1, 2], [2, 3]) as result
}
loss = mse(result, target)
""")
def maxpool_rect(n, x):
    y = n.maxpool(n.conv(x, "conv1", 3, 1), (2, 3), (2, 1), 1)
    y = n.maxpool(n.conv(y, "conv2", 2, 2), (1, 2), (2, 3))
    return y, n.mse(y)


@case("maxpool-negative", 5, (2, 5, 5), """
net {
  # All values below zero: padding must not win.
  input(2, 5, 5) -> conv(2, 1) -> maxpool(3, stride=2, pad=1) as result
}
loss = mse(result, target)
""", params={"conv1.bias": [-9.0, -12.0]})
def maxpool_negative(n, x):
    y = n.maxpool(n.conv(x, "conv1", 2, 1), 3, 2, 1)
    return y, n.mse(y)


@case("maxpool-ties", 1, (2, 2, 4), """
net {
  # Equal values in a window: the first, row by row, takes the gradient.
  input(2, 2, 4) -> conv(1, 1, bias=false) -> maxpool(2) as result
}
loss = mse(result, target)
""", x=[[[[1, 2, 5, 0], [2, 1, 1, 3]], [[3, 2, 0, 1], [2, 3, 4, 2]]]], params={"conv1.weight": [[[[1.0]], [[1.0]]]]},
      ties=True)
def maxpool_ties(n, x):
    y = n.maxpool(n.conv(x, "conv1", 1, 1, bias=False), 2)
    return y, n.mse(y)


@case("avgpool", 3, (2, 11, 13), """
net {
  input(2, 11, 13) -> conv(4, 3, pad=1) -> avgpool(2) -> avgpool(3, stride=1, pad=1) -> avgpool(3, 2)
    -> conv(3, 1) as result
}
loss = mse(result, target)
""")
def avgpool(n, x):
    y = n.avgpool(n.conv(x, "conv1", 4, 3, pad=1), 2)
    y = n.conv(n.avgpool(n.avgpool(y, 3, 1, 1), 3, 2), "conv2", 3, 1)
    return y, n.mse(y)


@case("avgpool-rect", 17, (3, 7, 8), """
net {
  input(3, 7, 8) -> conv(3, 1) -> avgpool([2, 3], stride=[2, 1], pad=[1, 1]) -> conv(2, 2)
    -> avgpool([1, 2], [2, 3]) as result
}
loss = mse(result, target)
""")
def avgpool_rect(n, x):
    y = n.avgpool(n.conv(x, "conv1", 3, 1), (2, 3), (2, 1), 1)
    y = n.avgpool(n.conv(y, "conv2", 2, 2), (1, 2), (2, 3))
    return y, n.mse(y)


@case("maxpool-ceil", 3, (2, 12, 14), """
net {
  # The last window reaches over the edge; then over the margin; the third would begin beyond it, and is not there.
  input(2, 12, 14) -> conv(3, 1) -> maxpool(3, stride=2, ceil=true) -> maxpool([3, 2], 2, pad=1, ceil=true)
    -> maxpool(2, stride=3, pad=[1, 0], ceil=true) -> conv(2, 1) as result
}
loss = mse(result, target)
""")
def maxpool_ceil(n, x):
    y = n.maxpool(n.conv(x, "conv1", 3, 1), 3, 2, ceil=True)
    y = n.maxpool(n.maxpool(y, (3, 2), 2, 1, ceil=True), 2, 3, (1, 0), ceil=True)
    y = n.conv(y, "conv2", 2, 1)
    return y, n.mse(y)


@case("avgpool-ceil", 17, (2, 8, 9), """
net {
  # What of a window lies beyond the margin is not counted.
  input(2, 8, 9) -> conv(3, 1) -> avgpool(3, stride=2, ceil=true) as first
  first -> avgpool([3, 2], 2, pad=1, ceil=true) -> conv(2, 1) as result
}
loss = mse(result, target)
""")
def avgpool_ceil(n, x):
    y = n.avgpool(n.conv(x, "conv1", 3, 1), 3, 2, ceil=True)
    y = n.conv(n.avgpool(y, (3, 2), 2, 1, ceil=True), "conv2", 2, 1)
    return y, n.mse(y)


@case("avgpool-uncounted", 3, (2, 7, 8), """
net {
  input(2, 7, 8) -> conv(3, 1) -> avgpool(3, stride=1, pad=1, count_include_pad=false)
    -> avgpool([3, 4], 2, pad=[1, 2], ceil=true, count_include_pad=false) -> conv(2, 1) as result
}
loss = mse(result, target)
""")
def avgpool_uncounted(n, x):
    y = n.avgpool(n.conv(x, "conv1", 3, 1), 3, 1, 1, count_include_pad=False)
    y = n.conv(n.avgpool(y, (3, 4), 2, (1, 2), ceil=True, count_include_pad=False), "conv2", 2, 1)
    return y, n.mse(y)


@case("gap-flatten", 17, (3, 5, 7), """
net {
  input(3, 5, 7) -> conv(5, 2) as trunk
  trunk -> gap -> dense(4) as pooled
  trunk -> flatten -> dense(4) as flat
  add(pooled, flat) as result
}
loss = mse(result, target)
""")
def gap_flatten(n, x):
    trunk = n.conv(x, "conv1", 5, 2)
    y = n.dense(n.gap(trunk), "dense1", 4) + n.dense(n.flatten(trunk), "dense2", 4)
    return y, n.mse(y)


@case("flatten-order", 3, (3, 2, 4), """
net {
  # What prediction returns is the flattened value itself: C, H, W order.
  input(3, 2, 4) -> conv(3, 1) -> flatten as result
}
loss = mse(result, target)
""")
def flatten_order(n, x):
    y = n.flatten(n.conv(x, "conv1", 3, 1))
    return y, n.mse(y)


# ----------------------------------------------------------------------------------------------------------- batchnorm


@case("batchnorm-conv", 5, (3, 5, 7), """
net {
  input(3, 5, 7) -> conv(4, 3) -> batchnorm -> relu -> conv(19, 2, bias=false) -> batchnorm as result
}
loss = mse(result, target)
""")
def batchnorm_conv(n, x):
    y = n.relu(n.batchnorm(n.conv(x, "conv1", 4, 3), "batchnorm1"))
    y = n.batchnorm(n.conv(y, "conv2", 19, 2, bias=False), "batchnorm2")
    return y, n.mse(y)


@case("batchnorm-dense", 17, (6, 1, 1), """
net {
  input(6) -> dense(9) -> batchnorm -> sigmoid -> dense(18) -> batchnorm -> tanh -> dense(3) as result
}
loss = mse(result, target)
""")
def batchnorm_dense(n, x):
    y = n.batchnorm(n.dense(x, "dense1", 9), "batchnorm1").sigmoid()
    y = n.dense(n.batchnorm(n.dense(y, "dense2", 18), "batchnorm2").tanh(), "dense3", 3)
    return y, n.mse(y)


@case("batchnorm-options", 33, (3, 3, 2), """
net {
  # Straight after the input, with nothing before it to train; and with a large epsilon.
  input(3, 3, 2) -> batchnorm(epsilon=0.3) -> conv(4, 2) -> batchnorm(momentum=0.3, epsilon=1e-3) -> elu as result
}
loss = mse(result, target)
""")
def batchnorm_options(n, x):
    y = n.batchnorm(x, "batchnorm1", epsilon=0.3)
    y = n.elu(n.batchnorm(n.conv(y, "conv1", 4, 2), "batchnorm2", epsilon=1e-3))
    return y, n.mse(y)


@case("batchnorm-one", 1, (2, 6, 5), """
net {
  # One image: its statistics are over its own pixels.
  input(2, 6, 5) -> conv(3, 3) -> batchnorm -> leaky -> conv(2, 2) as result
}
loss = mse(result, target)
""")
def batchnorm_one(n, x):
    y = n.leaky(n.batchnorm(n.conv(x, "conv1", 3, 3), "batchnorm1"))
    y = n.conv(y, "conv2", 2, 2)
    return y, n.mse(y)


# --------------------------------------------------------------------------------------------------------- activations


@case("relu", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> relu -> dense(6) -> relu as result
}
loss = mse(result, target)
""")
def relu(n, x):
    y = n.relu(n.dense(n.relu(n.conv(x, "conv1", 5, 2)), "dense1", 6))
    return y, n.mse(y)


@case("leaky", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> leaky -> dense(6) -> leaky as result
}
loss = mse(result, target)
""")
def leaky(n, x):
    y = n.leaky(n.dense(n.leaky(n.conv(x, "conv1", 5, 2)), "dense1", 6))
    return y, n.mse(y)


@case("sigmoid", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> sigmoid -> dense(6) -> sigmoid as result
}
loss = mse(result, target)
""")
def sigmoid(n, x):
    y = n.dense(n.conv(x, "conv1", 5, 2).sigmoid(), "dense1", 6).sigmoid()
    return y, n.mse(y)


@case("tanh", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> tanh -> dense(6) -> tanh as result
}
loss = mse(result, target)
""")
def tanh(n, x):
    y = n.dense(n.conv(x, "conv1", 5, 2).tanh(), "dense1", 6).tanh()
    return y, n.mse(y)


@case("elu", 5, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(5, 2) -> elu -> dense(6) -> elu(alpha=0.4) as result
}
loss = mse(result, target)
""")
def elu(n, x):
    y = n.elu(n.dense(n.elu(n.conv(x, "conv1", 5, 2)), "dense1", 6), 0.4)
    return y, n.mse(y)


@case("activation-chain", 17, (3, 4, 5), """
net {
  # A run of elementwise layers after a convolution, and one with nothing to train before it.
  input(3, 4, 5) -> tanh -> leaky -> conv(4, 2) -> leaky -> sigmoid -> elu -> tanh -> relu -> conv(2, 2) as result
}
loss = mse(result, target)
""")
def activation_chain(n, x):
    y = n.conv(n.leaky(x.tanh()), "conv1", 4, 2)
    y = n.elu(n.leaky(y).sigmoid()).tanh()
    y = n.conv(n.relu(y), "conv2", 2, 2)
    return y, n.mse(y)


@case("softmax-layer", 17, (3, 3, 4), """
net {
  # Over the channels, at every place; and on a vector.
  input(3, 3, 4) -> conv(5, 2) -> softmax -> dense(7) -> softmax as result
}
loss = 10 * mse(result, target)
""")
def softmax_layer(n, x):
    y = n.softmax(n.dense(n.softmax(n.conv(x, "conv1", 5, 2)), "dense1", 7))
    return y, 10 * n.mse(y)


@case("dropout-zero", 5, (7, 1, 1), """
net {
  input(7) -> dense(6) -> dropout(0) -> dense(3) as result
}
loss = mse(result, target)
""")
def dropout_zero(n, x):
    y = n.dense(n.dense(x, "dense1", 6), "dense2", 3)
    return y, n.mse(y)


# --------------------------------------------------------------------------------------------- several inputs, fan-out


@case("add", 17, (2, 4, 5), """
net {
  input(2, 4, 5) -> { conv(3, 2) | conv(3, 2, bias=false) | conv(3, 2) -> sigmoid } -> add as result
}
loss = mse(result, target)
""")
def add(n, x):
    y = n.conv(x, "conv1", 3, 2) + n.conv(x, "conv2", 3, 2, bias=False) + n.conv(x, "conv3", 3, 2).sigmoid()
    return y, n.mse(y)


@case("mul", 17, (2, 4, 5), """
net {
  input(2, 4, 5) -> conv(3, 2) as a
  a -> conv(3, 1) as b
  a -> conv(3, 1) -> tanh as c
  mul(b, c) as d
  mul(a, d, c) as result
}
loss = mse(result, target)
""")
def mul(n, x):
    a = n.conv(x, "conv1", 3, 2)
    b, c = n.conv(a, "conv2", 3, 1), n.conv(a, "conv3", 3, 1).tanh()
    y = a * (b * c) * c
    return y, n.mse(y)


@case("same-twice", 5, (2, 3, 4), """
net {
  # One value in both places of a layer: its gradients add up.
  input(2, 3, 4) -> conv(3, 2) as a
  mul(a, a) as square
  add(a, a) as double
  concat(square, square, double) -> conv(2, 2) as result
}
loss = mse(result, target)
""")
def same_twice(n, x):
    a = n.conv(x, "conv1", 3, 2)
    y = n.conv(cat(a * a, a * a, a + a), "conv2", 2, 2)
    return y, n.mse(y)


@case("concat", 17, (3, 4, 3), """
net {
  # Branches of 1, 18 and 5 channels, and the value itself, which an empty branch passes on.
  input(3, 4, 3) -> conv(4, 2) -> { conv(1, 1) | conv(18, 1) -> relu | conv(5, 1) | } -> concat as result
}
loss = mse(result, target)
""")
def concat(n, x):
    x = n.conv(x, "conv1", 4, 2)
    y = cat(n.conv(x, "conv2", 1, 1), n.relu(n.conv(x, "conv3", 18, 1)), n.conv(x, "conv4", 5, 1), x)
    return y, n.mse(y)


@case("concat-vectors", 3, (5, 1, 1), """
net {
  input(5) -> dense(4) as a
  a -> dense(17) -> tanh as b
  concat(b, a) -> dense(3) as result
}
loss = mse(result, target)
""")
def concat_vectors(n, x):
    a = n.dense(x, "dense1", 4)
    y = n.dense(cat(n.dense(a, "dense2", 17).tanh(), a), "dense3", 3)
    return y, n.mse(y)


@case("fan-out", 5, (2, 5, 6), """
net {
  # One value, three users, of which one is used again: gradients of a convolution, a pool and a sum meet.
  input(2, 5, 6) -> conv(4, 3, pad=1) -> tanh as trunk
  trunk -> conv(4, 3, pad=1) as deep
  trunk -> avgpool(3, stride=1, pad=1) as smooth
  add(trunk, deep, smooth) as sum
  mul(sum, deep) -> dense(4) as result
}
loss = mse(result, target)
""")
def fan_out(n, x):
    trunk = n.conv(x, "conv1", 4, 3, pad=1).tanh()
    deep = n.conv(trunk, "conv2", 4, 3, pad=1)
    y = n.dense((trunk + deep + n.avgpool(trunk, 3, 1, 1)) * deep, "dense1", 4)
    return y, n.mse(y)
