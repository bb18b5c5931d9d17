"""Fifteen more files that are held out: run, counted, never tuned on."""

from datetime import timedelta
from decimal import Decimal

from ugly.files import as_csv, as_excel, as_json_lines, as_parquet
from ugly.table import GONE, Table, clock, comma, written


def crimes():
    """As a city's police: case numbers, true and false, codes 0486 and 041A, a point as text."""
    t = Table("crimes", 340)
    t.identifier("ID", t.codes("11######"))
    t.identifier("Case Number", t.codes("H@######"))
    t.date("Date", t.times("2015-01-01", 900, "%m/%d/%Y %I:%M:%S %p"))
    t.category("Block", written(t.pick("W MADISON ST|S STATE ST|N CLARK ST"), "003XX {}"))
    t.category("IUCR", t.pick("0486 041A 0820 0560 1310"), "identifier")
    t.category("Primary Type", t.pick("BATTERY|THEFT|CRIMINAL DAMAGE|ASSAULT"))
    t.boolean("Arrest", t.pick("true false"))
    t.boolean("Domestic", t.pick("true false", [1, 6]))
    t.category("Beat", t.pick("0111 0423 1834 2533"), "identifier")
    t.number("Latitude", t.holes(t.floats(41.8, 0.08, 6), 0.02))
    t.number("Year", t.pick([2015, 2016, 2017]), "date", "category")
    t.date("Updated On", t.times("2018-02-01", 30, "%m/%d/%Y %I:%M:%S %p"))
    return as_csv(t)


def flights():
    """As delays of an aviation office: 1455 for five to three, NA, numbers of tails and flights."""
    t = Table("flights", 400)
    t.constant("year", [2013] * t.rows)
    t.number("month", t.ints(1, 12), "date", "category", "grade")
    t.date("dep_time", t.holes(t.times("2013-01-01", 1, "%H%M"), 0.03, "NA"), "number")
    t.number("dep_delay", t.holes([value - 12 for value in t.sizes(14, 0.9)], 0.03, "NA"))
    t.category("carrier", t.pick("UA AA B6 DL EV"))
    t.category("flight", t.pick(t.ints(1, 6000)[:150]), "number", "identifier")
    t.category("tailnum", t.pick(t.codes("N#####", 120)), "identifier")
    t.category("origin", t.pick("EWR LGA JFK"))
    t.number("air_time", t.holes([float(value) for value in t.ints(20, 690)], 0.03, "NA"))
    t.boolean("cancelled", t.pick([0, 1], [30, 1]))
    t.date("time_hour", t.times("2013-01-01", 364, "%Y-%m-%dT%H:00:00Z"))
    return as_csv(t)


def world_indicators():
    """As a bank of the world: lines above, `..`, years as names of columns, lines below."""
    t = Table("world_indicators", 200)
    t.identifier("Country Name", t.places("{} Republic"), "text")
    t.identifier("Country Code", t.codes("@@@"))
    t.constant("Series Name", ["GDP per capita (current US$)"] * t.rows)
    for year in (1990, 2000, 2010):
        t.number(f"{year} [YR{year}]", t.holes(t.sizes(6000, 1.2, 4), 0.1, ".."))
    t.grade("Income Group", t.pick("Low income|Lower middle income|Upper middle income|High income"))  # fmt: skip
    t.category("Region", t.pick("South Asia|Europe & Central Asia|Sub-Saharan Africa"))
    t.number("Population", written(t.sizes(9000000, 1.5), "{:,}"))
    t.constant("2025 [YR2025]", [".."] * t.rows)
    below = "\n\nData from database: World Development Indicators\nLast Updated: 07/20/2022\n"
    return as_csv(t, above='"Data Source","World Indicators",\n\n', below=below)


