"""Columns as people have them, each with the kind that a person would say: SEEN ones, by which the
rules were made, and HELD_OUT ones, which were written before the rules ran on them and looked at once.
"""

import datetime as dt
import random

N = 120
D = random.Random(5)


def some(*words, n=N):
    return [D.choice(words) for _ in range(n)]


def days(form, step=3, start="2019-02-03"):
    first = dt.datetime.fromisoformat(start)
    return [
        (first + dt.timedelta(days=step * k, hours=k % 24, minutes=7 * k % 60)).strftime(form)
        for k in range(N)
    ]


def amounts(form, low=1.0, high=99.0):
    return [form.format(D.uniform(low, high)) for _ in range(N)]


def german(value):
    return f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def sentences(n=N):
    words = [
        "the",
        "delivery",
        "was",
        "late",
        "and",
        "box",
        "had",
        "a",
        "dent",
        "but",
        "support",
        "helped",
        "quickly",
        "so",
        "we",
        "order",
        "again",
    ]
    return [" ".join(D.choice(words) for _ in range(D.randint(5, 14))) for _ in range(n)]


SEEN = {
    "price": ("number", [f"${D.uniform(100, 90000):,.2f}" for _ in range(N)]),
    "preis": ("number", [f"{german(D.uniform(5, 9000))} €" for _ in range(N)]),
    "weight": ("number", amounts("{:.1f} kg")),
    "share": ("number", amounts("{:.1f}%")),
    "balance": (
        "number",
        [
            f"({v:,.0f})" if v % 3 == 0 else f"{v:,.0f}"
            for v in (D.randint(100, 99999) for _ in range(N))
        ],
    ),
    "views": ("number", some("1.2k", "3M", "850", "12.5k", "77", "910k", "2.25M", "64", "9.9k")),
    "one_odd": ("number", [*amounts("{:.2f}")[:-1], "see note"]),
    "gaps": ("number", [v if k % 7 else "n/a" for k, v in enumerate(amounts("{:.2f}"))]),
    "sentinel": ("number", [v if k % 9 else "-999" for k, v in enumerate(amounts("{:.1f}"))]),
    "limit": (
        "number",
        [f"<{v}" if k % 6 == 0 else v for k, v in enumerate(amounts("{:.3f}", 0.01, 1))],
    ),
    "height": ("number", [f"{D.randint(4, 6)}'{D.randint(0, 11)}\"" for _ in range(N)]),
    "rooms": ("number", [str(D.randint(1, 7)) for _ in range(N)]),
    "year_built": ("number", [str(D.randint(1900, 2015)) for _ in range(N)]),
    "area_range": (
        "number",
        [
            f"{v} - {v + D.randint(20, 300)}" if k % 3 else str(v)
            for k, v in enumerate(D.randint(400, 3000) for _ in range(N))
        ],
    ),
    "active": ("boolean", some("Y", "N")),
    "checked": ("boolean", some("yes", "no", "Yes ", "NO")),
    "flag": ("boolean", some("0", "1")),
    "wahr": ("boolean", some("ja", "nein", "")),
    "tick": ("boolean", some("x", "", "")),
    "present": ("boolean", some("True", "False")),
    "iso": ("date", days("%Y-%m-%d")),
    "german_day": ("date", days("%d.%m.%Y")),
    "american": ("date", days("%m/%d/%Y")),
    "stamp": ("date", days("%Y-%m-%dT%H:%M:%SZ")),
    "long_day": ("date", days("%B %d, %Y")),
    "clock": ("date", days("%H:%M")),
    "compact": ("date", days("%Y%m%d")),
    "month": ("date", days("%b-%y", 31)),
    "colour": ("category", some("red", "green", "blue")),
    "city": ("category", some("Berlin", "berlin", "BERLIN ", "Ulm", "Bonn", "New York")),
    "sex": ("category", some("male", "female")),
    "plz": ("category", some("01067", "04109", "99084", "80331")),
    "dept_code": ("category", some("10", "20", "30", "40")),
    "town": (
        "category",
        [f"Town {chr(65 + D.randint(0, 25))}{chr(97 + D.randint(0, 2))}" for _ in range(N)],
    ),
    "income_group": ("category", some("<=50K", ">50K")),
    "opinion": (
        "grade",
        some("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ),
    "risk": ("grade", some("low", "medium", "high")),
    "shirt": ("grade", some("S", "M", "L", "XL")),
    "grade": ("grade", some("A", "B", "C", "D", "A-", "B+")),
    "age_band": ("grade", some("18-24", "25-34", "35-44", "45-54", "55-64", "65+")),
    "stage": ("grade", some("Stage I", "Stage II", "Stage III", "Stage IV")),
    "ExterQual": ("grade", some("Ex", "Gd", "TA", "Fa")),
    "stars": ("grade", some("1 star", "2 stars", "3 stars", "5 stars")),
    "satisfaction": ("grade", [str(D.randint(1, 5)) for _ in range(N)]),
    "comment": ("text", sentences()),
    "review": ("text", [f'{s}\nand "{t}"' for s, t in zip(sentences(), sentences(), strict=True)]),
    "id": ("identifier", [str(k + 1) for k in range(N)]),
    "shuffled_id": ("identifier", [str(k + 1000) for k in D.sample(range(N), N)]),
    "email": ("identifier", [f"user{k}@mail.org" for k in range(N)]),
    "uuid": (
        "identifier",
        [
            f"{D.getrandbits(32):08x}-{D.getrandbits(16):04x}-4{D.getrandbits(12):03x}-a{D.getrandbits(12):03x}-{D.getrandbits(48):012x}"
            for _ in range(N)
        ],
    ),
    "phone": ("identifier", [f"+49 170 {D.randint(1000000, 9999999)}" for _ in range(N)]),
    "sku": ("identifier", [f"AB-{k:05}" for k in D.sample(range(9999), N)]),
    "customer_id": ("identifier", [str(D.randint(100000, 999999)) for _ in range(N)]),
    "unit": ("constant", ["kg"] * N),
    "empty": ("constant", [""] * N),
}

HELD_OUT = {
    "Umsatz": ("number", [german(D.uniform(1000, 900000)) for _ in range(N)]),
    "fare": ("number", [f"£{D.uniform(1, 80):.2f}" for _ in range(N)]),
    "salary": ("number", [f"{D.randint(20, 190) * 1000:,} USD" for _ in range(N)]),
    "montant": (
        "number",
        [
            f"{v // 1000} {v % 1000:03},{D.randint(0, 99):02}"
            for v in (D.randint(1000, 99999) for _ in range(N))
        ],
    ),
    "chf": (
        "number",
        [
            f"CHF {v // 1000}'{v % 1000:03}.{D.randint(0, 99):02}"
            for v in (D.randint(1000, 99999) for _ in range(N))
        ],
    ),
    "humidity": ("number", [f"{D.randint(20, 99)} %" for _ in range(N)]),
    "temp": ("number", [f"{D.uniform(-20, 35):.1f}°C" for _ in range(N)]),
    "mixed_mass": (
        "number",
        [f"{D.randint(2, 9)} kg" if k % 2 else f"{D.randint(200, 999)} g" for k in range(N)],
    ),
    "delta": ("number", [f"{D.uniform(-5, 5):+.2f}" for _ in range(N)]),
    "trailing": (
        "number",
        [
            f"{v:.2f}-" if k % 4 == 0 else f"{v:.2f}"
            for k, v in enumerate(D.uniform(1, 500) for _ in range(N))
        ],
    ),
    "power": ("number", [f"{D.uniform(1, 9):.2e}" for _ in range(N)]),
    "lakh": (
        "number",
        [f"₹ {D.randint(1, 9)},{D.randint(10, 99)},{D.randint(100, 999)}" for _ in range(N)],
    ),
    "words_among": (
        "number",
        [
            D.choice(["sold out", "unknown"]) if k % 11 == 0 else str(D.randint(10, 900))
            for k in range(N)
        ],
    ),
    "duration": ("number", [f"{D.randint(0, 3)}h {D.randint(0, 59)}m" for _ in range(N)]),
    "runtime": ("number", [f"{D.randint(60, 190)} min" for _ in range(N)]),
    "lap_time": ("number", [f"{D.randint(25, 59)}:{D.randint(0, 59):02}" for _ in range(N)]),
    "lat": ("number", [f"{D.uniform(47, 55):.6f}" for _ in range(N)]),
    "population": ("number", [str(D.randint(900, 3500000)) for _ in range(N)]),
    "cylinders": ("number", some("4", "6", "8")),
    "binary_text": ("boolean", some("true", "false", "TRUE", "False")),
    "oui": ("boolean", some("oui", "non")),
    "T": ("boolean", some("t", "f")),
    "has_pool": ("boolean", some("1", "0", "", "NA")),
    "on": ("boolean", some("on", "off")),
    "yes_unknown": ("boolean", some("yes", "no", "unknown", n=N)),
    "float_flag": ("boolean", some("0.0", "1.0")),
    "datum": (
        "date",
        [
            f"{k % 28 + 1}. {['Januar', 'März', 'Mai', 'Dezember'][k % 4]} 20{k % 20 + 10}"
            for k in range(N)
        ],
    ),
    "uk": ("date", days("%d/%m/%y")),
    "weekday_date": ("date", days("%a, %d %b %Y")),
    "created_at": ("date", days("%Y-%m-%d %H:%M:%S")),
    "ampm": ("date", days("%I:%M %p")),
    "quarter": ("date", [f"Q{k % 4 + 1} {2000 + k % 20}" for k in range(N)]),
    "two_forms": (
        "date",
        [
            a if k % 2 else b
            for k, (a, b) in enumerate(zip(days("%Y-%m-%d"), days("%d.%m.%Y"), strict=True))
        ],
    ),
    "with_gaps": ("date", [v if k % 5 else "" for k, v in enumerate(days("%d-%b-%Y"))]),
    "ym": ("date", days("%Y-%m", 31)),
    "one_bad": ("date", [*days("%Y-%m-%d")[:-1], "soon"]),
    "epoch_ts": ("date", [str(1500000000 + 86400 * k + 37 * k) for k in range(N)]),
    "make": ("category", some("vw", "audi", "bmw", "ford", "fiat")),
    "state": ("category", some("CA", "NY", "TX", "WA")),
    "spelt": ("category", some("New-York", "new york", "New York", "Boston", "boston ", "L.A.")),
    "gender": ("category", some("M", "F", "m", "f")),
    "blood": ("category", some("A+", "B-", "0+", "AB+", "A-")),
    "zip": ("category", some("02139", "10001", "94103", "02138", "60601")),
    "job": ("category", some("admin.", "blue-collar", "technician", "services", "unknown")),
    "postcode": ("category", some("SW1A 1AA", "EC1A 1BB", "W1A 0AX", "M1 1AE")),
    "store_id": ("category", some("1", "2", "3", "4", "5", "6", "7", "8")),
    "weekday": ("category", some("Mon", "Tue", "Wed", "Thu", "Fri")),
    "version": ("category", some("1.0.2", "1.1.0", "2.0.0", "2.0.1")),
    "frequency": ("grade", some("never", "sometimes", "often", "always")),
    "education": ("grade", some("High School", "Bachelor", "Master", "PhD")),
    "quality": ("grade", some("poor", "fair", "good", "excellent")),
    "zufriedenheit": (
        "grade",
        some("sehr unzufrieden", "unzufrieden", "teils teils", "zufrieden", "sehr zufrieden"),
    ),
    "size": ("grade", some("small", "medium", "large")),
    "level": ("grade", some("Level 1", "Level 2", "Level 3")),
    "rating": ("grade", some("3/5", "4/5", "5/5", "1/5", "2/5")),
    "income_band": ("grade", some("under $10k", "$10k-$20k", "$20k-$50k", "over $50k")),
    "priority": ("grade", some("P1", "P2", "P3", "P4")),
    "bond": ("grade", some("AAA", "AA", "A", "BBB", "BB+")),
    "class": ("grade", some("1st", "2nd", "3rd")),
    "kommentar": (
        "text",
        [
            f"Die Lieferung kam {w} an, {s}"
            for w, s in zip(some("gut", "spät", "nie"), sentences(), strict=True)
        ],
    ),
    "description": (
        "text",
        [
            f"{D.choice(['Sunny', 'Quiet', 'Modern'])} flat {k} near the {D.choice(['park', 'river'])}"
            for k in range(N)
        ],
    ),
    "feedback_with_gaps": ("text", [s if k % 4 else "" for k, s in enumerate(sentences())]),
    "index": ("identifier", [str(k) for k in range(N)]),
    "url": ("identifier", [f"https://example.org/p/{k}?q={D.randint(1, 999)}" for k in range(N)]),
    "order_no": ("identifier", [f"2023-{k:06}" for k in D.sample(range(99999), N)]),
    "isbn": ("identifier", [f"978{D.randint(10**9, 10**10 - 1)}" for _ in range(N)]),
    "Kundennummer": ("identifier", [str(D.randint(10**6, 10**7)) for _ in range(N)]),
    "iban": (
        "identifier",
        [
            f"DE{D.randint(10, 99)} {' '.join(str(D.randint(1000, 9999)) for _ in range(4))} {D.randint(10, 99)}"
            for _ in range(N)
        ],
    ),
    "full_name": (
        "identifier",
        [
            f"{a}{k} {b}"
            for k, (a, b) in enumerate(
                zip(some("Ann", "Bob", "Cid"), some("Kerr", "Lund", "Mohr"), strict=True)
            )
        ],
    ),
    "ip": ("identifier", [".".join(str(D.randint(1, 254)) for _ in range(4)) for _ in range(N)]),
    "always_zero": ("constant", some("0", "0.0", "0.00")),
    "same": ("constant", ["Yes"] * N),
}
