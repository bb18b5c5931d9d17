"""Of the widest set, the half that may be looked at, part 2."""

from ugly.files import as_csv, as_excel, as_json_lines
from ugly.table import GONE, Table, comma, german, written
from ugly.wide_words import addresses, firms, people, prose, several, titles


def goodreads():
    t = Table("goodreads", 260)
    t.identifier("bookID", t.running(3))
    t.identifier("title", titles(t, "The {} {} ({}#1)"), "text")
    t.category(
        "authors",
        [
            f"{a}/{b}" if t.dice.random() < 0.3 else a
            for a, b in zip(people(t, 90), people(t, 90), strict=True)
        ],
        "text",
    )
    t.number("average_rating", t.floats(3.9, 0.3))
    t.identifier(
        "isbn", [code[:-1] + t.dice.choice("0123456789X") for code in t.codes("0#########")]
    )
    t.identifier("isbn13", t.codes("978##########"))
    t.category("language_code", t.pick("eng en-US fre spa en-GB ger jpn", [30, 5, 2, 2, 2, 1, 1]))
    t.number("  num_pages", t.sizes(300, 0.5))
    t.number("ratings_count", t.sizes(900, 1.5))
    t.date(
        "publication_date", [f"{d.month}/{d.day}/{d.year}" for d in t.times("1985-01-01", 13000)]
    )
    t.category("publisher", t.pick("Vintage|Penguin Books|Scholastic Inc.|Harper Perennial|Ace"))
    t.text("awards", t.holes(several(t, "'Hugo Award (2004)'|'Locus Award'|'Nebula Award (1999)'|'Booker Prize'|'Edgar Award'",
           1, 3, form="[{}]"), 0.5, "[]"), "category")  # fmt: skip
    t.category("bookFormat", t.pick("Paperback|Hardcover|Kindle Edition|Mass Market Paperback"))
    t.number("price", t.holes(written(t.sizes(9, 0.4, 2), "£{:.2f}"), 0.1, "", "Free"))
    return as_csv(t)


def rent_brazil():
    t = Table("rent_brazil", 200)
    t.identifier("", t.running(0))
    t.category("city", t.pick("São Paulo|Rio de Janeiro|Porto Alegre|Campinas|Belo Horizonte"))
    t.number("area", t.sizes(100))
    t.number("rooms", t.ints(1, 6))
    t.number("parking spaces", t.ints(0, 5))
    t.number("floor", t.holes(t.ints(1, 20), 0.25, "-"))
    t.category("animal", t.pick("acept|not acept", [7, 3]), "boolean")
    t.category("furniture", t.pick("not furnished|furnished", [7, 3]), "boolean")
    t.number("hoa", t.holes(written(t.sizes(800), "R${:,}"), 0.06, "Sem info", "Incluso"))
    t.number("rent amount", written(t.sizes(3000), "R${:,}"))
    t.number("property tax", t.holes(written(t.sizes(200), "R${:,}"), 0.04, "Incluso"))
    t.number("total", written(t.sizes(4500), "R$ {:,}"))
    return as_csv(t, encoding="latin-1")


def dvf_france():
    t = Table("dvf_france", 180)
    t.constant("Identifiant de document", [""] * 180, GONE)
    t.category("No disposition", t.pick("000001 000002 000003", [20, 2, 1]), "number")
    t.date("Date mutation", t.times("2022-01-01", 360, "%d/%m/%Y"))
    t.category(
        "Nature mutation", t.pick("Vente|Echange|Vente en l'état futur d'achèvement", [20, 1, 2])
    )
    t.number("Valeur fonciere", t.holes([f"{v},00" for v in t.sizes(180000)], 0.02))
    t.number("No voie", t.holes(t.ints(1, 240), 0.3))
    t.category("B/T/Q", t.holes(t.pick("B T Q"), 0.93))
    t.category("Type de voie", t.holes(t.pick("RUE AV CHE BD IMP"), 0.2))
    t.category("Code voie", t.codes("0##0", 60), "identifier")
    t.category(
        "Voie", t.pick("DE LA POSTE|VICTOR HUGO|DU MOULIN|DES LILAS|LES GRANDS CHAMPS|PASTEUR")
    )
    t.category("Code postal", t.pick(["01000", "01100", "01340", "01250", "01960", "01310"]))
    t.constant("Code departement", ["01"] * 180)
    t.category("Section", t.codes("@@", 40))
    t.category(
        "Type local",
        t.holes(
            t.pick("Maison|Appartement|Dépendance|Local industriel. commercial ou assimilé"), 0.3
        ),
    )
    t.number("Surface reelle bati", t.holes(t.sizes(80), 0.3))
    t.number("Nombre pieces principales", t.holes(t.ints(0, 8), 0.3))
    t.number("Surface terrain", t.holes(t.sizes(600, 1), 0.35))
    return as_csv(t, "|", suffix=".txt")


