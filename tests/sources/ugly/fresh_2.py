"""Twelve files written without a look at the reader or at the other tables, read once: shops and rooms."""

from ugly.files import as_csv, as_excel, as_json_lines, as_parquet
from ugly.table import Table, german, written


def rooms_to_let():
    """As hosts' listings: prices of $1,234.00, t and f, per cent, lists in a cell, lines in a text."""
    t = Table("rooms_to_let", 230)
    t.identifier("id", t.codes("########"))
    t.identifier(
        "listing_url", [f"https://rooms.example/{row * 911 + 2577}" for row in range(t.rows)]
    )
    t.constant("scrape_id", [20230906022807] * t.rows)
    t.text("name", t.titles(3, 6))
    t.text("description", t.sentences(2, 5, newline=0.3, quote=0.2))
    t.boolean("host_is_superhost", t.holes(t.pick("t f", [3, 7]), 0.03, ""))
    t.date("host_since", t.times("2010-01-01", 4500, "%Y-%m-%d"))
    t.grade(
        "host_response_time",
        t.holes(
            t.pick("within an hour|within a few hours|within a day|a few days or more"), 0.2, "N/A"
        ),
    )
    t.number("host_response_rate", t.holes(written(t.ints(40, 100), "{}%"), 0.2, "N/A"))
    t.category(
        "neighbourhood_cleansed", t.pick("Ballard|Queen Anne|Capitol Hill|Delridge|Downtown")
    )
    t.category("room_type", t.pick("Entire home/apt|Private room|Shared room", [7, 3, 1]))
    t.number(
        "bathrooms_text", t.pick("1 bath|1.5 baths|2 baths|2.5 baths|3 baths", [9, 3, 4, 2, 1])
    )
    wishes = ["Wifi", "Kitchen", "Heating", "Iron", "TV", "Washer", "Free parking"]
    t.text(
        "amenities",
        [str(t.dice.sample(wishes, t.dice.randint(2, 6))).replace("'", '"') for _ in range(t.rows)],
    )
    t.number("price", [f"${value:,.2f}" for value in t.sizes(180, 0.9)])
    t.number("review_scores_rating", t.holes(t.floats(4.7, 0.15), 0.2, ""))
    t.boolean("instant_bookable", t.pick("t f"))
    return as_csv(t, packed=True)


def flats_to_rent():
    """As a German portal: rents with points and commas, floors in words, classes of energy A+ to H."""
    t = Table("flats_to_rent", 200)
    t.identifier("Scout-ID", t.codes("1########"))
    t.category("Ort", t.pick("Köln|Bonn|Düsseldorf|Aachen|Neuss"))
    t.category("PLZ", t.pick(["50667", "50668", "53111", "40210", "52062", "41460"]))
    t.number("Kaltmiete", [german(value) + " EUR" for value in t.sizes(980, 0.4, 2)])
    t.number(
        "Nebenkosten",
        t.holes([german(value) + " €" for value in t.sizes(190, 0.3, 2)], 0.1, "k. A."),
    )
    t.number("Zimmer", t.pick(["1", "1,5", "2", "2,5", "3", "3,5", "4"]))
    t.number("Wohnfläche", [german(value) + " m²" for value in t.floats(74, 20)])
    t.grade("Etage", t.pick("UG|EG|1. OG|2. OG|3. OG|4. OG|DG"))
    t.grade("Energieeffizienzklasse", t.holes(t.pick("A+ A B C D E F G H"), 0.2, ""))
    t.number("Baujahr", t.holes(t.ints(1890, 2022), 0.15, "unbekannt"), "date")
    t.boolean("Balkon", t.pick("Ja Nein"))
    t.date(
        "Bezugsfrei ab",
        t.holes(t.times("2023-01-01", 200, "%d.%m.%Y"), 0.2, "sofort", "nach Absprache"),
    )
    t.category("Heizungsart", t.holes(t.pick("Gas|Fernwärme|Öl|Wärmepumpe"), 0.1, "-"))
    t.text("Beschreibung", t.sentences(1, 4))
    return as_csv(t, ";", encoding="cp1252")