def plants_workbook():
    """A sheet for each year, regions in merged cells, real dates, a sheet of notes in front."""
    t = Table("plants_workbook", 180)
    t.category("Region", sorted(t.pick("East|North|South|West")))
    t.identifier("Plant", [f"Plant {code}" for code in t.codes("@##")])
    t.date("Commissioned", [day.replace(hour=0, minute=0) for day in t.times("1970-01-01", 15000)])
    t.number("Capacity (MW)", t.sizes(140, 0.9, 1))
    t.category("Fuel", t.pick("Gas Coal Wind Nuclear"))
    t.number("Availability", written(t.floats(88, 5, 1), "{} %"))
    t.boolean("Active", t.pick([True, False], [5, 1]))
    t.grade("Condition", t.pick("poor fair good excellent"))
    t.number("Staff", t.odd(t.sizes(60, 0.7), "n/k", "~120"))
    front = [("Notes", [["Plants, end of year"], [], ["MW", "megawatts"]])]
    return as_excel(t, sheets=("2018", "2019", "2020"), others=front, merged=(0,))


def orders_workbook():
    """Numbers that are text, dates of both kinds, real TRUE beside "yes", group headers."""
    t = Table("orders_workbook", 160)
    t.identifier("Order", t.running(10001))
    days = t.times("2020-01-01", 300)
    t.date("Ordered", t.some(days, 0.3, lambda day: f"{day:%d/%m/%Y}"))
    t.date("Shipped", t.odd(t.times("2020-02-01", 300), "n/a", "pending", "tbc"))
    t.number("Net", t.some(t.sizes(210, 0.8, 2), 0.3, str))
    t.number("Gross", t.some(t.sizes(250, 0.8, 2), 0.2, "${:,.2f}".format))
    t.boolean("Express", t.some(t.pick([True, False]), 0.2, lambda flag: "Yes" if flag else "No"))
    t.category("Customer type", t.pick("Retail|retail|Wholesale|WHOLESALE"))
    t.grade("Priority", t.pick("Low|Medium|High|Critical"))
    t.number("Items", t.holes(t.ints(1, 40), 0.1, "-"))
    t.text("Instructions", t.holes(t.sentences(1, 3, newline=0.4), 0.3))
    t.constant("", [""] * t.rows, GONE)
    groups = [(0, 2, "Order"), (3, 5, "Money"), (6, 9, "Other")]
    return as_excel(t, groups=groups, others=[("README", [["Exported 2021-01-03"]])])


def salaries():
    """As a blog's survey of salaries: 65,000, $65k, 85000 USD, titles typed by hand."""
    t = Table("salaries", 300)
    t.date("Timestamp", [f"{day.month}/{day.day}/{day:%Y} {day.hour}:{day:%M:%S}" for day in t.times("2021-04-27", 20)])  # fmt: skip
    t.grade("How old are you?", t.pick("18-24|25-34|35-44|45-54|55-64|65 or over"))
    t.category("Industry", t.pick("Computing or Tech|Nonprofits|Law|Education (Higher)"))
    title = t.pick(
        "Program Manager|program manager|Librarian|librarian |Software Engineer|Attorney"
    )
    t.category("Job title", title)
    salary = [f"{amount:,}" for amount in t.sizes(68000, 0.4)]
    salary = t.some(salary, 0.1, lambda cell: f"${cell.partition(',')[0]}k")
    t.number("Annual salary", t.some(salary, 0.05, lambda cell: cell.replace(",", "") + " USD"))
    t.category("Currency", t.pick("USD CAD GBP EUR", [8, 1, 1, 1]))
    years = "1 year or less|2 - 4 years|5-7 years|8 - 10 years|11 - 20 years|21 - 30 years"
    t.grade("Years of experience", t.pick(years))
    t.grade("Highest level of education", t.pick("High School|Some college|College degree|Master's degree|PhD"))  # fmt: skip
    t.category("Gender", t.pick("Woman|Man|Non-binary|Other or prefer not to answer", [8, 3, 1, 1]))
    t.text("Additional context", t.holes(t.sentences(1, 2), 0.5))
    t.number("Bonus", t.holes(t.sizes(3000, 0.9), 0.5, 0, ""))
    return as_csv(t, "\t", suffix=".tsv")


