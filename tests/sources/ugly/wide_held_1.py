"""Of the widest set, the half that is held out, part 1."""

from ugly.files import as_csv
from ugly.table import GONE, Table, spaced, written
from ugly.wide_words import addresses, pairs, prose, several


def airbnb_paris():
    t = Table("airbnb_paris", 240)
    t.identifier("id", t.codes("#######"))
    t.identifier("listing_url", [f"https://www.airbnb.com/rooms/{c}" for c in t.codes("#######")])
    t.date("last_scraped", t.pick(["2023-03-13", "2023-03-14"]), "constant")
    t.text(
        "name",
        prose(
            t,
            "Charming|Cosy|Sunny|Quiet",
            "studio|flat|2-room apartment|loft",
            "near Montmartre|in the Marais|with balcony|by the canal",
            1,
            1,
        ),
        "identifier",
        "category",
    )
    t.category("host_id", t.codes("######", 150), "identifier")
    t.date("host_since", t.times("2010-01-01", 4000, "%Y-%m-%d"))
    t.category(
        "host_response_time",
        t.holes(
            t.pick("within an hour|within a few hours|within a day|a few days or more"), 0.3, "N/A"
        ),
        "grade",
    )
    t.number("host_response_rate", t.holes(written(t.ints(50, 100), "{}%"), 0.3, "N/A"))
    t.boolean("host_is_superhost", t.pick("t f", [1, 4]))
    t.text(
        "host_verifications",
        several(t, "'email' 'phone' 'work_email'", 1, 3, form="[{}]"),
        "category",
    )
    t.category(
        "neighbourhood_cleansed", t.pick("Popincourt|Buttes-Montmartre|Vaugirard|Élysée|Louvre")
    )
    t.number("latitude", t.floats(48.86, 0.02, 5))
    t.category(
        "room_type", t.pick("Entire home/apt|Private room|Shared room|Hotel room", [20, 5, 1, 1])
    )
    t.constant("bathrooms", [""] * 240, GONE)
    t.number(
        "bathrooms_text",
        t.pick("1 bath|1.5 baths|2 baths|1 shared bath|Half-bath|1 private bath"),
        "category",
        "text",
    )
    t.text(
        "amenities",
        several(
            t,
            '"Wifi"|"Kitchen"|"Washer"|"Heating"|"Hair dryer"|"Iron"|"TV"|"Elevator"',
            3,
            8,
            form="[{}]",
        ),
    )
    t.number("price", written(t.sizes(110, 0.5, 2), "${:,.2f}"))
    t.number("review_scores_rating", t.holes(t.floats(4.7, 0.2), 0.2))
    t.boolean("instant_bookable", t.pick("t f"))
    return as_csv(t, packed=True)


def cars_poland():
    t = Table("cars_poland", 200)
    t.identifier("ID", t.running(0))
    t.number("Cena", [f"{spaced(v * 100, gap=' ')} PLN" for v in t.sizes(400)])
    t.category("Stan", t.pick("Używane Nowe", [6, 1]))
    t.category("Marka pojazdu", t.pick("Opel|Volkswagen|Škoda|Fiat|Inny"))
    t.category("Wersja", t.holes(t.pick("1.9 TDI|2.0 HDi Comfort|1.4 TSI DSG|Enjoy"), 0.4))
    t.number("Rok produkcji", t.ints(1998, 2021), "date")
    t.number("Przebieg", [f"{spaced(v, gap=' ')} km" for v in t.sizes(120000)])
    t.number("Moc", t.holes(written(t.ints(60, 300), "{} KM"), 0.02))
    t.number("Pojemność skokowa", written(t.ints(999, 2993), "{} cm3"))
    t.number("Emisja CO2", t.holes(written(t.ints(90, 220), "{} g/km"), 0.5))
    t.date("Data pierwszej rejestracji", t.holes(t.times("2000-01-01", 7500, "%d/%m/%Y"), 0.5))
    t.boolean("Bezwypadkowy", t.holes(t.pick("Tak Nie", [8, 1]), 0.1))
    t.boolean("Pierwszy właściciel", t.pick(["Tak", ""], [1, 2]), "constant")
    t.text(
        "Wyposażenie",
        several(
            t, "ABS|Alarm|Hak|Kurtyny powietrzne|Światła LED|Tempomat|Szyberdach", 2, 7, form="[{}]"
        ),
    )
    return as_csv(t, ";", encoding="cp1250")


