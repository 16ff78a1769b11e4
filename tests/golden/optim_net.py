# SPDX-License-Identifier: MIT
"""Ten steps of each optimizer, and of each option that all optimizers have, on one small net, from torch.optim."""
import contextlib

import numpy as np
import torch

STEPS = 10
KEPT = [1, 3, 10]    # after which of them the parameters are compared
SEED = 7
PENALTY = 0.0625
SHAPES = [(3, 2), (3,), (2, 3), (2,)]    # two dense layers: weight, bias, weight, bias
NET = "net { input(2) -> dense(3) -> tanh -> dense(2) as y }"
# Factors of the rate: 0.5 * 0.25 in a block, and none.
SLOWER = "block inner() { in -> dense(3, rate=0.5) -> tanh }\nnet { input(2) -> inner(rate=0.25) -> dense(2) as y }"
FROZEN = "net { input(2) -> dense(3, rate=0) -> tanh -> dense(2, rate=2) as y }"

single = lambda number: float(np.float32(number))    # options are single precision


def philox(counter, key):
    """Philox4x32-10 (Salmon et al., 2011)."""
    mask = 0xFFFFFFFF
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & mask, (a >> 32) ^ c[3] ^ k[1], a & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c


def gaussian(a, b):
    """Normal, from two random words (Box and Muller, 1958)."""
    return np.sqrt(-2 * np.log(((a >> 8) + 1) * 2.0**-24)) * np.cos(2 * np.pi * (b >> 8) * 2.0**-24)


def noise(count, parameter, update):
    """What is added to a parameter: element, parameter, update and the word "nois" are the counter."""
    words = [philox((i, parameter, update, 0x6E6F6973), (SEED, 0)) for i in range(count)]
    return torch.tensor([gaussian(w[0], w[1]) for w in words], dtype=torch.float64)


def case(name, optimizer, make, net=NET, rates=(1, 1, 1, 1), train="", batches=(7,), average=None, before=None,
         after=None, **options):
    return {"name": name, "optimizer": optimizer, "make": make, "net": net, "rates": rates, "train": train,
            "batches": batches, "average": average, "before": before, "after": after,
            "options": {key: single(value) if isinstance(value, float) else value for key, value in options.items()}}


def clip_norm(params):
    torch.nn.utils.clip_grad_norm_(params, single(0.25))


def clip_value(params):
    torch.nn.utils.clip_grad_value_(params, single(0.05))


def clip_both(params):
    clip_value(params)
    torch.nn.utils.clip_grad_norm_(params, single(0.125))


def add_noise(params, update):
    with torch.no_grad():
        for i, param in enumerate(params):
            param += single(0.03) * noise(param.numel(), i, update).view_as(param)


