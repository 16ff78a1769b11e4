# SPDX-License-Identifier: MIT
"""Golden cases: losses, their sums and factors, and penalties."""
import torch
import torch.nn.functional as F

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


# -- sums over the outputs, averaged over the batch, as all losses are

def uniform(n, like):
    """Targets from 0 to 1."""
    if n.target is None:
        n.target = n.tensor(n.random.uniform(0, 1, tuple(like.shape)))
    return n.target


def mask(n, like):
    """Targets that are 0 or 1."""
    if n.target is None:
        n.target = n.tensor(n.random.integers(0, 2, tuple(like.shape)))
    return n.target


def distribution(n, like):
    """Targets that add up to 1 over channels, with zeros among them."""
    if n.target is None:
        drawn = n.random.uniform(0, 1, tuple(like.shape)) * n.random.integers(0, 2, tuple(like.shape))
        drawn[:, 0] += 0.1
        n.target = n.tensor(drawn / drawn.sum(1, keepdims=True))
    return n.target


@case("loss-mae", 17, (2, 4, 5), """
net {
  input(2, 4, 5) -> conv(3, 3, pad=1) as result
}
loss = 0.5 * mae(result, target)
""")
def loss_mae(n, x):
    y = n.conv(x, "conv1", 3, 3, pad=1)
    n.near(y - n.values(y))
    return y, 0.5 * F.l1_loss(y, n.values(y), reduction="sum") / len(y)


@case("loss-huber", 17, (2, 4, 5), """
net {
  input(2, 4, 5) -> conv(3, 3, pad=1) as boxes
}
loss = huber(boxes, box, delta=0.7)
""")
def loss_huber(n, x):
    y = n.conv(x, "conv1", 3, 3, pad=1)
    return y, F.huber_loss(y, n.values(y), reduction="sum", delta=0.7) / len(y)


@case("loss-bce", 17, (2, 4, 5), """
net {
  input(2, 4, 5) -> dense(5) as logits
}
loss = bce(logits, target) + 0.5 * bce(logits, target, pos_weight=3)
""")
def loss_bce(n, x):
    y = n.dense(x, "dense1", 5)
    t = uniform(n, y)
    weighted = F.binary_cross_entropy_with_logits(y, t, reduction="sum", pos_weight=n.tensor([3.0]))
    return y, (F.binary_cross_entropy_with_logits(y, t, reduction="sum") + 0.5 * weighted) / len(y)


@case("loss-bce-large", 3, (2, 1, 1), """
net {
  # Logits of hundreds: exp() of them would overflow.
  input(2) -> dense(4) as logits
}
loss = bce(logits, target)
""", params={"dense1.weight": [[300, 10], [-200, 50], [120, -330], [5, 7]]})
def loss_bce_large(n, x):
    y = n.dense(x, "dense1", 4)
    return y, F.binary_cross_entropy_with_logits(y, mask(n, y), reduction="sum") / len(y)


@case("loss-focal", 17, (2, 4, 5), """
net {
  input(2, 4, 5) -> conv(3, 2, stride=2) as logits
}
loss = focal(logits, target) + focal(logits, target, alpha=-1, gamma=0.7)
""")
def loss_focal(n, x):
    y = n.conv(x, "conv1", 3, 2, stride=2)
    t = mask(n, y)
    from torchvision.ops import sigmoid_focal_loss as focal   # python3-torchvision, for this case alone
    return y, (focal(y, t, reduction="sum") + focal(y, t, -1, 0.7, reduction="sum")) / len(y)


@case("loss-kl", 17, (2, 4, 5), """
net {
  input(2, 4, 5) -> conv(4, 2, stride=2) as logits
}
loss = kl(logits, target) + 0.3 * kl(logits, target, logits=false)
""")
def loss_kl(n, x):
    y = n.conv(x, "conv1", 4, 2, stride=2)
    t = distribution(n, y)
    return y, F.kl_div(F.log_softmax(y, 1), t, reduction="batchmean") + 0.3 * F.kl_div(y, t, reduction="batchmean")


def dice(p, t, smooth=1.0, squared=False):
    below = (p.square() + t.square() if squared else p + t).sum((2, 3))
    return (1 - (2 * (p * t).sum((2, 3)) + smooth) / (below + smooth)).mean()


