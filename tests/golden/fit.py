#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes golden/fit: what scikit-learn makes of a small data set, which tests/test_fit.c compares fitted layers with.

Needs Debian's python3-sklearn (1.2). Run once; what it writes is committed. The data are 90 + 23 images of 5 x 4 pixels in
three classes, one pixel always black, one always grey, and two samples twice. For each case a folder:

    case.fv               the pipeline
    expected.safetensors  what `fovea train` finds, under fovea's names; missing where weights are given
    weights.safetensors   weights that are given
    in.npy, out.npy       an input, and what the net makes of it
"""
import os
import struct
import sys

import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

sys.dont_write_bytecode = True

from files import write_npy, write_safetensors

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fit")
HEAD = "# SPDX-License-Identifier: MIT\n# Golden case {}: made by fit.py, with the results beside it.\n"
H, W, CLASSES = 5, 4, 3


def make_data(random, count):
    labels = random.integers(0, CLASSES, count)
    centres = np.random.Generator(np.random.PCG64(5)).uniform(60, 190, (CLASSES, H * W))
    images = np.clip(centres[labels] + random.normal(0, 45, (count, H * W)), 0, 255).astype(np.uint8)
    images[:, 3], images[:, 11] = 0, 128
    return images, labels.astype(np.uint8)


def write_idx(name, images, labels):
    with open(os.path.join(HERE, f"{name}-images-idx3-ubyte"), "wb") as file:
        file.write(struct.pack(">4i", 0x803, len(images), H, W) + images.tobytes())
    with open(os.path.join(HERE, f"{name}-labels-idx1-ubyte"), "wb") as file:
        file.write(struct.pack(">2i", 0x801, len(labels)) + labels.tobytes())


def write(name, text, x, out, expected=None, weights=None):
    folder = os.path.join(HERE, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "case.fv"), "w") as file:
        file.write(HEAD.format(name) + text)
    write_npy(os.path.join(folder, "in.npy"), x.astype("<f4"))
    write_npy(os.path.join(folder, "out.npy"), out.reshape(len(out), -1, 1, 1).astype("<f4"))
    if expected:
        write_safetensors(os.path.join(folder, "expected.safetensors"), expected)
    if weights:
        write_safetensors(os.path.join(folder, "weights.safetensors"), weights)


def pipeline(net, prepare=""):
    """A net with nothing to train; the metric looks at as many numbers as there are, 3 at least."""
    return f"""data {{ source = idx(".") }}
{prepare}net {{ input(1, {H}, {W}) -> {net} -> flatten as result }}
metric = accuracy(result, label)
train {{ batch = 16 }}
"""


def upright(components):
    """fovea's sign: the largest number of each is positive."""
    most = np.abs(components).argmax(1)
    return components * np.sign(components[np.arange(len(components)), most])[:, None]


def scores_of(model, x, k):
    """Shares of the votes; of classes with equal ones that of the nearest neighbour gets 2^-20 more."""
    shares = model.predict_proba(x)
    _, nearest = model.kneighbors(x, k)
    for row, order in zip(shares, model._y[nearest]):
        tied = np.flatnonzero(np.isclose(row, row.max(), rtol=1e-9))
        if len(tied) > 1:
            row[next(c for c in order if c in tied)] += 2.0 ** -20
    return shares


