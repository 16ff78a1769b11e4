#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes metrics.json: what scikit-learn says of scores and labels, for tests/test_metric.c.

    metrics.py > metrics.json

Needs scikit-learn. Run once; what it writes is committed. Of each case the numbers are those of all samples, and of
those after the first `mark`.
"""
import json
import sys
import warnings

import numpy as np
from sklearn import metrics

warnings.filterwarnings("ignore")   # of divisions by zero, which are what is tested


def top(scores, labels, k):
    return metrics.top_k_accuracy_score(labels, scores, k=k, labels=np.arange(scores.shape[1]))


def averaged(function, labels, predicted):
    return {average: function(labels, predicted, average=average, zero_division=0)
            for average in ("macro", "micro", "weighted")}


def one(function, labels, predicted, which):
    return function(labels, predicted, labels=[which], average=None, zero_division=0)[0]


def numbers(scores, labels):
    """Uses of metrics on the value x, and what they are to give."""
    single = scores.shape[1] == 1
    predicted = (scores[:, 0] > 0).astype(int) if single else scores.argmax(1)
    made = {"accuracy(x)": metrics.accuracy_score(labels, predicted), "confusion(x)": np.mean(labels == predicted)}
    if not single:
        made["topk(x, label, k=2)"] = made["accuracy(x, top=2)"] = top(scores, labels, 2)
    for name, function in (("precision", metrics.precision_score), ("recall", metrics.recall_score),
                           ("f1", metrics.f1_score)):
        made[f"{name}(x)"] = averaged(function, labels, predicted)["macro"]
        for average, value in averaged(function, labels, predicted).items():
            made[f"{name}(x, average={average})"] = value
        for which in range(max(2, scores.shape[1])):
            made[f"{name}(x, class={which})"] = one(function, labels, predicted, which)
    return made, metrics.confusion_matrix(labels, predicted, labels=np.arange(max(2, scores.shape[1])))


def table(counts, names):
    """The matrix as text, columns as wide as what stands in them."""
    widths = [max(len(str(n)) for n in [names[k], *counts[:, k]]) for k in range(len(names))]
    left = max(map(len, names))
    rows = [["", *names]] + [[names[c], *counts[c]] for c in range(len(names))]
    return "".join(row[0].ljust(left) + "".join("  " + str(n).rjust(w) for n, w in zip(row[1:], widths)) + "\n"
                   for row in rows)


def case(scores, labels, mark, names=None):
    scores = np.asarray(scores, dtype=np.float32).astype(float)
    labels = np.asarray(labels)
    whole, counts = numbers(scores, labels)
    rest, _ = numbers(scores[mark:], labels[mark:])
    named = names or [str(c) for c in range(len(counts))]
    return {"scores": scores.round(6).tolist(), "labels": labels.tolist(), "mark": mark, "names": names,
            "uses": [{"use": use, "all": float(whole[use]), "rest": float(rest[use])} for use in whole],
            "table": table(counts, named)}


def main():
    random = np.random.Generator(np.random.PCG64(6))
    labels = random.integers(0, 5, 37)                       # class 5 is nobody's
    scores = random.standard_normal((37, 6)).round(3)
    scores[np.arange(37), labels] += 1.2
    scores[:, 3] -= 9                                        # class 3 is never predicted
    absent = scores.copy()
    absent[:, 5] -= 9                                        # and class 5 does not occur at all
    binary = random.integers(0, 2, 21)
    cases = [case(scores, labels, 16), case(absent, labels, 32, ["T-shirt", "bag", "été", "x", "sandal", "boot"]),
             case((binary - 0.5 + random.standard_normal(21))[:, None].round(3), binary, 16, ["no", "yes"])]
    json.dump(cases, sys.stdout, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
