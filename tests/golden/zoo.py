#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The nets of pipelines/ beside torchvision's own classes. Needs Debian's python3-torchvision (0.14).

    zoo.py compare [NET...]    with random weights, at 224x224, all channels, 1000 classes: makes a state_dict as
                               safetensors, an input and the output in a temporary folder, runs `fovea run` (the
                               environment's FOVEA, else of the PATH) and compares
    zoo.py small               writes zoo.json, which tests/test_zoo.c compares fovea with: the same nets with an eighth
                               of the channels on small images

Weights of the small nets are no file: both sides make them by the same rule, fill() here. zoo.json holds a digest of
all names and shapes of the state_dict, the output, and of gradients the norm and two projections for each parameter.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models

sys.dont_write_bytecode = True

from files import write_npy, write_safetensors  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
# pipeline: torchvision's name, extent of the small test's images, factor of l2 where gradients are compared
NETS = {
    "alexnet": ("alexnet", 64, None), "vgg16": ("vgg16", 32, None), "vgg19": ("vgg19", 32, None),
    "googlenet": ("googlenet", 64, 5e-5), "resnet18": ("resnet18", 64, 5e-5), "resnet34": ("resnet34", 64, None),
    "resnet50": ("resnet50", 64, None), "resnet101": ("resnet101", 32, None), "resnet152": ("resnet152", 32, None),
    "wide-resnet50": ("wide_resnet50_2", 64, None), "resnext50-32x4d": ("resnext50_32x4d", 64, None),
    "densenet121": ("densenet121", 64, 5e-5), "squeezenet": ("squeezenet1_1", 64, None),
    "mobilenet-v2": ("mobilenet_v2", 64, None),
}
SHRUNK, CLASSES, BATCH = 8, 8, 4
# A pipeline's lets by which it leaves dropout out.
DROPS = {"alexnet": ["drop"], "vgg16": ["drop"], "vgg19": ["drop"], "googlenet": ["drop", "drop_early"],
         "squeezenet": ["drop"], "mobilenet-v2": ["drop"]}


def make(net, classes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        extra = {"init_weights": False} if net in ("googlenet", "vgg16", "vgg19") else {}
        model = getattr(models, NETS[net][0])(weights=None, num_classes=classes, **extra)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return model


def shrink(model, classes):
    """Every layer with an eighth of its channels; the input's and the classes stay."""
    def part(n):
        return n if n in (3, classes) else n // SHRUNK
    for parent in list(model.modules()):
        for name, module in list(parent.named_children()):
            if isinstance(module, nn.Conv2d):
                groups = 1 if module.groups == 1 else module.groups // SHRUNK
                small = nn.Conv2d(part(module.in_channels), part(module.out_channels), module.kernel_size,
                                  module.stride, module.padding, module.dilation, groups, module.bias is not None)
            elif isinstance(module, nn.BatchNorm2d):
                small = nn.BatchNorm2d(part(module.num_features), module.eps, module.momentum)
            elif isinstance(module, nn.Linear):
                small = nn.Linear(part(module.in_features), part(module.out_features))
            else:
                continue
            setattr(parent, name, small)
    return model


# ------------------------------------------------------------------ full size

def randomise(model):
    """Nothing stays 0 or 1 that would hide a mistake."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                module.num_batches_tracked.fill_(7)
            if getattr(module, "bias", None) is not None:
                module.bias.normal_(0, 0.1)


def state(model):
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def run(*arguments):
    fovea = os.environ.get("FOVEA", "fovea")
    return subprocess.run([fovea, "run", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def relative(got, expected):
    return float(np.abs(got - expected).max() / max(np.abs(expected).max(), 1e-30))


def objective(model, net, x, target, l2):
    """As the pipeline has it: heads of googlenet count 0.3, and l2 looks at weights that are no vectors."""
    out = model(x)
    if net == "googlenet":
        loss = (F.cross_entropy(out.logits, target) + 0.3 * F.cross_entropy(out.aux_logits1, target) +
                0.3 * F.cross_entropy(out.aux_logits2, target))
    else:
        loss = F.cross_entropy(out, target)
    return loss + l2 * sum(p.square().sum() for p in model.parameters() if p.dim() > 1)


def read_safetensors(path):
    data = open(path, "rb").read()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[8 + length + e["data_offsets"][0]:8 + length + e["data_offsets"][1]], "<f4")
            .reshape(e["shape"]) for name, e in header.items()}


def distance(got, want):
    """Of all gradients together, and the largest of one parameter, by their norms."""
    def norm(tensors):
        return np.sqrt(sum(np.square(tensor).sum() for tensor in tensors))
    each = {name: norm([got[name].flatten() - want[name]]) / norm([want[name]]) for name in want}
    worst = max(each, key=each.get)
    return norm([got[n].flatten() - want[n] for n in want]) / norm(want.values()), each[worst], worst


def fovea_gradients(net, folder, x, target, size):
    lets = [word for let in DROPS.get(net, []) + [f"size={size}"] for word in ("-s", let if "=" in let else let + "=0")]
    files = {name: os.path.join(folder, name) for name in ("in.npy", "target.npy", "grads.safetensors")}
    write_npy(files["in.npy"], x.numpy())
    write_npy(files["target.npy"], target.numpy())
    run(pipeline(net), *lets, "--weights", os.path.join(folder, "weights.safetensors"), "--in", files["in.npy"],
        "--target", files["target.npy"], "--grads", files["grads.safetensors"])
    return read_safetensors(files["grads.safetensors"])


def decide(model):
    """A relu that is all but undecided falls on the other side in float32, which changes every gradient before it by
    some thousandths, in PyTorch's float32 as well. So batchnorm's biases are 4 or -4: nearly every value is then far
    from 0, and channels are on or off."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.bias.copy_(4 * torch.sign(torch.randn(module.bias.shape)))


def compare_gradients(net, folder, model):
    """What is undecided still is a matter of luck: several images are tried. If anything but rounding were wrong, none
    would do."""
    target = torch.tensor([3, 700])
    decide(model)
    write_safetensors(os.path.join(folder, "weights.safetensors"), state(model.float()))
    for attempt in range(1, 6):
        x = torch.randn(2, 3, 224, 224)
        theirs = gradients(model.float(), net, x, target)[1]
        want = gradients(model.double(), net, x.double(), target)[1]
        got = fovea_gradients(net, folder, x, target, 224)
        assert set(got) == set(want)
        whole, worst, name = distance(got, want)
        if worst < 1e-3:
            break
    theirs = distance(theirs, want)
    print(f"  gradients by {whole:.1e}, at worst {worst:.1e} of {name}, image {attempt} (PyTorch's float32: "
          f"{theirs[0]:.1e}, {theirs[1]:.1e})", end="")
    return worst < 1e-3


def pipeline(net):
    return os.path.join(HERE, "../../pipelines", net + ".fv")


def compare(net, folder):
    torch.manual_seed(1)
    model = make(net, 1000)
    randomise(model)
    weights, given, out = (os.path.join(folder, name) for name in ("weights.safetensors", "in.npy", "out.npy"))
    x = torch.randn(2, 3, 224, 224)
    write_safetensors(weights, state(model))
    write_npy(given, x.numpy())
    with torch.no_grad():
        expected = model.double().eval()(x.double()).numpy()
    run(pipeline(net), "--weights", weights, "--in", given, "--out", out)
    error = relative(np.load(out).reshape(expected.shape), expected)
    print(f"{net:16} output off by {error:.1e}", end="", flush=True)
    good = error < 1e-4
    if NETS[net][2]:
        good = compare_gradients(net, folder, model) and good
    print("" if good else "  WRONG")
    return good


# ---------------------------------------------------------------- small nets

def hashed(name, count):
    """Numbers from -1 to 1 that follow from a name and a place alone: FNV-1a of the name, then a mixer of 32 bits."""
    key = 0x811C9DC5
    for byte in name.encode():
        key = (key ^ byte) * 0x01000193 & 0xFFFFFFFF
    h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(key)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    h ^= h >> np.uint32(16)
    return (h >> np.uint32(8)).astype(np.float64) / (1 << 23) - 1


def fill(name, shape):
    """What a parameter begins with, by its name and shape: statistics, scales, biases, and weights as He's."""
    u = hashed(name, int(np.prod(shape))).reshape(shape)
    if name.endswith("running_var"):
        u = 1.25 + 0.75 * u
    elif name.endswith("running_mean"):
        u = 0.5 * u
    elif len(shape) == 1:
        u = 1 + 0.5 * u if name.endswith("weight") else 0.25 * u
    else:
        u = u * np.sqrt(6 / np.prod(shape[1:]))
    return u.astype(np.float32)


def digest(model):
    lines = sorted(f"{name} {'x'.join(map(str, tensor.shape))}\n" for name, tensor in model.state_dict().items()
                   if not name.endswith("num_batches_tracked"))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def images(key, size):
    values = (1.7 * hashed(key, BATCH * 3 * size * size)).astype(np.float32)
    return torch.from_numpy(values.reshape(BATCH, 3, size, size))


def gradients(model, net, x, target):
    model.train().zero_grad()
    statistics = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    loss = objective(model, net, x, target, NETS[net][2])
    loss.backward()
    model.load_state_dict(statistics)   # batchnorm's running ones were moved
    return loss.item(), {name: p.grad.numpy().flatten() for name, p in sorted(model.named_parameters())}


def small(net):
    size, l2 = NETS[net][1:]
    model = shrink(make(net, CLASSES), CLASSES)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                tensor.copy_(torch.from_numpy(fill(name, tuple(tensor.shape))))
    target = torch.arange(BATCH) % CLASSES
    lets = [f"width={1 / SHRUNK}", f"size={size}", f"classes={CLASSES}"] + [let + "=0" for let in DROPS.get(net, [])]
    if net.startswith("resnext"):
        lets.append(f"groups={32 // SHRUNK}")
    entry = {"net": net, "sets": lets, "batch": BATCH, "parameters": sum(p.numel() for p in model.parameters()),
             "digest": digest(model)}
    # Images for which float32 is enough, as in compare_gradients().
    for attempt in range(100):
        key = f"input{attempt}"
        x = images(key, size)
        if not l2:
            break
        rough = gradients(model.float(), net, x, target)[1]
        loss, grads = gradients(model.double(), net, x.double(), target)
        off = max(np.linalg.norm(rough[name] - g) / np.linalg.norm(g) for name, g in grads.items())
        print(f"{net}: {key}: PyTorch's float32 is off by {off:.1e}")
        if off < 1e-4:
            break
    with torch.no_grad():
        out = model.double().eval()(x.double()).numpy()
    entry["input"] = key
    entry["out"] = [float(f"{v:.8g}") for v in out.flatten()]
    if l2:
        entry["loss"] = loss
        entry["grads"] = {}
        for name, g in grads.items():
            signs = [np.where(hashed(which + name, len(g)) < 0, -1, 1) for which in ("a:", "b:")]
            entry["grads"][name] = [float(f"{v:.6g}") for v in [np.linalg.norm(g)] + [(g * s).sum() for s in signs]]
    print(net, entry["parameters"], "parameters, largest output", float(np.abs(out).max()))
    return entry


def main():
    verb, names = sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:] or list(NETS)
    if verb == "small":
        entries = [small(net) for net in NETS]
        with open(os.path.join(HERE, "zoo.json"), "w") as file:
            file.write("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n")
    elif verb == "compare":
        good = True
        for net in names:
            with tempfile.TemporaryDirectory() as folder:
                good = compare(net, folder) and good
        sys.exit(not good)
    else:
        sys.exit(__doc__)


main()
