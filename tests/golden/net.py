# SPDX-License-Identifier: MIT
"""fovea's layers and losses in the words of PyTorch, and the parameters that they make on the way.

Everything is float64. Parameters, inputs and targets are rounded to float32 when they are drawn, so that fovea, which
reads them as float32, starts from exactly the same numbers.
"""
import numpy as np
import torch
import torch.nn.functional as F


def pair(size):
    return tuple(size) if isinstance(size, (list, tuple)) else (size, size)


class Net:
    """One run of a case. The first run draws what it needs, later ones (`training` changed) find it again."""

    def __init__(self, seed):
        self.random = np.random.Generator(np.random.PCG64(seed))
        self.training = True
        self.params = {}      # path.name -> tensor
        self.fixed = {}       # the same, for parameters that the case gives instead of having them drawn
        self.trained = []     # names of those that have a gradient
        self.penalised = []   # names of those that penalties look at: weights of conv and dense
        self.target = None    # made by the first loss that asks
        self.margin = 1.0     # how far the nearest kink is (relu at 0 ...): closer than rounding, a case says nothing

    # -- what is drawn

    def tensor(self, array, trained=False):
        array = np.asarray(array, dtype=np.float32).astype(np.float64)
        return torch.from_numpy(array).requires_grad_(trained)

    def param(self, name, draw, trained=True, penalised=False):
        if name not in self.params:
            drawn = draw()
            self.params[name] = self.fixed.get(name, self.tensor(drawn, trained))
            assert tuple(self.params[name].shape) == np.shape(drawn), name
            if trained:
                self.trained.append(name)
            if penalised:
                self.penalised.append(name)
        return self.params[name]

    def normal(self, shape, deviation):
        return self.random.standard_normal(shape) * deviation

    def labels(self, count, classes):
        if self.target is None:
            self.target = torch.from_numpy(self.random.integers(0, classes, count))
        return self.target

    def values(self, like):
        if self.target is None:
            self.target = self.tensor(self.normal(tuple(like.shape), 1.0))
        return self.target

    def near(self, distance):
        """Notes how far values are from where a derivative jumps."""
        if distance.numel():
            self.margin = min(self.margin, float(distance.detach().abs().min()))

    # -- layers with parameters

    def conv(self, x, path, channels, kernel=3, stride=1, pad=0, dilation=1, groups=1, bias=True):
        inputs = x.shape[1] // groups
        kernel = pair(kernel)
        deviation = 1.2 / np.sqrt(inputs * kernel[0] * kernel[1])
        w = self.param(path + ".weight", lambda: self.normal((channels, inputs) + kernel, deviation), penalised=True)
        b = self.param(path + ".bias", lambda: self.normal(channels, 0.3)) if bias else None
        return F.conv2d(x, w, b, pair(stride), pair(pad), pair(dilation), groups)

    def conv_transpose(self, x, path, channels, kernel=3, stride=1, pad=0, output_pad=0, dilation=1, groups=1,
                       bias=True):
        kernel, stride = pair(kernel), pair(stride)
        deviation = 1.2 / np.sqrt(x.shape[1] / groups * kernel[0] * kernel[1] / stride[0] / stride[1])
        w = self.param(path + ".weight", lambda: self.normal((x.shape[1], channels // groups) + kernel, deviation),
                       penalised=True)
        b = self.param(path + ".bias", lambda: self.normal(channels, 0.3)) if bias else None
        return F.conv_transpose2d(x, w, b, stride, pair(pad), pair(output_pad), groups, pair(dilation))

    def dense(self, x, path, units, bias=True):
        x = x.flatten(1)
        w = self.param(path + ".weight", lambda: self.normal((units, x.shape[1]), 1.2 / np.sqrt(x.shape[1])),
                       penalised=True)
        b = self.param(path + ".bias", lambda: self.normal(units, 0.3)) if bias else None
        return F.linear(x, w, b)[:, :, None, None]

    def batchnorm(self, x, path, epsilon=1e-5):
        c = x.shape[1]
        w = self.param(path + ".weight", lambda: self.random.uniform(0.5, 1.5, c))
        b = self.param(path + ".bias", lambda: self.normal(c, 0.3))
        mean = self.param(path + ".running_mean", lambda: self.normal(c, 0.5), trained=False)
        var = self.param(path + ".running_var", lambda: self.random.uniform(0.5, 2.0, c), trained=False)
        # Clones: PyTorch updates its running statistics in training, and prediction is to use those of the file.
        return F.batch_norm(x, mean.clone(), var.clone(), w, b, self.training, 0.1, epsilon)

    def match(self, x, like, path):
        """A 1x1 convolution with bias and the stride that fits; nothing where the shapes are the same already."""
        if x.shape == like.shape:
            return x
        stride = (-(-x.shape[2] // like.shape[2]), -(-x.shape[3] // like.shape[3]))
        y = self.conv(x, path, like.shape[1], 1, stride=stride)
        assert y.shape == like.shape
        return y

    # -- layers without

    def relu(self, x):
        self.near(x)
        return F.relu(x)

    def leaky(self, x, slope=0.1):
        self.near(x)
        return F.leaky_relu(x, slope)

    def elu(self, x, alpha=1.0):
        if alpha != 1.0:
            self.near(x)
        return F.elu(x, alpha)

    def maxpool(self, x, kernel=2, stride=0, pad=0, ceil=False):
        kernel, pad = pair(kernel), pair(pad)
        stride = kernel if stride == 0 else pair(stride)
        y = F.max_pool2d(x, kernel, stride, pad, ceil_mode=ceil)
        over = stride if ceil else (0, 0)   # the last windows reach over the margin
        padded = F.pad(x.detach(), (pad[1], pad[1] + over[1], pad[0], pad[0] + over[0]), value=-1e9)
        windows = padded.unfold(2, kernel[0], stride[0]).unfold(3, kernel[1], stride[1]).flatten(4)
        if windows.shape[4] > 1:
            best = windows.topk(2, dim=4).values
            gap = best[..., 0] - best[..., 1]
            # Exact ties do not matter: either a relu made the zeros, and stops their gradient, or an overlapping pool
            # before this one made copies of one element.
            self.near(gap[gap != 0])
        return y

    def avgpool(self, x, kernel=2, stride=0, pad=0, ceil=False, count_include_pad=True):
        kernel = pair(kernel)
        return F.avg_pool2d(x, kernel, kernel if stride == 0 else pair(stride), pair(pad), ceil, count_include_pad)

    def gap(self, x):
        return x.mean((2, 3), keepdim=True)

    def flatten(self, x):
        return x.flatten(1)[:, :, None, None]

    def softmax(self, x):
        return F.softmax(x, 1)

    # -- losses: summed over the outputs, averaged over the batch

    def softmax_loss(self, logits):
        return F.cross_entropy(logits.flatten(1), self.labels(len(logits), logits.shape[1]))

    def hinge(self, scores):
        scores = scores.flatten(1)
        labels = self.labels(len(scores), scores.shape[1])
        right = scores.gather(1, labels[:, None])
        self.near((scores - right + 1)[scores != right])
        return F.multi_margin_loss(scores, labels, margin=1.0) * scores.shape[1]   # PyTorch divides by the classes

    def mse(self, x):
        return F.mse_loss(x, self.values(x), reduction="sum") / 2 / len(x)

    def smooth_l1(self, x):
        return F.smooth_l1_loss(x, self.values(x), reduction="sum", beta=1.0) / len(x)

    # -- penalties: of the weights of conv and dense

    def l1(self, factor):
        for name in self.penalised:
            self.near(self.params[name])
        return factor * sum(self.params[name].abs().sum() for name in self.penalised)

    def l2(self, factor):
        return factor * sum(self.params[name].square().sum() for name in self.penalised)

    def elastic(self, factor, beta):
        return self.l2(factor * beta) + self.l1(factor)