def shipments():
    """As a forwarder's workbook: a title, merged groups, weights with units, real dates, a sum below."""
    t = Table("shipments", 160)
    t.identifier("AWB No.", t.codes("###-########"))
    t.category("Origin", t.pick("FRA PVG LAX DXB HKG"))
    t.category("Dest.", t.pick("JFK LHR NRT GRU"))
    t.category("Incoterm", t.pick("EXW FOB CIF DAP DDP"))
    t.category("HS Code", t.pick(["8471.30", "6109.10", "0901.21", "8703.23", "3004.90"]))
    t.number("Gross", written(t.sizes(420, 0.8, 1), "{:,.1f} kg"))
    t.number("Volume", t.holes(written(t.sizes(3, 0.7, 2), "{} cbm"), 0.05, "tbc"))
    t.number("Pieces", t.ints(1, 44))
    t.date("ETD", t.times("2022-01-03", 300))
    t.date("Delivered", t.holes(t.times("2022-01-12", 300, "%d-%b-%Y"), 0.15, "pending", None))
    t.boolean("On time?", t.holes(t.pick("✓ ✗", [8, 2]), 0.05, None))
    t.number("Freight", [f"USD {value:,.2f}" for value in t.sizes(1900, 0.6, 2)])
    return as_excel(
        t, above=[["Shipment register 2022", None, None, "Printed 05/01/2023"], []],
        groups=[(1, 2, "Route"), (5, 7, "Cargo"), (8, 10, "Schedule")],
        below=[["Total", None, None, None, None, "81,204.5 kg", None, 3520]],
    )  # fmt: skip


def invoices():
    """As a wholesaler's lines: C before a cancelled one, customers as 17850.0, American dates."""
    t = Table("invoices", 300)
    numbers = t.codes("53####", different=60)
    t.identifier("InvoiceNo", t.some(numbers, 0.05, lambda cell: f"C{cell}"), "category")
    t.category("StockCode", t.some(t.pick(t.codes("22###")[:40]), 0.2, lambda cell: cell + "B"))
    goods = t.words(
        "WHITE LANTERN|RED MUG|SET OF 6 SPOONS|HAND WARMER|CREAM CUPID|KNITTED FLAG|JAM JAR"
    )
    t.category("Description", t.holes(t.pick(goods), 0.02, ""))
    t.number("Quantity", t.some(t.sizes(8, 0.9), 0.04, lambda cell: -cell))
    t.date("InvoiceDate", sorted(t.times("2010-12-01", 8, "%-m/%-d/%Y %-H:%M")))
    t.number("UnitPrice", t.sizes(3, 0.7, 2))
    t.category(
        "CustomerID", t.holes(written(t.pick(t.codes("17###")[:50]), "{}.0"), 0.2, ""), "identifier"
    )
    t.category("Country", t.pick("United Kingdom|France|EIRE|Germany", [20, 2, 1, 1]))
    t.number("Discount", t.pick(["", "5%", "10%", "12.5%"], [10, 1, 1, 1]))
    t.constant("Currency", ["GBP"] * t.rows)
    return as_csv(t, encoding="cp1252", ending="\r\n")


def films():
    """As a site of films: 2h 14min, $1.2M, 7.8/10, certificates, votes with commas, sets of genres."""
    t = Table("films", 190)
    t.identifier("imdb_id", t.codes("tt#######"))
    t.text("primary title", t.titles(1, 4))
    t.grade("certificate", t.pick("G|PG|PG-13|R|NC-17"))
    t.number("runtime", [f"{value // 60}h {value % 60}min" for value in t.ints(80, 195)])
    kinds = t.words("Action Drama Comedy Crime Horror Romance Thriller")
    t.text("genres", [", ".join(t.dice.sample(kinds, t.dice.randint(1, 3))) for _ in range(t.rows)])
    t.number("rating", written(t.floats(6.4, 0.9, 1), "{}/10"))
    t.number("votes", [f"{value:,}" for value in t.sizes(41000, 1.4)])
    t.number("budget", t.holes([f"${value:.1f}M" for value in t.sizes(22, 0.9, 1)], 0.3, "-"))
    t.date("release", t.times("1990-01-01", 11000, "%d %B %Y"))
    t.category("language", t.pick("en fr ko es hi", [8, 2, 1, 2, 1]))
    t.boolean("adult", t.pick("0 1", [19, 1]))
    t.text("plot", t.sentences(1, 3))
    t.number("metascore", t.holes(t.ints(18, 98), 0.3, "\\N"))
    return as_csv(t, "\t", suffix=".tsv")


