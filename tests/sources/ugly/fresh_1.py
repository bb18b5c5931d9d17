"""Twelve files written without a look at the reader or at the other tables, read once: public offices."""

from ugly.files import as_blanks, as_csv, as_excel
from ugly.table import GONE, Table, comma, german, spaced, written


def road_collisions():
    """As Britain's STATS19: codes of digits, -1 for unknown, day first, clock times of their own."""
    t = Table("road_collisions", 220)
    t.identifier("accident_index", [f"20{cell}" for cell in t.codes("19010#######")])
    t.constant("accident_year", [2019] * t.rows)
    t.number("location_easting_osgr", t.ints(501000, 560000))
    t.number("longitude", written(t.floats(-0.1, 0.15, 6), "{:.6f}"))
    t.category("police_force", t.pick([1, 3, 4, 5, 20, 43, 62], [9, 4, 3, 2, 2, 1, 1]))
    t.grade("accident_severity", t.pick("Slight|Serious|Fatal", [80, 17, 3]))
    t.number("number_of_casualties", t.pick([1, 2, 3, 4, 5], [70, 18, 7, 3, 2]))
    t.date("date", t.times("2019-01-01", 365, "%d/%m/%Y"))
    t.date("time", t.times("2019-01-01", 1, "%H:%M"))
    t.category("local_authority_ons_district", t.codes("E090000##", different=14))
    t.category("junction_control", t.pick([-1, 1, 2, 3, 4], [40, 1, 18, 1, 40]))
    t.number("speed_limit", t.pick([20, 30, 40, 50, 60, 70, -1], [20, 55, 8, 6, 6, 4, 1]))
    t.category("weather_conditions", t.pick("Fine no high winds|Raining no high winds|Snowing|Fog"))
    t.boolean("did_police_officer_attend", t.pick("Yes No", [7, 3]))
    return as_csv(t)


def buoys():
    """As NOAA's data buoys: blanks, a second line of units, MM and 99.0 where nothing was measured."""
    t = Table("buoys", 260)
    hours = t.every("2022-06-28", hours=1)
    t.constant("#YY", [moment.year for moment in hours])
    t.number("MM", [f"{moment:%m}" for moment in hours], "date")
    t.number("DD", [f"{moment:%d}" for moment in hours], "date")
    t.number("hh", [f"{moment:%H}" for moment in hours], "date")
    t.constant("mm", ["50"] * t.rows)
    t.number("WDIR", t.holes(t.ints(0, 359), 0.05, "MM"))
    t.number("WSPD", t.holes(written(t.sizes(6, 0.4, 1), "{:.1f}"), 0.05, "MM"))
    t.number("GST", t.holes(written(t.sizes(8, 0.4, 1), "{:.1f}"), 0.06, "MM"))
    t.number("WVHT", t.holes(written(t.sizes(1.4, 0.5, 2), "{:.2f}"), 0.5, "MM"))
    t.number("PRES", written(t.floats(1014, 6, 1), "{:.1f}"))
    t.number("ATMP", t.holes(written(t.floats(21, 3, 1), "{:.1f}"), 0.1, "MM"))
    t.constant("VIS", ["MM"] * t.rows)
    return as_blanks(
        t, gap=1, below_header="#yr  mo dy hr mn degT m/s  m/s   m    hPa    degC  nmi"
    )


def beds_of_hospitals():
    """As France's FINESS: semicolons, codes with a leading zero, commas, oui and non, in cp1252."""
    t = Table("beds_of_hospitals", 200)
    regions = "Île-de-France|Bretagne|Occitanie|Grand Est|Normandie|Corse"
    t.identifier("nofinesset", t.codes("0########"))
    t.identifier("Raison sociale", t.places("Clinique {}"), "text")
    t.category("Catégorie", t.pick("Public|Privé à but lucratif|Privé non lucratif"))
    t.category("Région", t.pick(regions))
    t.category("Dépt", t.pick(["01", "06", "2A", "2B", "29", "35", "75", "92"]))
    t.category(
        "Code postal", t.pick([f"0{k}" for k in (1000, 1250, 6000, 6130)] + ["29200", "35000"])
    )
    t.number("Lits en médecine", t.holes(t.sizes(90), 0.06, "nc", "nd"))
    t.number("Taux d'occupation", [f"{value:.1f} %".replace(".", ",") for value in t.floats(78, 9)])
    t.number("Budget (k€)", [spaced(value) for value in t.sizes(42000, 0.8)])
    t.boolean("Urgences", t.pick("oui non"))
    t.boolean("Maternité", t.holes(t.pick(["Oui", "Non", "OUI", "non"]), 0.05, ""))
    t.date("Date d'ouverture", t.times("1952-01-01", 24000, "%d/%m/%Y"))
    t.grade("Certification", t.pick("A B C D", [6, 5, 2, 1]))
    return as_csv(t, ";", encoding="cp1252", ending="\r\n")


