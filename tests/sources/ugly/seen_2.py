"""Fifteen more files whose failures may be looked at."""

from ugly.files import as_blanks, as_csv, as_excel, as_json_lines, as_parquet
from ugly.table import GONE, Table, bracketed, clock, comma, short, written


def climate_station():
    """As a weather office's text file: comment lines, columns under each other, -999."""
    t = Table("climate_station", 365)
    t.constant("STN", [10384] * t.rows)
    t.date("DATE", t.every("2015-01-01", "%Y%m%d", days=1))
    t.number("TMAX", t.holes(written(t.floats(14, 8, 1), "{:.1f}"), 0.03, "-999"))
    t.number("TMIN", t.holes(written(t.floats(5, 6, 1), "{:.1f}"), 0.03, "-999"))
    t.number(
        "PRCP", t.holes(written(t.pick([0.0, 0.0, 0.2, 1.4, 3.5, 12.0]), "{:.1f}"), 0.05, "-999")
    )
    t.number("SNWD", t.holes(t.pick([0, 0, 0, 0, 4, 11]), 0.5, "-999"))
    t.number("WDIR", t.ints(0, 359))
    t.boolean("FOG", t.pick([0, 1], [9, 1]))
    t.number("PRES", written(t.floats(1013, 9, 1), "{:.1f}"))
    above = "# Daily summaries, station 10384\n# missing: -999\n# units: 0.1 mm, degrees C\n"
    return as_blanks(t, above=above)


def machine_log():
    """As Excel's Unicode text: UTF-16 with tabs, decimal commas, times of day, Ein and Aus."""
    t = Table("machine_log", 220)
    t.date("Zeitpunkt", t.every("2022-02-01 06:00", "%d.%m.%Y %H:%M", minutes=7))
    t.date("Uhrzeit", t.times("2022-02-01", 1, "%H:%M:%S"))
    t.category("Maschine", t.pick("Fräse 1|Fräse 2|Drehbank|Säge"))
    t.number("Temperatur", comma(t.floats(61, 8, 1)))
    t.number("Drehzahl [1/min]", t.ints(400, 3200))
    t.boolean("Kühlung", t.pick("Ein Aus"))
    t.grade("Verschleiß", t.pick("gering mittel hoch"))
    t.number("Strom", [f"{amps} A" for amps in comma(t.floats(12, 3, 1))])
    t.text("Bemerkung", t.holes(t.sentences(1, 2), 0.5))
    t.identifier("lfd. Nr.", t.running(17))
    return as_csv(t, "\t", encoding="utf-16", suffix=".txt", ending="\r\n")


def contracts():
    """As a federal department's: bars, $1,234.50, (1,200.00), FIPS codes, fiscal year."""
    t = Table("contracts", 240)
    t.identifier("award_id", t.codes("GS-##F-####@"))
    t.number("obligated", written(t.sizes(84000, 1.3, 2), "${:,.2f}"))
    t.number("deobligated", [bracketed(value) for value in t.floats(400, 3000)])
    t.date("signed", t.times("2018-10-01", 360, "%m/%d/%Y"))
    t.category("state", t.pick("VA MD CA TX NY CO"))
    t.category("fips", t.pick("06037 24031 51059 48201 08001 36061"), "identifier")
    t.boolean("small_business", t.pick("Y N"))
    t.constant("fiscal_year", [2019] * t.rows)
    t.category("naics", t.pick([541511, 541512, 541330, 236220, 561720]), "identifier")
    t.text("description", [text.upper() for text in t.sentences(1, 2)])
    vendor = [f"{title.upper()}, {end}" for title, end in zip(t.places(), t.pick("INC. LLC CORP"), strict=True)]  # fmt: skip
    t.identifier("vendor", vendor, "text")
    t.identifier("duns", t.codes("0########"))
    return as_csv(t, "|", suffix=".txt")