@case("loss-dice", 17, (2, 4, 5), """
net {
  input(2, 4, 5) -> conv(3, 3, pad=1) as logits
}
loss = dice(logits, mask) + dice(logits, mask, activation=softmax, smooth=0.1)
     + 0.5 * dice(logits, mask, squared=true)
""")
def loss_dice(n, x):
    y = n.conv(x, "conv1", 3, 3, pad=1)
    t = mask(n, y)
    loss = dice(y.sigmoid(), t) + dice(y.softmax(1), t, 0.1) + 0.5 * dice(y.sigmoid(), t, squared=True)
    return y, loss


@case("loss-dice-large", 2, (1, 34, 31), """
net {
  # More pixels than one work-group adds up.
  input(1, 34, 31) -> conv(1, 3, pad=1) as logits
}
loss = dice(logits, mask)
""")
def loss_dice_large(n, x):
    y = n.conv(x, "conv1", 1, 3, pad=1)
    return y, dice(y.sigmoid(), mask(n, y))


def distances(x, squared=False):
    """Between all samples. A sample's distance from itself is nobody's business: 0, without a derivative."""
    x = x.flatten(1)
    square = (x[:, None] - x[None]).square().sum(2)
    return square if squared else (square + torch.eye(len(x))).sqrt() - torch.eye(len(x))


def triplet(n, x, margin, mining, squared=False):
    d, labels = distances(x, squared), n.labels(len(x), 4)
    losses = []
    for a in range(len(x)):
        positives = [p for p in range(len(x)) if p != a and labels[p] == labels[a]]
        negatives = [k for k in range(len(x)) if labels[k] != labels[a]]
        pairs = [(p, k) for p in positives for k in negatives]
        if pairs and mining == "hard":
            pairs = [(max(positives, key=lambda j: d[a, j]), min(negatives, key=lambda j: d[a, j]))]
        elif pairs and mining == "semi_hard":
            beyond = {p: [k for k in negatives if d[a, k] > d[a, p]] for p in positives}
            pairs = [(p, min(beyond[p], key=lambda j: d[a, j]) if beyond[p] else max(negatives, key=lambda j: d[a, j]))
                     for p in positives]
        for p, k in pairs:
            n.near(d[a, p] - d[a, k] + margin)
            # PyTorch's own, on the three embeddings (its eps has no part in a squared distance).
            one = d[a, p] - d[a, k] + margin if squared else None
            losses.append((torch.relu(one) if squared else F.triplet_margin_loss(
                x[a].flatten()[None], x[p].flatten()[None], x[k].flatten()[None], margin, eps=0)) / len(pairs))
    return sum(losses) / len(x)


@case("loss-triplet", 19, (2, 4, 5), """
net {
  input(2, 4, 5) -> dense(21) as embedding
}
loss = triplet(embedding, label) + 0.5 * triplet(embedding, label, margin=0.3, mining=semi_hard)
""")
def loss_triplet(n, x):
    y = n.dense(x, "dense1", 21)
    return y, triplet(n, y, 1, "hard") + 0.5 * triplet(n, y, 0.3, "semi_hard")


@case("loss-triplet-all", 7, (2, 4, 5), """
net {
  # An embedding of any shape.
  input(2, 4, 5) -> conv(2, 3) as embedding
}
loss = triplet(embedding, label, mining=all) + triplet(embedding, label, margin=0.5, mining=all, squared=true)
""")
def loss_triplet_all(n, x):
    y = n.conv(x, "conv1", 2, 3)
    return y, triplet(n, y, 1, "all") + triplet(n, y, 0.5, "all", True)


@case("loss-contrastive", 19, (2, 4, 5), """
net {
  input(2, 4, 5) -> dense(3) as embedding
}
loss = contrastive(embedding, label, margin=2)
""")
def loss_contrastive(n, x):
    y = n.dense(x, "dense1", 3)
    labels = n.labels(len(y), 4)
    d, same = distances(y), labels[:, None] == labels[None]
    n.near(d - 2)
    each = torch.where(same, d.square(), torch.relu(2 - d).square()) / 2
    upper = torch.triu(torch.ones_like(each), 1)
    return y, (each * upper).sum() / upper.sum()


