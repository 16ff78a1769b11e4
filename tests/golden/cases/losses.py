# SPDX-License-Identifier: MIT
"""Golden cases: losses, their sums and factors, and penalties."""
from . import case


@case("loss-softmax", 5, (3, 4, 4), """
net {
  input(3, 4, 4) -> conv(4, 2) -> relu -> dense(6) as logits
}
loss = softmax(logits, label)
""")
def loss_softmax(n, x):
    y = n.dense(n.relu(n.conv(x, "conv1", 4, 2)), "dense1", 6)
    return y, n.softmax_loss(y)


@case("loss-softmax-wide", 33, (9, 1, 1), """
net {
  input(9) -> dense(37) as logits
}
loss = 3 * softmax(logits, label)
""")
def loss_softmax_wide(n, x):
    y = n.dense(x, "dense1", 37)
    return y, 3 * n.softmax_loss(y)


@case("loss-softmax-large", 3, (2, 1, 1), """
net {
  # Logits of hundreds: exp() of them would overflow.
  input(2) -> dense(4) as logits
}
loss = softmax(logits, label)
""", params={"dense1.weight": [[300, 10], [-200, 50], [120, -330], [5, 7]]})
def loss_softmax_large(n, x):
    y = n.dense(x, "dense1", 4)
    return y, n.softmax_loss(y)


@case("loss-hinge", 17, (4, 3, 2), """
net {
  input(4, 3, 2) -> dense(6) as scores
}
loss = hinge(scores, label)
""")
def loss_hinge(n, x):
    y = n.dense(x, "dense1", 6)
    return y, n.hinge(y)


@case("loss-mse", 17, (2, 4, 5), """
net {
  # On a vector, and averaged over the batch, not over the outputs. conv-plain has it on images.
  input(2, 4, 5) -> dense(7) as result
}
loss = 0.5 * mse(result, target)
""")
def loss_mse(n, x):
    y = n.dense(x, "dense1", 7)
    return y, 0.5 * n.mse(y)


@case("loss-smooth-l1", 17, (2, 4, 5), """
net {
  input(2, 4, 5) -> conv(3, 3, pad=1) as boxes
}
loss = smooth_l1(boxes, box)
""")
def loss_smooth_l1(n, x):
    y = n.conv(x, "conv1", 3, 3, pad=1)
    return y, n.smooth_l1(y)


@case("loss-smooth-l1-vector", 33, (5, 1, 1), """
net {
  input(5) -> dense(4) as boxes
}
loss = 2 * smooth_l1(boxes, box)
""")
def loss_smooth_l1_vector(n, x):
    y = n.dense(x, "dense1", 4)
    return y, 2 * n.smooth_l1(y)


@case("loss-sum", 5, (6, 1, 1), """
net {
  input(6) -> dense(8) -> tanh -> dense(4) as scores
}
loss = softmax(scores, label) + 0.25 * hinge(scores, label) + 2 * softmax(scores, label)
""")
def loss_sum(n, x):
    y = n.dense(n.dense(x, "dense1", 8).tanh(), "dense2", 4)
    return y, n.softmax_loss(y) + 0.25 * n.hinge(y) + 2 * n.softmax_loss(y)


PENALISED = """
net {{
  # Penalties look at the weights of conv and dense: not at biases, not at batchnorm's.
  input(2, 4, 5) -> conv(3, 2) -> batchnorm -> relu -> dense(5) as logits
}}
loss = softmax(logits, label) + {}
"""


def penalised(n, x):
    y = n.relu(n.batchnorm(n.conv(x, "conv1", 3, 2), "batchnorm1"))
    y = n.dense(y, "dense1", 5)
    return y, n.softmax_loss(y)


@case("penalty-l1", 3, (2, 4, 5), PENALISED.format("l1(0.07)"))
def penalty_l1(n, x):
    y, loss = penalised(n, x)
    return y, loss + n.l1(0.07)


@case("penalty-l2", 3, (2, 4, 5), PENALISED.format("l2(0.2)"))
def penalty_l2(n, x):
    y, loss = penalised(n, x)
    return y, loss + n.l2(0.2)


@case("penalty-elastic", 3, (2, 4, 5), PENALISED.format("elastic(0.1, 0.4)"))
def penalty_elastic(n, x):
    y, loss = penalised(n, x)
    return y, loss + n.elastic(0.1, 0.4)


@case("penalty-all", 17, (2, 4, 5), PENALISED.format("l2(0.1) + 0.5 * l1(0.04) + 3 * elastic(0.02, 0.7)"))
def penalty_all(n, x):
    y, loss = penalised(n, x)
    return y, loss + n.l2(0.1) + 0.5 * n.l1(0.04) + 3 * n.elastic(0.02, 0.7)


@case("two-heads", 17, (2, 5, 5), """
net {
  input(2, 5, 5) -> conv(6, 3) -> relu as trunk
  trunk -> gap -> dense(4) as coarse
  trunk -> dense(7) as fine
}
loss = softmax(coarse, label) + 0.3 * softmax(fine, label)
""")
def two_heads(n, x):
    trunk = n.relu(n.conv(x, "conv1", 6, 3))
    coarse = n.dense(n.gap(trunk), "dense1", 4)
    fine = n.dense(trunk, "dense2", 7)
    return coarse, n.softmax_loss(coarse) + 0.3 * n.softmax_loss(fine)
