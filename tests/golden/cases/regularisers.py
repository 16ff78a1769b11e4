# SPDX-License-Identifier: MIT
"""Golden cases: layers that draw at random: without anything to draw, and with Philox's numbers, drawn here again."""
import math

import numpy as np
import torch
import torch.nn.functional as F

from . import case


@case("noise-none", 5, (6, 7, 6), """
net {
  input(6, 7, 6) -> dropconnect(9, 0, kernel=3, stride=2, pad=1, groups=3) -> spatial_dropout(0)
    -> shakeout(4, 0, kernel=[2, 3], dilation=[2, 1], bias=false) as branch
  branch -> whiteout(4, 0, kernel=1) -> stochastic_depth(0) as more
  add(branch, more) -> dropconnect(7, 0) -> dropout(0, scale=test) -> shakeout(6, 0) -> whiteout(3, 0, noise=add)
    as result
}
loss = mse(result, target)
""")
def noise_none(n, x):
    y = n.conv(x, "dropconnect1", 9, 3, stride=2, pad=1, groups=3)
    branch = n.conv(y, "shakeout1", 4, (2, 3), dilation=(2, 1), bias=False)
    y = branch + n.conv(branch, "whiteout1", 4, 1)
    y = n.dense(n.dense(n.dense(y, "dropconnect2", 7), "shakeout2", 6), "whiteout2", 3)
    return y, n.mse(y)


def philox(counter, key):
    """Philox4x32-10 (Salmon et al., 2011)."""
    counter, key = list(counter), list(key)
    for _ in range(10):
        first, second = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [second >> 32 ^ counter[1] ^ key[0], second & 0xFFFFFFFF,
                   first >> 32 ^ counter[3] ^ key[1], first & 0xFFFFFFFF]
        key = [key[0] + 0x9E3779B9 & 0xFFFFFFFF, key[1] + 0xBB67AE85 & 0xFFFFFFFF]
    return counter


def words(weight, node, step=0, seed=1):
    """The two random words of each weight, as noisy_weights.cl numbers them; `fovea run` has seed 1 and step 0."""
    row = weight[0].numel()
    drawn = [[philox((k // 32 * 16 + k % 16, o, step, node), (seed, 0))[k // 16 % 2 * 2:][:2] for k in range(row)]
             for o in range(len(weight))]
    return torch.tensor(drawn, dtype=torch.int64).reshape(tuple(weight.shape) + (2,)).unbind(-1)


def chosen(weight, node, rate):
    return words(weight, node)[0] < int(single(rate) * 2**32)


def single(number):
    return float(np.float32(number))


def dropconnect(weight, node, rate):
    return torch.where(chosen(weight, node, rate), 0.0, weight / (1 - single(rate)))


def shakeout(weight, node, rate, c):
    alpha, c = 1 / (1 - single(rate)), single(c)
    turned, kept = -c * weight.sign(), alpha * weight + (alpha - 1) * c * weight.sign()
    return torch.where(chosen(weight, node, rate), turned, kept)


def whiteout(weight, node, sigma, gamma, spread):
    """The weight times the noise on its connection."""
    a, b = words(weight, node)
    e = (-2 * (((a >> 8) + 1.0) * 2**-24).log()).sqrt() * (2 * math.pi * (b >> 8) * 2**-24).cos()
    size = weight.abs().clamp(min=single(1e-4))
    return weight * e * (single(sigma)**2 * size**-single(gamma) + single(spread)).sqrt()


@case("noise-drawn", 5, (3, 6, 5), """
net {
  input(3, 6, 5) -> dropconnect(5, 0.3, kernel=[2, 3], pad=[1, 0]) -> shakeout(9, 0.4, c=0.2) -> tanh
    -> whiteout(7, 0.2, gamma=0.8, lambda=0.1) -> tanh -> whiteout(4, 0.3, noise=add) as result
}
loss = mse(result, target)
""")
def noise_drawn(n, x):
    def layer(x, path, outputs, noise, apply):
        """The layer without noise, which draws its parameters; then, in training, what the noise makes of them."""
        y = apply(path, outputs)
        if not n.training:
            return y
        w, b = n.params[path + ".weight"], n.params[path + ".bias"]
        w, b = noise(w, b)
        return F.conv2d(x, w, b, padding=(1, 0)) if w.dim() == 4 else F.linear(x.flatten(1), w, b)[:, :, None, None]

    y = layer(x, "dropconnect1", 5, lambda w, b: (dropconnect(w, 1, 0.3), b),
              lambda path, outputs: n.conv(x, path, outputs, (2, 3), pad=(1, 0)))
    z = layer(y, "shakeout1", 9, lambda w, b: (shakeout(w, 2, 0.4, 0.2), b), lambda path, outputs: n.dense(y, path, outputs))
    z = torch.tanh(z)
    y = layer(z, "whiteout1", 7, lambda w, b: (w + whiteout(w, 4, 0.2, 0.8, 0.1), b),
              lambda path, outputs: n.dense(z, path, outputs))
    y = torch.tanh(y)
    z = layer(y, "whiteout2", 4, lambda w, b: (w, b + whiteout(w, 6, 0.3, 1, 0).sum(1)),
              lambda path, outputs: n.dense(y, path, outputs))
    return z, n.mse(z)