@case("loss-softmax-smoothing", 17, (5, 1, 1), """
net {
  input(5) -> dense(6) as logits
}
loss = softmax(logits, label, smoothing=0.1) + 2 * softmax(logits, label, weight=[1, 0.5, 2, 0, 3, 0.25])
     + softmax(logits, label, smoothing=0.3, weight=[0.2, 1, 1, 4, 0.5, 0])
""")
def loss_softmax_smoothing(n, x):
    y = n.dense(x, "dense1", 6)
    labels, flat = n.labels(len(y), 6), y.flatten(1)
    plain = F.cross_entropy(flat, labels, label_smoothing=0.1)
    weighted = F.cross_entropy(flat, labels, n.tensor([1, 0.5, 2, 0, 3, 0.25]), reduction="sum") / len(y)
    both = F.cross_entropy(flat, labels, n.tensor([0.2, 1, 1, 4, 0.5, 0]), reduction="sum", label_smoothing=0.3)
    return y, plain + 2 * weighted + both / len(y)


def one_hot(n, x):
    """The label as numbers in the shape of x: 1 in its channel, or the label itself where there is one channel."""
    labels = n.labels(len(x), 2)
    shape = labels.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
    return shape.double() if x.shape[1] == 1 else torch.zeros_like(x).scatter(1, shape, 1.0)


@case("loss-one-hot", 17, (2, 4, 5), """
net {
  # Three shapes of the same class.
  input(2, 4, 5) -> conv(3, 3, pad=1) as map
  map -> dense(5) as scores
  map -> dense(1) as single
}
loss = bce(scores, one_hot) + 0.1 * dice(map, one_hot) + 0.5 * mse(single, one_hot) + softmax(scores, label)
""")
def loss_one_hot(n, x):
    map = n.conv(x, "conv1", 3, 3, pad=1)
    scores, single = n.dense(map, "dense1", 5), n.dense(map, "dense2", 1)
    bce = F.binary_cross_entropy_with_logits(scores, one_hot(n, scores), reduction="sum") / len(x)
    squares = (single - one_hot(n, single)).square().sum() / len(x)
    return scores, bce + 0.1 * dice(map.sigmoid(), one_hot(n, map)) + 0.25 * squares + n.softmax_loss(scores)


@case("loss-softmax-pixels", 17, (2, 5, 4), """
net {
  # A class for each pixel.
  input(2, 5, 4) -> conv(5, 3, pad=1, stride=2) as map
}
loss = softmax(map, classes) + 0.5 * softmax(map, classes, smoothing=0.2, weight=[1, 2, 0.5, 0, 3])
""")
def loss_softmax_pixels(n, x):
    y = n.conv(x, "conv1", 5, 3, stride=2, pad=1)
    if n.target is None:
        n.target = torch.from_numpy(n.random.integers(0, 5, (len(y), *y.shape[2:])))
    weights = n.tensor([1, 2, 0.5, 0, 3])
    both = F.cross_entropy(y, n.target, weights, reduction="sum", label_smoothing=0.2) / n.target.numel()
    return y, F.cross_entropy(y, n.target) + 0.5 * both


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


@case("loss-perceptron", 17, (5, 1, 1), """
net {
  input(5) -> dense(6) -> tanh -> dense(4) as scores
}
loss = perceptron(scores, label)
""")
def loss_perceptron(n, x):
    scores = n.dense(n.dense(x, "dense1", 6).tanh(), "dense2", 4)
    label = n.labels(len(x), 4)
    flat = scores.flatten(1)
    others = flat.masked_fill(F.one_hot(label, 4).bool(), -1e9)
    behind = others.max(1).values - flat.gather(1, label[:, None])[:, 0]
    n.near(behind)
    top = others.topk(2, 1).values
    n.near(top[:, 0] - top[:, 1])
    return scores, behind.clamp(min=0).mean()


@case("loss-perceptron-two", 19, (4, 1, 1), """
net {
  # A single score tells two classes from each other.
  input(4) -> dense(5) -> tanh -> dense(1) as score
}
loss = 0.5 * perceptron(score, label)
""")
def loss_perceptron_two(n, x):
    score = n.dense(n.dense(x, "dense1", 5).tanh(), "dense2", 1)
    sign = 2.0 * n.labels(len(x), 2) - 1
    n.near(score)
    return score, 0.5 * (-sign * score.flatten()).clamp(min=0).mean()