def marathon():
    """Finishing times, pace, DNF, bib numbers, classes of age, 1h 12m 5s."""
    t = Table("marathon", 280)
    t.identifier("rank", t.running(), "number")
    t.identifier("bib", t.codes("1####"))
    t.identifier("name", t.names("{last}, {first}"), "text")
    t.category("nation", t.pick("GER KEN USA GBR DEN"))
    t.category("class", t.pick("M30 M35 M40 W30 W35 WH"), "grade")
    t.number("finish", t.holes([clock(seconds) for seconds in t.ints(8000, 20000)], 0.04, "DNF"), "date")  # fmt: skip
    t.number("pace", [f"{pace // 60}:{pace % 60:02}" for pace in t.ints(190, 480)], "date")
    t.number(
        "half", [f"{s // 3600}h {s // 60 % 60}m {s % 60}s" for s in t.ints(3600, 9000)], "date"
    )
    t.date("start", t.pick("09:00:00|09:10:00|09:20:00|09:30:00"), "category")
    t.boolean("first time", t.pick("y n"))
    t.number("distance", t.pick("42.195 km|42.195km"), "constant", "category")
    t.grade("shirt", t.pick("XS S M L XL 2XL"))
    return as_csv(t)


def gadgets():
    """As Kaggle's Amazon sales: ₹399, 64%, 24,269, Computers|Cables|USB, links."""
    t = Table("gadgets", 260)
    t.identifier("product_id", t.codes("B0#@#@####"))
    t.text("product_name", written(t.sentences(1, 2), "{} (Black, 2m)"), "identifier")
    t.category("category", ["|".join(pair) for pair in zip(t.pick("Computers Electronics"), t.pick("Cables TV Mice"), strict=True)])  # fmt: skip
    t.number("discounted_price", written(t.sizes(399, 0.8), "₹{:,}"))
    t.number("discount_percentage", written(t.ints(5, 90), "{}%"))
    t.number("rating", t.odd(t.floats(4.1, 0.2, 1), "|"))
    t.number("rating_count", t.holes(written(t.sizes(5000, 1.5), "{:,}"), 0.02))
    t.text("about", t.sentences(3, 6))
    t.identifier("img_link", [f"https://m.example.com/i/{code}._AC_.jpg" for code in t.codes("%%%%%%%%")])  # fmt: skip
    t.boolean("in_stock", t.pick(["In stock", "Out of stock"], [4, 1]), "category")
    t.number("weight", t.some(written(t.ints(20, 900), "{} g"), 0.1, "{}".format))
    t.number("warranty", t.pick("6 months|12 months|24 months|36 months"), "category", "grade")
    return as_csv(t, quote="all", suffix=".csv")


def hosts():
    """As Airbnb: $1,250.00, 98%, t and f, within an hour, 1.5 baths, lists of amenities."""
    t = Table("hosts", 290)
    t.identifier("id", t.codes("4#######"))
    t.identifier("listing_url", [f"https://www.example.com/rooms/{code}" for code in t.codes("########")])  # fmt: skip
    t.constant("scrape_id", [20230612000000] * t.rows)
    t.text("name", t.titles(3, 5), "identifier")
    t.text("description", [text.replace("\n", "<br />") for text in t.sentences(3, 6, newline=0.5)])
    t.date("host_since", t.times("2010-01-01", 4000, "%Y-%m-%d"))
    t.grade("host_response_time", t.pick("within an hour|within a few hours|within a day|N/A"), "category")  # fmt: skip
    t.number("host_response_rate", t.holes(written(t.ints(40, 100), "{}%"), 0.2, "N/A"))
    t.boolean("host_is_superhost", t.pick("t f", [1, 3]))
    t.category("room_type", t.pick("Entire home/apt|Private room|Shared room"))
    t.number("bathrooms_text", t.pick("1 bath|1.5 baths|2 baths|2.5 baths|3 baths"), "category", "grade")  # fmt: skip
    parts = zip(t.titles(1, 1), t.titles(1, 1), t.titles(1, 2), strict=True)
    t.text(
        "amenities",
        ["[" + ", ".join(f'"{part}"' for part in row) + "]" for row in parts],
        "category",
    )
    t.number("price", written(t.sizes(110, 0.7), "${:,}.00"))
    t.number("review_scores_rating", t.holes(t.floats(4.7, 0.2, 2), 0.2))
    return as_csv(t, packed=True)


