# SPDX-License-Identifier: MIT
"""Golden cases: worked examples of a CNN course."""
from . import case


@case("course-backprop", 1, (2, 1, 1), """
# Backpropagation by hand: two inputs, two hidden units, two outputs, all sigmoids. See ../course.json for what one
# step of the optimizer must make of the weights.
net {
  input(2) -> dense(2) -> sigmoid -> dense(2) -> sigmoid as result
}
loss = mse(result, target)
optimizer = sgd(rate=0.5)
""", x=[[[[0.05]], [[0.10]]]], target=[[[[0.01]], [[0.99]]]],
      params={"dense1.weight": [[0.15, 0.20], [0.25, 0.30]], "dense1.bias": [0.35, 0.35],
              "dense2.weight": [[0.40, 0.45], [0.50, 0.55]], "dense2.bias": [0.60, 0.60]})
def course_backprop(n, x):
    y = n.dense(n.dense(x, "dense1", 2).sigmoid(), "dense2", 2).sigmoid()
    return y, n.mse(y)


SCORES = """
# Scores given as they are: cat, car, frog. A dense layer of ones on the diagonal passes them on.
net {{
  input(3) -> dense(3, bias=false) as scores
}}
loss = {}(scores, label)
"""
EYE = {"dense1.weight": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}
CAT, CAR, FROG = [[[3.2]], [[5.1]], [[-1.7]]], [[[1.3]], [[4.9]], [[2.0]]], [[[2.2]], [[2.5]], [[-3.1]]]


def course_hinge(n, x):
    y = n.dense(x, "dense1", 3, bias=False)
    return y, n.hinge(y)


# 2.9, 0 and 12.9 one by one, and their mean together.
EACH = {"text": SCORES.format("hinge"), "shape": (3, 1, 1), "params": EYE}
case("course-hinge", 3, x=[CAT, CAR, FROG], target=[0, 1, 2], **EACH)(course_hinge)
case("course-hinge-1", 1, x=[CAT], target=[0], **EACH)(course_hinge)
case("course-hinge-2", 1, x=[CAR], target=[1], **EACH)(course_hinge)
case("course-hinge-3", 1, x=[FROG], target=[2], **EACH)(course_hinge)


@case("course-softmax", 1, (3, 1, 1), SCORES.format("softmax"), x=[CAT], target=[0], params=EYE)
def course_softmax(n, x):
    y = n.dense(x, "dense1", 3, bias=False)
    return y, n.softmax_loss(y)
