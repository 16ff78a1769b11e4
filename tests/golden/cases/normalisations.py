# SPDX-License-Identifier: MIT
"""Golden cases: normalisations of samples, groups, pixels and neighbouring channels; batchnorm is in layers.py."""
import torch.nn.functional as F

from . import case


def affine(n, path, shape):
    return (n.param(path + ".weight", lambda: n.random.uniform(0.5, 1.5, shape)),
            n.param(path + ".bias", lambda: n.normal(shape, 0.3)))


def groupnorm(n, x, path, groups, epsilon=1e-5):
    return F.group_norm(x, groups, *affine(n, path, x.shape[1]), eps=epsilon)


@case("groupnorm", 5, (3, 6, 7), """
net {
  # Straight after the input; groups of several channels; one group; one channel a group; a vector.
  input(3, 6, 7) -> groupnorm(3) -> conv(20, 3) -> groupnorm(5) -> tanh -> conv(6, 2) -> groupnorm(1, epsilon=0.2)
    -> tanh -> conv(6, 1) -> groupnorm(6, affine=false) -> dense(12) -> groupnorm(4) as result
}
loss = mse(result, target)
""")
def groupnorm_net(n, x):
    y = n.conv(groupnorm(n, x, "groupnorm1", 3), "conv1", 20, 3)
    y = n.conv(groupnorm(n, y, "groupnorm2", 5).tanh(), "conv2", 6, 2)
    y = n.conv(groupnorm(n, y, "groupnorm3", 1, 0.2).tanh(), "conv3", 6, 1)
    y = groupnorm(n, n.dense(F.instance_norm(y), "dense1", 12), "groupnorm5", 4)
    return y, n.mse(y)


@case("groupnorm-large", 2, (2, 19, 21), """
net {
  # More pixels than one part of a sum, and values far from 0.
  input(2, 19, 21) -> conv(48, 1) -> groupnorm(3) -> relu -> groupnorm(16) -> gap -> dense(3) as result
}
loss = mse(result, target)
""", params={"conv1.bias": [10.0 * (i % 5) for i in range(48)]})
def groupnorm_large(n, x):
    y = n.relu(groupnorm(n, n.conv(x, "conv1", 48, 1), "groupnorm1", 3))
    y = n.dense(n.gap(groupnorm(n, y, "groupnorm2", 16)), "dense1", 3)
    return y, n.mse(y)


def layernorm(n, x, path, epsilon=1e-5):
    shape = x.shape[1:] if x.shape[2] * x.shape[3] > 1 else x.shape[1:2]
    return F.layer_norm(x, x.shape[1:], *(p.view(x.shape[1:]) for p in affine(n, path, tuple(shape))), eps=epsilon)


def pixelnorm(n, x, path, epsilon=1e-5):
    return F.layer_norm(x.permute(0, 2, 3, 1), x.shape[1:2], *affine(n, path, x.shape[1]),
                        eps=epsilon).permute(0, 3, 1, 2)


@case("layernorm", 5, (2, 5, 6), """
net {
  # Over samples, with weights as PyTorch has them, C, H, W; and over a vector.
  input(2, 5, 6) -> layernorm -> conv(18, 3) -> layernorm(epsilon=0.1) -> tanh -> conv(3, 1)
    -> layernorm(affine=false) -> dense(21) -> layernorm -> sigmoid -> dense(3) as result
}
loss = mse(result, target)
""")
def layernorm_net(n, x):
    y = n.conv(layernorm(n, x, "layernorm1"), "conv1", 18, 3)
    y = n.conv(layernorm(n, y, "layernorm2", 0.1).tanh(), "conv2", 3, 1)
    y = n.dense(F.layer_norm(y, y.shape[1:]), "dense1", 21)
    y = n.dense(layernorm(n, y, "layernorm4").sigmoid(), "dense2", 3)
    return y, n.mse(y)


@case("layernorm-channels", 17, (3, 4, 5), """
net {
  input(3, 4, 5) -> layernorm(over=channels) -> conv(21, 2) -> layernorm(channels, epsilon=0.01) -> tanh -> conv(16, 1)
    -> layernorm(channels, affine=false) -> dense(3) as result
}
loss = mse(result, target)
""")
def layernorm_channels(n, x):
    y = n.conv(pixelnorm(n, x, "layernorm1"), "conv1", 21, 2)
    y = n.conv(pixelnorm(n, y, "layernorm2", 0.01).tanh(), "conv2", 16, 1)
    y = n.dense(F.layer_norm(y.permute(0, 2, 3, 1), y.shape[1:2]).permute(0, 3, 1, 2), "dense1", 3)
    return y, n.mse(y)


@case("l2-normalize", 5, (3, 4, 5), """
net {
  # The last ones have samples and pixels below and above the norm that is divided by at least.
  input(3, 4, 5) -> conv(6, 2) -> l2_normalize -> conv(4, 1) -> l2_normalize(sample) -> conv(3, 1)
    -> l2_normalize(over=channels, epsilon=0.4) -> conv(5, 1) -> l2_normalize(sample, epsilon=3.5) -> dense(4)
    -> l2_normalize as result
}
loss = mse(result, target)
""")
def l2_normalize(n, x):
    def sample(value, epsilon=1e-12):
        n.near(value.flatten(1).norm(dim=1) - epsilon)
        return F.normalize(value.flatten(1), dim=1, eps=epsilon).view(value.shape)

    y = sample(n.conv(F.normalize(n.conv(x, "conv1", 6, 2)), "conv2", 4, 1))
    y = n.conv(y, "conv3", 3, 1)
    n.near(y.norm(dim=1) - 0.4)
    y = sample(n.conv(F.normalize(y, eps=0.4), "conv4", 5, 1), 3.5)
    y = F.normalize(n.dense(y, "dense1", 4))
    return y, n.mse(y)


@case("lrn", 5, (3, 5, 6), """
net {
  # Windows of even and odd sizes, wider than the channels, and each way to compute the power.
  input(3, 5, 6) -> lrn(2, alpha=1, k=0.5) -> conv(19, 2) -> lrn(5, alpha=0.8, beta=0.75, k=2) -> conv(7, 2)
    -> lrn(20, alpha=3, beta=0.5) -> conv(33, 1) -> lrn(size=4, alpha=2, beta=1) -> dense(6)
    -> lrn(3, alpha=0.5, beta=0.6) as result
}
loss = mse(result, target)
""")
def lrn(n, x):
    norm = F.local_response_norm
    y = norm(n.conv(norm(x, 2, 1.0, 0.75, 0.5), "conv1", 19, 2), 5, 0.8, 0.75, 2.0)
    y = n.conv(norm(n.conv(y, "conv2", 7, 2), 20, 3.0, 0.5), "conv3", 33, 1)
    y = norm(n.dense(norm(y, 4, 2.0, 1.0), "dense1", 6), 3, 0.5, 0.6)
    return y, n.mse(y)
