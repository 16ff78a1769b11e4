#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""OpenCV doing to a folder of JPEGs what bench/augment has fovea do.

usage: opencv_augment.py chain|smart PHOTOS OUT [PROCESSES]

chain: the usual way, one operation after the other: decode, crop, one warp at full size, resize by area, noise.
smart: fused by hand: decode at a quarter, one warp straight to the output, noise.
Both write JPEGs of quality 90. Prints images/s, the best of three passes; processes are started and warmed before."""
import glob
import multiprocessing
import os
import sys
import time

import cv2
import numpy as np

SIDE, NOISE, ANGLE, SHEAR = 224, 8, np.deg2rad(15), 0.1


def matrix(random):
    angle = ANGLE * random.choice([-1, 1])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ np.array([[1, SHEAR], [0, 1]])


def warp(image, m, offset, size):
    return cv2.warpAffine(image, np.hstack([m, offset[:, None]]), size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                          borderMode=cv2.BORDER_REFLECT_101)


def chain(file, random):
    image = cv2.imread(file)
    h, w = image.shape[:2]
    share = random.uniform(0.8, 1)
    cw, ch = int(w * share), int(h * share)
    x, y = random.randint(0, w - cw + 1), random.randint(0, h - ch + 1)
    m, middle = matrix(random), np.array([cw / 2, ch / 2])
    image = warp(image[y:y + ch, x:x + cw], m, middle - m @ middle, (cw, ch))
    return cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def smart(file, random):
    image = cv2.imread(file, cv2.IMREAD_REDUCED_COLOR_4)
    h, w = image.shape[:2]
    share = random.uniform(0.8, 1)
    cw, ch = w * share, h * share
    x, y = random.uniform(0, w - cw), random.uniform(0, h - ch)
    m = matrix(random) @ np.diag([cw / SIDE, ch / SIDE])
    return warp(image, m, np.array([x + cw / 2, y + ch / 2]) - m @ np.array([SIDE / 2, SIDE / 2]), (SIDE, SIDE))


def work(file):
    image = make(file, generator)
    noise = np.empty(image.shape, np.int16)
    cv2.randn(noise, 0, NOISE)
    image = cv2.add(image, noise, dtype=cv2.CV_8U)
    cv2.imwrite(os.path.join(out, os.path.basename(file)), image, [cv2.IMWRITE_JPEG_QUALITY, 90])


def begin():
    global generator
    generator = np.random.RandomState(os.getpid() & 0xffff)
    cv2.setNumThreads(1)


make = {"chain": chain, "smart": smart}[sys.argv[1]]
files = sorted(glob.glob(os.path.join(sys.argv[2], "*.jpg")))
out = sys.argv[3]
os.makedirs(out, exist_ok=True)
times = []
with multiprocessing.Pool(int(sys.argv[4]) if len(sys.argv) > 4 else os.cpu_count(), begin) as pool:
    pool.map(work, files[:8])
    for _ in range(3):
        start = time.time()
        pool.map(work, files, chunksize=4)
        times.append(time.time() - start)
print(f"{len(files) / min(times):.1f}")
