"""Of the widest set, the half that is held out, part 4."""

from ugly.files import as_blanks, as_csv, as_excel, as_json_lines
from ugly.table import Table, clock, comma, german, written
from ugly.wide_words import addresses, people, prose, several


def students_portugal():
    t = Table("students_portugal", 240)
    t.category("school", t.pick("GP MS", [7, 1]))
    t.category("sex", t.pick("F M"))
    t.number("age", t.ints(15, 22))
    t.category("address", t.pick("U R"))
    t.category("famsize", t.pick("GT3 LE3"), "grade")
    t.category("Pstatus", t.pick("T A"))
    t.grade("Medu", t.ints(0, 4), "number", "category")
    t.category("Mjob", t.pick("at_home health other services teacher"))
    t.grade("traveltime", t.ints(1, 4), "number", "category")
    t.number("failures", t.pick([0, 1, 2, 3], [20, 3, 1, 1]), "grade", "category")
    t.boolean("paid", t.pick("no yes"))
    t.grade("goout", t.ints(1, 5), "number", "category")
    t.number("absences", t.ints(0, 40))
    t.number("G3", t.ints(0, 20))
    return as_csv(t, ";", quote="text")


def insurance_claims():
    t = Table("insurance_claims", 230)
    t.number("months_as_customer", t.ints(1, 480))
    t.identifier("policy_number", t.codes("#####7"))
    t.date("policy_bind_date", t.times("1990-01-01", 9000, "%d-%m-%Y"))
    t.category("policy_csl", t.pick("250/500 100/300 500/1000"), "grade")
    t.number("policy_deductable", t.pick([500, 1000, 2000]))
    t.number("umbrella_limit", t.holes(t.pick([4000000, 6000000, 5000000]), 0.8, 0))
    t.category("insured_zip", [int(c) for c in t.codes("4#####")], "identifier")
    t.grade(
        "insured_education_level",
        t.pick("High School|Associate|College|Masters|MD|JD|PhD"),
        "category",
    )
    t.category("insured_hobbies", t.pick("chess|paintball|board-games|base-jumping"))
    t.number("capital-loss", t.holes([-v * 100 for v in t.ints(50, 900)], 0.4, 0))
    t.category("collision_type", t.pick("Side Collision|Rear Collision|Front Collision|?"))
    t.grade("incident_severity", t.pick("Trivial Damage|Minor Damage|Major Damage|Total Loss"))
    t.text(
        "incident_location",
        addresses(t, "{} {}", ["Francis Ave", "Lincoln Hwy", "5th St", "MLK Drive"]),
        "identifier",
    )
    t.number("incident_hour_of_the_day", t.ints(0, 23), "date")
    t.boolean("property_damage", t.pick("YES NO ?"))
    t.number("total_claim_amount", t.sizes(55000, 0.4))
    t.boolean("fraud_reported", t.pick("Y N", [1, 3]))
    t.constant("_c39", [""] * 230, "gone")
    return as_csv(t)


def github_repos():
    t = Table("github_repos", 240)
    t.identifier(
        "full_name",
        [
            f"{a}/{b}"
            for a, b in zip(
                t.names("{first}{last}"),
                t.pick("tools dotfiles awesome-list flask-app rust-book"),
                strict=True,
            )
        ],
    )
    t.text(
        "description",
        t.holes(
            prose(
                t,
                "A tiny|Fast|Opinionated|:rocket: Modern",
                "CLI for|library for|wrapper around",
                "time series|Kubernetes|your dotfiles|SQLite",
                1,
                1,
            ),
            0.1,
            None,
        ),
        "category",
    )
    t.date("created_at", t.times("2012-01-01", 4000, "%Y-%m-%dT%H:%M:%SZ"))
    t.number("size", t.sizes(2000, 1.5))
    t.number("stars", [f"{v / 1000:.1f}k" if v > 999 else str(v) for v in t.sizes(800, 1.5)])
    t.category(
        "language", t.holes(t.pick(["C++", "C#", "Python", "Go", "Jupyter Notebook"]), 0.1, None)
    )
    t.category(
        "license",
        t.holes(t.pick(["MIT License", "Apache License 2.0", "GNU GPL v3.0", "Other"]), 0.3, None),
    )
    t.boolean("fork", t.pick([True, False], [1, 9]))
    t.category("default_branch", t.pick("main master develop"))
    t.category(
        "latest_tag",
        t.holes(
            t.pick([f"v{a}.{b}.{c}" for a in range(3) for b in range(5) for c in range(4)]),
            0.3,
            None,
        ),
        "text",
        "grade",
        "identifier",
    )
    t.identifier("head_sha", t.codes("%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"))
    t.text(
        "topics",
        several(t, '"cli" "python" "hacktoberfest" "machine-learning" "docker"', 1, 4, form="[{}]"),
        "category",
    )
    t.number(
        "pushed",
        t.pick("3 days ago|2 hours ago|5 months ago|1 year ago|12 days ago|last week"),
        "date",
        "text",
    )
    return as_json_lines(t, packed=True)


