# SPDX-License-Identifier: MIT
"""What peers share: shapes of the nets, pinned threads, timing, and results as a line of JSON. Needs no library."""
import argparse
import json
import os
import statistics
import time

# batch, channels, height, width: those of ../NET.fv
SHAPES = {
    "lenet": (64, 1, 28, 28),
    "mlp": (64, 1, 28, 28),
    "resnet18": (64, 3, 32, 32),
    "vgg16": (8, 3, 224, 224),
    "resnet50": (8, 3, 224, 224),
}


CORES = sorted(os.sched_getaffinity(0))


def cores():
    return len(CORES)


def small(net, variant):
    """One thread is worth a try with these alone."""
    return not variant.endswith("1 thread") or net in ("lenet", "mlp")


def threads():
    """All but the calling one, those first that have worked most."""
    used = {}
    for thread in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{thread}/stat") as file:
                used[int(thread)] = sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))  # user and system time
        except FileNotFoundError:
            pass
    used.pop(os.getpid(), None)
    return sorted(used, key=lambda t: -used[t])


def put(thread, cores):
    try:
        os.sched_setaffinity(thread, cores)
    except ProcessLookupError:
        pass


def pin():
    """Gives the calling thread the first core, and all others the rest in turn. Left alone, the scheduler of a virtual
    machine often leaves two of them on one core. To be called when the work has run, so that every pool has its
    threads."""
    others = CORES[1:] or CORES
    for i, thread in enumerate(threads()):
        put(thread, {others[i % len(others)]})
    put(0, {CORES[0]})


def pin_workers():
    """The same where the calling thread only waits for others."""
    for i, thread in enumerate(threads()):
        put(thread, {CORES[i % len(CORES)]})


def unpin():
    """So that threads made from now on do not inherit one core."""
    for thread in threads() + [0]:
        put(thread, CORES)


def status(field):
    """VmRSS or VmHWM of this process, in bytes."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))


def rate(run, images, seconds, pinning=pin):
    """Images/s by the median time of a run of so many images: two runs that do not count, then at least five, and as
    many as the time allows."""
    if pinning:
        unpin()
    run()
    run()
    if pinning:
        pinning()
    run()
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return images / statistics.median(times)


def main(variants, prepare):
    """Measures one variant, or all that are worth a try, and prints [{"variant", "images_per_second"}], the
    fastest first. prepare(net, variant, file) gives what to run, images in a run, and how threads are to be pinned."""
    parser = argparse.ArgumentParser()
    parser.add_argument("net", choices=SHAPES)
    parser.add_argument("file", nargs="?", help="the net in ONNX's format")
    parser.add_argument("--variant", choices=variants)
    parser.add_argument("--seconds", type=float, default=3)
    args = parser.parse_args()
    results = []
    for variant in [args.variant] if args.variant else [v for v in variants if small(args.net, v)]:
        run, images, pinning = prepare(args.net, variant, args.file)
        results.append({"variant": variant, "images_per_second": rate(run, images, args.seconds, pinning)})
    print(json.dumps(sorted(results, key=lambda r: -r["images_per_second"])))
