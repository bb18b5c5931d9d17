"""A set written after the reader was mended, of everyday public tables: noodles, prizes, wells, dogs."""

from ugly.files import as_csv, as_excel, as_json_lines
from ugly.table import Table, written
from ugly.wide_words import firms, prose, several, titles


def ramen_ratings():
    t = Table("ramen_ratings", 220)
    t.identifier("Review #", [2580 - row for row in range(220)])
    t.category("Brand", t.pick("Nissin|Nongshim|Samyang Foods|Mama|Indomie"))
    t.text(
        "Variety",
        prose(
            t,
            "Cup Noodle|Mi Goreng|Big Bowl|Instant Noodles",
            "Spicy Seafood|Tom Yum|Chicken|Artificial Beef",
            "Flavour|With Sesame Oil|Ramen|(Export Version)",
            1,
            1,
        ),
        "category",
    )
    t.category("Style", t.holes(t.pick("Pack Cup Bowl Tray Box"), 0.01))
    t.category("Country", t.pick("Japan|Taiwan|USA|South Korea|Hong Kong"))
    t.number(
        "Stars", t.odd([str(v) for v in t.pick([3.75, 5, 4.25, 0.5, 3.5, 2])], "Unrated", "Unrated")
    )
    t.category("Top Ten", t.holes(t.pick(["2012 #10", "2016 #1", "2013 #3", "2015 #8"]), 0.9))
    return as_csv(t)


def nobel_laureates():
    t = Table("nobel_laureates", 200)
    t.number("Year", t.ints(1901, 2016), "date")
    t.category("Category", t.pick("Chemistry|Literature|Medicine|Peace|Physics|Economics"))
    t.text(
        "Motivation",
        prose(
            t,
            '"in recognition of|"for their work on|"for the discovery of',
            "the structure of|the laws of|the mechanisms of",
            'atoms"|chemical dynamics"|the immune system"',
            1,
            1,
        ),
        "category",
    )
    t.category("Prize Share", t.pick("1/1 1/2 1/3 1/4"), "number", "grade")
    t.category("Laureate Type", t.pick("Individual Organization", [20, 1]))
    t.identifier("Full Name", t.names("{first} {last}"))
    t.date("Birth Date", t.holes(t.times("1852-08-30", 30000, "%Y-%m-%d"), 0.04))
    t.category(
        "Birth City",
        t.holes(t.pick("Paris|Vienna|New York, NY|Budapest|Strasbourg (Strassburg)"), 0.04),
    )
    t.category("Sex", t.holes(t.pick("Male Female", [20, 1]), 0.03))
    t.date("Death Date", t.holes(t.times("1903-11-01", 40000, "%Y-%m-%d"), 0.4))
    return as_csv(t, quote="text")


def video_games():
    t = Table("video_games", 260)
    t.identifier("Rank", t.running(), "number")
    t.text("Name", titles(t), "identifier")
    t.category("Platform", t.pick("Wii NES GB DS X360 PS2"))
    t.number("Year", t.holes(t.ints(1983, 2016), 0.02, "N/A"), "date")
    t.category("Genre", t.pick("Sports|Platform|Role-Playing|Shooter|Puzzle"))
    t.number("NA_Sales", t.floats(0.9, 0.2))
    t.number("Critic_Score", t.holes(t.ints(20, 98), 0.4))
    t.number("User_Score", t.holes(t.floats(7, 1, 1), 0.3, "tbd", ""))
    t.grade("Rating", t.holes(t.pick("E E10+ T M", [4, 1, 3, 2]), 0.2))
    return as_csv(t)


def water_points():
    t = Table("water_points", 240)
    t.identifier("id", t.dice.sample(range(74000), 240))
    t.number("amount_tsh", t.some(t.sizes(500), 0.7, lambda _: 0))
    t.date("date_recorded", t.times("2011-03-14", 700, "%Y-%m-%d"))
    t.category(
        "funder", t.holes(t.pick("Government Of Tanzania|Danida|Hesawa|Rwssp|World Bank"), 0.06)
    )
    t.number("gps_height", t.ints(-60, 2100))
    t.category("basin", t.pick("Lake Victoria|Pangani|Rufiji|Internal"))
    t.category("region_code", t.pick([11, 20, 14, 21, 90, 18]))
    t.boolean("public_meeting", t.holes(t.pick("True False", [9, 1]), 0.06))
    t.number("construction_year", t.some(t.ints(1960, 2013), 0.35, lambda _: 0), "date")
    t.category(
        "payment",
        t.pick("pay annually|never pay|pay per bucket|unknown|pay when scheme fails"),
        "grade",
    )
    t.grade("quantity", t.pick("dry|insufficient|enough"), "category")
    t.category("waterpoint_type", t.pick("communal standpipe|hand pump|other|improved spring"))
    t.category("status_group", t.pick("functional|non functional|functional needs repair"), "grade")
    return as_csv(t)