def taxi_parquet():
    """As a city's taxi trips: typed columns, codes of payment, N and Y."""
    t = Table("taxi_parquet", 400)
    t.category("VendorID", t.pick([1, 2]), "number", "boolean")
    t.date("pickup", t.times("2021-01-01", 30))
    t.date("dropoff", t.times("2021-01-01", 30))
    t.number("passenger_count", t.holes(t.pick([1.0, 2.0, 3.0, 5.0]), 0.05, None))
    t.number("trip_distance", t.sizes(2.1, 0.8, 2))
    t.category("RatecodeID", t.pick([1.0, 2.0, 5.0, 99.0], [90, 4, 4, 2]), "number")
    t.boolean("store_and_fwd_flag", t.holes(t.pick("N Y", [9, 1]), 0.05, None))
    t.category("PULocationID", t.pick(t.ints(1, 265)[:90]), "number", "identifier")
    t.category("payment_type", t.pick([1, 2, 3, 4], [7, 3, 1, 1]), "number", "grade")
    t.number("fare_amount", t.sizes(9.5, 0.6, 1))
    t.constant("improvement_surcharge", [0.3] * t.rows)
    t.copy("airport_fee", t.columns[-2].cells, "number")
    t.category("zone", t.pick("Midtown|Harlem|JFK Airport|SoHo"))
    t.boolean("shared", t.pick([True, False]))
    return as_parquet(t, zone="dictionary")


def online_retail():
    """As UCI Online Retail: a workbook of invoice lines; customers come again and are missing."""
    t = Table("online_retail", 350)
    invoices = t.some(t.pick(t.codes("53####", 70)), 0.05, lambda code: f"C{code}")
    t.category("InvoiceNo", invoices, "identifier")
    t.category("StockCode", t.odd(t.codes("2####@", 60), "POST", "D"), "identifier")
    goods = t.pick(sorted({title.upper() for title in t.titles(2, 4)[:60]}))
    t.category("Description", t.odd(goods, "damages?", "wrongly coded 20713"), "text")
    t.number("Quantity", t.some(t.sizes(6, 1.0), 0.05, lambda count: -count))
    t.date("InvoiceDate", t.times("2010-12-01", 300))
    t.number("UnitPrice", t.sizes(2.1, 0.8, 2))
    t.identifier("CustomerID", t.holes(t.pick([float(f"1{k}") for k in t.codes("####", 80)]), 0.2), "category")  # fmt: skip
    t.category("Country", t.pick("United Kingdom|France|EIRE|Germany", [20, 2, 1, 2]))
    return as_excel(t, sheet="Online Retail")


def films():
    """As a film database: 142 min, $63,000,000, 1.2M, PG-13, plots with quotes and newlines."""
    t = Table("films", 270)
    t.identifier("imdb_id", t.codes("tt0######"))
    t.text("title", t.titles(2, 5), "identifier")
    t.number("year", t.ints(1950, 2020), "date")
    t.grade("rated", t.holes(t.pick("G PG PG-13 R NC-17"), 0.05, "Not Rated"), "category")
    t.date("released", t.holes(t.times("1990-01-01", 9000, "%d %b %Y"), 0.03, "N/A"))
    t.number("runtime", written(t.ints(71, 212), "{} min"))
    t.number("length", [f"{hours}h {minutes}min" for hours, minutes in zip(t.pick([1, 2]), t.ints(1, 59), strict=True)])  # fmt: skip
    t.category("genre", t.pick("Drama|Comedy, Drama|Action, Crime, Drama|Horror|Comedy"))
    t.text("plot", t.sentences(2, 4, newline=0.3, quote=0.4))
    t.number("votes", [short(value).replace("k", "K") for value in t.sizes(43000, 1.6)])
    t.number("budget", t.holes(written(t.sizes(30000000, 0.9), "${:,}"), 0.2, "N/A"))
    t.identifier("poster", [f"https://img.example.com/{code}.jpg" for code in t.codes("%%%%%%%%")])
    t.number("metascore", t.holes(written(t.ints(20, 98), "{}/100"), 0.2, "N/A"))
    return as_csv(t, quote="all")


