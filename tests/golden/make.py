#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the golden results that tests/test_golden.c compares fovea with. They come from PyTorch alone.

    make.py [--check] [NAME...]

Needs Debian's python3-torch (1.13). Run once; what it writes is committed. --check also compares PyTorch's gradients
with differences of the loss. For each case of cases/ a folder is made beside this file:

    case.fv              the pipeline
    in.npy               the input, float32, N,C,H,W
    target.npy           classes: int64, N or N,H,W; values: float32, N,C,H,W
    weights.safetensors  parameters and running statistics under fovea's names
    out.npy              prediction (running statistics) of what the first loss looks at
    loss.txt             the whole objective of one training step (batch statistics, penalties)
    grads.safetensors    its gradient, for every trained parameter

All is computed in float64 from numbers that float32 holds exactly, and stored as float32. Beside the folders stand
optim.json, optim_net.json and schedule.json (torch.optim's steps and factors) and course.json (one step of the worked
example); `make.py optim` writes the first three alone.
"""
import argparse
import json
import os
import re
import shutil
import sys
import zlib

import numpy as np
import torch

sys.dont_write_bytecode = True   # the folder holds what is committed, and nothing else

from cases import CASES
from files import write_npy, write_safetensors
from net import Net
from optim import optimizers, schedules, trajectory
from optim_net import optimizers_on_net

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = "# SPDX-License-Identifier: MIT\n# Golden case {}: made by make.py, with the results beside it.\n"
MARGIN = 2e-5   # kinks nearer than this could fall on the other side in float32


def start(spec, seed):
    """A net with the case's fixed numbers, and its input."""
    net = Net(seed)
    x = net.tensor(spec["x"] if "x" in spec else net.normal((spec["batch"],) + spec["shape"], 1.0))
    assert tuple(x.shape) == (spec["batch"],) + spec["shape"]
    if "target" in spec:
        target = spec["target"]
        net.target = torch.tensor(target) if isinstance(target[0], int) else net.tensor(target)
    net.fixed = {name: net.tensor(value, True) for name, value in spec.get("params", {}).items()}
    return net, x


def compute(name, spec):
    """The first seed whose kinks are all far enough away to mean the same in float32."""
    for attempt in range(100):
        net, x = start(spec, zlib.crc32(name.encode()) + attempt)
        _, loss = spec["run"](net, x)
        training_margin = net.margin
        net.training = False
        out, _ = spec["run"](net, x)
        if spec.get("ties") or min(training_margin, net.margin) > MARGIN:
            break
    else:
        raise SystemExit(f"{name}: no seed has a margin")
    unused = set(net.fixed) - set(net.params)
    assert not unused, f"{name}: {unused} is no parameter"
    assert torch.isfinite(loss) and torch.isfinite(out).all()
    loss.backward()
    return net, x, out.detach(), loss.detach()


def check(name, spec, net, x, loss):
    """Central differences of the loss at a few places of every parameter."""
    random = np.random.Generator(np.random.PCG64(1))
    net.training = True
    step, worst = 1e-6, 0.0
    for key in net.trained:
        flat, gradient = net.params[key].data.view(-1), net.params[key].grad.view(-1)
        for i in random.permutation(len(flat))[:6]:
            value, sides = flat[i].item(), []
            for side in (step, -step):
                flat[i] = value + side
                with torch.no_grad():
                    sides.append(spec["run"](net, x)[1].item())
            flat[i] = value
            numeric = (sides[0] - sides[1]) / (2 * step)
            worst = max(worst, abs(numeric - gradient[i].item()) / max(1.0, abs(numeric)))
    assert worst < 1e-5, f"{name}: {key} is off by {worst}"
    return worst


def write(name, spec, net, x, out, loss):
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    with open(os.path.join(folder, "case.fv"), "w") as file:
        file.write(HEAD.format(name) + spec["text"])
    write_npy(os.path.join(folder, "in.npy"), x.numpy().astype("<f4"))
    target = net.target.numpy()
    write_npy(os.path.join(folder, "target.npy"), target.astype("<i8" if target.dtype == np.int64 else "<f4"))
    write_npy(os.path.join(folder, "out.npy"), out.numpy().astype("<f4"))
    with open(os.path.join(folder, "loss.txt"), "w") as file:
        file.write(f"{loss.item():.12g}\n")
    write_safetensors(os.path.join(folder, "weights.safetensors"),
                      {key: value.detach().numpy() for key, value in net.params.items()})
    write_safetensors(os.path.join(folder, "grads.safetensors"),
                      {key: net.params[key].grad.numpy() for key in net.trained})


def write_json(name, value):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


def write_rows(name, value):
    """The same with a line for each entry, and each of its entries where that is a list of objects."""
    with open(os.path.join(HERE, name), "w") as file:
        text = json.dumps(value, separators=(",", ":"))
        file.write(re.sub(r'(?<=[{,\[])(?=\{"name"|\{"plugin"|"cases")', "\n", text) + "\n")


def write_optim():
    write_json("optim.json", optimizers())
    write_rows("optim_net.json", optimizers_on_net())
    write_rows("schedule.json", schedules())


def course():
    """The weights of the worked example after one step, which the course gives to eight digits."""
    net, _, out, loss = compute("course-backprop", CASES["course-backprop"])
    assert abs(loss.item() - 0.298371109) < 1e-8
    assert np.allclose(out.flatten(), [0.75136507, 0.772928465], atol=1e-8)
    rows = []
    for key in net.trained:
        initial, gradient = net.params[key].detach().flatten().tolist(), net.params[key].grad.flatten().tolist()
        after = trajectory(torch.optim.SGD, dict(lr=0.5), initial, [gradient], [1])[0]
        rows.append({"name": key, "initial": initial, "gradient": gradient, "expected": after})
    assert np.allclose(rows[0]["expected"], [0.149780716, 0.19956143, 0.24975114, 0.29950229], atol=1e-8)
    return {"text": "sgd(rate=0.5)", "plugin": "sgd", "options": {"rate": 0.5}, "loss": loss.item(),
            "outputs": out.flatten().tolist(), "step": rows}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="compare gradients with differences of the loss")
    parser.add_argument("names", nargs="*", help="cases; all where none is named")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.names == ["optim"]:
        return write_optim()
    for name in args.names or CASES:
        spec = CASES[name]
        sizes = [int(s) for s in re.search(r"input\(([^)]*)\)", spec["text"]).group(1).split(",")]
        assert (tuple(sizes) + (1, 1))[:3] == spec["shape"], f"{name}: the text's input is another"
        net, x, out, loss = compute(name, spec)
        write(name, spec, net, x, out, loss)
        small = min(float(net.params[key].grad.abs().max()) for key in net.trained)
        line = f"{name}: N={len(x)} out {'x'.join(map(str, out.shape[1:]))} loss {loss.item():.6g}"
        line += f" least gradient {small:.2g}"
        if args.check and not spec.get("ties"):
            line += f" differences {check(name, spec, net, x, loss):.1g}"
        print(line)
    if not args.names:
        write_optim()
        write_json("course.json", course())


if __name__ == "__main__":
    main()
