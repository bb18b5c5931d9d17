"""Of the widest set, the half that is held out, part 3."""

from ugly.files import as_csv, as_excel, as_json_lines, as_parquet
from ugly.table import Table, clock
from ugly.wide_words import addresses, people, prose, several, titles


def recipes_food():
    t = Table("recipes_food", 220)
    t.text("name", titles(t, "{1} soup with {0} herbs{2}"), "identifier")
    t.identifier("id", t.codes("#####"))
    t.category("contributor_id", t.codes("#####", 90), "identifier")
    t.date("submitted", t.times("2002-01-01", 3000, "%Y-%m-%d"))
    t.text(
        "tags",
        several(
            t,
            "'weeknight' 'time-to-make' 'vegan' '60-minutes-or-less' 'low-carb' 'mexican'",
            2,
            5,
            form="[{}]",
        ),
        "category",
    )
    t.text(
        "nutrition",
        [
            "["
            + ", ".join(
                str(round(v, 1))
                for v in (t.dice.uniform(50, 800), t.dice.uniform(0, 90), t.dice.uniform(0, 40))
            )
            + "]"
            for _ in range(220)
        ],
        "number",
        "identifier",
    )
    t.number("n_steps", t.ints(2, 25))
    t.text(
        "steps",
        prose(
            t,
            "'preheat the oven'|'chop the onion'|'boil water'",
            "'mix with|'pour over|'stir in",
            "butter'|the stock'|two eggs'",
            2,
            4,
            ", ",
        ),
    )
    t.number(
        "PrepTime",
        t.holes(
            [f"PT{v // 60}H{v % 60}M" if v > 59 else f"PT{v}M" for v in t.sizes(25, 0.8)], 0.05
        ),
    )
    t.number(
        "TotalTime",
        [f"{v // 60} hr {v % 60} min" if v > 59 else f"{v} min" for v in t.ints(10, 200)],
    )
    t.number("sugar", t.pick("1/2 cup|1 cup|1 1/2 cups|2 cups|3/4 cup"), "category", "text")
    t.number("AggregatedRating", t.holes(t.pick([3.5, 4.0, 4.5, 5.0]), 0.3))
    t.number("RecipeServings", t.holes(t.pick("4|6|2-3|8|12"), 0.3), "category", "grade")
    return as_csv(t)


def spotify_tracks():
    t = Table("spotify_tracks", 300)
    t.identifier("track_id", t.codes("#@%@#@%@%@#@%%@@#@%@#@"))
    t.text(
        "artists",
        [";".join(t.dice.sample(t.names()[:150], t.dice.choice([1, 1, 1, 2]))) for _ in range(300)],
        "category",
    )
    t.identifier("track_name", titles(t, "{} {}{} - Remastered"))
    t.number("popularity", t.ints(0, 100))
    t.number("duration_ms", t.sizes(210000, 0.3))
    t.boolean("explicit", t.pick([True, False], [1, 9]))
    t.number("danceability", t.floats(0.6, 0.1, 3))
    t.category("key", t.ints(0, 11), "number")
    t.number("loudness", t.floats(-8, 3, 3))
    t.boolean("mode", t.ints(0, 1))
    t.number("time_signature", t.pick([3, 4, 4, 4, 5]))
    t.category("track_genre", t.pick("acoustic|j-pop|hip-hop|death-metal|k-pop"))
    t.date("release_date", t.some(t.times("1990-01-01", 12000, "%Y-%m-%d"), 0.2, lambda c: c[:4]))
    return as_parquet(t)


def steam_games():
    t = Table("steam_games", 230)
    t.identifier("AppID", t.codes("######0"))
    t.identifier("Name", titles(t), "text")
    t.date("Release date", [f"{d:%b} {d.day}, {d.year}" for d in t.times("2012-01-01", 4000)])
    t.grade(
        "Estimated owners",
        t.pick(
            "0 - 20000|20000 - 50000|50000 - 100000|100000 - 200000|1000000 - 2000000",
            [20, 5, 3, 2, 1],
        ),
    )
    t.number("Price", t.pick([0.0, 4.99, 9.99, 19.99, 0.99]))
    t.grade("Required age", t.pick([0, 13, 18], [30, 1, 2]), "number", "category")
    t.text(
        "Supported languages",
        several(t, "'English' 'French' 'German' 'Japanese' 'Korean' 'Polish'", 1, 5, form="[{}]"),
        "category",
    )
    t.boolean("Windows", ["True"] * 228 + ["False"] * 2)
    t.boolean("Linux", t.pick("True False", [1, 6]))
    t.number("Metacritic score", t.holes(t.ints(45, 95), 0.8, 0))
    t.grade(
        "Reviews",
        t.pick(
            "Overwhelmingly Positive|Very Positive|Mostly Positive|Mixed|Mostly Negative|Very Negative"
        ),
    )
    t.category("Developers", t.holes(people(t, 180, "{last} Interactive"), 0.02))
    t.text(
        "Screenshots",
        [
            ",".join(
                f"https://cdn.steam.com/{c}.jpg"
                for c in t.codes("%%%%%%%%")[: t.dice.randint(1, 3)]
            )
            for _ in range(230)
        ],
        "identifier",
    )
    t.text(
        "About the game",
        prose(
            t,
            "Build|Explore|Survive in|Conquer",
            "a vast world|the last colony|a cursed castle",
            "alone or with friends.|before time runs out!",
            1,
            3,
        ),
    )
    return as_json_lines(t)