def used_cars():
    """As Kaggle's used cars of India: 26.6 km/kg, 998 CC, null bhp, First owner, 1.75 Lakh."""
    t = Table("used_cars", 240)
    t.identifier("", t.running(0))
    t.category("Name", t.pick("Maruti Wagon R LXI|Hyundai Creta 1.6|Honda Jazz V|Audi A4 New"), "text")  # fmt: skip
    t.category("Location", t.pick("Mumbai Pune Chennai Coimbatore Jaipur"))
    t.number("Year", t.ints(1998, 2019), "date")
    t.number("Kilometers_Driven", t.sizes(53000))
    t.category("Fuel_Type", t.pick("CNG Diesel Petrol LPG"))
    t.grade("Owner_Type", t.pick("First|Second|Third|Fourth & Above", [8, 2, 1, 1]))
    mileage = t.some(written(t.floats(18, 4, 1), "{} kmpl"), 0.1, lambda c: c.replace("kmpl", "km/kg"))  # fmt: skip
    t.number("Mileage", mileage)
    t.number("Engine", t.holes(written(t.pick([998, 1197, 1248, 1498, 1968]), "{} CC"), 0.02))
    t.number("Power", t.holes(written(t.floats(90, 25, 2), "{} bhp"), 0.04, "null bhp"))
    t.number("Seats", t.holes(t.pick([4.0, 5.0, 7.0], [1, 8, 2]), 0.02))
    t.number("New_Price", t.holes(written(t.floats(12, 4), "{} Lakh"), 0.7))
    return as_csv(t)


def students():
    """A `sep=;` line for Excel, marks as words, T and F, one column twice under one name."""
    t = Table("students", 180)
    t.category("school", t.pick("GP MS"))
    t.number("age", t.ints(15, 22))
    t.grade("result", t.pick("fail pass merit distinction"))
    t.grade("Schulnote", t.pick("sehr gut|gut|befriedigend|ausreichend|mangelhaft"))
    t.boolean("paid", t.pick("T F"))
    t.grade("studytime", t.pick("<2 hours|2 to 5 hours|5 to 10 hours|>10 hours"))
    absences = t.number("absences", t.ints(0, 40))
    t.copy("absences", absences)
    t.number("G1", t.ints(0, 20))
    t.number("G3", t.odd(t.ints(0, 20), "abs", "abs."))
    t.grade("health", t.pick([1, 2, 3, 4, 5]), "number", "category")
    return as_csv(t, ";", above="sep=;\n", ending="\r\n")