def coffee_quality():
    t = Table("coffee_quality", 220)
    t.category("Species", t.pick("Arabica Robusta", [30, 1]))
    t.category("Owner", people(t, 120, "{first} {last} coffee s.a."), "text")
    t.category(
        "Country.of.Origin", t.pick("Ethiopia|Guatemala|Cote d?Ivoire|Tanzania, United Republic Of")
    )
    t.category(
        "ICO.Number",
        t.holes(
            t.pick(
                [f"{a}/{b}/{c}" for a in range(2, 9) for b in range(1000, 1009) for c in (14, 15)]
            ),
            0.2,
        ),
        "identifier",
        "text",
    )
    t.number(
        "Altitude",
        t.some(
            t.pick(
                "1950-2200|1600 - 1800 m|1800|1200 m|meters above sea level: 1.500|4300 ft|1570-1700"
            ),
            0.3,
            lambda _: str(t.dice.randint(700, 2200)),
        ),
        "text",
    )
    t.number("Bag.Weight", t.pick("60 kg|1 kg|69 kg|2 lbs|30 kg"))
    t.date("Harvest.Year", t.pick("2014|2013/2014|2015 / 2016|2012|2016"), "number", "category")
    t.date(
        "Grading.Date",
        [
            f"{d:%B} {d.day}{'th' if 10 < d.day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(d.day % 10, 'th')}, {d.year}"
            for d in t.times("2012-01-01", 2000)
        ],
    )
    t.category(
        "Processing.Method",
        t.holes(t.pick("Washed / Wet|Natural / Dry|Pulped natural / honey"), 0.1),
    )
    t.number("Aroma", t.floats(7.6, 0.3))
    t.number("Moisture", [f"{v}%" for v in t.floats(10, 1, 1)])
    t.category("Color", t.holes(t.pick("Green Bluish-Green Blue-Green None"), 0.1))
    t.identifier("Certification.Contact", t.codes("%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"))
    return as_csv(t)


def immo_germany():
    t = Table("immo_germany", 200)
    t.identifier("scoutId", t.codes("9########"))
    t.category("regio1", t.pick("Nordrhein_Westfalen|Sachsen|Bayern|Baden_Württemberg"))
    t.number("Kaltmiete", [f"{german(v)} €" for v in t.sizes(620)])
    t.number("Nebenkosten", t.holes([f"{v} €" for v in t.ints(60, 300)], 0.1, "inkl.", "k.A."))
    t.number("Wohnfläche", [f"{v} m²" for v in comma(t.floats(72, 20, 1))])
    t.number("Zimmer", comma(t.pick([1.0, 1.5, 2.0, 2.5, 3.0, 4.0])))
    t.category("Etage", t.holes(t.pick("EG|1. OG|2. OG|3. OG|DG"), 0.15), "grade", "number")
    t.boolean("Balkon", t.pick("✓ ✗"))
    t.boolean("Haustiere", t.holes(t.pick("Ja|Nein|Nach Vereinbarung"), 0.3), "category")
    t.date("Bezugsfrei ab", t.some(t.times("2020-01-01", 200, "%d.%m.%Y"), 0.3, lambda _: "sofort"))
    t.grade("Energieeffizienzklasse", t.holes(t.pick("A+ A B C D E F G H"), 0.3))
    t.category("heatingType", t.pick("central_heating gas_heating floor_heating"))
    t.date("Baujahr", t.holes([f"{v}" for v in t.ints(1900, 2020)], 0.2, "unbekannt"), "number")
    t.text(
        "Objektbeschreibung",
        prose(
            t,
            "Die Wohnung|Das Haus|Das Dachgeschoss",
            "wurde 2015 saniert|liegt ruhig|bietet viel Platz",
            "und ist hell.|nahe der U-Bahn.|für Familien.",
            1,
            3,
        ),
    )
    return as_csv(t, ";", encoding="utf-8-sig", quote="all")


def ventas_tiendas():
    t = Table("ventas_tiendas", 220)
    t.identifier("Nº Factura", t.codes("F-2023/#####"))
    t.date(
        "Fecha",
        [
            f"{d.day} de {['enero', 'febrero', 'marzo', 'abril', 'mayo', 'junio', 'julio', 'agosto', 'septiembre', 'octubre', 'noviembre', 'diciembre'][d.month - 1]} de {d.year}"
            for d in t.times("2023-01-01", 360)
        ],
    )
    t.date("Hora", t.times("2023-01-01", 1, "%H:%M"))
    t.category("Tienda", t.pick("Sevilla Centro|Málaga|Cádiz|SEVILLA CENTRO|Málaga "))
    t.category("Mes", t.pick("enero febrero marzo abril mayo"), "date", "grade")
    t.category(
        "Día", t.pick("lunes martes miércoles jueves viernes sábado domingo"), "date", "grade"
    )
    t.number("Importe", [f"{german(v)}€" for v in t.sizes(60)])
    t.number("Descuento", comma(written(t.pick([0.0, 5.0, 7.5, 10.0]), "{}%")))
    t.boolean("Cliente habitual", t.pick("sí no"))
    t.grade("Satisfacción", t.pick("muy malo|malo|regular|bueno|muy bueno"))
    t.grade("Talla", t.pick("XS S M L XL XXL"))
    t.number("Teléfono", t.codes("6########"))
    t.columns[-1].kind = "identifier"
    t.number("Devolución", t.holes([f"-{german(v)}€" for v in t.sizes(20)], 0.85))
    t.grade("Edad", t.pick("menos de 18|18-25|26-40|41-65|más de 65"))
    return as_excel(
        t, above=[["Ventas 2023"], [], ["Informe interno"]], below=[[], ["Fuente: caja"]]
    )