def dog_licences():
    t = Table("dog_licences", 250)
    t.category(
        "AnimalName", t.pick("BELLA|MAX|LOLA|UNKNOWN|NAME NOT PROVIDED|ROCKY|COCO|PAIGE|YOGI")
    )
    t.category("AnimalGender", t.pick("M F"))
    t.number("AnimalBirthMonth", [str(v) for v in t.ints(1999, 2016)], "date")
    t.category(
        "BreedName",
        t.pick("Chihuahua|Yorkshire Terrier|Unknown|American Pit Bull Mix / Pit Bull Mix"),
    )
    t.category("Borough", t.pick("Manhattan|Brooklyn|brooklyn|MANHATTAN|Queens", [9, 9, 1, 1, 5]))
    t.category("ZipCode", t.pick([10035, 10465, 11201, 10013, 10028]))
    t.date("LicenseIssuedDate", t.times("2014-09-12", 800, "%m/%d/%Y"))
    t.date("LicenseExpiredDate", t.times("2016-09-12", 800, "%m/%d/%Y"))
    t.boolean("Spayed", t.pick("Yes No", [6, 1]))
    t.number("Weight", written(t.sizes(30, 0.6), "{} lbs"))
    t.constant("Extract Year", [2016] * 250)
    return as_excel(t)


def airline_survey():
    t = Table("airline_survey", 260)
    t.identifier("id", t.dice.sample(range(1, 130000), 260))
    t.category("Gender", t.pick("Male Female"))
    t.category("Customer Type", t.pick("Loyal Customer|disloyal Customer", [4, 1]))
    t.number("Age", t.ints(7, 85))
    t.category("Type of Travel", t.pick("Personal Travel|Business travel"))
    t.grade("Class", t.pick("Eco|Eco Plus|Business", [9, 1, 9]), "category")
    t.number("Flight Distance", t.sizes(800, 0.7))
    t.grade("Inflight wifi service", t.ints(0, 5), "number")
    t.grade("Seat comfort", t.ints(1, 5), "number")
    t.number("Arrival Delay in Minutes", t.holes([f"{v}.0" for v in t.sizes(5, 1.5)], 0.01))
    t.category("satisfaction", t.pick("neutral or dissatisfied|satisfied"), "boolean")
    return as_csv(t)


def traffic_stops():
    t = Table("traffic_stops", 240)
    t.date("stop_date", t.times("2005-01-01", 3000, "%Y-%m-%d"))
    t.date("stop_time", t.times("2005-01-01", 1, "%H:%M"))
    t.category("driver_gender", t.holes(t.pick("M F", [3, 1]), 0.05))
    t.number("driver_age", t.holes([f"{v}.0" for v in t.ints(16, 80)], 0.06))
    t.category("driver_race", t.holes(t.pick("White Black Hispanic Asian Other"), 0.05))
    t.category("violation", t.pick("Speeding|Equipment|Moving violation|Registration/plates"))
    t.boolean("search_conducted", t.pick("False True", [20, 1]))
    t.category(
        "search_type",
        t.holes(t.pick("Incident to Arrest|Probable Cause|Incident to Arrest,Inventory"), 0.95),
    )
    t.category("stop_outcome", t.pick("Citation|Warning|Arrest Driver|N/D"))
    t.grade("stop_duration", t.pick("0-15 Min|16-30 Min|30+ Min", [8, 2, 1]))
    t.boolean("drugs_related_stop", t.pick("False True", [60, 1]))
    return as_csv(t)


def anime_list():
    t = Table("anime_list", 230)
    t.identifier("MAL_ID", t.dice.sample(range(1, 40000), 230))
    t.text("Name", titles(t, "{1} no {0}{2}"), "identifier")
    t.number("Score", t.holes(t.floats(7, 0.8), 0.2, "Unknown"))
    t.text(
        "Genres", several(t, "Action|Comedy|Drama|Sci-Fi|Shounen|Slice of Life", 1, 4), "category"
    )
    t.category("Type", t.pick("TV Movie OVA Special Music"))
    t.number("Episodes", t.odd([str(v) for v in t.pick([1, 12, 13, 26, 51, 24, 220])], "Unknown"))
    t.category("Premiered", t.pick("Spring 1998|Fall 2004|Winter 2012|Unknown|Summer 2016"), "date")
    t.category("Studios", t.pick("Sunrise|Madhouse|Bones|Toei Animation|Unknown"))
    t.number(
        "Duration",
        t.pick("24 min. per ep.|1 hr. 55 min.|25 min. per ep.|5 min. per ep.|1 hr. 30 min."),
        "category",
        "text",
    )
    t.grade(
        "Rating",
        t.pick(
            "G - All Ages|PG - Children|PG-13 - Teens 13 or older|R - 17+ (violence & profanity)"
        ),
        "category",
    )
    t.number("Members", t.sizes(9000, 1.5))
    t.category("Producers", firms(t), "text")
    t.columns[-1].kind = "identifier"
    return as_json_lines(t)


CASES = (
    ramen_ratings, nobel_laureates, video_games, water_points, dog_licences, airline_survey,
    traffic_stops, anime_list,
)  # fmt: skip
