"""A hard set written last: workouts, triage, bids, plots in the field, flats of Madrid, shops of Osaka."""

from ugly.files import as_csv, as_excel, as_json_lines
from ugly.table import Table, comma, german, written
from ugly.wide_words import addresses, prose, titles


def workouts():
    t = Table("workouts", 190)
    t.identifier("Activity ID", t.codes("6#########"))
    t.date(
        "Activity Date",
        [
            f"{d:%b} {d.day}, {d.year}, {int(d.strftime('%I'))}:{d:%M:%S %p}"
            for d in t.times("2021-01-01", 600)
        ],
    )
    t.text(
        "Activity Name",
        prose(
            t,
            "Morning|Lunch|Evening|Rainy",
            "Run|Ride|Swim|Walk",
            "with Tom|around the lake|(easy)|to work",
            1,
            1,
        ),
        "category",
    )
    t.category("Activity Type", t.pick("Run Ride Swim Hike"))
    t.number(
        "Elapsed Time", [f"{v // 3600}:{v // 60 % 60:02}:{v % 60:02}" for v in t.ints(1200, 9000)]
    )
    t.number("Distance", comma(t.sizes(9, 0.5, 2)))
    t.number("Pace", [f"{v // 60}:{v % 60:02} /km" for v in t.ints(240, 420)])
    t.number("Elevation Gain", [f"{v} m" for v in t.sizes(90, 1)])
    t.grade("Relative Effort", t.holes(t.pick("Easy|Moderate|Hard|All Out"), 0.1))
    t.number("Avg HR", t.holes([f"{v} bpm" for v in t.ints(110, 178)], 0.2, "--"))
    t.boolean("Commute", t.pick("true false", [1, 6]))
    t.category("Gear", t.holes(t.pick("Pegasus 38|Canyon Endurace|old shoes"), 0.3))
    return as_csv(t, ";")


def triage():
    t = Table("triage", 220)
    t.identifier("visit", [f"V{n}" for n in t.running(50001)])
    t.date("arrived", t.times("2022-03-01", 60, "%d/%m/%y %H:%M"))
    t.category("mode", t.pick("walk-in|ambulance|police|helicopter"))
    t.grade("ESI", t.pick([1, 2, 3, 4, 5], [1, 5, 9, 5, 1]), "number", "category")
    t.number("temp", [f"{v} °F" for v in t.floats(98.6, 1, 1)])
    t.text(
        "BP",
        [f"{a}/{b}" for a, b in zip(t.ints(95, 180), t.ints(55, 110), strict=True)],
        "number",
        "identifier",
    )
    t.grade("pain", [f"{v}/10" for v in t.ints(0, 10)], "number")
    t.number("SpO2", t.some([f"{v}%" for v in t.ints(88, 100)], 0.1, lambda c: f"{c} RA"))
    t.number("GCS", t.pick([15, 14, 13, 9, 3], [40, 4, 2, 1, 1]), "grade")
    t.number(
        "wait", [f"{v // 60} hr {v % 60} min" if v > 59 else f"{v} min" for v in t.ints(2, 300)]
    )
    t.text(
        "chief complaint",
        prose(
            t,
            "chest pain|fell from|cough and|lac to",
            "since this morning|ladder|fever|left hand",
            "no LOC|hx of CAD|x2 days|took ASA",
            1,
            1,
        ),
        "category",
    )
    t.category("disposition", t.pick("Home|Admit|LWBS|AMA|Transfer"))
    t.boolean("isolation", t.pick(["Y", ""], [1, 6]))
    return as_csv(t)


def bids():
    t = Table("bids", 200)
    t.identifier("Item number", t.codes("2###########"))
    t.text("Title", titles(t, "{} {} vintage NIB{}"), "identifier")
    t.number("Price", [f"US ${v:,.2f}" for v in t.sizes(25, 1, 2)])
    t.number("Bids", [f"{v} bid{'s' * (v != 1)}" for v in t.ints(0, 30)])
    t.number(
        "Time left", [f"{a}d {b:02}h" for a, b in zip(t.ints(0, 6), t.ints(0, 23), strict=True)]
    )
    t.grade(
        "Condition",
        t.pick("For parts or not working|Pre-owned|Open box|New (other)|New"),
        "category",
    )
    t.number(
        "Shipping", t.some([f"+ ${v:.2f}" for v in t.sizes(7, 0.4, 2)], 0.25, lambda _: "Free")
    )
    t.number("Feedback", [f"{v:.1f}% positive" for v in t.floats(98, 1, 1)])
    t.category("Ships from", t.pick("United States|China|Germany|Hong Kong SAR"))
    t.boolean("Returns", t.pick("Accepted|Not accepted"), "category")
    t.category("Size", t.pick("EU 42|EU 43|US 9.5|US 10|UK 8"), "grade")
    return as_json_lines(t)


