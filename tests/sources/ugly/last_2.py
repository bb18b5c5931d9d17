"""A last set with few second kinds: accounts, weather of Sweden, homes, papers, voters, panels."""

from ugly.files import as_blanks, as_csv, as_excel, as_parquet
from ugly.table import Table, clock, comma, german, spaced, written
from ugly.wide_words import addresses, firms, people, prose, several, titles


def bank_statement():
    t = Table("bank_statement", 170)
    t.date("Buchungstag", t.times("2023-01-01", 300, "%d.%m.%y"))
    t.date("Valutadatum", t.times("2023-01-01", 300, "%d.%m.%y"))
    t.category(
        "Buchungstext", t.pick("LASTSCHRIFT|GUTSCHRIFT|DAUERAUFTRAG|KARTENZAHLUNG|ENTGELTABSCHLUSS")
    )
    t.text(
        "Verwendungszweck",
        prose(
            t,
            "RE-NR 4711|Miete|SVWZ+Einkauf|EREF+2023",
            "vom 03.05.|Wohnung 12|Kundennr. 88123|Folgenr. 001",
            "DANKE|Verfalld. 1227|Stadtwerke|Mandat 17",
            1,
            2,
        ),
    )
    t.category("Beguenstigter", people(t, 40, "{first} {last} GmbH"))
    t.category("IBAN", t.pick(t.codes("DE####################")[:35]), "identifier")
    t.category("BIC", t.pick("COBADEFFXXX DEUTDEBB GENODEF1ERE MARKDEF1100"))
    t.number("Betrag", [german(v) for v in t.floats(-40, 300)])
    t.constant("Waehrung", ["EUR"] * 170)
    t.number("Saldo", [f"{german(v)} {t.dice.choice('HHHS')}" for v in t.sizes(2300)])
    t.constant("Info", ["Umsatz gebucht"] * 170)
    return as_csv(
        t, ";", encoding="cp1252", quote="all", above="Kontoumsätze Girokonto\nZeitraum: 2023\n\n"
    )


def smhi_weather():
    t = Table("smhi_weather", 260)
    t.date("Datum", t.every("2020-03-01", "%Y-%m-%d", hours=6))
    t.date("Tid (UTC)", [f"{row * 6 % 24:02}:00:00" for row in range(260)])
    t.number("Lufttemperatur", comma(t.floats(4, 6, 1)))
    t.category("Kvalitet", t.pick("G Y", [9, 1]))
    t.number("Nederbörd", t.holes(comma(t.pick([0.0, 0.0, 0.4, 1.2, 5.6])), 0.1, "spår"))
    t.number("Snödjup", t.holes(t.ints(0, 80), 0.6, "-"))
    t.grade("Molnighet", [f"{v}/8" for v in t.ints(0, 8)], "number")
    t.category("Vindriktning", t.pick("N NO O SO S SV V NV"))
    t.boolean("Åska", t.pick("ja nej", [1, 15]))
    t.number("Sikt", [f"{v} km" for v in t.pick([50, 20, 10, 5, 2])])
    return as_csv(t, ";", encoding="latin-1")


def dutch_homes():
    t = Table("dutch_homes", 160)
    t.text(
        "Adres",
        addresses(
            t, "{1} {0}", ["Keizersgracht", "Dorpsstraat", "Laan van Meerdervoort", "Singel"], 600
        ),
        "identifier",
    )
    t.category("Postcode", t.codes("1### @@", 110), "identifier")
    t.number(
        "Vraagprijs",
        t.odd([f"€ {german(v * 1000, 0)} k.k." for v in t.sizes(380, 0.3)], "Prijs op aanvraag"),
    )
    t.number("Woonoppervlakte", [f"{v} m²" for v in t.sizes(95, 0.3)])
    t.number(
        "Kamers",
        [f"{v} kamers (waarvan {v - 1} slaapkamers)" for v in t.ints(2, 8)],
        "category",
        "text",
    )
    t.grade("Energielabel", t.holes(t.pick("A++ A B C D E F G"), 0.1))
    t.number("Bouwjaar", t.some(t.ints(1890, 2020), 0.05, lambda _: "1906-1930"), "date")
    t.boolean("Tuin", t.pick("Ja Nee"))
    t.date(
        "Aangeboden sinds",
        [
            f"{d.day} {['januari', 'februari', 'maart', 'april', 'mei', 'juni', 'juli', 'augustus', 'september', 'oktober', 'november', 'december'][d.month - 1]} {d.year}"
            for d in t.times("2020-01-01", 900)
        ],
    )
    t.category(
        "Soort",
        t.pick("Appartement|Eengezinswoning, tussenwoning|Herenhuis|Villa, vrijstaande woning"),
    )
    t.grade("Onderhoud", t.pick("Slecht|Matig|Redelijk|Goed|Uitstekend"))
    return as_excel(t, above=[["Woningen, export"]])


def physics_papers():
    t = Table("physics_papers", 170)
    t.identifier("id", t.codes("##0#.#####"))
    t.text("title", titles(t, "{} {} in two-dimensional systems{}"), "identifier")
    t.text(
        "authors",
        [
            ", ".join(t.dice.sample(t.names("{first} {last}")[:160], t.dice.randint(1, 5)))
            for _ in range(170)
        ],
    )
    t.category("categories", t.pick("hep-ph|math.CO cs.CG|quant-ph|cond-mat.mes-hall|astro-ph"))
    t.text(
        "comments",
        t.holes(
            [f"{a} pages, {b} figures" for a, b in zip(t.ints(3, 60), t.ints(1, 15), strict=True)],
            0.2,
            None,
        ),
        "number",
        "category",
    )
    t.category(
        "license",
        t.holes(
            t.pick(
                [
                    "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
                    "http://creativecommons.org/licenses/by/4.0/",
                ]
            ),
            0.4,
            None,
        ),
    )
    t.text(
        "abstract",
        prose(
            t,
            "We study|We present|We report",
            "a new class of|the dynamics of|limits on",
            "spin chains.|dark matter.|random graphs.|lattices.",
            2,
            4,
        ),
    )
    t.number("n_versions", t.ints(1, 6))
    t.date("update_date", t.times("2008-01-01", 4000, None, 1440))
    t.date("v1_created", t.times("2007-04-02", 2000, "%a, %d %b %Y %H:%M:%S GMT"))
    t.boolean("withdrawn", t.pick([True, False], [1, 30]))
    return as_parquet(t)


