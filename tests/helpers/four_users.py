"""What four new users bring: photos in class folders, a table, code of their own, a gate for CI."""

import random

from PIL import Image, ImageDraw

ENTER, UP, DOWN = "\r", "\x1b[A", "\x1b[B"
OWN = """
import torch
from sklearn.datasets import load_breast_cancer
from torch import nn
from recipe import Experiment

x, y = load_breast_cancer(return_X_y=True)
x = torch.tensor((x - x.mean(0)) / x.std(0), dtype=torch.float32)


class Net(nn.Module):
    def __init__(self, width=32, dropout=0.0):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(30, width), nn.ReLU(), nn.Dropout(dropout))
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        return self.head(self.body(x))


experiment = Experiment(model=Net, train=(x, torch.tensor(y)), val=0.2, epochs=10, lr=0.05)
"""


def photos(folder, each=30):
    """Circles, squares and triangles of all sizes and colours, as JPEG files."""
    draw = random.Random(0)
    for kind in ("circle", "square", "triangle"):
        place = folder / "photos" / kind
        place.mkdir(parents=True)
        for number in range(each):
            image = Image.new("RGB", (64, 48), _colour(draw))
            pen, size = ImageDraw.Draw(image), draw.randint(14, 34)
            x, y = draw.randint(2, 62 - size), draw.randint(2, 46 - size)
            box = (x, y, x + size, y + size)
            if kind == "circle":
                pen.ellipse(box, fill=_colour(draw))
            elif kind == "square":
                pen.rectangle(box, fill=_colour(draw))
            else:
                pen.polygon([(x, y + size), (x + size, y + size), (x + size / 2, y)],
                            fill=_colour(draw))  # fmt: skip
            image.save(place / f"{number}.jpg")


def table(folder, rows=800):
    """Prices of flats, with a number that only counts and a column of words."""
    draw = random.Random(1)
    lines = ["id,area,rooms,floor,district,price"]
    for number in range(rows):
        area, floor = draw.uniform(25, 140), draw.randint(0, 9)
        place = draw.choice(["North", "South", "Old Town"])
        worth = {"North": 2100, "South": 2600, "Old Town": 4100}[place]
        price = area * worth * (1 + floor / 60) * draw.uniform(0.85, 1.15)
        lines.append(f"{number},{area:.0f},{max(1, round(area / 28))},{floor},{place},{price:.0f}")
    (folder / "flats.csv").write_text("\n".join(lines) + "\n")


def own(folder):
    """A file with a network of one's own."""
    (folder / "experiment.py").write_text(OWN)


def _colour(draw):
    return tuple(draw.randint(0, 255) for _ in range(3))


MINUTE = [("Howmuchshouldbedone?", UP * 3 + ENTER), ("Howlong?", "60s" + ENTER)]
"""Everything, within another limit."""
LAST = ("Howmuchshouldbedone?", ENTER)
USERS = {
    "photos in class folders": (photos, (), [
        ("Whatdoyouwanttotrain?", ENTER), ("Whichfolderofimages?", ENTER), ("Whichmodel?", ENTER), *MINUTE,
    ]),
    "a table": (table, (), [
        ("Whatdoyouwanttotrain?", ENTER), ("Whichtable?", ENTER), ("Whichcolumnshouldbepredicted?", UP * 2 + ENTER),
        ("heldoutforvalidation?", ENTER), ("Whichmodel?", ENTER), *MINUTE,
    ]),
    "code of their own": (own, (), [("Whatdoyouwanttotrain?", ENTER), LAST]),
    "a gate in CI": (own, ("check", "experiment.py", "--ci"), []),
}  # fmt: skip
