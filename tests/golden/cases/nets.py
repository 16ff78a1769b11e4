# SPDX-License-Identifier: MIT
"""Golden cases: blocks, and small nets of the well-known kinds."""
from . import case, cat

RESIDUAL = """
block residual(c, stride=1) {
  in -> conv(c, 3, stride=stride, pad=1) -> batchnorm -> relu
     -> conv(c, 3, pad=1) -> batchnorm as main
  in -> match(main) as skip
  add(main, skip) -> relu as out
}
"""


def residual(n, x, path, c, stride=1):
    y = n.relu(n.batchnorm(n.conv(x, path + ".conv1", c, 3, stride=stride, pad=1), path + ".batchnorm1"))
    y = n.batchnorm(n.conv(y, path + ".conv2", c, 3, pad=1), path + ".batchnorm2")
    return n.relu(y + n.match(x, y, path + ".match1"))


@case("residual-same", 5, (3, 5, 6), RESIDUAL + """
net {
  input(3, 5, 6) -> residual(3) -> dense(4) as logits
}
loss = 4 * softmax(logits, label)
""")
def residual_same(n, x):
    y = n.dense(residual(n, x, "residual1", 3), "dense1", 4)
    return y, 4 * n.softmax_loss(y)


@case("residual-change", 17, (3, 7, 5), RESIDUAL + """
net {
  # Odd sizes, halved: 7x5 to 4x3. Then more channels at the same size.
  input(3, 7, 5) -> conv(4, 3, pad=1) -> residual(5, stride=2) -> residual(7) -> dense(4) as logits
}
loss = 4 * softmax(logits, label)
""")
def residual_change(n, x):
    y = residual(n, n.conv(x, "conv1", 4, 3, pad=1), "residual1", 5, 2)
    y = n.dense(residual(n, y, "residual2", 7), "dense1", 4)
    return y, 4 * n.softmax_loss(y)


@case("resnet", 33, (3, 8, 8), RESIDUAL + """
net {
  input(3, 8, 8) -> conv(4, 3, pad=1) -> repeat 2 { residual(4) }
    -> residual(6, stride=2) as trunk
  trunk -> gap -> dense(5) as logits
}
loss = 5 * softmax(logits, label)
""")
def resnet(n, x):
    y = n.conv(x, "conv1", 4, 3, pad=1)
    y = residual(n, residual(n, y, "residual1", 4), "residual2", 4)
    y = n.dense(n.gap(residual(n, y, "residual3", 6, 2)), "dense1", 5)
    return y, 5 * n.softmax_loss(y)


@case("match", 5, (2, 7, 9), """
net {
  input(2, 7, 9) -> conv(4, 3, stride=2, pad=1) as small
  small -> conv(4, 3, stride=[2, 1], pad=1) as low
  small -> conv(6, 1) as deep
  # Other sizes only, other channels only, both, neither.
  small -> match(low) as to_low
  small -> match(deep) as to_deep
  deep -> match(low) as to_both
  small -> match(small) as to_self
  mul(low, to_low, to_both) -> dense(3) as one
  mul(deep, to_deep) -> dense(3) as two
  to_self -> dense(3) as three
  add(one, two, three) as result
}
loss = mse(result, target)
""")
def match(n, x):
    small = n.conv(x, "conv1", 4, 3, stride=2, pad=1)
    low, deep = n.conv(small, "conv2", 4, 3, stride=(2, 1), pad=1), n.conv(small, "conv3", 6, 1)
    to_low, to_deep = n.match(small, low, "match1"), n.match(small, deep, "match2")
    to_both = n.match(deep, low, "match3")
    y = n.dense(low * to_low * to_both, "dense1", 3) + n.dense(deep * to_deep, "dense2", 3)
    y = y + n.dense(small, "dense3", 3)
    return y, n.mse(y)


INCEPTION = """
block inception(a, b3, b, c5, c, p) {
  in -> { conv(a, 1) -> relu
        | conv(b3, 1) -> relu -> conv(b, 3, pad=1) -> relu
        | conv(c5, 1) -> relu -> conv(c, 5, pad=2) -> relu
        | maxpool(3, stride=1, pad=1) -> conv(p, 1) -> relu }
     -> concat as out
}
"""


def inception(n, x, path, a, b3, b, c5, c, p):
    one = n.relu(n.conv(x, path + ".conv1", a, 1))
    two = n.relu(n.conv(x, path + ".conv2", b3, 1))
    two = n.relu(n.conv(two, path + ".conv3", b, 3, pad=1))
    three = n.relu(n.conv(x, path + ".conv4", c5, 1))
    three = n.relu(n.conv(three, path + ".conv5", c, 5, pad=2))
    four = n.relu(n.conv(n.maxpool(x, 3, 1, 1), path + ".conv6", p, 1))
    return cat(one, two, three, four)