optim = torch.optim
CASES = [
    case("sgd", "sgd(rate=0.3)", optim.SGD, lr=0.3),
    case("momentum", "momentum(rate=0.1, momentum=0.8)", optim.SGD, lr=0.1, momentum=0.8),
    case("momentum-defaults", "momentum", optim.SGD, lr=0.01, momentum=0.9),
    case("nesterov", "nesterov(rate=0.1, momentum=0.8)", optim.SGD, lr=0.1, momentum=0.8, nesterov=True),
    case("nesterov-defaults", "nesterov", optim.SGD, lr=0.01, momentum=0.9, nesterov=True),
    case("adagrad", "adagrad", optim.Adagrad),
    case("adagrad-options", "adagrad(rate=0.1, rate_decay=0.2, initial=0.5, epsilon=0.01)", optim.Adagrad, lr=0.1,
         lr_decay=0.2, initial_accumulator_value=0.5, eps=0.01),
    case("rmsprop", "rmsprop", optim.RMSprop, lr=0.01, alpha=0.99),
    case("rmsprop-momentum", "rmsprop(rate=0.02, alpha=0.8, epsilon=0.01, momentum=0.7)", optim.RMSprop, lr=0.02,
         alpha=0.8, eps=0.01, momentum=0.7),
    case("rmsprop-centered", "rmsprop(rate=0.02, alpha=0.8, epsilon=0.01, momentum=0.7, centered=true)",
         optim.RMSprop, lr=0.02, alpha=0.8, eps=0.01, momentum=0.7, centered=True),
    case("adam", "adam(rate=0.02)", optim.Adam, lr=0.02, betas=(single(0.9), single(0.999))),
    case("adamw", "adamw", optim.AdamW, lr=0.001, betas=(single(0.9), single(0.999)), eps=1e-8, weight_decay=0.01),
    case("adamw-options", "adamw(rate=0.05, beta1=0.8, beta2=0.95, epsilon=0.001, weight_decay=0.5)", optim.AdamW,
         lr=0.05, betas=(single(0.8), single(0.95)), eps=0.001, weight_decay=0.5),
    case("lbfgs", "lbfgs(rate=0.2, max_iter=3, history=2)", optim.LBFGS, lr=0.2, max_iter=3, history_size=2),
    case("lbfgs-evaluations", "lbfgs(rate=0.25, max_iter=6, max_eval=3)", optim.LBFGS, lr=0.25, max_iter=6, max_eval=3),
    case("lbfgs-wolfe", "lbfgs(max_iter=2, history=3, line_search=strong_wolfe)", optim.LBFGS, max_iter=2,
         history_size=3, line_search_fn="strong_wolfe"),
    case("lbfgs-wolfe-far", "lbfgs(rate=40, max_iter=1, history=4, line_search=strong_wolfe)", optim.LBFGS, lr=40,
         max_iter=1, history_size=4, line_search_fn="strong_wolfe"),
    case("lbfgs-wolfe-near", "lbfgs(rate=0.05, max_iter=1, line_search=strong_wolfe)", optim.LBFGS, lr=0.05,
         max_iter=1, line_search_fn="strong_wolfe"),
    case("lbfgs-tolerance", "lbfgs(max_iter=8, tolerance_grad=0.05, tolerance_change=0.01)", optim.LBFGS, max_iter=8,
         tolerance_grad=0.05, tolerance_change=0.01),
    case("clip-norm", "sgd(rate=0.3, momentum=0.5, clip_norm=0.25)", optim.SGD, before=clip_norm, lr=0.3, momentum=0.5),
    case("clip-value", "adam(rate=0.02, clip_value=0.05)", optim.Adam, before=clip_value, lr=0.02,
         betas=(single(0.9), single(0.999))),
    case("clip-both", "sgd(rate=0.3, clip_norm=0.125, clip_value=0.05)", optim.SGD, before=clip_both, lr=0.3),
    case("clip-lbfgs", "lbfgs(rate=0.1, max_iter=2, history=2, clip_norm=0.125, clip_value=0.05)", optim.LBFGS,
         before=clip_both, lr=0.1, max_iter=2, history_size=2),
    case("noise", "sgd(rate=0.3, noise=0.03)", optim.SGD, after=add_noise, lr=0.3),
    case("noise-lbfgs", "lbfgs(rate=0.5, max_iter=2, noise=0.03)", optim.LBFGS, after=add_noise, lr=0.5, max_iter=2),
    case("accumulate", "sgd(rate=0.3, momentum=0.5, clip_norm=0.25)", optim.SGD, train="accumulate = 3",
         batches=(3, 3, 1), before=clip_norm, lr=0.3, momentum=0.5),
    case("accumulate-adam", "adam(rate=0.02)", optim.Adam, train="accumulate = 4", batches=(2, 2, 2, 1), lr=0.02,
         betas=(single(0.9), single(0.999))),
    case("ema", "sgd(rate=0.3)", optim.SGD, train="ema = 0.8", average=0.8, lr=0.3),
    case("ema-all", "sgd(rate=0.3, momentum=0.5, clip_norm=0.25, noise=0.03)", optim.SGD, net=SLOWER,
         rates=(0.125, 0.125, 1, 1), train="ema = 0.8 accumulate = 2", batches=(4, 3), average=0.8, before=clip_norm,
         after=add_noise, lr=0.3, momentum=0.5),
    case("ema-lbfgs", "lbfgs(rate=0.5, max_iter=2)", optim.LBFGS, train="ema = 0.8", average=0.8, lr=0.5, max_iter=2),
    case("rates", "sgd(rate=0.3, momentum=0.5)", optim.SGD, net=SLOWER, rates=(0.125, 0.125, 1, 1), lr=0.3,
         momentum=0.5),
    case("rates-frozen", "adam(rate=0.02, clip_norm=0.25)", optim.Adam, net=FROZEN, rates=(0, 0, 2, 2),
         before=clip_norm, lr=0.02, betas=(single(0.9), single(0.999))),
    case("rates-lbfgs", "lbfgs(rate=0.2, max_iter=3)", optim.LBFGS, net=FROZEN.replace("rate=2", "rate=1"),
         rates=(0, 0, 1, 1), lr=0.2, max_iter=3),
]