def chess_games():
    t = Table("chess_games", 240)
    t.identifier("id", t.codes("@%@#@%@#"))
    t.boolean("rated", t.pick("TRUE FALSE", [4, 1]))
    t.date("created_at", [f"1.5{v}E+12" for v in t.ints(10000, 99999)], "number", "identifier")
    t.number("turns", t.ints(2, 180))
    t.category("victory_status", t.pick("outoftime resign mate draw"))
    t.category("winner", t.pick("white black draw"))
    t.category("increment_code", t.pick("15+2 5+10 10+0 20+0 30+3"), "number")
    t.category("white_id", people(t, 120, "{first}_{last}99"), "identifier", "text")
    t.number("white_rating", t.ints(800, 2500))
    t.text(
        "moves",
        [
            " ".join(
                t.dice.sample(
                    [
                        "d4",
                        "d5",
                        "c4",
                        "c6",
                        "cxd5",
                        "e6",
                        "dxe6",
                        "fxe6",
                        "Nf3",
                        "Bb4+",
                        "Nc3",
                        "O-O",
                    ],
                    8,
                )
            )
            for _ in range(240)
        ],
    )
    t.category("opening_eco", t.pick("D10 B00 C20 D02 A45 C41"))
    t.category(
        "opening_name",
        t.pick(
            "Slav Defense: Exchange Variation|King's Pawn Game: Leonardis Variation|Queen's Pawn Game: Zukertort Variation"
        ),
    )
    t.number("clock_left", [clock(v) for v in t.ints(3, 1700)])
    return as_csv(t)


def tennis_matches():
    t = Table("tennis_matches", 260)
    t.category("tourney_id", t.pick("2019-M020 2019-0339 2019-580 2019-7161"))
    t.category("tourney_name", t.pick("Brisbane|Australian Open|Us Open|Davis Cup G1"))
    t.category("surface", t.pick("Hard Clay Grass"))
    t.date("tourney_date", t.times("2019-01-01", 330, "%Y%m%d"))
    t.identifier("match_num", t.running(270), "number")
    t.number("winner_seed", t.holes(t.ints(1, 32), 0.6), "grade")
    t.category("winner_entry", t.holes(t.pick("Q WC LL PR"), 0.85))
    t.category("winner_name", people(t, 90), "text")
    t.category("winner_hand", t.pick("R L U", [9, 2, 1]))
    t.number("winner_ht", t.holes(written(t.ints(168, 211), "{}.0"), 0.1))
    t.text(
        "score",
        [
            " ".join(
                f"6-{t.dice.randint(0, 4)}"
                if t.dice.random() < 0.7
                else f"7-6({t.dice.randint(1, 9)})"
                for _ in range(t.dice.choice([2, 2, 3]))
            )
            for _ in range(260)
        ],
        "category",
    )
    t.number("best_of", t.pick([3, 5], [4, 1]), "boolean")
    t.grade("round", t.pick("R128 R64 R32 R16 QF SF F"), "category")
    t.number("minutes", t.holes(t.ints(50, 290), 0.1))
    return as_csv(t)


def german_credit():
    t = Table("german_credit", 260)
    t.grade("status", t.pick("A11 A12 A13 A14"), "category")
    t.columns[-1].kind, t.columns[-1].also = "category", ("grade",)
    t.number("duration", t.ints(4, 72))
    t.category("history", t.pick("A30 A31 A32 A33 A34"), "grade")
    t.category("purpose", t.pick("A40 A41 A42 A43 A410"), "grade")
    t.number("amount", t.sizes(2300))
    t.category("savings", t.pick("A61 A62 A63 A64 A65"), "grade")
    t.number("rate", t.ints(1, 4), "grade", "category")
    t.category("sex", t.pick("A91 A92 A93 A94"), "grade")
    t.number("age", t.ints(19, 75))
    t.number("existing_credits", t.pick([1, 2, 3, 4], [12, 6, 1, 1]))
    t.category("telephone", t.pick("A191 A192"))
    t.category("foreign", t.pick("A201 A202", [25, 1]))
    t.category("credit_risk", t.pick([1, 2], [7, 3]), "boolean")
    return as_blanks(t, gap=1, suffix=".data", header=False)


CASES = (
    students_portugal,
    insurance_claims,
    github_repos,
    coffee_quality,
    immo_germany,
    ventas_tiendas,
    chess_games,
    tennis_matches,
    german_credit,
)