def social_attitudes():
    t = Table("social_attitudes", 230)
    t.identifier("respnum", t.running(1001))
    t.grade(
        "satjob",
        t.holes(
            t.pick("Very satisfied|Mod. satisfied|A little dissat|Very dissatisfied"), 0.05, "IAP"
        ),
    )
    t.category("helpful", t.pick("Helpful|Lookout for self|Depends"))
    t.grade("degree", t.pick("Lt high school|High school|Junior college|Bachelor|Graduate"))
    t.category("marital", t.pick("Married|Never married|Divorced|Widowed|Separated"))
    t.grade(
        "polviews",
        t.pick(
            "Extremely liberal|Liberal|Slightly liberal|Moderate|Slightly conservative|Conservative|Extrmly conservative"
        ),
    )
    t.grade(
        "income16",
        t.pick("Far below average|Below average|Average|Above average|Far above average"),
    )
    t.grade(
        "attend",
        t.pick(
            "Never|Lt once a year|Once a year|Several times a year|Once a month|2-3x a month|Every week|More thn once wk"
        ),
    )
    t.number("childs", t.odd(t.some(t.ints(0, 7), 0.05, lambda _: "Eight or more"), "DK"))
    t.boolean("gunlaw", t.pick("Favor Oppose", [3, 1]), "category")
    t.number("age", t.some(t.ints(18, 88), 0.02, lambda _: "89 or older"))
    t.number("wtssall", t.floats(1, 0.3, 6))
    return as_csv(t)


def solar_panels():
    t = Table("solar_panels", 200)
    t.date("Date/Time", t.every("2022-06-01 06:00", "%Y/%m/%d %H:%M", minutes=15))
    t.category("SN", t.pick("SB2100TL-2000123 SB2100TL-2000124"))
    t.number("Pac", written(t.sizes(1200, 0.6), "{} W"))
    t.number("E-Total", [f"{spaced(v, 1, chr(39))} kWh" for v in sorted(t.floats(15000, 900, 1))])
    t.number("Uac", comma(t.floats(231, 2, 1)))
    t.category("Status", t.pick("Mpp|Störung|Warten|Nacht", [20, 1, 2, 1]))
    t.category("Error", t.holes(t.pick(["0", "3501", "0103"], [20, 1, 1]), 0.02), "number")
    t.number("h-On", [clock(v) for v in sorted(t.ints(40000, 900000))])
    t.boolean("Netz", t.pick("ein aus", [9, 1]))
    t.number("Temp", written(t.ints(20, 61), "{} °C"))
    return as_csv(t, ";", above="sep=;\n")


def voter_list():
    t = Table("voter_list", 180)
    t.identifier("VUID", t.codes("1#########"))
    t.identifier("NAME", t.names("{last}, {first} Q"))
    t.date("DOB", t.times("1930-01-01", 25000, "%m-%d-%Y"))
    t.category("PCT", t.pick(["0101", "0212", "1107", "0033"]))
    t.category("PARTY", t.holes(t.pick("DEM REP LIB"), 0.3))
    t.boolean("ACTIVE", t.pick("Y N", [9, 1]))
    t.identifier("PHONE", t.codes("512-###-####"))
    t.category("METHOD", t.pick("ED EV AB", [3, 5, 1]))
    t.number("TIMES VOTED", t.ints(0, 14))
    t.grade("AGE BAND", t.pick("18-29|30-44|45-64|65+"))
    return as_blanks(t, gap=3)


def crowd_projects():
    t = Table("crowd_projects", 210)
    t.identifier("ID", t.codes("1#########"))
    t.identifier("name", titles(t, "The {} {}: a board game{}"), "text")
    t.category("main_category", t.pick("Film & Video|Music|Games|Publishing|Technology"))
    t.category("currency", t.pick("USD GBP EUR CAD", [9, 3, 2, 1]))
    t.date("deadline", t.times("2012-01-01", 2000, "%Y-%m-%d"))
    t.date("launched", t.times("2011-11-01", 2000, "%Y-%m-%d %H:%M:%S"))
    t.number("goal", t.pick(["1000.00", "30000.00", "5000.00", "19500.00", "750.00", "12000.00"]))
    t.number("pledged", written(t.sizes(900, 1.8), "{}.00"))
    t.category("state", t.pick("failed|successful|canceled|live|suspended"))
    t.number("backers", t.sizes(20, 1.4))
    t.category("country", t.pick('US|GB|CA|N,0"|AU'))
    t.number("% funded", [f"{v:,}%" for v in t.sizes(80, 1.4)])
    t.category("creator", firms(t, "{} {}"), "text")
    t.columns[-1].kind = "identifier"
    t.category("tags", several(t, "rpg dice cards solo co-op", 1, 3, " "), "text")
    return as_csv(t)


CASES = (
    bank_statement, smhi_weather, dutch_homes, physics_papers, social_attitudes, solar_panels,
    voter_list, crowd_projects,
)  # fmt: skip
