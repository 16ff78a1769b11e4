#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes augment/: what coordinate operations make of two photos, by OpenCV and PyTorch; tests/test_augment_golden.c
compares fovea with it. Run once; what it writes is committed. Needs Debian's python3-opencv and python3-torch.

    augment.py [COLOUR GREY]

With two images photo.png and grey.png are made anew from them. Those here are coffee (Rachel Michetti) and chelsea
(Stefan van der Walt) of scikit-image, which their photographers gave away under CC0.

Where OpenCV computes exactly (copies, borders, resizing), the results are its own. Its warps round coordinates to 1/32 of
a pixel: those results are PyTorch's grid_sample() in float64 on the same coordinates, and that OpenCV's remap() agrees up
to its rounding is checked here.

cases.json: of each case its name (NAME.png is the result), chain, image, sampling, what random operations drew, and the
tolerances: mean and largest difference in 8-bit levels.
"""
import json
import os
import sys

import cv2
import numpy as np
import torch

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "augment")
H, W = 72, 96
cases = []


def photo(source, name, grey):
    image = cv2.imread(source, cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
    h, w = image.shape[:2]
    side = min(h * 4, w * 3)
    top, left = (h - side // 4) // 2, (w - side // 3) // 2
    image = cv2.resize(image[top:top + side // 4, left:left + side // 3], (W, H), interpolation=cv2.INTER_AREA)
    cv2.imwrite(os.path.join(HERE, name), image, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def rounded(values):
    return np.clip(np.floor(np.asarray(values, np.float64) + 0.5), 0, 255).astype(np.uint8)


def case(name, chain, made, image="grey", cubic=False, drawn=None, mean=0.0, most=1):
    cv2.imwrite(os.path.join(HERE, name + ".png"), rounded(made), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    entry = {"name": name, "chain": chain, "image": image + ".png", "cubic": cubic, "mean": mean, "most": most}
    if drawn:
        h, w = made.shape[:2]
        operation = chain.split("(")[0]
        entry["drawn"] = [{"operation": 0, "name": operation, "size": [h, w], "drawn": drawn}]
    cases.append(entry)


# ---------------------------------------------------------------- coordinates

def centres(h, w):
    """u, v of the output's pixels: centres at .5."""
    v, u = np.mgrid[0:h, 0:w]
    return u + 0.5, v + 0.5


def affine(m, size=(H, W)):
    u, v = centres(*size)
    return m[0] * u + m[1] * v + m[2], m[3] * u + m[4] * v + m[5]


def rotation(degrees):
    """OpenCV counts counter-clockwise, and pixel centres at whole numbers; its matrix is turned round."""
    m = cv2.invertAffineTransform(cv2.getRotationMatrix2D((W / 2 - 0.5, H / 2 - 0.5), -degrees, 1))
    return [m[0, 0], m[0, 1], m[0, 2] + 0.5 - 0.5 * (m[0, 0] + m[0, 1]),
            m[1, 0], m[1, 1], m[1, 2] + 0.5 - 0.5 * (m[1, 0] + m[1, 1])]


def lens(amount):
    """OpenCV's radial distortion k1, with half the diagonal for the focal length."""
    f = np.hypot(W, H) / 2
    camera = np.array([[f, 0, W / 2 - 0.5], [0, f, H / 2 - 0.5], [0, 0, 1]])
    u, v = cv2.initUndistortRectifyMap(camera, np.array([amount, 0, 0, 0]), None, camera, (W, H), cv2.CV_32FC1)
    return u + 0.5, v + 0.5


def perspective(corners):
    """The image's corners come to lie at these; the numbers that perspective draws, and its coordinates."""
    unit = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])
    m = cv2.getPerspectiveTransform(np.float32(corners) / np.float32([W, H]), unit)
    drawn = dict(zip(["ux", "uy", "u0", "vx", "vy", "v0", "wx", "wy"], (m / m[2, 2]).flatten().tolist()))

    def at(u, v):
        w = m[2, 0] * u / W + m[2, 1] * v / H + m[2, 2]
        return ((m[0, 0] * u / W + m[0, 1] * v / H + m[0, 2]) / w * W,
                (m[1, 0] * u / W + m[1, 1] * v / H + m[1, 2]) / w * H)
    return drawn, at