def used_cars():
    """As India's used cars: kmpl and CC, lakh and crore in one column, owners counted in words."""
    t = Table("used_cars", 210)
    t.identifier("", t.running(0))
    makers = t.pick("Maruti Hyundai Honda Tata Audi")
    t.text("Name", [f"{maker} {model} {size}" for maker, model, size in
                    zip(makers, t.titles(1, 2), t.floats(1.6, 0.3, 1), strict=True)])  # fmt: skip
    t.category("Location", t.pick("Mumbai Pune Chennai Delhi Kochi Jaipur"))
    t.number("Year", t.ints(2003, 2021), "date")
    t.number("Kilometers_Driven", [f"{value:,} km" for value in t.sizes(52000, 0.5)])
    t.category("Fuel_Type", t.pick("Diesel Petrol CNG LPG", [9, 8, 1, 1]))
    t.category("Transmission", t.pick("Manual Automatic", [7, 3]))
    t.grade("Owner_Type", t.pick("First|Second|Third|Fourth & Above", [14, 4, 2, 1]))
    t.number("Mileage", t.holes(written(t.floats(18, 4), "{} kmpl"), 0.02, "0.0 kmpl"))
    t.number("Engine", t.holes(written(t.ints(796, 2993), "{} CC"), 0.03, ""))
    t.number("Power", t.holes(written(t.sizes(105, 0.4, 2), "{} bhp"), 0.04, "null bhp"))
    prices = [
        f"₹ {value:.2f} Lakh" if value < 100 else f"₹ {value / 100:.2f} Crore"
        for value in t.sizes(12, 1.1, 2)
    ]
    t.number("Price", prices)
    return as_csv(t)


def restaurant_visits():
    """As New York's inspections: telephones, 01/01/1900 for not yet, codes 04L, a grade of A to C or none."""
    t = Table("restaurant_visits", 250)
    t.identifier("CAMIS", t.codes("50######"))
    t.text("DBA", [name.upper() for name in t.titles(1, 3)], "identifier")
    t.category("BORO", t.pick("Manhattan|Queens|Brooklyn|Bronx|Staten Island"))
    t.category("ZIPCODE", t.holes(t.pick(["10001", "10003", "11201", "11375", "10451"]), 0.03, ""))
    t.identifier("PHONE", t.codes("212#######"))
    t.category("CUISINE DESCRIPTION", t.pick("American|Chinese|Pizza|Café/Coffee/Tea|Thai"))
    t.date("INSPECTION DATE", t.holes(t.times("2018-01-01", 1500, "%m/%d/%Y"), 0.05, "01/01/1900"))
    t.category("VIOLATION CODE", t.holes(t.pick("04L 06C 10F 08A 02G 10B"), 0.03, ""))
    t.text("VIOLATION DESCRIPTION", t.sentences(1, 2))
    t.category("CRITICAL FLAG", t.pick("Critical|Not Critical|Not Applicable", [5, 4, 1]))
    t.number("SCORE", t.holes(t.sizes(13, 0.6), 0.05, ""))
    t.grade("GRADE", t.holes(t.pick("A B C", [8, 2, 1]), 0.4, ""))
    t.number("Latitude", t.holes(t.floats(40.7, 0.1, 9), 0.02, "0"))
    return as_csv(t, quote="all", ending="\r\n")


def taxi_rides():
    """As New York's yellow taxis in Parquet: numbers for kinds, moments, N and Y, floats of whole numbers."""
    t = Table("taxi_rides", 300)
    t.category("VendorID", t.pick([1, 2]))
    t.date("tpep_pickup_datetime", t.times("2023-01-01", 31))
    t.number(
        "passenger_count",
        [None if t.dice.random() < 0.04 else float(k) for k in t.pick([1, 2, 3, 4])],
    )
    t.number("trip_distance", t.sizes(2.1, 0.8, 2))
    t.category("RatecodeID", [float(k) for k in t.pick([1, 2, 5, 99], [30, 3, 1, 1])])
    t.boolean("store_and_fwd_flag", t.pick("N Y", [60, 1]))
    t.category("PULocationID", t.pick(t.dice.sample(range(1, 265), 40)))
    t.category("payment_type", t.pick([1, 2, 3, 4], [70, 25, 2, 2]))
    t.number("fare_amount", t.some(t.sizes(14, 0.6, 2), 0.02, lambda cell: -cell))
    t.number("mta_tax", t.pick([0.5, 0.0, -0.5], [60, 2, 1]))
    t.constant("improvement_surcharge", [1.0] * t.rows)
    t.number("tip_amount", t.pick([0.0, 1.0, 2.16, 3.0, 4.45, 5.25]))
    return as_parquet(t)


def reviews():
    """As a shop's reviews in JSON lines: seconds since 1970, votes as words, no key where no value."""
    t = Table("reviews", 240)
    t.number("overall", [float(k) for k in t.pick([1, 2, 3, 4, 5], [2, 1, 2, 4, 12])], "grade")
    t.boolean("verified", t.pick([True, False], [8, 2]))
    t.number("vote", t.holes(t.pick(["2", "3", "5", "12", "1,204"], [9, 5, 3, 2, 1]), 0.6, None))
    t.date("reviewTime", t.times("2013-01-01", 1800, "%m %-d, %Y"))
    t.identifier("reviewerID", [f"A{code}" for code in t.codes("#@##@#@##@@")])
    t.category("asin", t.pick(t.codes("B00#@#@@#@")[:25]))
    t.category(
        "style", t.holes(t.pick("Color: Black|Color: White|Size: Large|Size: Small"), 0.3, None)
    )
    t.text("reviewText", t.sentences(1, 6))
    t.text("summary", t.titles(1, 4))
    t.date(
        "unixReviewTime",
        [int(moment.timestamp()) for moment in t.times("2013-01-01", 1800, step=1440)],
    )
    t.category("main_cat", t.pick("Books|Toys & Games|Electronics"))
    return as_json_lines(t, packed=True, drop_empty=True)


