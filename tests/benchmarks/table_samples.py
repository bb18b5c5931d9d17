"""Tables made by code after well-known ones, with the dirt of those and a signal that is known."""

import numpy as np
import pandas as pd

NEUTRAL = """cherry plum oak tannins acidity finish palate aromas berry spice leather apple lemon
    pear smoke vanilla pepper earth"""


def homes_sold(rows=2400):
    """As homes sold in Melbourne: days first, prices missing, most of the area missing too."""
    dice = np.random.default_rng(1)
    suburbs = [f"{first} {last}" for first in ("North", "South", "East", "West", "Mount")
               for last in ("Abbot", "Kew", "Coburg", "Yarra", "Moor")]  # fmt: skip
    suburb = dice.integers(len(suburbs), size=rows)
    worth, distance = dice.normal(0, 0.25, len(suburbs)), dice.uniform(2, 30, len(suburbs)).round(1)
    rooms = dice.choice([1, 2, 3, 4, 5], rows, p=[0.07, 0.3, 0.38, 0.19, 0.06])
    kind = dice.choice(["h", "u", "t"], rows, p=[0.65, 0.23, 0.12])
    day = dice.integers(0, 600, rows)
    land = dice.lognormal(6, 0.5, rows).round()
    area = (rooms * 38 + dice.normal(0, 18, rows)).clip(30).round()
    built = dice.integers(1880, 2018, rows)
    effect = pd.Series(kind).map({"h": 0.25, "u": -0.3, "t": 0.0}).to_numpy()
    log_price = (13 + worth[suburb] - 0.015 * distance[suburb] + 0.16 * rooms + effect
                 + 0.0012 * area + 0.0003 * day + 0.08 * np.log(land)
                 - 0.001 * (built - 1950) + dice.normal(0, 0.15, rows))  # fmt: skip
    dates = pd.Timestamp("2016-01-28") + pd.to_timedelta(day, unit="D")
    return pd.DataFrame({
        "Suburb": np.array(suburbs)[suburb],
        "Address": [f"{number} {word} St" for number, word in
                    zip(dice.integers(1, 300, rows), dice.choice(_made_up(dice, 900), rows), strict=True)],
        "Rooms": rooms, "Type": kind,
        "Price": _holes(dice, np.exp(log_price).round(-2).astype(int), 0.15),
        "Method": dice.choice(["S", "SP", "PI", "VB"], rows, p=[0.6, 0.15, 0.15, 0.1]),
        "Date": [f"{each.day}/{each:%m/%Y}" for each in dates],
        "Distance": distance[suburb],
        "Postcode": [f"{3000 + number}.0" for number in suburb],
        "Landsize": _holes(dice, land, 0.2), "BuildingArea": _holes(dice, area, 0.45),
        "YearBuilt": _holes(dice, built, 0.4, "NA"),
    })  # fmt: skip