def uk_shop_invoices():
    t = Table("uk_shop_invoices", 300)
    t.category("Invoice", t.some(t.codes("53####", 90), 0.05, lambda c: f"C{c}"), "identifier")
    t.category(
        "StockCode",
        t.some(t.codes("8####", 60), 0.3, lambda c: c + t.dice.choice("AB")),
        "identifier",
    )
    t.category("Description", t.pick("WHITE HANGING HEART T-LIGHT HOLDER|REGENCY CAKESTAND 3 TIER|JUMBO BAG RED RETROSPOT|"
               "PARTY BUNTING|LUNCH BAG  BLACK SKULL.|SET OF 3 CAKE TINS PANTRY DESIGN "))  # fmt: skip
    t.number("Quantity", t.some(t.pick([1, 2, 6, 12, 24, 48]), 0.05, lambda q: -q))
    t.date("InvoiceDate", t.times("2010-12-01", 300))
    t.number("Price", t.pick([2.55, 3.39, 1.25, 0.85, 7.65, 4.95]))
    t.category("Customer ID", t.holes([f"{c}.0" for c in t.codes("1####", 80)], 0.22), "identifier")
    t.category("Country", t.pick("United Kingdom|France|EIRE|Germany", [30, 2, 2, 2]))
    return as_excel(t, sheets=("Year 2009-2010", "Year 2010-2011"))


def lab_results():
    t = Table("lab_results", 160)
    t.identifier("Auftrag", t.codes("L21-#####"))
    t.date("Entnahme", t.times("2021-02-01", 200, "%d.%m.%Y %H:%M"))
    t.category("Geschlecht", t.pick("m w d", [10, 10, 1]))
    t.number("Alter", written(t.ints(18, 95), "{} J."))
    t.category("Station", t.pick("Innere 1|Chirurgie|ITS|Ambulanz"))
    t.number("CRP (mg/l)", t.holes(comma(t.sizes(12, 1, 1)), 0.3, "<0,5"))
    t.number(
        "Troponin",
        t.holes([f"{v:.3f}".replace(".", ",") for v in t.sizes(0.05, 1, 3)], 0.5, "< 0,014"),
    )
    t.number("HbA1c", [f"{v} %" for v in comma(t.floats(6, 0.8, 1))])
    t.number(
        "Kalium",
        t.some(comma(t.floats(4.2, 0.5, 1)), 0.15, lambda c: c + t.dice.choice([" H", " L", " +"])),
    )
    t.number("eGFR", t.holes(t.ints(15, 89), 0.4, ">90"))
    t.grade("Protein i. U.", t.pick("neg.|(+)|+|++|+++", [8, 2, 2, 1, 1]))
    t.category("Blutgruppe", t.pick("A+ A- B+ 0+ 0- AB+"))
    t.boolean("HIV-Suchtest", t.holes(t.pick("negativ positiv", [30, 1]), 0.2, "n.d."), "category")
    t.boolean("nüchtern", t.pick("ja nein"))
    t.text("Befund", t.holes(prose(t, "Leicht erhöhte|Unauffällige|Deutlich verminderte|Grenzwertige", "Leberwerte|Nierenwerte|Blutsenkung|Leukozyten",
           "bei bekannter Erkrankung.|nach der Operation.|ohne Anhalt für Entzündung.", 1, 2), 0.2))  # fmt: skip
    return as_csv(t, ";", encoding="latin-1")