def accounts_parquet():
    """Typed: decimals, days, durations, booleans with none, words as dictionaries, nothing at all."""
    t = Table("accounts_parquet", 320)
    t.identifier("uuid", t.codes("%%%%%%%%-%%%%-4%%%-%%%%"))
    t.number("balance", [Decimal(f"{value:.2f}") for value in t.floats(900, 600)])
    t.date("opened", [moment.date() for moment in t.times("2012-01-01", 3000)])
    t.number("session", [timedelta(seconds=value) for value in t.sizes(300)], "date")
    t.boolean("overdraft", t.holes(t.pick([True, False]), 0.1, None))
    t.category("branch", t.pick("north south west"))
    t.grade("risk", t.pick("low medium high"))
    t.number("score", t.holes(t.floats(610, 80, 0), 0.1, None))
    t.constant("closed", [None] * t.rows)
    t.text("memo", t.holes(t.sentences(1, 3), 0.3, None))
    t.number("logins", t.sizes(12, 1.0))
    return as_parquet(t, branch="dictionary")


def candles_parquet():
    """As an exchange's minutes: moments in thousandths since 1970, one symbol, copies."""
    t = Table("candles_parquet", 360)
    t.date("open_time", [1609459200000 + 60000 * row for row in range(t.rows)], "number", "identifier")  # fmt: skip
    t.constant("symbol", ["BTCUSDT"] * t.rows)
    opened = t.number("open", t.floats(29000, 300, 2))
    t.number("high", [round(value + 40, 1) for value in t.floats(29100, 300, 2)])
    t.number("volume", written(t.sizes(40, 0.8, 6), "{:.6f}"))
    t.number("trades", t.sizes(900))
    t.copy("open_usd", opened)
    t.boolean("is_final", t.pick([1, 0], [40, 1]))
    t.number("change", written(t.floats(0, 1.2, 2), "{:+.2f}%"))
    t.constant("ignore", ["0"] * t.rows)
    t.category("side", t.pick("BUY SELL"), "boolean")
    return as_parquet(t)


def tickets_json():
    """Objects that lack keys, 12 beside "12", true beside "true", dates with milliseconds."""
    t = Table("tickets_json", 240)
    t.identifier("_id", t.codes("%%%%%%%%%%%%"))
    t.date("opened", t.times("2022-05-01", 90, "%Y-%m-%dT%H:%M:%S.123Z"))
    t.number("minutes", t.some(t.sizes(40, 0.9), 0.2, str))
    t.boolean("escalated", t.holes(t.some(t.pick([True, False]), 0.2, lambda flag: str(flag).lower()), 0.1, None))  # fmt: skip
    t.grade("urgency", t.pick("low medium high urgent"))
    t.category("product", t.holes(t.pick("Mail|mail|Drive|Maps"), 0.1, None))
    t.text("subject", t.sentences(1, 1))
    t.text("body", [text.replace(". ", ".\u2028") for text in t.sentences(2, 5, newline=0.5)])
    t.identifier("email", [f"{name.lower()}@example.org" for name in t.names("{first}{last}")])
    t.number("score", t.holes(t.ints(1, 100), 0.3, None))
    t.category("tags", t.pick("billing bug login question"))
    return as_json_lines(t, drop_empty=True, packed=True)