def bikes(rows=3000):
    """As bike rentals by the hour: semicolons, decimal commas, a moment whose hour says most."""
    dice = np.random.default_rng(2)
    moments = pd.date_range("2011-01-01", periods=17000, freq="h")
    moments = moments[np.sort(dice.choice(len(moments), rows, replace=False))]
    hour, working = moments.hour.to_numpy(), (moments.dayofweek < 5).astype(int)
    warm = 15 - 11 * np.cos(2 * np.pi * (moments.dayofyear.to_numpy() - 20) / 365)
    temperature = warm + 4 * np.sin(2 * np.pi * (hour - 9) / 24) + dice.normal(0, 3, rows)
    weather = dice.choice(["Clear", "Mist", "Light rain", "clear"], rows, p=[0.5, 0.25, 0.1, 0.15])
    wet = pd.Series(weather).map({"Clear": 1, "clear": 1, "Mist": 0.85, "Light rain": 0.5})
    rush = np.exp(-((hour - 8) ** 2) / 4) + 1.3 * np.exp(-((hour - 17.5) ** 2) / 6)
    leisure = 0.9 * np.exp(-((hour - 14) ** 2) / 18)
    base = 15 + 320 * np.where(working == 1, rush, leisure)
    year = 1 + 0.5 * (moments.year.to_numpy() - 2011)
    count = base * wet.to_numpy() * year * (0.5 + 0.03 * temperature.clip(-5, 35))
    season = np.array(["winter", "spring", "summer", "fall"])[(moments.month.to_numpy() % 12) // 3]
    return pd.DataFrame({
        "instant": range(1, rows + 1), "datetime": moments.strftime("%d.%m.%Y %H:%M"),
        "season": season, "workingday": np.where(working == 1, "yes", "no"), "weather": weather,
        "temp": [f"{value:.1f}".replace(".", ",") + " °C" for value in temperature],
        "humidity": [f"{value} %" for value in dice.integers(20, 100, rows)],
        "windspeed": _holes(dice, [f"{v:.1f}".replace(".", ",") for v in dice.gamma(2, 6, rows)], 0.1, "n/a"),
        "cnt": (count * dice.lognormal(0, 0.15, rows)).round().astype(int),
    })  # fmt: skip


def churn(rows=2600):
    """As customers of a telephone company: a blank for the total of new ones, yes and no."""
    dice = np.random.default_rng(3)
    tenure = np.minimum(dice.geometric(0.03, rows) - 1, 72)
    internet = dice.choice(["DSL", "Fiber optic", "No"], rows, p=[0.35, 0.44, 0.21])
    contract = dice.choice(["Month-to-month", "One year", "Two year"], rows, p=[0.55, 0.21, 0.24])
    monthly = np.where(internet == "No", 20, np.where(internet == "DSL", 55, 85)) + dice.normal(
        0, 8, rows
    )
    extra = np.where(internet == "No", "No internet service", dice.choice(["Yes", "No"], rows))
    senior, paperless = dice.integers(0, 2, rows), dice.choice(["Yes", "No"], rows)
    pay = dice.choice(["Electronic check", "Mailed check", "Bank transfer (automatic)"], rows)
    logit = (-1.4 - 0.06 * tenure + 1.3 * (internet == "Fiber optic") + 1.6 * (contract == "Month-to-month")
             - 1.0 * (contract == "Two year") - 0.7 * (extra == "Yes") + 0.5 * senior
             + 0.6 * (pay == "Electronic check") + 0.4 * (paperless == "Yes"))  # fmt: skip
    left = dice.uniform(size=rows) < 1 / (1 + np.exp(-1.6 * logit))
    total = [f"{value:,.2f}" for value in tenure * monthly * dice.uniform(0.95, 1.05, rows)]
    return pd.DataFrame({
        "customerID": [f"{a:04}-{b}" for a, b in zip(dice.permutation(9999)[:rows], _made_up(dice, rows), strict=True)],
        "gender": dice.choice(["Female", "Male"], rows), "SeniorCitizen": senior,
        "Partner": dice.choice(["Yes", "No"], rows), "tenure": tenure, "InternetService": internet,
        "OnlineSecurity": extra, "Contract": contract, "PaperlessBilling": paperless,
        "PaymentMethod": pay, "MonthlyCharges": [f"${value:.2f}" for value in monthly],
        "TotalCharges": np.where(tenure == 0, " ", total), "Currency": "USD",
        "Churn": np.where(left, "Yes", "No"),
    })  # fmt: skip


def used_cars(rows=2200):
    """As used cars of India: kmpl, CC, null bhp, owners by order, prices with commas."""
    dice = np.random.default_rng(4)
    makes = {"Maruti": 0.0, "Hyundai": 0.1, "Honda": 0.3, "Toyota": 0.6, "BMW": 1.5, "Audi": 1.4}
    make = dice.choice(list(makes), rows, p=[0.3, 0.25, 0.17, 0.13, 0.08, 0.07])
    year = dice.integers(2002, 2020, rows)
    driven = (dice.lognormal(10.8, 0.5, rows)).round().astype(int)
    owner = dice.choice(
        ["First", "Second", "Third", "Fourth & Above"], rows, p=[0.75, 0.18, 0.05, 0.02]
    )
    cost = pd.Series(make).map(makes).to_numpy()
    engine = dice.choice(
        [998, 1197, 1248, 1498, 1968, 2993], rows, p=[0.15, 0.25, 0.2, 0.2, 0.15, 0.05]
    )
    power = (engine * 0.065 + 12 * cost + dice.normal(0, 6, rows)).clip(35).round(2)
    kmpl = (28 - engine / 200 + dice.normal(0, 2, rows)).round(2)
    order = (
        pd.Series(owner).map({"First": 0, "Second": 1, "Third": 2, "Fourth & Above": 3}).to_numpy()
    )
    log_price = (12.6 + cost * 0.7 + 0.09 * (year - 2012) - driven / 300000 - 0.1 * order
                 + 0.006 * power + dice.normal(0, 0.12, rows))  # fmt: skip
    models = pd.Series(make) + " " + dice.choice(["Swift", "City", "Creta", "Q3", "i20"], rows)
    return pd.DataFrame({
        "": range(rows), "Name": models,
        "Location": dice.choice(["Mumbai", "Pune", "Chennai", "mumbai", "Jaipur "], rows),
        "Year": year, "Kilometers_Driven": [f"{value:,} km" for value in driven],
        "Owner_Type": owner, "Mileage": [f"{value} kmpl" for value in kmpl],
        "Engine": [f"{value} CC" for value in engine],
        "Power": _holes(dice, [f"{value} bhp" for value in power], 0.04, "null bhp"),
        "Seats": _holes(dice, dice.choice([4.0, 5.0, 7.0], rows, p=[0.1, 0.8, 0.1]), 0.02),
        "Price": [f"₹{value:,}" for value in np.exp(log_price).round(-3).astype(int)],
    })  # fmt: skip


def wine_notes(rows=1800):
    """As wine reviews: what the taster writes says how many points he gives."""
    dice = np.random.default_rng(5)
    praise = {"elegant": 2.0, "complex": 2.5, "balanced": 1.5, "ripe": 0.7, "superb": 3.5, "fresh": 0.5,
              "simple": -2.0, "thin": -2.5, "flat": -3.0, "harsh": -2.8, "dusty": -1.0, "soft": 0.0}  # fmt: skip
    neutral = NEUTRAL.split()
    chosen = [dice.choice(list(praise), 3, replace=False) for _ in range(rows)]
    notes = []
    for words in chosen:
        a, b, c, d = dice.choice(neutral, 4, replace=False)
        note = f"A {words[0]} wine with {a} and {b}. The {c} is {words[1]}; {words[2]} {d}"
        notes.append(f'{note}, "good" with food.')
    country = dice.choice(["Italy", "France", "US", "Spain", "Portugal"], rows)
    better = pd.Series(country).map({"Italy": 0, "France": 1, "US": 0, "Spain": -1, "Portugal": 0})
    price = dice.lognormal(3.2, 0.5, rows).round()
    points = (86 + np.array([sum(praise[word] for word in words) * 0.9 for words in chosen])
              + better.to_numpy() + 1.5 * (np.log(price) - 3.2) + dice.normal(0, 1, rows))  # fmt: skip
    return pd.DataFrame({
        "": range(rows), "country": country, "description": notes,
        "price": _holes(dice, [f"${value:.0f}" for value in price], 0.07),
        "taster": _holes(dice, dice.choice(["Kerin O'Keefe", "Roger Voss", "Paul Gregutt"], rows), 0.2),
        "points": points.round().astype(int),
    })  # fmt: skip


def students(rows=900):
    """As marks of pupils: ordered words, comments that say nothing, decimal commas."""
    dice = np.random.default_rng(6)
    time = ["<2 hours", "2 to 5 hours", "5 to 10 hours", ">10 hours"]
    mother = ["none", "primary", "secondary", "higher"]
    hours, level, failures = (
        dice.integers(0, 4, rows),
        dice.integers(0, 4, rows),
        dice.poisson(0.4, rows),
    )
    absences, internet = dice.geometric(0.15, rows) - 1, dice.choice(["yes", "no", "Yes"], rows)
    first = (11 + 0.8 * hours + 0.6 * level - 1.2 * failures + dice.normal(0, 2.2, rows)).clip(
        0, 20
    )
    last = 0.75 * first + 3 + 0.5 * hours - 0.08 * absences + 0.8 * (internet != "no")
    born = pd.Timestamp("2004-09-01") + pd.to_timedelta(dice.integers(0, 1500, rows), unit="D")
    return pd.DataFrame({
        "Nr": range(1, rows + 1), "school": dice.choice(["GP", "MS"], rows), "born": born.strftime("%d.%m.%Y"),
        "studytime": np.array(time)[hours], "Medu": np.array(mother)[level], "failures": failures,
        "absences": _holes(dice, absences, 0.05, "k. A."), "internet": internet,
        "G1": [f"{value:.1f}".replace(".", ",") for value in first],
        "comment": _holes(dice, [f"{a} was {b}; see me." for a, b in zip(_made_up(dice, rows), _made_up(dice, rows), strict=True)], 0.5),
        "G3": (last + dice.normal(0, 1.2, rows)).clip(0, 20).round().astype(int),
    })  # fmt: skip


def _holes(dice, values, share, spelling=""):
    """As words, of which some are missing."""
    words = [str(value) for value in values]
    return [spelling if dice.uniform() < share else word for word in words]


def _made_up(dice, count):
    """Words without a meaning."""
    return ["".join(dice.choice(list("abcdefghiklmnoprstu"), 5)).title() for _ in range(count)]