def electricity():
    """As an energy office's: lines of title, months as `Jan 2012`, provisional and hidden figures, a total."""
    t = Table("electricity", 132)
    months = t.every("2010-01-15", None, days=30.44)
    t.date("Month", [f"{month:%b %Y}" for month in months])
    coal = t.some(written(t.floats(900, 200, 1), "{:,}"), 0.1, lambda cell: f"{cell} p")
    t.number("Coal (GWh)", coal)
    t.number("Gas (GWh)", t.holes(written(t.sizes(8000, 0.3), "{:,}"), 0.05, ".."))
    t.number("Wind (GWh)", t.holes(t.sizes(700, 0.5), 0.05, "c", "-"))
    t.number("Solar (GWh)", t.holes(t.sizes(70, 0.9, 1), 0.3, "[z]"))
    t.number("Share of renewables", written(t.floats(14, 4, 1), "{}%"))
    t.category("Season", [("Winter", "Spring", "Summer", "Autumn")[month.month % 12 // 3] for month in months], "grade")  # fmt: skip
    t.constant("Unit", ["GWh"] * t.rows)
    t.constant("Notes", [""] * t.rows)
    above = '"Table 5.3: Electricity by fuel",,,,\n"Published 26 May 2022",,,,\n\n'
    total = "Total," + '"118,800.2","1,056,000",92400,9240,,,,\n'
    return as_csv(t, above=above, below=total)


def ward_stays():
    """Durations, times of day, triage, blood pressure, dates in two forms."""
    t = Table("ward_stays", 200)
    t.identifier("mrn", t.codes("00######"))
    t.date("admitted", t.times("2019-01-01", 300, "%d-%b-%Y %H:%M"))
    t.number("stay", [f"{days} days {hours:02}:00:00" for days, hours in zip(t.ints(0, 20), t.ints(0, 23), strict=True)], "date")  # fmt: skip
    t.number("wait", [clock(seconds) for seconds in t.sizes(4000)], "date")
    t.date("first seen", t.times("2019-01-01", 1, "%I:%M %p"))
    t.grade("triage", t.pick("non-urgent|semi-urgent|urgent|emergency|resuscitation"))
    t.grade("severity", t.pick("mild moderate severe"))
    t.number(
        "weight",
        t.some(written(t.floats(74, 12, 1), "{} kg"), 0.1, lambda c: c.replace(" kg", "kg")),
    )
    t.number("temperature", written(t.floats(37.2, 0.6, 1), "{}°C"))
    t.boolean("insured", t.pick(["Yes", "No", "yes", "no", "YES"]))
    t.category("ward", t.pick("A1 A2 B1 ICU"))
    t.text("notes", t.sentences(2, 4, newline=0.4, quote=0.2))
    t.date("discharged", t.times("2019-02-01", 300, "%Y-%m-%d"))
    return as_csv(t)


def posts_json():
    """As a network's posts: an object per line, text, handles, long numbers, dates with zones."""
    t = Table("posts_json", 230)
    t.identifier("id", [int(code) for code in t.codes("13################")])
    t.date("created_at", t.times("2020-02-24", 60, "%a %b %d %H:%M:%S +0000 %Y"))
    t.text("text", written(t.sentences(1, 3, quote=0.3), "{} #news 🙂"))
    t.identifier("user", [f"@{name}" for name in t.names("{first}_{last}")])
    t.number("followers", t.sizes(300, 2))
    t.boolean("verified", t.pick([True, False], [1, 9]))
    t.category("lang", t.pick("en de fr es und", [8, 2, 2, 2, 1]))
    t.category("source", t.holes(t.pick("web|iPhone|Android"), 0.1, None))
    t.number("retweets", t.holes(t.sizes(3, 1.5), 0.05, None))
    t.identifier("url", t.holes([f"https://t.example/{code}" for code in t.codes("@@@@####")], 0.2, None))  # fmt: skip
    t.constant("truncated", [False] * t.rows)
    return as_json_lines(t)


def web_log_gz():
    """As a server's log, packed: seconds since 1970, addresses, hashes, status codes."""
    t = Table("web_log_gz", 380)
    t.date("timestamp", sorted(1600000000 + second for second in t.ints(0, 900000)), "number")
    t.identifier("request_id", t.codes("%%%%%%%%-%%%%-%%%%"))
    t.identifier("client_ip", [f"10.{a}.{b}.{c}" for a, b, c in zip(t.ints(0, 255), t.ints(0, 255), t.ints(1, 254), strict=True)])  # fmt: skip
    t.category("method", t.pick("GET POST PUT", [8, 2, 1]))
    t.category("path", t.pick("/|/login|/cart|/api/v1/items|/search"))
    t.category("status", t.pick([200, 301, 404, 500], [20, 2, 3, 1]), "number")
    t.number("bytes", t.holes(t.sizes(5000, 1.2), 0.05, "-"))
    t.number("latency", written(t.sizes(80, 0.8, 1), "{}ms"))
    agents = "Mozilla/5.0 (X11; Linux)|Mozilla/5.0 (iPhone; CPU)|curl/7.68.0|Googlebot/2.1"
    t.category("user_agent", t.pick(agents))
    t.boolean("cached", t.pick("HIT MISS"), "category")
    t.constant("host", ["www.example.com"] * t.rows)
    return as_csv(t, packed=True)


def clothing_reviews():
    """As Kaggle's reviews of clothes: an unnamed column, long texts, ratings, 0 and 1."""
    t = Table("clothing_reviews", 220)
    t.identifier("", t.running(0))
    t.category("Clothing ID", t.pick([767, 1080, 1077, 1049, 847, 862]), "identifier")
    t.number("Age", t.ints(18, 90))
    t.text("Title", t.holes(t.titles(2, 4), 0.15))
    t.text("Review Text", t.holes(t.sentences(3, 6, newline=0.3, quote=0.2), 0.03))
    t.grade("Rating", t.pick([1, 2, 3, 4, 5], [1, 1, 2, 4, 8]), "number", "category")
    t.boolean("Recommended IND", t.pick([0, 1], [1, 4]))
    t.number("Positive Feedback Count", t.sizes(2, 1.2))
    t.category("Division Name", t.pick("General|General Petite|Initmates"))
    t.grade("Size", t.pick("XS S M L XL XXL"))
    t.category("Colour", t.pick("Navy|navy|Off-white|off white|Red|red |Black"))
    return as_csv(t)


def swiss_invoices():
    """CHF 1'234.50, dates with points, cantons, telephone numbers, e-mail addresses."""
    t = Table("swiss_invoices", 210)
    t.identifier("Rechnung", t.codes("R-2019-#####"))
    t.number("Betrag", [f"CHF {value:,.2f}".replace(",", "'") for value in t.sizes(2400, 0.9, 2)])
    t.number("Rabatt", t.holes(written(t.pick([2, 3, 5, 10, 12.5]), "{} %"), 0.4, "-"))
    t.date("Datum", t.times("2019-01-01", 360, "%d.%m.%Y"))
    t.date("bezahlt am", t.holes(t.times("2019-02-01", 360, "%d.%m.%y"), 0.2, "offen"))
    t.category("Kanton", t.pick("ZH BE GE VD TI AG"))
    t.boolean("Mahnung", t.pick("Ja Nein", [1, 6]))
    t.identifier("Telefon", t.codes("+41 7# ### ## ##"))
    t.identifier("E-Mail", [f"{name.lower()}@example.ch" for name in t.names("{first}.{last}")])
    t.grade("Bonität", t.pick("sehr schlecht|schlecht|mittel|gut|sehr gut"))
    t.constant("Währung", ["CHF"] * t.rows)
    return as_csv(t, ";", encoding="utf-8-sig")


def patients_workbook():
    """A workbook for each ward: notes in front, three sheets of one table, mixed cells."""
    t = Table("patients_workbook", 150)
    t.identifier("Patient", t.codes("PT-####"))
    t.date(
        "Birth date", [moment.replace(hour=0, minute=0) for moment in t.times("1940-01-01", 20000)]
    )
    t.category("Sex", t.pick("F M f m"))
    t.number("Height", t.some(t.ints(150, 195), 0.1, "{} cm".format))
    t.number("Systolic", t.odd(t.ints(95, 180), "n/a", "not taken"))
    t.boolean("Smoker", t.some(t.pick([True, False]), 0.1, lambda flag: "yes" if flag else "no"))
    t.number("Dose", t.some(t.floats(2.5, 0.5, 1), 0.2, str))
    t.grade("Pain", t.pick("none mild moderate severe"))
    t.constant("", [""] * t.rows, GONE)
    t.text("Remarks", t.holes(t.sentences(1, 3), 0.4))
    front = [("About", [["Ward study 2020"], ["Ask the office for the codes."]])]
    return as_excel(t, sheets=("Ward A", "Ward B", "Ward C"), others=front)


CASES = (
    climate_station, machine_log, contracts, taxi_parquet, online_retail, films, used_cars,
    students, electricity, ward_stays, posts_json, web_log_gz, clothing_reviews, swiss_invoices,
    patients_workbook,
)  # fmt: skip