def crm_customers():
    t = Table("crm_customers", 150)
    t.identifier("Customer No.", t.codes("K-######"))
    t.category("Salutation", t.holes(t.pick("Mr|Ms|Dr.|Prof. Dr."), 0.04))
    names = t.names("{first}.{last}")
    t.identifier("Full name", [name.replace(".", " ") for name in names])
    t.identifier(
        "E-mail",
        [f"{name.lower()}@{t.dice.choice(['gmail.com', 'gmx.de', 'web.de'])}" for name in names],
    )
    t.identifier(
        "Phone",
        t.some(t.codes("+49 17# #######"), 0.3, lambda c: c.replace("+49 ", "0").replace(" ", "/")),
    )
    t.identifier("IBAN", t.codes("DE## #### #### #### #### ##"))
    t.identifier("Guid", t.codes("%%%%%%%%-%%%%-4%%%-a%%%-%%%%%%%%%%%%"))
    t.text(
        "Street",
        addresses(
            t, "{1} {0}", ["Hauptstr.", "Am Markt", "Lindenweg", "Schulstraße", "Bahnhofstr."], 150
        ),
        "identifier",
        "category",
    )
    t.category("Postcode", t.codes("#####", 90), "identifier")
    t.date("Birthday", t.holes(t.times("1940-01-01", 22000), 0.1, None))
    t.boolean("Newsletter", t.pick([True, False]))
    t.date("Last login", t.times("2023-01-01", 300, "%Y-%m-%dT%H:%M:%SZ"))
    t.number("Lifetime value", [f"{german(v)} €" for v in t.sizes(900)])
    t.grade("Segment", t.pick("Bronze Silver Gold Platinum"))
    t.category(
        "Tags", t.holes(several(t, "vip b2b newsletter trade-fair churned", 1, 3, ";"), 0.2), "text"
    )
    t.number("Discount", t.pick("0 %|5 %|10 %|12,5 %"))
    return as_excel(t, above=[["Customers, export of 2023-11-30"], []])


def web_log():
    t = Table("web_log", 280)
    t.date("ts", [1690000000000 + v for v in sorted(t.ints(0, 86400000))], "number", "identifier")
    t.category(
        "client_ip", [f"10.{a}.{b}.7" for a, b in zip(t.ints(0, 4), t.ints(0, 9), strict=True)]
    )
    t.category("method", t.pick("GET POST PUT DELETE", [20, 5, 1, 1]))
    t.category("path", t.pick("/api/v1/items|/api/v1/users/me|/health|/login|/static/app.js|/cart"))
    t.category("status", t.pick([200, 201, 301, 404, 500], [30, 3, 2, 2, 1]), "number")
    t.number("bytes", t.sizes(3000, 1.5))
    t.number("latency", [f"{v}ms" if v < 1000 else f"{v / 1000:.1f}s" for v in t.sizes(180, 1)])
    t.identifier("request_id", t.codes("%%%%%%%%%%%%%%%%"))
    t.category("cache", t.pick("HIT MISS"), "boolean")
    t.category("tls", t.pick("TLSv1.2 TLSv1.3"), "grade")
    t.category("user_agent", t.pick([f"Mozilla/5.0 ({where}) {engine}" for where in ("X11; Linux x86_64", "Windows NT 10.0; Win64; x64",
               "iPhone; CPU iPhone OS 16_5 like Mac OS X") for engine in ("Chrome/114.0", "Firefox/115.0", "Safari/604.1")]))  # fmt: skip
    t.category(
        "referrer",
        t.holes(
            t.pick("https://www.google.com/ https://example.org/blog https://t.co/x1"), 0.5, None
        ),
    )
    t.boolean("bot", t.pick([True, False], [1, 8]))
    return as_json_lines(t, packed=True, drop_empty=True)


