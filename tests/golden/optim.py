# SPDX-License-Identifier: MIT
"""Golden trajectories of optimizers and factors of schedules, from torch.optim."""
import math

import numpy as np
import torch

STEPS = 5
WEIGHTS = 8

# name, as a pipeline writes it, PyTorch's class, its options, the schedule's factor at each step
OPTIMIZERS = [
    ("opt-sgd", "sgd(rate=0.1)", torch.optim.SGD, dict(lr=0.1), [1, 1, 1, 1, 1]),
    ("opt-sgd-schedule", "sgd(rate=0.1)", torch.optim.SGD, dict(lr=0.1), [1, 0.5, 0.25, 0, 2]),
    ("opt-sgd-momentum", "sgd(rate=0.05, momentum=0.9)", torch.optim.SGD, dict(lr=0.05, momentum=0.9),
     [1, 1, 0.1, 0.1, 1]),
    ("opt-nesterov", "sgd(rate=0.05, momentum=0.8, nesterov=true)", torch.optim.SGD,
     dict(lr=0.05, momentum=0.8, nesterov=True), [1, 1, 0.5, 0.5, 0.25]),
    ("opt-adam", "adam(rate=0.001)", torch.optim.Adam, dict(lr=0.001), [1, 1, 1, 1, 1]),
    ("opt-adam-options", "adam(rate=0.01, beta1=0.8, beta2=0.95, epsilon=0.001)", torch.optim.Adam,
     dict(lr=0.01, betas=(0.8, 0.95), eps=0.001), [1, 0.5, 2, 0.1, 1]),
]
FOVEA_NAMES = {"lr": "rate", "eps": "epsilon"}


def options(torch_options):
    """PyTorch's options under fovea's names."""
    named = {FOVEA_NAMES.get(key, key): value for key, value in torch_options.items()}
    if "betas" in named:
        named["beta1"], named["beta2"] = named.pop("betas")
    return named


def trajectory(make, torch_options, initial, gradients, factors):
    """The weights after each step."""
    w = torch.tensor(initial, dtype=torch.float64, requires_grad=True)
    optimizer = make([w], **torch_options)
    after = []
    for gradient, factor in zip(gradients, factors):
        for group in optimizer.param_groups:
            group["lr"] = torch_options["lr"] * factor
        w.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        after.append(w.tolist())
    return after


def optimizers():
    random = np.random.Generator(np.random.PCG64(20))
    rounded = lambda array: np.asarray(array, dtype=np.float32).astype(np.float64).tolist()
    cases = []
    for name, text, make, torch_options, factors in OPTIMIZERS:
        initial = rounded(random.standard_normal(WEIGHTS))
        # Sizes from 1e-3 to 10, and zeros: the first weight never moves in sgd, the second starts late.
        gradients = random.standard_normal((STEPS, WEIGHTS)) * np.logspace(-3, 1, WEIGHTS)
        gradients[:, 0] = 0
        gradients[:2, 1] = 0
        gradients = [rounded(g) for g in gradients]
        after = trajectory(make, torch_options, initial, gradients, factors)
        cases.append({"name": name, "plugin": text.partition("(")[0], "text": text, "options": options(torch_options),
                      "initial": initial,
                      "steps": [{"factor": f, "gradient": g, "expected": w}
                                for f, g, w in zip(factors, gradients, after)]})
    return {"optimizers": cases}