def hr_attrition():
    t = Table("hr_attrition", 260)
    t.number("Age", t.ints(18, 60))
    t.boolean("Attrition", t.pick("Yes No", [1, 5]))
    t.grade("BusinessTravel", t.pick("Non-Travel|Travel_Rarely|Travel_Frequently"), "category")
    t.number("DailyRate", t.ints(102, 1499))
    t.category("Department", t.pick("Sales|Research & Development|Human Resources"))
    t.grade("Education", t.ints(1, 5), "number", "category")
    t.constant("EmployeeCount", [1] * 260)
    t.identifier("EmployeeNumber", sorted(t.dice.sample(range(1, 2068), 260)), "number")
    t.grade("JobSatisfaction", t.ints(1, 4), "number", "category")
    t.number("MonthlyIncome", t.sizes(5000))
    t.constant("Over18", ["Y"] * 260)
    t.boolean("OverTime", t.pick("Yes No"))
    t.constant("StandardHours", [80] * 260)
    t.grade("StockOptionLevel", t.ints(0, 3), "number", "category")
    t.number("YearsAtCompany", t.sizes(5, 0.8))
    return as_excel(t)


def taxi_trips():
    t = Table("taxi_trips", 300)
    t.category("VendorID", t.pick([1, 2]), "boolean", "number")
    t.date("tpep_pickup_datetime", t.times("2023-01-01", 31))
    t.number("passenger_count", t.holes(t.pick([1.0, 1.0, 2.0, 3.0]), 0.05, None))
    t.number("trip_distance", t.sizes(2, 0.9, 2))
    t.category("RatecodeID", t.pick([1.0, 2.0, 5.0, 99.0], [30, 2, 1, 1]), "number")
    t.boolean("store_and_fwd_flag", t.pick("N Y", [60, 1]))
    t.category("PULocationID", t.ints(1, 265), "number", "identifier")
    t.category("payment_type", t.ints(1, 4), "number")
    t.number("fare_amount", t.floats(15, 6))
    t.number("mta_tax", t.pick([0.5, 0.0, -0.5], [50, 1, 1]))
    t.number("airport_fee", t.pick([0.0, 1.25], [10, 1]), "boolean", "category")
    t.number("duration", t.sizes(900, 0.6))
    return as_parquet(t)


def energy_certificates():
    t = Table("energy_certificates", 210)
    t.identifier("LMK_KEY", t.codes("%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"))
    t.text(
        "ADDRESS1",
        addresses(
            t, "{}, {}", ["Flat 2 Moor Lane", "Church Road", "The Old Mill", "Station Terrace"], 300
        ),
        "identifier",
    )
    t.category("POSTCODE", t.codes("LS## #@@"), "identifier")
    t.grade("CURRENT_ENERGY_RATING", t.pick("A B C D E F G", [1, 5, 9, 12, 6, 2, 1]))
    t.number("CURRENT_ENERGY_EFFICIENCY", t.ints(10, 95))
    t.category("PROPERTY_TYPE", t.pick("House|Flat|Bungalow|Maisonette"))
    t.date("LODGEMENT_DATE", t.times("2010-01-01", 4000, "%Y-%m-%d"))
    t.boolean("MAINS_GAS_FLAG", t.holes(t.pick("Y N", [5, 1]), 0.1))
    t.number(
        "FLOOR_LEVEL",
        t.holes(t.pick("00 01 02 03 Ground 1st"), 0.5, "NODATA!"),
        "grade",
        "category",
    )
    t.grade("HOT_WATER_ENERGY_EFF", t.pick("Very Poor|Poor|Average|Good|Very Good|N/A"))
    t.category(
        "WALLS_DESCRIPTION",
        t.pick(
            "Cavity wall, filled cavity|Solid brick, as built, no insulation (assumed)|Timber frame, as built"
        ),
    )
    t.grade(
        "CONSTRUCTION_AGE_BAND",
        t.pick(
            "England and Wales: before 1900|England and Wales: 1900-1929|England and Wales: 1950-1966|England and Wales: 2007 onwards|NO DATA!"
        ),
        "category",
    )
    t.category(
        "TENURE",
        t.pick("owner-occupied|Owner-occupied|rented (private)|Rented (social)|rental (social)"),
    )
    t.date("LODGEMENT_DATETIME", t.times("2010-01-01", 4000, "%Y-%m-%d %H:%M:%S"))
    return as_csv(t)