def cdc_behaviour():
    t = Table("cdc_behaviour", 260)
    t.category("State", t.pick("Alabama|Guam|Ohio|Texas|Utah"))
    t.grade("GeneralHealth", t.holes(t.pick("Excellent|Very good|Good|Fair|Poor"), 0.03))
    t.number("PhysicalHealthDays", t.pick([0.0, 1.0, 2.0, 5.0, 14.0, 30.0], [12, 1, 1, 2, 1, 1]))
    t.grade(
        "LastCheckupTime",
        t.pick(
            "Within past year (anytime less than 12 months ago)|Within past 2 years (1 year but less than 2 years ago)|Within past 5 years (2 years but less than 5 years ago)|5 or more years ago"
        ),
        "category",
    )
    t.number("SleepHours", t.holes(t.ints(3, 12), 0.02))
    t.grade("RemovedTeeth", t.pick("None of them|1 to 5|6 or more, but not all|All"), "category")
    t.boolean("HadAsthma", t.holes(t.pick("Yes No", [1, 6]), 0.02))
    t.category(
        "HadDiabetes",
        t.pick(
            "No|Yes|No, pre-diabetes or borderline diabetes|Yes, but only during pregnancy (female)",
            [20, 4, 1, 1],
        ),
    )
    t.category(
        "SmokerStatus",
        t.pick(
            "Never smoked|Former smoker|Current smoker - now smokes every day|Current smoker - now smokes some days"
        ),
        "grade",
    )
    t.category(
        "ECigaretteUsage",
        t.pick(
            "Never used e-cigarettes in my entire life|Use them every day|Use them some days|Not at all (right now)"
        ),
        "grade",
    )
    t.grade(
        "AgeCategory", t.pick("Age 18 to 24|Age 25 to 29|Age 40 to 44|Age 65 to 69|Age 80 or older")
    )
    t.number("HeightInMeters", t.floats(1.7, 0.1))
    t.number("BMI", t.floats(28, 5))
    t.category(
        "TetanusLast10Tdap",
        t.pick(
            "Yes, received Tdap|Yes, received tetanus shot but not sure what type|No, did not receive any tetanus shot in the past 10 years"
        ),
    )
    return as_csv(t)


def telecom_churn():
    t = Table("telecom_churn", 300)
    t.identifier("customerID", t.codes("####-@@@@@"))
    t.category("gender", t.pick("Female Male"))
    t.boolean("SeniorCitizen", t.pick([0, 1], [5, 1]))
    t.boolean("Partner", t.pick("Yes No"))
    t.number("tenure", t.ints(0, 72))
    t.boolean("MultipleLines", t.pick("No|Yes|No phone service"), "category")
    t.category("InternetService", t.pick("DSL|Fiber optic|No"))
    t.boolean("OnlineBackup", t.pick("No|Yes|No internet service"), "category")
    t.category("Contract", t.pick("Month-to-month|One year|Two year"), "grade")
    t.category(
        "PaymentMethod",
        t.pick("Electronic check|Mailed check|Bank transfer (automatic)|Credit card (automatic)"),
    )
    t.number("MonthlyCharges", t.floats(65, 25))
    t.number("TotalCharges", t.odd([str(v) for v in t.floats(2200, 700)], " ", " ", " "))
    t.category("Area code", t.pick([408, 415, 510]), "number")
    t.boolean("Churn", t.pick("No Yes", [3, 1]))
    return as_csv(t)


