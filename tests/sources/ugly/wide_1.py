"""Of the widest set, the half that may be looked at, part 1."""

from ugly.files import as_csv
from ugly.table import GONE, Table, comma, german, lakhs, written
from ugly.wide_words import addresses, firms, pairs, people, prose, several, titles


def imdb_top():
    t = Table("imdb_top", 250)
    t.identifier("Rank", t.running(), "number")
    t.identifier("Series_Title", titles(t), "text")
    t.number("Released_Year", [f"({year})" for year in t.ints(1931, 2020)], "date")
    t.category("Certificate", t.holes(t.pick("U A UA R PG-13 PG Passed Approved"), 0.1), "grade")
    t.number("Runtime", written(t.ints(70, 220), "{} min"))
    t.category("Genre", several(t, "Drama Crime Comedy Action War Sci-Fi Romance", 1, 3), "text")
    t.number("IMDB_Rating", t.floats(7.9, 0.3, 1))
    t.number("Meta_score", t.holes(t.ints(40, 100), 0.15))
    t.text("Overview", prose(t,
        "A retired detective|Two brothers|An ageing singer|A young mother|The crew of a submarine",
        "must confront|falls in love with|is hunted by|slowly discovers|tries to save",
        "a secret from the war.|the town that raised them.|the last survivor.|an old enemy.", 1, 2))  # fmt: skip
    t.category("Director", people(t, 60))
    t.number("No_of_Votes", written(t.sizes(250000), "{:,}"))
    t.number("Gross", t.holes(written(t.sizes(30000000, 1.2), "{:,}"), 0.17))
    return as_csv(t)


def fifa_players():
    t = Table("fifa_players", 300)
    t.identifier("", t.running(0))
    t.identifier("ID", t.codes("2#####"))
    t.identifier("Name", t.names("{first[0]}. {last}"), "text")
    t.number("Age", t.ints(17, 39))
    t.category("Nationality", t.pick("Argentina|Brazil|Spain|Korea Republic|France|Germany|Ghana"))
    t.category(
        "Club",
        t.holes(t.pick([f"FC {city}" for city in ["Lyon", "Porto", "Köln", "Bari", "Graz"]]), 0.03),
    )
    t.number("Value", [f"€{v / 1000:.1f}M" if v > 999 else f"€{v}K" for v in t.sizes(900, 1)])
    t.number("Wage", written(t.sizes(9, 1), "€{}K"))
    t.category("Preferred Foot", t.pick("Right Left", [3, 1]))
    t.grade("International Reputation", t.pick("1 2 3 4 5", [60, 20, 8, 3, 1]), "number")
    t.category("Work Rate", t.pick("High/ Medium|Medium/ Medium|High/ High|Medium/ Low|Low/ High"))
    t.category("Body Type", t.pick("Lean Normal Stocky"))
    t.boolean("Real Face", t.pick("Yes No", [1, 5]))
    t.date("Joined", t.holes(t.times("2008-01-01", 3900, "%b %d, %Y", 1440), 0.08))
    t.date("Contract Valid Until", t.some(t.pick("2019 2020 2021 2022 2023"), 0.07,
           lambda _: t.dice.choice(["Jun 30, 2019", "Dec 31, 2018", "May 31, 2020"])), "number")  # fmt: skip
    t.number("Height", [f"{t.dice.choice('56')}'{t.dice.randint(0, 11)}" for _ in range(t.rows)])
    t.number("Weight", written(t.ints(120, 220), "{}lbs"))
    t.number(
        "ST",
        t.holes([f"{t.dice.randint(50, 90)}+{t.dice.choice('23')}" for _ in range(t.rows)], 0.1),
    )
    t.number("Release Clause", t.holes([f"€{v / 10:.1f}M" for v in t.sizes(60, 1.2)], 0.09))
    return as_csv(t)