def exam_results():
    """As a state publishes its schools: a title, groups over the header, too few pupils for a number."""
    t = Table("exam_results", 180)
    t.identifier("School Code", t.codes("##-####-###"))
    t.category("County", t.pick("Adams|Bergen|Clark|Dover|Essex"))
    t.category("School Type", t.pick("Elementary|Middle|High|K-12", [5, 3, 3, 1]), "grade")
    t.boolean("Charter (Y/N)", t.pick("Y N", [1, 9]))
    t.boolean("Title I", t.pick(["Yes", "No", "yes ", "NO"]))
    t.number("Enrolled", t.holes(t.ints(60, 1900), 0.02, "*"))
    t.number("Math", t.holes(t.floats(52, 14, 1), 0.12, "<10", "*", "N<10"))
    t.number("Reading", t.holes(t.floats(58, 12, 1), 0.12, "<10", "*", "N<10"))
    t.number("Absent", t.holes(written(t.floats(12, 4, 1), "{}%"), 0.1, "≤ 5%"))
    t.grade("Rating", t.pick("Far Below Standard|Below Standard|Meets Standard|Exceeds Standard"))
    t.grade("Letter", t.pick("F|D|C|C+|B-|B|B+|A-|A"))
    t.number("Ratio", written(t.ints(9, 24), "{}:1"))
    t.text("Principal's comment", t.holes(t.sentences(1, 2), 0.4, None))
    return as_excel(
        t, above=[["Accountability Report 2022-23"], ["Counts below 10 are not shown"], []],
        groups=[(5, 8, "Percent proficient"), (9, 11, "Summary")], sheet="Schools",
        below=[[], ["* suppressed to protect privacy"], ["Source: Department of Education"]],
    )  # fmt: skip


def daily_climate():
    """As the German weather service: padded cells, -999, quality levels, `eor` at the end of each row."""
    t = Table("daily_climate", 300)
    t.constant("STATIONS_ID", ["        433"] * t.rows)
    t.date("MESS_DATUM", t.every("2021-03-01", "%Y%m%d", days=1))
    t.category("QN_3", written(t.pick([1, 3, 10], [1, 2, 8]), "{:5d}"), "number", "grade")
    t.number("  FX", [f"{value:8.1f}" for value in t.holes(t.sizes(9, 0.4, 1), 0.04, -999.0)])
    t.number(
        " RSK",
        [f"{value:8.1f}" for value in t.holes(t.pick([0.0, 0.0, 0.4, 2.2, 7.9]), 0.05, -999)],
    )
    t.category("RSKF", written(t.pick([0, 6, 7, 8], [5, 5, 1, 1]), "{:8d}"))
    t.number(" SDK", [f"{value:8.3f}" for value in t.holes(t.sizes(5, 0.5, 3), 0.05, -999)])
    t.number("  NM", [f"{value:8.1f}" for value in t.floats(5, 1.5, 1)])
    t.number(" UPM", [f"{value:8.2f}" for value in t.floats(74, 11, 2)])
    t.constant("eor", ["eor"] * t.rows)
    return as_csv(t, ";")


def fuel_prices():
    """As Brazil's fuel agency: decimal commas, numbers of companies, day first, names in capitals."""
    t = Table("fuel_prices", 240)
    t.category("Regiao - Sigla", t.pick("N NE CO SE S"))
    t.category("Estado - Sigla", t.pick("SP RJ MG BA RS AM GO"))
    t.category("Municipio", t.pick("SAO PAULO|SANTOS|NITEROI|BELO HORIZONTE|SALVADOR|MANAUS"))
    t.text("Revenda", [f"AUTO POSTO {name.upper()} LTDA" for name in t.titles(1, 2)], "identifier")
    t.identifier("CNPJ da Revenda", t.codes(" ##.###.###/0001-##"))
    t.category("Produto", t.pick("GASOLINA|ETANOL|DIESEL S10|GNV"))
    t.date("Data da Coleta", t.times("2023-01-02", 180, "%d/%m/%Y"))
    t.number("Valor de Venda", comma(written(t.floats(5.4, 0.6, 3), "{:.3f}")))
    t.number("Valor de Compra", t.holes(comma(written(t.floats(4.9, 0.5, 4), "{:.4f}")), 0.6, ""))
    t.category("Unidade de Medida", t.pick("R$ / litro|R$ / m³", [9, 1]))
    t.category("Bandeira", t.pick("BRANCA|IPIRANGA|VIBRA ENERGIA|RAIZEN"))
    return as_csv(t, ";", encoding="utf-8-sig", ending="\r\n")


