"""Reads a printed QR code back with a reader that nobody here wrote (ZXing)."""

import re

import zxingcpp
from PIL import Image, ImageDraw

SCALE = 6


def read_svg(svg: str) -> str:
    """The text of the QR code in an SVG by segno: one path of strokes, `M x y`, then runs `h n` and moves `m x y`."""
    path = re.search(r'd="(M[^"]+)"', svg)
    assert path is not None
    size = 80 * SCALE
    image = Image.new("L", (size, size), 255)
    draw = ImageDraw.Draw(image)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([^Mmh]*)", path[1]):
        values = [float(n) for n in re.findall(r"-?[\d.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            box = [x * SCALE, (y - 0.5) * SCALE, (x + values[0]) * SCALE - 1, (y + 0.5) * SCALE - 1]
            draw.rectangle(box, fill=0)
            x += values[0]
    [found] = zxingcpp.read_barcodes(image)
    return str(found.text)
