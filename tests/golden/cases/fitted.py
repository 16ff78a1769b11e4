# SPDX-License-Identifier: MIT
"""Layers that are fitted, with what they were fitted to given: results and gradients. What they find is in golden/fit."""
import torch

from . import case


@case("pca", 5, (3, 4, 3), """
net {
  # Several channels: features are counted in C, H, W order, whatever the layout of the image.
  input(3, 4, 3) -> conv(4, 3, pad=1) -> tanh -> standardize(per=channel) -> standardize
    -> pca(7, whiten=true, epsilon=0.01) -> dense(3) as result
}
loss = mse(result, target)
""")
def pca(n, x):
    x = n.conv(x, "conv1", 4, 3, pad=1).tanh()
    for path, size in ("standardize1", (4,)), ("standardize2", (4, 4, 3)):
        mean = n.param(path + ".mean", lambda: n.normal(torch.Size(size).numel(), 0.3), trained=False)
        std = n.param(path + ".std", lambda: n.random.uniform(0.5, 2, torch.Size(size).numel()), trained=False)
        view = size if len(size) == 3 else size + (1, 1)
        x = (x - mean.reshape(view)) / std.reshape(view)
    mean = n.param("pca1.mean", lambda: n.normal(48, 0.3), trained=False)
    components = n.param("pca1.components", lambda: n.normal((7, 48), 0.2), trained=False)
    variance = n.param("pca1.explained_variance", lambda: n.random.uniform(0.1, 2, 7), trained=False)
    x = (x.flatten(1) - mean) @ components.T / (variance + 0.01).sqrt()
    y = n.dense(x[:, :, None, None], "dense1", 3)
    return y, n.mse(y)


@case("select", 17, (2, 3, 3), """
net {
  input(2, 3, 3) -> conv(5, 1) as all
  all -> select(11) -> dense(3) as few
  all -> select(threshold=0.5) -> dense(3) as thinned
  add(few, thinned) as result
}
loss = mse(result, target)
""")
def select(n, x):
    x = n.conv(x, "conv1", 5, 1)
    results = []
    for number, kept in ("1", 11), ("2", 30):
        mask = n.param(f"select{number}.mask", lambda: n.random.permutation(45) < kept, trained=False)
        n.param(f"select{number}.scores", lambda: n.random.uniform(0, 1, 45), trained=False)
        flat = x.flatten(1)
        chosen = flat[:, mask > 0][:, :, None, None] if number == "1" else (flat * mask).reshape(x.shape)
        results.append(n.dense(chosen, f"dense{number}", 3))
    y = results[0] + results[1]
    return y, n.mse(y)