def cafe_orders():
    """As a till in Poland: gaps between thousands, zł, tak and nie, Windows' Central European letters."""
    t = Table("cafe_orders", 180)
    t.identifier("Nr paragonu", [f"P/{row:05}/23" for row in t.running()])
    t.date("Data", t.times("2023-03-01", 60, "%d-%m-%Y"))
    t.date("Godzina", t.times("2023-03-01", 1, "%H:%M:%S"))
    t.category("Produkt", t.pick("Kawa|Herbata|Sernik|Żurek|Pączek"))
    t.number("Ilość", t.pick(["1 szt.", "2 szt.", "3 szt.", "4 szt."]))
    t.number(
        "Kwota",
        [f"{value:,.2f} zł".replace(",", " ").replace(".", ",") for value in t.sizes(180, 1.4, 2)],
    )
    t.number("VAT", t.pick(["5%", "8%", "23%"]))
    t.boolean("Na wynos", t.pick("tak nie"))
    t.category("Płatność", t.pick("karta|gotówka|BLIK"))
    t.grade("Ocena", t.holes(t.pick("słaba|dobra|bardzo dobra|znakomita"), 0.4, "brak"))
    t.constant("Waluta", ["PLN"] * t.rows)
    return as_csv(t, ";", encoding="cp1250", below="\nRazem;;;;;12 480,50 zł;;;;;\n")


def subscribers():
    """As a telephone company's customers: 'No internet service', gaps for new ones, True and False."""
    t = Table("subscribers", 220)
    t.identifier("Customer", t.codes("####-@@@@@"))
    t.category("Gender", t.pick("Female Male"))
    t.boolean("Senior", t.pick([0, 1], [8, 2]))
    t.number("Tenure (months)", t.ints(0, 72))
    t.boolean("Paperless", t.pick([True, False]))
    t.category("Security", t.pick("No|Yes|No internet service", [5, 3, 2]))
    t.grade("Contract", t.pick("Month-to-month|One year|Two year", [5, 2, 2]))
    monthly = t.floats(65, 20)
    t.number("MonthlyCharges", monthly)
    t.number("TotalCharges", t.holes([f"{value * 24:.2f}" for value in monthly], 0.02, " "))
    t.copy("Monthly charges (USD)", [f"{value:.2f}" for value in monthly])
    t.date("Joined", t.times("2015-06-01", 2000, "%b %d, %Y"))
    t.category("Plan code", t.pick(["0012", "0040", "0105", "1100"]))
    t.boolean("Churn?", t.pick("True. False.", [1, 6]))
    return as_csv(t, "|", suffix=".psv")


def orders_of_spare_parts():
    """As a Chinese shop exports: GBK, yes and no in signs, dates with signs, yuan before the number."""
    t = Table("orders_of_spare_parts", 170)
    t.identifier("订单编号", t.codes("TB2023##########"))
    t.category("省份", t.pick("广东 浙江 江苏 北京 上海"))
    t.number("金额", [f"￥{value:,.2f}" for value in t.sizes(310, 0.8, 2)])
    t.number("数量", t.pick(["1件", "2件", "3件", "5件", "10件"]))
    t.date("下单日期", t.times("2023-02-01", 90, "%Y年%-m月%-d日"))
    t.boolean("是否退货", t.pick("是 否", [1, 8]))
    t.grade("评价", t.pick("差 一般 好 很好"))
    t.category("支付方式", t.pick("支付宝 微信 银行卡"))
    t.number("重量", written(t.sizes(1.2, 0.6, 2), "{}千克"))
    t.category("性别", t.holes(t.pick("男 女"), 0.1, "未知"))
    t.text("备注", t.holes(t.sentences(1, 2), 0.3, "", "无"))
    return as_csv(t, encoding="gbk", ending="\r\n")


CASES = (
    rooms_to_let, flats_to_rent, shipments, invoices, films, used_cars, restaurant_visits,
    taxi_rides, reviews, cafe_orders, subscribers, orders_of_spare_parts,
)  # fmt: skip