def ev_charging():
    t = Table("ev_charging", 220)
    t.identifier("sessionId", t.codes("###########"))
    t.category("stationId", t.codes("5#####", 40))
    t.date("created", [f"00{d:%y-%m-%d %H:%M:%S}" for d in t.times("2014-11-18", 300)])
    t.number("kwhTotal", t.floats(5.8, 2))
    t.number("dollars", t.pick([0.0, 0.58, 1.5, 4.2], [20, 1, 1, 1]))
    t.number("chargeTimeHrs", t.sizes(2.8, 0.4, 6))
    t.category("weekday", t.pick("Mon Tue Wed Thu Fri Sat Sun"), "grade", "date")
    t.category("platform", t.pick("android ios web", [4, 8, 1]))
    t.number("plug-in time", [clock(v) for v in t.sizes(9000)])
    t.boolean("managerVehicle", t.ints(0, 1))
    t.category("facilityType", t.ints(1, 4), "number")
    t.boolean("reportedZip", t.ints(0, 1))
    t.category("connector", t.pick("CCS (Combo 2)|Type 2|CHAdeMO|Tesla NACS"))
    t.number("max power", t.pick("7.4 kW|22 kW|50 kW|150 kW|350 kW"))
    return as_csv(t, ";")


def olympic_athletes():
    t = Table("olympic_athletes", 280)
    t.category("ID", sorted(t.ints(1, 260)), "identifier", "number")
    t.text("Name", t.names('{first} "{last}" {last}sen'), "identifier")
    t.category("Sex", t.pick("M F"))
    t.number("Age", t.holes(t.ints(15, 45), 0.04, "NA"))
    t.number("Height", t.holes(t.ints(150, 205), 0.2, "NA"))
    t.number("Weight", t.holes([float(v) for v in t.ints(45, 120)], 0.2, "NA"))
    t.category("Team", t.pick("China|Denmark|Denmark/Sweden|Finland|Norway-2"))
    t.category("NOC", t.pick("CHN DEN FIN NOR USA"))
    t.category("Games", t.pick("1992 Summer|2012 Summer|1920 Summer|1994 Winter"), "date")
    t.number("Year", t.pick([1992, 2012, 1920, 1994, 1988, 2016]), "date")
    t.category("Season", t.pick("Summer Winter"))
    t.category(
        "Event",
        t.pick(
            "Basketball Men's Basketball|Judo Men's Extra-Lightweight|Speed Skating Women's 500 metres"
        ),
    )
    t.grade("Medal", t.holes(t.pick("Gold Silver Bronze"), 0.8, "NA"))
    return as_csv(t, quote="text")


def mushrooms():
    t = Table("mushrooms", 250)
    t.category("class", t.pick("p e"))
    t.number("cap-diameter", t.sizes(6, 0.4, 2))
    t.category("cap-shape", t.pick("x f s b o"))
    t.category("cap-color", t.pick("n y w g e"))
    t.boolean("does-bruise-or-bleed", t.pick("f t", [4, 1]))
    t.category("gill-attachment", t.holes(t.pick("a d x p"), 0.15, "?"))
    t.number("stem-height", t.floats(6.5, 1.5))
    t.boolean("has-ring", t.pick("f t", [3, 1]))
    t.category("spore-print-color", t.holes(t.pick("k p w n"), 0.85))
    t.constant("veil-type", ["u"] * 250)
    t.category("habitat", t.pick("d g l m"))
    t.category("season", t.pick("a u w s"), "grade")
    return as_csv(t, ";")


CASES = (
    recipes_food,
    spotify_tracks,
    steam_games,
    hr_attrition,
    taxi_trips,
    energy_certificates,
    ev_charging,
    olympic_athletes,
    mushrooms,
)