def unemployment():
    """As Eurostat's bulk files: tabs, `: ` for missing, letters behind a number that say how sure it is."""
    t = Table("unemployment", 150)
    t.constant("freq", ["A"] * t.rows)
    t.category("sex", t.pick("F M T"))
    t.grade("age", t.pick("Y15-24 Y25-54 Y55-64 Y65-74"))
    t.category("geo", t.pick("AT BE BG CY CZ DE DK EE EL ES FI FR"))
    for year in (2017, 2018, 2019, 2020, 2021):
        cells = written(t.floats(9, 3, 1), "{} ")
        flagged = t.some(cells, 0.15, lambda cell: cell + t.dice.choice(["b", "e", "u", "p"]))
        t.number(f"{year} ", t.holes(flagged, 0.08, ": ", ": u"))
    t.category("unit", t.pick("PC_ACT PC_POP"))
    return as_csv(t, "\t", suffix=".tsv")


def votes_of_communes():
    """As a German canton of results: thousands with points, per cent with commas, precincts 001."""
    t = Table("votes_of_communes", 190)
    t.identifier("Bezirk-Nr", t.codes("0##-##"))
    t.category("Art", t.pick("Urne|Brief", [6, 4]))
    voters = t.ints(700, 2900)
    t.number("Wahlberechtigte", [german(value, 0) for value in voters])
    t.number("Wähler", [german(value * 0.7, 0) for value in voters])
    t.number("Beteiligung", [german(value, 1) + " %" for value in t.floats(70, 6)])
    t.number("ungültig", t.pick(["-", 1, 2, 3, 4, 5, 6, 9]))
    for party in ("CDU", "SPD", "GRÜNE"):
        t.number(party, [german(value, 0) for value in t.sizes(380, 0.7)])
    t.category("Sieger", t.pick("CDU SPD GRÜNE"))
    t.boolean("Nachzählung", t.pick("ja nein", [1, 9]))
    t.date("Eingang", t.times("2021-09-26T18:00", 1, "%d.%m.%Y %H:%M Uhr"))
    t.constant("Status", ["endgültig"] * t.rows)
    return as_csv(t, ";", encoding="latin-1", above="Wahl zum Rat der Stadt\nStand: 26.09.2021\n\n")


def prices_of_cantons():
    """As Swiss offices write: apostrophes between thousands, CHF, three dots for no answer."""
    t = Table("prices_of_cantons", 160)
    t.category("Kanton", t.pick("ZH BE LU UR GE VD TI"))
    t.identifier("BFS-Nr.", t.codes("####"))
    t.number("Einwohner", [f"{value:,}".replace(",", "'") for value in t.sizes(5200, 1.0)])
    t.number(
        "Median CHF/m2", [f"{value:,.2f}".replace(",", "’") for value in t.sizes(7100, 0.4, 2)]
    )
    t.number("Miete", [f"CHF {value:,}.–".replace(",", "'") for value in t.ints(890, 4300)])
    t.number("Leerstand", t.holes(written(t.floats(1.3, 0.4, 2), "{:.2f}%"), 0.05, "..."))
    t.number("Veränderung", [f"{value:+.1f}%" for value in t.floats(1.5, 3, 1)])
    t.grade("Nachfrage", t.pick("sehr tief|tief|mittel|hoch|sehr hoch"))
    t.category("Sprache", t.pick("de fr it rm", [6, 3, 1, 1]))
    t.date("Stichtag", t.pick(["31.12.2020", "31.12.2021", "30.06.2021", "30.06.2022"]))
    t.number("Steuerfuss", written(t.ints(72, 130), "{} %"))
    return as_csv(t, ";", quote="all", encoding="utf-8-sig")


