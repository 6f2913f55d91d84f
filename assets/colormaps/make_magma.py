#!/usr/bin/env python3
# Writes magma.txt: 256 colours whose lightness rises evenly from black over violet and orange to pale yellow.
#
# The anchors are chosen in OKLCh (lightness, chroma, hue in degrees) and joined by monotone cubic curves; lightness is
# linear in the value, so equal steps of a value look like equal steps of light, also in grey and for colour-blind eyes.
import math

ANCHORS = [  # value, chroma, hue
    (0.00, 0.010, 280), (0.15, 0.085, 287), (0.30, 0.150, 300), (0.45, 0.190, 335), (0.60, 0.200, 370),
    (0.75, 0.165, 400), (0.88, 0.115, 432), (1.00, 0.070, 462),
]
LIGHTNESS = (0.08, 0.985)


def curve(points, x):
    """Monotone cubic (Fritsch-Carlson) through (x, y) pairs."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    d = [(ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]) for i in range(len(xs) - 1)]
    m = [d[0]] + [0 if a * b <= 0 else 2 * a * b / (a + b) for a, b in zip(d, d[1:])] + [d[-1]]
    i = max(j for j in range(len(xs) - 1) if x >= xs[j])
    h = xs[i + 1] - xs[i]
    t = (x - xs[i]) / h
    return ((1 + 2 * t) * (1 - t) ** 2 * ys[i] + t * (1 - t) ** 2 * h * m[i]
            + t * t * (3 - 2 * t) * ys[i + 1] + t * t * (t - 1) * h * m[i + 1])


def oklch_to_rgb(L, C, h):
    a, b = C * math.cos(math.radians(h)), C * math.sin(math.radians(h))
    l, m, s = ((L + 0.3963377774 * a + 0.2158037573 * b) ** 3, (L - 0.1055613458 * a - 0.0638541728 * b) ** 3,
               (L - 0.0894841775 * a - 1.2914855480 * b) ** 3)
    linear = (4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
              -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
              -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)
    return [x * 12.92 if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055 for x in (max(0.0, v) for v in linear)]


def main():
    with open("magma.txt", "w") as out:
        out.write("# 256 colours, red green blue in 0..255, from low to high; written by make_magma.py\n")
        for i in range(256):
            x = i / 255
            L = LIGHTNESS[0] + (LIGHTNESS[1] - LIGHTNESS[0]) * x
            C, h = curve([(p[0], p[1]) for p in ANCHORS], x), curve([(p[0], p[2]) for p in ANCHORS], x)
            while max(oklch_to_rgb(L, C, h)) > 1:
                C *= 0.97  # what a screen cannot show loses chroma, never lightness
            out.write(" ".join(str(min(255, round(255 * v))) for v in oklch_to_rgb(L, C, h)) + "\n")


if __name__ == "__main__":
    main()