def main():
    random = np.random.Generator(np.random.PCG64(11))
    train, labels = make_data(random, 90)
    test, test_labels = make_data(random, 23)
    train[40], train[41] = train[7], train[8]
    write_idx("train", train, labels)
    write_idx("t10k", test, test_labels)
    x, y = train / 255.0, test / 255.0
    shape = (len(y), 1, H, W)

    mean, std = x.mean(), x.std()
    write("normalize", pipeline("flatten", "prepare { normalize }\n"), y.reshape(shape), (y - mean) / std,
          {"prepare.standardize1.mean": np.array([mean]), "prepare.standardize1.std": np.array([std])})

    scaler = StandardScaler().fit(x)
    write("standardize", pipeline("standardize"), y.reshape(shape), scaler.transform(y),
          {"standardize1.mean": scaler.mean_, "standardize1.std": scaler.scale_})

    for whiten in (False, True):
        pca = PCA(6, whiten=whiten, svd_solver="full").fit(x)
        components = upright(pca.components_)
        out = (y - pca.mean_) @ components.T / (np.sqrt(pca.explained_variance_) if whiten else 1)
        assert np.allclose(np.abs(out), np.abs(pca.transform(y)))
        write("pca-whiten" if whiten else "pca", pipeline(f"pca(6{', whiten=true' if whiten else ''})"),
              y.reshape(shape), out, {"pca1.mean": pca.mean_, "pca1.components": components,
                                      "pca1.explained_variance": pca.explained_variance_})

    # One fitted layer behind the other.
    scaled = scaler.transform(x)
    pca = PCA(4, svd_solver="full").fit(scaled)
    components = upright(pca.components_)
    write("chain", pipeline("flatten", "prepare { standardize -> pca(4) }\n"), y.reshape(shape),
          (scaler.transform(y) - pca.mean_) @ components.T,
          {"prepare.pca1.mean": pca.mean_, "prepare.pca1.components": components,
           "prepare.pca1.explained_variance": pca.explained_variance_})

    variance = VarianceThreshold().fit(x)
    order = np.argsort(variance.variances_, kind="mergesort")
    mask = np.zeros(H * W)
    mask[order[-7:]] = 1
    write("select-variance", pipeline("select(7)"), y.reshape(shape), y[:, mask > 0],
          {"select1.mask": mask, "select1.scores": x.var(0)})

    threshold = 0.035
    mask = VarianceThreshold(threshold).fit(x).get_support().astype(float)
    assert 3 < mask.sum() < H * W - 3
    write("select-threshold", pipeline(f"select(threshold={threshold})"), y.reshape(shape), y * mask,
          {"select1.mask": mask, "select1.scores": x.var(0)})

    def f_of_varying(x, y):
        """f_classif divides rounding errors where nothing varies."""
        varies = np.ptp(x, 0) > 0
        scores = np.full(x.shape[1], np.nan)
        scores[varies] = f_classif(x[:, varies], y)[0]
        return scores

    best = SelectKBest(f_of_varying, k=5).fit(x, labels)
    mask = best.get_support().astype(float)
    write("select-f-classif", pipeline("select(5, score=f_classif)"), y.reshape(shape), y[:, mask > 0],
          {"select1.mask": mask, "select1.scores": np.nan_to_num(best.scores_, nan=0)})

    for name, text, k, options in (("knn", "knn(3)", 5, {}),
                                   ("knn-l1", "knn(3, k=4, metric=l1)", 4, {"p": 1}),
                                   ("knn-distance", "knn(3, k=7, weights=distance)", 7, {"weights": "distance"})):
        model = KNeighborsClassifier(k, algorithm="brute", **options).fit(x, labels)
        queries = np.concatenate([y[:19], x[5:9]])   # some are samples themselves: distance 0
        write(name, pipeline(text), queries.reshape(shape), scores_of(model, queries, k),
              {"knn1.samples": x, "knn1.labels": labels.astype(float)})

    # Several channels, and more samples than are compared at once; everything is given.
    samples, queries = random.normal(0, 1, (2060, 6)), random.normal(0, 1, (33, 6))
    samples, queries = samples.astype(np.float32).astype(float), queries.astype(np.float32).astype(float)
    labels = random.integers(0, 4, 2060)
    model = KNeighborsClassifier(3, algorithm="brute").fit(samples, labels)
    write("knn-colour", "net { input(3, 2, 1) -> knn(4, k=3) as votes }\nmetric = accuracy(votes, label)\n",
          queries.reshape(33, 3, 2, 1), scores_of(model, queries, 3),
          weights={"knn1.samples": samples, "knn1.labels": labels.astype(float)})


if __name__ == "__main__":
    main()
