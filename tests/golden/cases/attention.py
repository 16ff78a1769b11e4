# SPDX-License-Identifier: MIT
"""Golden cases: attention, beside the function that torch.nn.MultiheadAttention is made of."""
import torch
import torch.nn.functional as F

from . import case


def sequence(x):
    return x.flatten(2).permute(2, 0, 1)   # positions, samples, features


def attention(n, x, path, heads, memory=None, causal=False, bias=True):
    c, of = x.shape[1], x if memory is None else memory

    def weight(name, rows, columns):
        return n.param(f"{path}.{name}", lambda: n.normal((rows, columns), columns ** -0.5), penalised=True)

    if of.shape[1] == c:
        packed, separate = weight("in_proj_weight", 3 * c, c), [None] * 3
    else:
        packed = None
        separate = [weight(f"{name}_proj_weight", c, m.shape[1]) for name, m in (("q", x), ("k", of), ("v", of))]
    in_bias = n.param(path + ".in_proj_bias", lambda: n.normal(3 * c, 0.3)) if bias else None
    out_weight = weight("out_proj.weight", c, c)
    out_bias = n.param(path + ".out_proj.bias", lambda: n.normal(c, 0.3)) if bias else None
    q, k = sequence(x), sequence(of)
    hidden = torch.ones(len(q), len(k)).triu(1).bool() if causal else None
    y, _ = F.multi_head_attention_forward(
        q, k, k, c, heads, packed, in_bias, None, None, False, 0.0, out_weight, out_bias, attn_mask=hidden,
        need_weights=False, use_separate_proj_weight=packed is None, q_proj_weight=separate[0],
        k_proj_weight=separate[1], v_proj_weight=separate[2])
    return y.permute(1, 2, 0).reshape(x.shape)


@case("attention", 5, (3, 5, 7), """
net {
  # 35 positions: tiles that are not full; heads of 12, 3 and 6 features.
  input(3, 5, 7) -> conv(12, 1) -> attention -> tanh -> attention(4, bias=false) -> tanh
    -> attention(heads=2, causal=true) as result
}
loss = mse(result, target)
""")
def attention_net(n, x):
    y = attention(n, n.conv(x, "conv1", 12, 1), "attention1", 1).tanh()
    y = attention(n, attention(n, y, "attention2", 4, bias=False).tanh(), "attention3", 2, causal=True)
    return y, n.mse(y)


@case("attention-long", 2, (2, 9, 11), """
net {
  # More positions than those of a tile, with scores that leave the largest far behind; features beyond a vector.
  input(2, 9, 11) -> conv(20, 1) -> attention(causal=true) -> conv(4, 1) -> attention(2) -> gap as result
}
loss = mse(result, target)
""", params={"conv1.weight": [[[[3.0 - i % 7]], [[i % 5 - 2.0]]] for i in range(20)]})
def attention_long(n, x):
    y = attention(n, n.conv(x, "conv1", 20, 1), "attention1", 1, causal=True)
    y = n.gap(attention(n, n.conv(y, "conv2", 4, 1), "attention2", 2))
    return y, n.mse(y)


@case("attention-memory", 3, (3, 7, 6), """
net {
  # Other positions are looked at: with as many features, with others, and with a mask that hides most of them.
  input(3, 7, 6) -> conv(8, 1) as wide -> conv(8, 3, stride=2) as asks
  wide -> conv(5, 2) as other
  asks -> attention(2, memory=wide) -> attention(4, memory=other) -> attention(causal=true, memory=wide) as result
}
loss = mse(result, target)
""")
def attention_memory(n, x):
    wide = n.conv(x, "conv1", 8, 1)
    asks = n.conv(wide, "conv2", 8, 3, stride=2)
    other = n.conv(wide, "conv3", 5, 2)
    y = attention(n, attention(n, asks, "attention1", 2, wide), "attention2", 4, other)
    y = attention(n, y, "attention3", 1, wide, causal=True)
    return y, n.mse(y)