def cars_india():
    t = Table("cars_india", 200)
    t.identifier("Unnamed: 0", t.running(0))
    t.category("name", [f"{m} {n} {v}" for m, n, v in zip(t.pick("Maruti Hyundai Tata Honda"),
               t.pick("Swift Creta Nexon City Alto"), t.pick("VXI|1.2 SX|ZDI BSIV|LXI|XZ Plus"), strict=True)], "text")  # fmt: skip
    t.number("year", t.ints(2003, 2021), "date")
    t.number("selling_price", [f"₹ {lakhs(v * 1000)}" for v in t.sizes(450)])
    t.number("km_driven", written(t.sizes(60000), "{:,} kms"))
    t.category("fuel", t.pick("Diesel Petrol CNG LPG", [9, 8, 1, 1]))
    t.category("seller_type", t.pick("Individual|Dealer|Trustmark Dealer"))
    t.category("transmission", t.pick("Manual Automatic", [6, 1]))
    t.grade(
        "owner",
        t.pick(
            "First Owner|Second Owner|Third Owner|Fourth & Above Owner|Test Drive Car",
            [9, 5, 2, 1, 1],
        ),
        "category",
    )
    t.number(
        "mileage",
        t.holes(
            [f"{v} {t.dice.choice(['kmpl', 'kmpl', 'kmpl', 'km/kg'])}" for v in t.floats(19, 3)],
            0.03,
        ),
    )
    t.number("engine", t.holes(written(t.pick([998, 1197, 1248, 1498, 2179]), "{} CC"), 0.03))
    t.number("max_power", t.odd(written(t.floats(85, 20), "{} bhp"), " bhp", ""))
    t.text("torque", [f"{a}Nm@ {b}rpm" if t.dice.random() < 0.7 else f"{a / 9.8:.1f}@ {b:,}(kgm@ rpm)"
           for a, b in zip(t.ints(80, 400), t.pick([1750, 2000, 3000, 4000]), strict=True)], "number")  # fmt: skip
    t.number("seats", t.holes(t.pick([5, 5, 5, 7, 8]), 0.02))
    t.number(
        "New_Price",
        t.holes(
            [f"{v / 100:.2f} Lakh" if v < 9000 else f"{v / 9000:.2f} Cr" for v in t.sizes(1200, 1)],
            0.7,
        ),
    )
    return as_csv(t)


def cars_germany():
    t = Table("cars_germany", 180)
    t.identifier("Angebots-Nr.", t.codes("DE-#######"))
    t.number("Preis", [f"{german(v * 10, 0)} €" for v in t.sizes(1300)])
    t.date("Erstzulassung", t.times("2004-01-01", 6500, "%m/%Y"))
    t.number(
        "Kilometerstand",
        t.odd([f"{german(v, 0)} km" for v in t.sizes(90000)], "k. A.", "auf Anfrage"),
    )
    t.number("Leistung", [f"{kw} kW ({round(kw * 1.36)} PS)" for kw in t.ints(50, 250)])
    t.category("Kraftstoff", t.pick("Benzin Diesel Elektro Hybrid"))
    t.category("Getriebe", t.pick("Schaltgetriebe Automatik"))
    t.boolean("Unfallfrei", t.holes(t.pick("Ja Nein", [8, 1]), 0.06, "k. A."))
    t.date("HU", t.some(t.times("2023-01-01", 800, "%m/%Y"), 0.1, lambda _: "Neu"))
    t.category("PLZ", t.codes("#####", 70), "identifier")
    t.number("Verbrauch (komb.)", [f"{v} l/100 km" for v in comma(t.floats(6, 1, 1))])
    t.category("Umweltplakette", t.pick("4 (Grün)|3 (Gelb)|2 (Rot)|1 (Keine)"), "grade")
    t.number("Fahrzeughalter", t.holes(t.ints(1, 5), 0.1), "grade")
    t.text(
        "Ausstattung",
        several(
            t, "ABS|Klimaanlage|Navi|Sitzheizung|Tempomat|Xenon|Alufelgen|Isofix|Schiebedach", 3, 7
        ),
    )
    return as_csv(t, ";", encoding="cp1252")


def world_bank():
    t = Table("world_bank", 150)
    t.identifier("Country Name", t.places())
    t.identifier("Country Code", t.codes("@@@"), "copy")
    t.constant("Indicator Name", ["GDP per capita (current US$)"] * 150)
    t.constant("Indicator Code", ["NY.GDP.PCAP.CD"] * 150)
    for year in ("1970", "1990", "2000", "2015", "2020"):
        t.number(year, t.holes(t.sizes(6000, 1, 5), 0.1))
    t.number("2022", t.holes(t.sizes(6000, 1, 5), 0.85))
    t.constant("2024", [""] * 150, GONE)
    t.category(
        "Region", t.pick("East Asia & Pacific|Sub-Saharan Africa|Europe & Central Asia|South Asia")
    )
    t.grade(
        "IncomeGroup",
        t.pick("Low income|Lower middle income|Upper middle income|High income"),
        "category",
    )
    head = '"Data Source","World Development Indicators",\n\n"Last Updated Date","2024-03-28",\n\n'
    return as_csv(t, quote="all", encoding="utf-8-sig", above=head)