def schedule(make, epochs, epoch_steps, by_epoch, watched=()):
    """PyTorch's factor at each step of a training: rate 1, the scheduler stepped after each step or each epoch."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    factors = []
    for step in range(epochs * epoch_steps):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not by_epoch or (step + 1) % epoch_steps == 0:
            scheduler.step(*watched[step // epoch_steps:step // epoch_steps + 1])
    return factors


def warmed(steps, start, factors):
    """LinearLR from `start` to 1, and the schedule after it."""
    linear = lambda o: torch.optim.lr_scheduler.LinearLR(o, start_factor=start, total_iters=steps)
    return schedule(linear, 1, steps, False) + factors


def schedules():
    lr = torch.optim.lr_scheduler
    e = math.exp
    table = [
        ("constant", 2, 5, True, lambda o: lr.ConstantLR(o, factor=1.0)),
        ("step(every=2, factor=0.1)", 7, 3, True, lambda o: lr.StepLR(o, 2, 0.1)),
        ("step(every=1, factor=0.5)", 4, 2, True, lambda o: lr.StepLR(o, 1, 0.5)),
        ("cosine", 2, 5, False, lambda o: lr.CosineAnnealingLR(o, T_max=10)),
        ("cosine", 3, 7, False, lambda o: lr.CosineAnnealingLR(o, T_max=21)),
        ("cosine", 1, 1, False, lambda o: lr.CosineAnnealingLR(o, T_max=1)),
        ("cosine(floor=0.25)", 2, 5, False, lambda o: lr.CosineAnnealingLR(o, T_max=10, eta_min=0.25)),
        ("cosine(cycles=3)", 3, 5, False, lambda o: lr.CosineAnnealingWarmRestarts(o, T_0=5)),
        ("cosine(cycles=5)", 7, 5, False, lambda o: lr.CosineAnnealingWarmRestarts(o, T_0=7)),
        ("cosine(floor=0.1, cycles=3, multiply=2)", 7, 3, False,
         lambda o: lr.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2, eta_min=0.1)),
        ("cosine(cycles=3, multiply=3)", 13, 2, False, lambda o: lr.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=3)),
        ("exponential", 4, 3, True, lambda o: lr.ExponentialLR(o, e(-0.1))),
        ("exponential(k=0.25)", 4, 3, True, lambda o: lr.LambdaLR(o, lambda t: e(-0.25 * t))),
        ("exponential(k=0.05, per=step)", 2, 6, False, lambda o: lr.ExponentialLR(o, e(-0.05))),
        ("inverse", 5, 2, True, lambda o: lr.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t))),
        ("inverse(k=0.5, per=step)", 2, 5, False, lambda o: lr.LambdaLR(o, lambda t: 1 / (1 + 0.5 * t))),
        ("linear", 2, 5, False, lambda o: lr.PolynomialLR(o, total_iters=10, power=1.0)),
        ("linear(floor=0.2)", 2, 5, False, lambda o: lr.LinearLR(o, start_factor=1, end_factor=0.2, total_iters=10)),
        ("inverse_sqrt", 5, 2, True, lambda o: lr.LambdaLR(o, lambda t: 1 / math.sqrt(t + 1))),
        ("inverse_sqrt(per=step)", 2, 5, False, lambda o: lr.LambdaLR(o, lambda t: 1 / math.sqrt(t + 1))),
    ]
    # steps of warm-up, the factor that it begins at, epochs and steps of them after it
    after_warmup = [
        ("cosine(warmup=4)", 4, 0.01, 2, 5, False, lambda o: lr.CosineAnnealingLR(o, T_max=10)),
        ("cosine(cycles=2, warmup=3)", 3, 0.01, 2, 4, False, lambda o: lr.CosineAnnealingWarmRestarts(o, T_0=4)),
        ("constant(warmup=3, warmup_from=0.25)", 3, 0.25, 2, 3, True, lambda o: lr.ConstantLR(o, factor=1.0)),
        ("step(every=1, factor=0.5, warmup=2, warmup_unit=epochs, warmup_from=0.1)", 6, 0.1, 3, 3, True,
         lambda o: lr.StepLR(o, 1, 0.5)),
        ("inverse(k=0.5, warmup=1.5, warmup_unit=epochs)", 6, 0.01, 2, 4, True,
         lambda o: lr.LambdaLR(o, lambda t: 1 / (1 + 0.5 * t))),
    ]
    rows = [{"plugin": text.partition("(")[0], "text": text, "epoch_steps": epoch_steps,
             "factors": schedule(make, epochs, epoch_steps, by_epoch)}
            for text, epochs, epoch_steps, by_epoch, make in table]
    rows += [{"plugin": text.partition("(")[0], "text": text, "epoch_steps": epoch_steps,
              "factors": warmed(steps, start, schedule(make, epochs, epoch_steps, by_epoch))}
             for text, steps, start, epochs, epoch_steps, by_epoch, make in after_warmup]
    return {"schedules": rows + plateaus()}


def plateaus():
    losses = [1.0, 0.8, 0.79999, 0.9, 0.85, 0.7, 0.7, 0.71, 0.72, 0.73, 0.6, 0.61, 0.62, 0.63, 0.64, 0.65]
    metrics = [0.2, 0.5, 0.50001, 0.4, 0.5, 0.6, 0.606, 0.6, 0.62, 0.62, 0.62, 0.1, 0.62, 0.63, 0.62, 0.7]
    plateau = lambda **o: lambda optimizer: torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, eps=0, **o)
    table = [
        ("plateau(patience=1)", losses, plateau(patience=1)),
        ("plateau(patience=0, factor=0.5, floor=0.1)", losses, plateau(patience=0, factor=0.5, min_lr=0.1)),
        ("plateau(patience=1, factor=0.5, cooldown=2)", losses, plateau(patience=1, factor=0.5, cooldown=2)),
        ("plateau(watch=metric, patience=1, factor=0.5, threshold=0.02)", metrics,
         plateau(mode="max", patience=1, factor=0.5, threshold=0.02)),
        ("plateau", losses, plateau()),
    ]
    return [{"plugin": "plateau", "text": text, "epoch_steps": 2, "watched": [list(pair) for pair in zip(losses, metrics)],
             "factors": schedule(make, len(watched), 2, True, watched)} for text, watched, make in table]