def netflix_titles():
    t = Table("netflix_titles", 300)
    t.identifier("show_id", [f"s{n}" for n in t.running()])
    show = t.pick(["Movie", "TV Show"], [2, 1])
    t.category("type", show)
    t.identifier("title", titles(t, "{} {}{}"), "text")
    t.category("director", t.holes(people(t, 150), 0.3), "text")
    t.text(
        "cast",
        t.holes(
            [", ".join(t.dice.sample(t.names()[:200], t.dice.randint(2, 6))) for _ in range(300)],
            0.09,
        ),
    )
    t.category(
        "country",
        t.holes(several(t, "United States|India|France|South Korea|Nigeria|Canada", 1, 2), 0.07),
    )
    t.date("date_added", t.times("2016-01-01", 1800, "%B %d, %Y"))
    t.number("release_year", t.ints(1990, 2021), "date")
    t.category("rating", t.odd(t.pick("TV-MA TV-14 PG-13 R TV-PG TV-Y7"), "74 min", ""), "grade")
    t.number(
        "duration",
        [
            f"{t.dice.randint(60, 180)} min"
            if s == "Movie"
            else t.dice.choice(["1 Season", "2 Seasons", "5 Seasons"])
            for s in show
        ],
    )
    t.category(
        "listed_in",
        several(t, "Dramas|International Movies|Comedies|Documentaries|Kids' TV|Thrillers", 1, 3),
        "text",
    )
    t.text("description", prose(t, "After a breakup,|When her father dies,|On the eve of an election,", "a chef|a con artist|a shy student|a pastor",
           "returns home to face old debts.|joins a band of smugglers.|starts over in a strange city.", 1, 2))  # fmt: skip
    return as_csv(t)


def glassdoor_jobs():
    t = Table("glassdoor_jobs", 230)
    t.identifier("index", t.running(0))
    t.category(
        "Job Title",
        [
            f"{a}{b}"
            for a, b in zip(
                t.pick(["", "Sr. ", "Lead ", "Principal "]),
                t.pick("Data Scientist|Data Engineer|Data Analyst|Machine Learning Engineer"),
                strict=True,
            )
        ],
    )
    t.grade(
        "Salary Estimate",
        [
            f"${v}K-${v + w}K (Glassdoor est.)"
            for v, w in zip(t.ints(40, 120), t.ints(20, 60), strict=True)
        ],
        "number",
    )
    t.text("Job Description", prose(t, "We are looking for|You will work with|Our team needs", "a curious analyst|a strong engineer|someone with SQL and Python",
           "who likes hard problems.\n\n|to join our growing team.\n|and competitive benefits."))  # fmt: skip
    t.number("Rating", t.holes(t.floats(3.7, 0.5, 1), 0.05, -1))
    t.identifier(
        "Company Name", [f"{firm}\n{t.dice.uniform(2, 5):.1f}" for firm in firms(t)], "text"
    )
    t.category("Location", t.pick("New York, NY|Albuquerque, NM|Chicago, IL|Austin, TX|Remote"))
    t.grade(
        "Size",
        t.pick(
            "1 to 50 employees|51 to 200 employees|201 to 500 employees|1001 to 5000 employees|10000+ employees|Unknown"
        ),
    )
    t.number("Founded", t.holes(t.ints(1850, 2016), 0.15, -1), "date")
    t.category(
        "Type of ownership",
        t.pick("Company - Private|Company - Public|Nonprofit Organization|Government"),
    )
    t.grade(
        "Revenue",
        t.pick(
            "Less than $1 million (USD)|$1 to $5 million (USD)|$50 to $100 million (USD)|$1 to $2 billion (USD)|$10+ billion (USD)|Unknown / Non-Applicable"
        ),
    )
    t.boolean("Easy Apply", t.pick(["True", "-1"], [1, 8]))
    return as_csv(t)


CASES = (
    goodreads,
    rent_brazil,
    dvf_france,
    uk_shop_invoices,
    lab_results,
    crm_customers,
    web_log,
    netflix_titles,
    glassdoor_jobs,
)