def field_plots():
    t = Table("field_plots", 150)
    t.identifier("Relevé", t.running(1), "number")
    t.date("Date", t.times("2018-05-01", 120, "%d.%m.%Y", 1440))
    t.number(
        "Lat",
        [
            f"{a}° {b}' {c}\" N"
            for a, b, c in zip(t.ints(46, 49), t.ints(0, 59), t.ints(0, 59), strict=True)
        ],
    )
    t.number("Altitude", written(t.ints(320, 2100), "{} m a.s.l."))
    t.category("Exposition", t.holes(t.pick("N NE E SE S SW W NW"), 0.1, "-"))
    t.number("Slope", written(t.ints(0, 45), "{}°"))
    t.grade("Cover Festuca", t.pick("r|+|1|2a|2b|3|4|5"), "category")
    t.number("pH", t.floats(6.2, 0.7, 1))
    t.category("Soil", t.pick("sandy loam|clay|silt loam|peat"))
    t.grade("Moisture", t.pick("dry|fresh|moist|wet"))
    t.grade("Grazing", t.pick("none|light|moderate|heavy"))
    t.number("Species", t.ints(8, 60))
    t.category("Observer", t.pick("AK MS AK/MS"))
    return as_excel(t, sheet="relevés 2018")


def flats_madrid():
    t = Table("flats_madrid", 180)
    t.identifier("Referencia", t.codes("MAD-#####"))
    t.text(
        "Dirección",
        addresses(
            t, "{1}, {0}", ["Calle de Alcalá", "Paseo del Prado", "Calle Mayor", "Gran Vía"], 200
        ),
        "identifier",
        "category",
    )
    t.number("Precio", [f"{german(v * 10, 0)} €/mes" for v in t.sizes(120, 0.4)])
    t.number("Superficie", [f"{v} m² construidos" for v in t.sizes(80, 0.3)])
    t.grade(
        "Planta",
        t.pick("Bajo|1ª planta|2ª planta|3ª planta|Ático|Entreplanta"),
        "category",
        "number",
    )
    t.number("Habitaciones", [f"{v} hab." for v in t.ints(1, 5)])
    t.boolean("Ascensor", t.pick("con ascensor|sin ascensor", [3, 1]), "category")
    t.boolean("Mascotas", t.pick("Sí No"))
    t.grade("Certificado energético", t.holes(t.pick("A B C D E F G"), 0.2, "En trámite"))
    t.grade("Estado", t.pick("A reformar|Buen estado|Obra nueva"), "category")
    t.date(
        "Publicado",
        [
            f"{d.day} {['ene', 'feb', 'mar', 'abr', 'may', 'jun', 'jul', 'ago', 'sep', 'oct', 'nov', 'dic'][d.month - 1]} {d.year}"
            for d in t.times("2022-01-01", 400)
        ],
    )
    t.number("Gastos de comunidad", t.holes([f"{v} €" for v in t.ints(20, 190)], 0.2, "incluidos"))
    return as_csv(t, ";", encoding="utf-8-sig")


def osaka_shop():
    t = Table("osaka_shop", 170)
    t.identifier("注文番号", t.codes("JP-########"))
    t.date("注文日", [f"{d.year}年{d.month}月{d.day}日" for d in t.times("2021-01-01", 500)])
    t.category("商品カテゴリ", t.pick("家電 衣料品 食品 書籍"))
    t.number("金額", [f"{v:,}円" for v in t.sizes(4200, 0.9)])
    t.number("数量", [f"{v}個" for v in t.ints(1, 9)])
    t.boolean("発送", t.pick("済 未"), "category")
    t.grade("評価", t.holes([f"★{v}" for v in t.ints(1, 5)], 0.1), "number")
    t.category("都道府県", t.pick("大阪府 京都府 東京都 北海道"))
    t.category("郵便番号", t.codes("5##-00##", 90), "identifier")
    t.grade("満足度", t.pick("とても不満|不満|普通|満足|とても満足"))
    return as_csv(t, encoding="cp932")


CASES = (workouts, triage, bids, field_plots, flats_madrid, osaka_shop)