def phone_specs():
    t = Table("phone_specs", 200)
    t.category("oem", t.pick("Samsung Nokia Huawei Apple LG"))
    t.identifier(
        "model",
        [
            f"{a} {b}"
            for a, b in zip(t.pick("Galaxy Lumia Mate Optimus"), t.codes("@### @"), strict=True)
        ],
        "text",
    )
    t.date("launch_announced", [f"{d:%Y, %B}" for d in t.times("2009-01-01", 4500)])
    t.category(
        "launch_status",
        t.pick(
            "Discontinued|Available. Released 2019, May|Cancelled|Available. Released 2020, September"
        ),
    )
    t.text(
        "body_dimensions",
        [
            f"{a} x {b} x {c} mm ({a / 25.4:.2f} x {b / 25.4:.2f} in)"
            for a, b, c in zip(
                t.floats(150, 8, 1), t.floats(72, 4, 1), t.floats(8, 1, 1), strict=True
            )
        ],
        "number",
        "identifier",
    )
    t.number(
        "body_weight", t.holes([f"{v} g ({v / 28.35:.2f} oz)" for v in t.ints(90, 230)], 0.05, "-")
    )
    t.category("body_sim", t.pick("Nano-SIM|Micro-SIM|Dual SIM (Nano-SIM, dual stand-by)|No"))
    t.number(
        "display_size",
        [
            f"{v} inches, {v * 16:.1f} cm2 (~{t.dice.randint(60, 90)}% screen-to-body ratio)"
            for v in t.floats(5.5, 0.6, 1)
        ],
        "text",
    )
    t.category(
        "display_resolution",
        t.pick("720 x 1280 pixels|1080 x 2340 pixels|480 x 800 pixels"),
        "number",
    )
    t.category(
        "platform_os",
        t.pick(
            "Android 9.0 (Pie)|Android 4.4.2 (KitKat)|iOS 13, upgradable to iOS 14|Microsoft Windows Phone 8"
        ),
    )
    t.number(
        "battery",
        t.pick([f"Non-removable Li-Po {v} mAh battery" for v in range(1500, 5100, 60)]),
        "text",
    )
    t.number("misc_price", t.holes([f"About {v} EUR" for v in t.sizes(220)], 0.1))
    t.boolean("features_nfc", t.pick("Yes No"))
    t.category("comms_bluetooth", t.pick("4.0|4.2|5.0|2.1"), "number", "grade")
    return as_csv(t, quote="all")


def flight_delays():
    t = Table("flight_delays", 320)
    t.number("YEAR", ["2015"] * 320, "constant")
    t.columns[-1].kind = "constant"
    t.number("DAY", t.ints(1, 31), "date")
    t.category("DAY_OF_WEEK", t.ints(1, 7), "number", "date")
    t.category("AIRLINE", t.pick("AA AS US DL NK B6"))
    t.category("FLIGHT_NUMBER", t.ints(1, 6500), "identifier", "number")
    t.category("TAIL_NUMBER", t.codes("N###@@", 140), "identifier")
    t.category("ORIGIN_AIRPORT", t.pick("ANC LAX SFO SEA LAS DEN"))
    t.date(
        "SCHEDULED_DEPARTURE",
        [f"{h:02}{m:02}" for h, m in zip(t.ints(0, 23), t.ints(0, 59), strict=True)],
        "number",
    )
    t.number("DEPARTURE_DELAY", t.holes([float(round(v)) for v in t.floats(6, 25)], 0.02))
    t.number("DISTANCE", t.ints(100, 2700))
    t.boolean("DIVERTED", t.pick([0, 1], [60, 1]))
    t.category("CANCELLATION_REASON", t.holes(t.pick("A B C"), 0.93))
    t.number("LATE_AIRCRAFT_DELAY", t.holes([float(v) for v in t.ints(0, 120)], 0.8))
    return as_csv(t)


def chicago_crime():
    t = Table("chicago_crime", 260)
    t.identifier("ID", t.codes("1#######"))
    t.identifier("Case Number", t.codes("J@######"))
    t.date("Date", t.times("2021-01-01", 600, "%m/%d/%Y %I:%M:%S %p"))
    t.text("Block", addresses(t, "{:03}XX {}", most=130), "category", "identifier")
    t.category("IUCR", t.pick(["0486", "0820", "1153", "041A", "0560", "2022"]))
    t.category("Primary Type", t.pick("THEFT|BATTERY|NARCOTICS|ASSAULT|DECEPTIVE PRACTICE"))
    t.category(
        "Location Description",
        t.holes(t.pick("STREET|APARTMENT|RESIDENCE - PORCH / HALLWAY|CTA BUS"), 0.01),
    )
    t.boolean("Arrest", t.pick("true false"))
    t.category("Beat", t.codes("##1#", 40), "number")
    t.category("Ward", t.ints(1, 50), "number")
    t.category("FBI Code", t.pick("06 08B 18 26 04A"))
    t.number("X Coordinate", t.holes(t.ints(1130000, 1200000), 0.02))
    t.constant("Year", ["2021"] * 260)
    t.text(
        "Location",
        t.holes(pairs(t, 41.85, -87.65, "({:.9f}, {:.9f})"), 0.02),
        "identifier",
        "number",
    )
    return as_csv(t)


CASES = (
    airbnb_paris,
    cars_poland,
    cdc_behaviour,
    telecom_churn,
    phone_specs,
    flight_delays,
    chicago_crime,
)