def elastic(amplitude, grid, key):
    """A cubic B-spline over hashed numbers; see plugins/augment/elastic.c."""
    u, v = centres(H, W)
    cell = max(H, W) / grid
    left, top = np.floor(u / cell), np.floor(v / cell)

    def spline(t):
        return [(1 - t) ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6, t ** 3 / 6]

    def hashed(i, j):
        h = (i * 0x85EBCA6B + j * 0xC2B2AE35 + key * 0x9E3779B9) & 0xFFFFFFFF
        h = ((h ^ (h >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
        h = ((h ^ (h >> 15)) * 0x846CA68B) & 0xFFFFFFFF
        return h ^ (h >> 16)

    across, down = spline(u / cell - left), spline(v / cell - top)
    moved = [u.copy(), v.copy()]
    for n in range(4):
        for m in range(4):
            h = np.vectorize(hashed, otypes=[object])(left.astype(int).astype(object) + m, top.astype(int).astype(object) + n)
            h = h.astype(np.int64)
            moved[0] += amplitude * across[m] * down[n] * ((h & 0xFFFF) / 32767.5 - 1)
            moved[1] += amplitude * across[m] * down[n] * ((h >> 16) / 32767.5 - 1)
    return tuple(moved)


# ------------------------------------------------------------------- sampling

BORDERS = {"constant": ("zeros", cv2.BORDER_CONSTANT), "edge": ("border", cv2.BORDER_REPLICATE),
           "reflect": ("reflection", cv2.BORDER_REFLECT)}


def area(image, at, fill="constant"):
    """Where warps shrink, pixels are means over their area: of 8 x 8 points in each. @at: as a function of u, v."""
    n = 8
    u, v = centres(H, W)
    steps = (np.arange(n) + 0.5) / n - 0.5
    return sum(sample(image, at(u + x, v + y), fill, check=False) for x in steps for y in steps) / n ** 2


def sample(image, at, fill="constant", cubic=False, check=True):
    u, v = at
    padding, border = BORDERS[fill]
    grid = torch.from_numpy(np.stack([2 * u / W - 1, 2 * v / H - 1], -1).astype(np.float64))[None]
    planes = torch.from_numpy(image.reshape(H, W, -1).transpose(2, 0, 1).astype(np.float64))[None]
    made = torch.nn.functional.grid_sample(planes, grid, "bicubic" if cubic else "bilinear", padding, False)
    made = made[0].numpy().transpose(1, 2, 0).reshape(u.shape + image.shape[2:])
    if not check:
        return made
    other = cv2.remap(image.astype(np.float32), np.float32(u - 0.5), np.float32(v - 0.5),
                      cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR, borderMode=border)
    difference = np.abs(np.clip(made, 0, 255) - np.clip(other, 0, 255))
    print("    OpenCV's remap() differs by {:.2f} on average, {:.1f} at most".format(difference.mean(), difference.max()))
    assert difference.mean() < 0.5 and difference.max() < 8
    return made


# ---------------------------------------------------------------------- cases

def copies(grey, photo):
    case("crop-centre", "crop([50, 60], at=centre)", photo[11:61, 18:78], "photo", most=0)
    case("crop-pad", "crop([80, 100], pad=6)",
         cv2.copyMakeBorder(grey, 6, 6, 6, 6, cv2.BORDER_CONSTANT)[0:80, 2:102], drawn={"left": -4, "top": -6}, most=0)
    case("flip", "flip(p=1) -> flip(p=1, axis=vertical)", cv2.flip(photo, -1), "photo", most=0)
    for fill in BORDERS:
        border = BORDERS[fill][1]
        value = ", value=0.25" if fill == "constant" else ""
        case("pad-" + fill, "pad([9, 0, 4, 12], fill={}{})".format(fill, value),
             cv2.copyMakeBorder(grey, 9, 4, 0, 12, border, value=64), most=0)
        shift = np.float32([[1, 0, 17], [0, 1, -9]])
        colour = ", value=[1, 0.5, 0]" if fill == "constant" else ""
        case("translate-" + fill, "translate(17, -0.125, fill={}{})".format(fill, colour),
             cv2.warpAffine(photo, shift, (W, H), borderMode=border, borderValue=(0, 128, 255)), "photo", most=0)


def warps(grey, photo):
    shear = {"horizontal": [1, 0.2, -0.2 * H / 2, 0, 1, 0], "vertical": [1, 0, 0, 0.2, 1, -0.2 * W / 2]}
    for fill in BORDERS:
        case("rotate-" + fill, "rotate(20, fill={})".format(fill), sample(grey, affine(rotation(20)), fill), mean=0.05)
        # Enlarged, so that what stands near the border can be seen to stand at its place.
        m = [1 / 1.2, 0, W / 2 * (1 - 1 / 1.2), 0, 1 / 0.85, H / 2 * (1 - 1 / 0.85)]
        case("stretch-" + fill, "stretch(1.2, 0.85, fill={})".format(fill), sample(grey, affine(m), fill), mean=0.05)
    for axis, m in shear.items():
        case("shear-" + axis, "shear(0.2, axis={})".format(axis), sample(grey, affine(m)), mean=0.05)
    for factor in [0.9, 2.3]:
        m = [1 / factor, 0, W / 2 * (1 - 1 / factor), 0, 1 / factor, H / 2 * (1 - 1 / factor)]
        case("zoom-{}".format(factor), "zoom({})".format(factor), sample(grey, affine(m)), mean=0.05)
    drawn, at = perspective([[-15, -7], [107, -12], [99, 80], [-8, 75]])
    case("perspective", "perspective(0.1)", sample(photo, at(*centres(H, W))), "photo", drawn=drawn, mean=0.05)
    for amount in [0.07, -0.2]:
        case("lens-{}".format(amount), "lens({})".format(amount), sample(grey, lens(amount)), mean=0.05)
    # These shrink somewhere.
    drawn, at = perspective([[5, 7], [90, -6], [99, 64], [-8, 70]])
    case("perspective-area", "perspective(0.1)", area(photo, at), "photo", drawn=drawn, mean=0.4, most=12)

    def barrel(u, v):
        x, y = u - W / 2, v - H / 2
        f = 1 + 0.3 * (x * x + y * y) / (W * W + H * H) * 4
        return W / 2 + x * f, H / 2 + y * f
    case("lens-area", "lens(0.3, fill=edge)", area(grey, barrel, "edge"), mean=0.4, most=8)
    case("zoom-area", "zoom(0.4, fill=reflect)",
         area(grey, lambda u, v: (u / 0.4 + W / 2 * (1 - 1 / 0.4), v / 0.4 + H / 2 * (1 - 1 / 0.4)), "reflect"),
         mean=0.9, most=10)
    case("elastic", "elastic(3, grid=5, fill=edge)", sample(grey, elastic(3.5, 5, 9876543), "edge"),
         drawn={"amplitude": 3.5, "key": 9876543}, mean=0.05)
    window = [50 / 80, 0, 21, 0, 40 / 60, 13]
    case("random_resized_crop", "random_resized_crop([60, 80])", sample(photo, affine(window, (60, 80))), "photo",
         drawn={"left": 21, "top": 13, "width": 50, "height": 40}, mean=0.05)


def cubic(grey, photo):
    m = [1 / 2.3, 0, W / 2 * (1 - 1 / 2.3), 0, 1 / 2.3, H / 2 * (1 - 1 / 2.3)]
    case("cubic-zoom", "zoom(2.3)", sample(grey, affine(m), cubic=True), cubic=True, mean=0.05)
    r = rotation(20)
    both = [r[0] / 2, r[1] / 2, r[2] + r[0] * W / 4 + r[1] * H / 4, r[3] / 2, r[4] / 2, r[5] + r[3] * W / 4 + r[4] * H / 4]
    case("cubic-rotate", "rotate(20) -> zoom(2)", sample(grey, affine(both), cubic=True), cubic=True, mean=0.05)
    case("cubic-lens", "lens(-0.2)", sample(grey, lens(-0.2), cubic=True), cubic=True, mean=0.05, most=1)
    case("cubic-edge", "rotate(20, fill=edge)", sample(grey, affine(rotation(20)), "edge", True), cubic=True, mean=0.05,
         most=4)  # its edge pixels are repeated as they are, not with the overshoot of cubics


def resizes(grey, photo):
    def to(image, h, w, how):
        return cv2.resize(image.astype(np.float32), (w, h), interpolation=how)
    case("resize-linear", "resize([100, 130])", to(grey, 100, 130, cv2.INTER_LINEAR), mean=0.05)
    case("resize-cubic", "resize([100, 130])", to(grey, 100, 130, cv2.INTER_CUBIC), cubic=True, mean=0.05)
    case("resize-half", "resize([36, 48])", to(photo, 36, 48, cv2.INTER_AREA), "photo", mean=0.05)
    case("resize-third", "resize([24, 32])", to(photo, 24, 32, cv2.INTER_AREA), "photo", mean=0.05)
    case("resize-area", "resize([31, 45])", to(photo, 31, 45, cv2.INTER_AREA), "photo", mean=0.5, most=10)
    case("resize-small", "resize([10, 13])", to(photo, 10, 13, cv2.INTER_AREA), "photo", mean=0.5, most=4)
    case("resize-one-way", "resize([20, 120])",
         to(to(grey, 20, W, cv2.INTER_AREA), 20, 120, cv2.INTER_LINEAR), mean=0.5, most=4)
    case("random_resized_crop-small", "random_resized_crop([16, 16])",
         to(grey[5:69, 11:91], 16, 16, cv2.INTER_AREA), drawn={"left": 11, "top": 5, "width": 80, "height": 64},
         mean=0.5, most=4)


def main():
    os.makedirs(HERE, exist_ok=True)
    if len(sys.argv) == 3:
        photo(sys.argv[1], "photo.png", False)
        photo(sys.argv[2], "grey.png", True)
    images = [cv2.imread(os.path.join(HERE, "grey.png"), cv2.IMREAD_GRAYSCALE), cv2.imread(os.path.join(HERE, "photo.png"))]
    for make in [copies, warps, cubic, resizes]:
        make(*images)
    with open(os.path.join(HERE, "cases.json"), "w") as out:
        out.write("[\n  " + ",\n  ".join(json.dumps(entry) for entry in cases) + "\n]\n")


main()