def harvests():
    """As a farm service: (D) and (Z) for what is not told, constants, thousands, a total at the end."""
    t = Table("harvests", 210)
    t.constant("Program", ["SURVEY"] * t.rows)
    t.number("Year", t.ints(1998, 2022), "date")
    t.category("Period", t.pick(["YEAR", "JAN THRU MAR", "APR THRU JUN", "MARKETING YEAR"]))
    t.category("State", t.pick("IOWA|OHIO|UTAH|TEXAS|MAINE|NEW YORK"))
    t.category("State ANSI", t.pick(["01", "06", "19", "39", "48", "49"]))
    t.constant("watershed_code", ["00000000"] * t.rows)
    t.category("Commodity", t.pick("CORN|OATS|SOYBEANS|HAY"))
    t.category(
        "Data Item", t.pick("CORN - ACRES PLANTED|CORN, GRAIN - YIELD|OATS - ACRES HARVESTED")
    )
    t.number(
        "Value", t.holes([f" {value:,}" for value in t.sizes(90000, 1.5)], 0.15, " (D)", " (Z)")
    )
    t.number("CV (%)", t.holes(written(t.sizes(8, 0.7, 1), "{}"), 0.2, "(H)", "(L)", "(D)"))
    t.constant("Zip Code", [""] * t.rows, GONE)
    return as_csv(t, quote="all")


def paintings():
    """As a museum's open list: years of makers, measures in words, who gave it, in UTF-16 with tabs."""
    t = Table("paintings", 170)
    t.identifier("Object Number", [f"{1890 + row % 120}.{row + 3}" for row in range(t.rows)])
    t.boolean("Is Highlight", t.pick("True False", [1, 9]))
    t.boolean("Is Public Domain", t.pick("True False", [6, 4]))
    t.category("Department", t.pick("Prints|European Paintings|Asian Art|Photographs"))
    t.text("Title", t.titles(2, 6))
    t.category(
        "Artist Nationality", t.holes(t.pick("French|Dutch|Italian|American|Japanese"), 0.2, "")
    )
    t.number("Object Begin Date", t.ints(1480, 1940), "date")
    t.category("Medium", t.pick("Oil on canvas|Etching|Ink on paper|Gelatin silver print|Tempera"))
    sides = zip(t.floats(24, 6, 1), t.floats(18, 4, 1), strict=True)
    t.text(
        "Dimensions",
        [f"{high} x {wide} in. ({high * 2.54:.1f} x {wide * 2.54:.1f} cm)" for high, wide in sides],
    )
    t.text(
        "Credit Line", [f"Gift of {name}, {1900 + row % 99}" for row, name in enumerate(t.names())]
    )
    t.identifier(
        "Link Resource",
        [f"https://museum.example/art/{row * 37 + 436000}" for row in range(t.rows)],
    )
    t.category("Classification", t.pick("Paintings Prints Drawings Photographs"))
    return as_csv(t, "\t", encoding="utf-16", suffix=".tsv")


def fines():
    """As Moscow publishes: cp1251, da and net, roubles with gaps, dates with points."""
    t = Table("fines", 200)
    t.identifier("Номер постановления", t.codes("188101##########"))
    t.category("Район", t.pick("Арбат|Тверской|Хамовники|Якиманка"))
    t.category("Статья", t.pick("12.9 ч.2|12.12 ч.1|12.16 ч.4|12.15 ч.5"))
    t.number(
        "Сумма штрафа",
        [
            f"{value:,} руб.".replace(",", " ")
            for value in t.pick([500, 800, 1000, 1500, 5000, 12500, 750])
        ],
    )
    t.boolean("Оплачен", t.pick("да нет", [7, 3]))
    t.date("Дата нарушения", t.times("2022-02-01", 300, "%d.%m.%Y %H:%M:%S"))
    t.date("Дата оплаты", t.holes(t.times("2022-03-01", 300, "%d.%m.%y"), 0.3, "", "н/д"))
    t.number("Превышение, км/ч", t.holes(comma(t.floats(34, 9, 1)), 0.3, "-"))
    t.category("Тип ТС", t.pick("легковой|грузовой|мотоцикл|автобус", [8, 2, 1, 1]))
    t.grade("Опасность", t.pick("низкая|средняя|высокая"))
    t.number("Стаж", [f"{value} лет" for value in t.ints(5, 20)])
    return as_csv(t, ";", encoding="cp1251")


CASES = (
    road_collisions, buoys, beds_of_hospitals, exam_results, daily_climate, fuel_prices,
    unemployment, votes_of_communes, prices_of_cantons, harvests, paintings, fines,
)  # fmt: skip