def genes():
    """As a table of genes: tabs, packed, comment lines, 1.2e-05, chromosomes, strands."""
    t = Table("genes", 370)
    t.identifier("gene_id", t.codes("ENSG00000######"))
    t.category("chromosome", t.pick("1 2 3 11 X Y MT"))
    t.number("start", t.ints(10000, 240000000))
    t.category("strand", t.pick("+ -"), "boolean")
    t.number("baseMean", t.sizes(120, 1.5, 4))
    t.number("log2FC", t.holes(t.floats(0, 1.4, 5), 0.05, "NaN"))
    t.number("pvalue", t.holes([f"{10**-value:.3e}" for value in t.sizes(3, 0.8, 3)], 0.05, "#N/A"))
    t.category("biotype", t.pick("protein_coding lncRNA miRNA", [6, 3, 1]))
    t.boolean("significant", t.pick("TRUE FALSE", [1, 5]))
    t.text("note", t.holes(t.sentences(1, 2), 0.3, "."))
    return as_csv(
        t, "\t", above="## assembly: GRCh38\n## made 2020-04-01\n", suffix=".tsv", packed=True
    )


def rooms():
    """As a smart building: 12.5°C, 1013 hPa, half past two in Berlin, MAC addresses."""
    t = Table("rooms", 300)
    t.date("time", t.every("2023-03-26 00:00", "%Y-%m-%dT%H:%M:%S+02:00", minutes=15))
    t.category("room", t.pick("1.01 1.02 2.01 2.15 3.10"), "number", "identifier")
    t.identifier("device", [":".join(code[k : k + 2] for k in (0, 2, 4, 6, 8, 10)) for code in t.codes("%%%%%%%%%%%%")])  # fmt: skip
    t.number("temperature", t.holes(written(t.floats(21, 2, 1), "{}°C"), 0.03, "err"))
    t.number("pressure", written(t.floats(1013, 8, 1), "{} hPa"))
    t.number("humidity", written(t.ints(20, 70), "{} %"))
    t.number("co2", t.some(written(t.sizes(640, 0.3), "{}ppm"), 0.1, lambda _: "<400ppm"))
    t.boolean("window", t.pick("open closed"), "category")
    t.grade("battery", t.pick("empty low medium full", [1, 2, 4, 8]))
    t.category("weekday", t.pick("Mon Tue Wed Thu Fri Sat Sun"), "grade", "date")
    t.number("rssi", written(t.ints(-90, -30), "{} dBm"))
    return as_csv(t, "|")


def customers():
    """E-mail, (555) 123-4567, `True `, sizes of shirts, names twice, -999, a comment of many lines."""
    t = Table("customers", 280)
    t.identifier("Customer #", t.codes("CU-#####"))
    people = t.names()
    t.identifier("Name", people, "text")
    t.copy("Name", people)
    t.identifier(
        "E-mail", [person.lower().replace(" ", ".") + "@mail.example" for person in people]
    )
    t.identifier("Phone", t.holes(t.codes("(555) ###-####"), 0.1, "none"))
    t.date("Born", t.times("1945-01-01", 21000, "%d.%m.%Y"))
    t.boolean("Newsletter", t.pick(["True ", "False", "True", "false"]))
    t.grade("Shirt", t.pick(["S", "M", "L", "XL", "m", "l "]))
    t.number("Points", t.holes(t.sizes(400, 0.9), 0.1, -999))
    t.category("Level", t.pick("Gold|gold|Silver|VIP |VIP"), "grade")
    t.number("Spent", t.holes([comma([value])[0] + " EUR" for value in t.sizes(90, 0.9, 2)], 0.1, "k.A."))  # fmt: skip
    t.text("Comment", t.holes(t.sentences(2, 5, newline=0.6, quote=0.4), 0.2, "-"))
    return as_csv(t, ";", encoding="utf-16")


CASES = (
    crimes, flights, world_indicators, plants_workbook, orders_workbook, salaries, marathon,
    gadgets, hosts, accounts_parquet, candles_parquet, tickets_json, genes, rooms, customers,
)  # fmt: skip