def start(dtype=torch.float64):
    random = np.random.Generator(np.random.PCG64(26))
    draw = lambda shape: torch.tensor(random.standard_normal(shape).astype(np.float32)).to(dtype)
    return draw((7, 2)), draw((7, 2)), [draw(shape) * 0.5 for shape in SHAPES]


def optimizer_of(spec, params):
    moving = [(p, rate) for p, rate in zip(params, spec["rates"]) if rate]
    if spec["make"] is optim.LBFGS:
        return optim.LBFGS([p for p, _ in moving], **spec["options"])
    rate = spec["options"].get("lr", single(0.01))    # Adagrad's default, in single precision
    options = {**spec["options"], "lr": rate}
    return spec["make"]([{"params": [p], "lr": rate * factor} for p, factor in moving], **options)


def run(spec, dtype=torch.float64):
    x, target, initial = start(dtype)
    params = [p.clone().requires_grad_(rate > 0) for p, rate in zip(initial, spec["rates"])]
    optimizer = optimizer_of(spec, params)
    moving = [p for p in params if p.requires_grad]
    averages, kept = None, []

    def closure():
        optimizer.zero_grad()
        y = torch.tanh(x @ params[0].T + params[1]) @ params[2].T + params[3]
        trained = [p for p in (params[0], params[2]) if p.requires_grad]    # penalties leave out what is frozen
        loss = ((y - target)**2 / 2).sum(1).mean() + PENALTY * sum((p**2).sum() for p in trained)
        loss.backward()
        if spec["before"]:
            spec["before"](moving)
        return loss.detach()

    for step in range(STEPS):
        if spec["make"] is optim.LBFGS:
            loss = optimizer.step(closure)
        else:
            loss = closure()
            optimizer.step()
        if spec["after"]:
            spec["after"](params, step)
        flat = torch.cat([p.detach().flatten() for p in params])
        if spec["average"]:
            averages = flat if averages is None else spec["average"] * averages + (1 - spec["average"]) * flat
        if step + 1 in KEPT:
            kept.append({"step": step + 1, "loss": loss.item(), "expected": flat.tolist(),
                         **({"averages": averages.tolist()} if averages is not None else {})})
    return kept


def is_steady(spec, rows):
    """Whether PyTorch itself comes to the same numbers in single precision: a line search may not."""
    singles = run(spec, torch.float32)
    return all(np.allclose(a["expected"], b["expected"], rtol=0, atol=3e-6) for a, b in zip(rows, singles))


def rounded(value):
    """Ten digits are what a file of this size has room for."""
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return {k: rounded(v) for k, v in value.items()} if isinstance(value, dict) else value


def optimizers_on_net():
    x, target, initial = start()
    rows = []
    for spec in CASES:
        steps = run(spec)
        rows.append({"name": spec["name"], "optimizer": spec["optimizer"], "net": spec["net"], "train": spec["train"],
                     "batches": list(spec["batches"]), "steady": is_steady(spec, steps), "steps": rounded(steps)})
    return {"seed": SEED, "updates": STEPS, "loss": f"mse(y, target) + l2({PENALTY})", "x": x.flatten().tolist(), "target": target.flatten().tolist(),
            "initial": torch.cat([p.flatten() for p in initial]).tolist(), "cases": rows}