@case("inception", 3, (4, 5, 7), INCEPTION + """
net {
  input(4, 5, 7) -> inception(3, 4, 5, 2, 3, 2) -> inception(2, 2, 3, 2, 2, 1) -> gap -> dense(4) as logits
}
loss = 10 * softmax(logits, label)
""")
def inception_net(n, x):
    y = inception(n, inception(n, x, "inception1", 3, 4, 5, 2, 3, 2), "inception2", 2, 2, 3, 2, 2, 1)
    y = n.dense(n.gap(y), "dense1", 4)
    return y, 10 * n.softmax_loss(y)


@case("inception-blocks", 17, (3, 4, 3), INCEPTION + """
net {
  input(3, 4, 3) -> inception(2, 2, 3, 1, 2, 2) -> dense(3) as logits
}
loss = 4 * softmax(logits, label)
""")
def inception_blocks(n, x):
    y = n.dense(inception(n, x, "inception1", 2, 2, 3, 1, 2, 2), "dense1", 3)
    return y, 4 * n.softmax_loss(y)


@case("lenet", 5, (1, 27, 25), """
net {
  input(1, 27, 25)
    -> conv(6, 5) -> relu -> maxpool(2)
    -> conv(9, 5) -> relu -> maxpool(2)
    -> dense(20) -> relu -> dropout(0)
    -> dense(10) as logits
}
loss = softmax(logits, label) + l2(0.005)
""")
def lenet(n, x):
    y = n.maxpool(n.relu(n.conv(x, "conv1", 6, 5)), 2)
    y = n.maxpool(n.relu(n.conv(y, "conv2", 9, 5)), 2)
    y = n.dense(n.relu(n.dense(y, "dense1", 20)), "dense2", 10)
    return y, n.softmax_loss(y) + n.l2(0.005)


@case("densenet", 17, (3, 6, 5), """
let growth = 3
block grow(k=growth) {
  in -> batchnorm -> relu -> conv(k, 3, pad=1, bias=false) as new
  concat(in, new) as out
}
net {
  input(3, 6, 5) -> conv(5, 3, pad=1, bias=false) -> repeat 3 { grow }
    -> batchnorm -> relu -> conv(7, 1) -> avgpool(2)      # transition
    -> repeat 2 { grow(2 * growth) } -> gap -> dense(6) as logits
}
loss = 5 * softmax(logits, label)
""")
def densenet(n, x):
    def grow(y, path, k):
        return cat(y, n.conv(n.relu(n.batchnorm(y, path + ".batchnorm1")), path + ".conv1", k, 3, pad=1, bias=False))

    y = n.conv(x, "conv1", 5, 3, pad=1, bias=False)
    for i in range(3):
        y = grow(y, f"grow{i + 1}", 3)
    y = n.avgpool(n.conv(n.relu(n.batchnorm(y, "batchnorm1")), "conv2", 7, 1), 2)
    for i in range(2):
        y = grow(y, f"grow{i + 4}", 6)
    y = n.dense(n.gap(y), "dense1", 6)
    return y, 5 * n.softmax_loss(y)


@case("mobilenet", 3, (3, 9, 9), """
block separable(c, stride=1) {
  in -> conv(10, 3, stride=stride, pad=1, groups=10, bias=false) -> batchnorm -> relu
     -> conv(c, 1, bias=false) -> batchnorm -> relu as out
}
net {
  input(3, 9, 9) -> conv(10, 3, stride=2, pad=1, bias=false) -> batchnorm -> relu
    -> separable(10) -> separable(18, stride=2) -> gap -> dense(4) as logits
}
loss = 10 * softmax(logits, label)
""")
def mobilenet(n, x):
    def separable(y, path, c, stride=1):
        y = n.conv(y, path + ".conv1", 10, 3, stride=stride, pad=1, groups=10, bias=False)
        y = n.relu(n.batchnorm(y, path + ".batchnorm1"))
        return n.relu(n.batchnorm(n.conv(y, path + ".conv2", c, 1, bias=False), path + ".batchnorm2"))

    y = n.relu(n.batchnorm(n.conv(x, "conv1", 10, 3, stride=2, pad=1, bias=False), "batchnorm1"))
    y = separable(separable(y, "separable1", 10), "separable2", 18, 2)
    y = n.dense(n.gap(y), "dense1", 4)
    return y, 10 * n.softmax_loss(y)


@case("names", 3, (2, 5, 5), """
block unit(c) {
  in -> conv(c, 2, name="mix") -> relu -> conv(c, 1, name="out") as out
}
net {
  # Weights that were made elsewhere fit by name.
  input(2, 5, 5) -> unit(3, name="layer1.0") -> repeat 2 as i { conv(3, 2, name="layer2.${i}") -> relu }
    -> dense(3) as result
}
loss = mse(result, target)
""")
def names(n, x):
    y = n.conv(n.relu(n.conv(x, "layer1.0.mix", 3, 2)), "layer1.0.out", 3, 1)
    y = n.relu(n.conv(n.relu(n.conv(y, "layer2.0", 3, 2)), "layer2.1", 3, 2))
    y = n.dense(y, "dense1", 3)
    return y, n.mse(y)