def chicago_schools():
    t = Table("chicago_schools", 240)
    t.identifier("School_ID", t.codes("61####"))
    t.identifier("NAME_OF_SCHOOL", t.places("{} Elementary School"), "text")
    t.category("Elementary, Middle, or High School", t.pick("ES MS HS", [8, 1, 2]), "grade")
    t.text("Street_Address", addresses(t), "identifier")
    t.category("ZIP_Code", written(t.ints(60601, 60660), "{}"), "identifier")
    t.identifier("Phone_Number", t.codes("(773) 53#-####"))
    t.identifier(
        "Link",
        [
            f"http://schoolreports.cps.edu/SchoolProgressReport_Eng_{c}.pdf"
            for c in t.codes("61####")
        ],
    )
    t.category("CPS_Performance_Policy_Status", t.pick("Not on Probation|Probation|Not Applicable"))
    t.grade(
        "CPS_Performance_Policy_Level",
        t.pick("Level 1|Level 2|Level 3|Not Enough Data", [5, 4, 4, 1]),
    )
    t.boolean("HEALTHY_SCHOOL_CERTIFIED", t.pick("Yes No", [1, 20]))
    t.grade(
        "Safety_Icon", t.pick("Very Weak|Weak|Average|Strong|Very Strong|NDA", [2, 4, 5, 4, 2, 1])
    )
    t.number("SAFETY_SCORE", t.holes(t.ints(1, 99), 0.08))
    t.number("Average_Student_Attendance", [f"{v:.2f}%" for v in t.floats(92, 3, 1)])
    t.number("Parent_Engagement_Score", t.holes(t.ints(40, 60), 0.3, "NDA"))
    t.category("Police_District", t.ints(1, 25), "number")
    t.text("Location", pairs(t, 41.8, -87.6), "identifier", "number")
    return as_csv(t)


def noaa_stations():
    t = Table("noaa_stations", 365)
    t.constant("STATION", ["USW00094728"] * 365)
    t.constant("NAME", ["NY CITY CENTRAL PARK, NY US"] * 365)
    t.constant("ELEVATION", ["42.7"] * 365)
    t.date("DATE", t.every("2021-01-01", "%Y-%m-%d", days=1))
    t.number("AWND", t.holes(written(t.sizes(5, 0.4, 2), "{:8.2f}"), 0.05))
    t.number(
        "PGTM",
        t.holes([f"{h:02}{m:02}" for h, m in zip(t.ints(0, 23), t.ints(0, 59), strict=True)], 0.2),
        "date",
    )
    t.number("PRCP", t.pick([0.0, 0.0, 0.0, 0.01, 0.12, 0.4, 1.31, 0.55, 0.08]))
    t.category("PRCP_ATTRIBUTES", t.pick([",,W,2400", "T,,W,2400", ",,D,2400"]))
    t.number("SNOW", t.holes(t.pick([0.0, 1.2, 3.5, 0.4], [30, 1, 1, 1]), 0.02))
    t.number("TMAX", t.ints(20, 95))
    t.number("WDF2", t.holes([v * 10 for v in t.ints(1, 36)], 0.03))
    t.boolean("WT01", t.pick(["1", ""], [1, 2]), "constant")
    t.boolean("WT08", t.pick(["1", ""], [1, 5]), "constant")
    return as_csv(t, quote="all")


def food_inspections():
    t = Table("food_inspections", 220)
    t.identifier("Inspection ID", t.codes("25#####"))
    names = firms(t)
    t.identifier("DBA Name", [name.upper() for name in names], "text")
    t.text(
        "AKA Name",
        t.some([name.upper() for name in names], 0.2, lambda c: c.split()[0]),
        "copy",
        "identifier",
    )
    t.identifier("License #", t.codes("2######"))
    t.category(
        "Facility Type",
        t.holes(t.pick("Restaurant|Grocery Store|School|Bakery|Daycare (2 - 6 Years)"), 0.03),
    )
    t.grade("Risk", t.pick("Risk 1 (High)|Risk 2 (Medium)|Risk 3 (Low)", [6, 2, 1]))
    t.text("Address", addresses(t, "{} {} "), "identifier")
    t.category(
        "City", t.pick("CHICAGO|Chicago|chicago|CCHICAGO|OAK PARK", [200, 5, 3, 1, 2]), "constant"
    )
    t.constant("State", ["IL"] * 220)
    t.date("Inspection Date", t.times("2019-01-01", 900, "%m/%d/%Y"))
    t.category(
        "Inspection Type",
        t.pick("Canvass|License|Complaint|Canvass Re-Inspection|License-Task Force"),
    )
    t.category("Results", t.pick("Pass|Fail|Pass w/ Conditions|Out of Business|No Entry"), "grade")
    t.text("Violations", t.holes(prose(t,
        "3. MANAGEMENT - Comments:|10. HANDWASHING SINKS - Comments:|47. FOOD CONTACT SURFACES - Comments:",
        "OBSERVED GREASE ON|MUST REPAIR|NO SOAP AT|FOUND DUST ON", "THE HOOD FILTERS.|THE REAR DOOR.|THE PREP TABLE.",
        1, 5, " | "), 0.25))  # fmt: skip
    return as_csv(t, quote="text")


CASES = (
    imdb_top,
    fifa_players,
    cars_india,
    cars_germany,
    world_bank,
    chicago_schools,
    noaa_stations,
    food_inspections,
)
