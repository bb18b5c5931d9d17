"""Of the widest set, the half that may be looked at, part 4."""

from ugly.files import as_csv, as_parquet
from ugly.table import GONE, Table, spaced, written
from ugly.wide_words import addresses, pairs, prose


def bike_trips():
    t = Table("bike_trips", 320)
    t.identifier("ride_id", t.codes("%%%%%%%%%%%%%%%%"))
    t.category("rideable_type", t.pick("electric_bike classic_bike docked_bike"))
    begun = t.times("2023-06-01", 30)
    t.date("started_at", [moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] for moment in begun])
    t.number(
        "duration",
        [
            f"{m}m {s}s" if m < 60 else f"{m // 60}h {m % 60}m {s}s"
            for m, s in zip(t.sizes(14, 0.9), t.ints(0, 59), strict=True)
        ],
    )
    stations = [
        f"{a} & {b}"
        for a in ("8 Ave", "Broadway", "Lafayette St", "W 4 St")
        for b in ("W 31 St", "E 14 St", "7 Ave S", "Astor Pl")
    ]
    t.category("start_station_name", t.holes(t.pick(stations), 0.05))
    t.category("start_station_id", t.holes(t.codes("####.0#", 40), 0.05), "number")
    t.category("end_station_name", t.holes(t.pick(stations), 0.06))
    t.number("start_lat", t.floats(40.73, 0.03, 6))
    t.number("start_lng", t.floats(-73.98, 0.03, 6))
    t.category("member_casual", t.pick("member casual", [4, 1]))
    t.number("birth year", t.holes(t.ints(1940, 2006), 0.1, "\\N"), "date")
    t.category("gender", t.pick([0, 1, 2], [2, 5, 3]), "number")
    return as_csv(t, packed=True)


def ufo_sightings():
    t = Table("ufo_sightings", 250)
    t.date(
        "datetime",
        t.odd(
            [f"{d.month}/{d.day}/{d.year} {d:%H:%M}" for d in t.times("1950-01-01", 23000)],
            "10/11/2006 24:00",
            "6/30/1999 24:00",
        ),
    )
    t.category(
        "city",
        t.pick(
            "san marcos|lackland afb|chester (uk/england)|edna|kaneohe|bristol|penarth (uk/wales)|new york city (brooklyn)"
        ),
    )
    t.category("state", t.holes(t.pick("tx hi tn ct al fl ca ny"), 0.07))
    t.category("country", t.holes(t.pick("us gb ca au", [20, 2, 2, 1]), 0.12))
    t.category("shape", t.holes(t.pick("cylinder light circle sphere disk fireball unknown"), 0.03))
    t.number(
        "duration (seconds)",
        t.odd([str(v) for v in t.pick([5, 20, 300, 2700, 900, 180, 1200, 7200])], "2`", "8`"),
    )
    t.number(
        "duration (hours/min)",
        t.pick(
            "45 minutes|1-2 hrs|20 seconds|1/2 hour|15 min.|about 5 min|2 hours|1 min|several minutes|10+ sec"
        ),
        "text",
        "category",
    )
    t.text("comments", prose(t, "Bright light|3 discs|Triangular craft&#44 silent&#44|My friend and I saw orbs", "hovering over|moving fast across|vanishing behind",
           "the lake.|I-35 near the mall.|our house &amp; barn.", 1, 3))  # fmt: skip
    t.date("date posted", [f"{d.month}/{d.day}/{d.year}" for d in t.times("1999-01-01", 5000)])
    t.number("latitude", t.odd(written(t.floats(38, 6, 7), "{}"), "33q.200088"))
    t.number("longitude ", t.floats(-90, 15, 7))
    return as_csv(t, "\t", suffix=".tsv")


def earthquakes():
    t = Table("earthquakes", 280)
    t.date(
        "time",
        [
            moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms:03}Z"
            for moment, ms in zip(t.times("2023-01-01", 30), t.ints(0, 999), strict=True)
        ],
    )
    t.number("latitude", t.floats(36, 10, 4))
    t.number("depth", t.sizes(20, 1, 2))
    t.number("mag", t.floats(2.4, 1, 1))
    t.category("magType", t.pick("ml md mb mww mb_lg"))
    t.number("nst", t.holes(t.ints(5, 80), 0.3))
    t.number("rms", t.floats(0.3, 0.1))
    t.category("net", t.pick("us ci nc ak pr hv"))
    t.identifier("id", t.codes("us7000@@##"))
    t.date("updated", t.times("2023-02-01", 30, "%Y-%m-%dT%H:%M:%S.040Z"))
    t.text(
        "place",
        [
            f"{km} km {d} of {p}"
            for km, d, p in zip(
                t.ints(1, 150),
                t.pick("N SSE WNW E NNE SW"),
                t.pick("Ridgecrest, CA|Hihifo, Tonga|Cantwell, Alaska|Guánica, Puerto Rico"),
                strict=True,
            )
        ],
        "identifier",
    )
    t.category("type", t.pick("earthquake|quarry blast|explosion|ice quake", [40, 3, 2, 1]))
    t.grade("alert", t.holes(t.pick("green yellow orange red", [20, 3, 1, 1]), 0.7), "category")
    t.boolean("tsunami", t.pick([0, 1], [15, 1]))
    t.category("status", t.pick("reviewed automatic"))
    return as_csv(t)


def seoul_bikes():
    t = Table("seoul_bikes", 240)
    t.date("날짜", [f"{d:%d/%m/%Y}" for d in t.every("2018-01-01", hours=1)])
    t.number("대여건수", t.sizes(600))
    t.number("시간", [row % 24 for row in range(240)], "date")
    t.number("기온(°C)", t.floats(12, 9, 1))
    t.number("습도(%)", t.ints(10, 98))
    t.number("풍속 (m/s)", t.floats(1.7, 0.4, 1))
    t.number("시정 (10m)", t.some(t.ints(200, 1999), 0.4, lambda _: 2000))
    t.number("적설(cm)", t.holes(t.pick([0, 0, 0, 0.4, 1.2, 3.1]), 0.05))
    t.category("계절", t.pick("봄 여름 가을 겨울"), "grade")
    t.category("공휴일", t.pick("휴일 평일", [1, 12]), "boolean")
    t.boolean("운영일", t.pick("예 아니오", [20, 1]))
    return as_csv(t, encoding="cp949")


def cancer_recurrence():
    t = Table("cancer_recurrence", 200)
    t.category("0", t.pick("no-recurrence-events recurrence-events", [7, 3]), "boolean")
    t.grade("1", t.pick("20-29 30-39 40-49 50-59 60-69 70-79"))
    t.category("2", t.pick("premeno ge40 lt40"), "grade")
    t.grade("3", t.pick("0-4 5-9 10-14 15-19 20-24 25-29 30-34 40-44 50-54"))
    t.grade("4", t.pick("0-2 3-5 6-8 9-11 12-14 15-17 24-26", [20, 4, 2, 1, 1, 1, 1]))
    t.boolean("5", t.holes(t.pick("no yes", [4, 1]), 0.03, "?"))
    t.grade("6", t.pick([1, 2, 3]), "number", "category")
    t.category("7", t.pick("left right"))
    t.category("8", t.pick("left_low left_up right_up central right_low"))
    t.boolean("9", t.pick("no yes", [3, 1]))
    return as_csv(t, header=False, suffix=".data")


def pums_codes():
    t = Table("pums_codes", 260)
    t.constant("RT", ["P"] * 260)
    t.identifier("SERIALNO", t.codes("2019HU#######"))
    t.category("PUMA", t.codes("0##00", 20))
    t.constant("ST", ["06"] * 260)
    t.number("PWGTP", t.sizes(90))
    t.number("AGEP", t.ints(0, 94))
    t.category("SEX", t.pick([1, 2]), "boolean")
    t.category("RAC1P", t.pick([1, 2, 3, 5, 6, 8, 9]), "number")
    t.category("SCHL", t.holes([f"{v:02}" for v in t.ints(1, 24)], 0.03, "bb"), "number", "grade")
    t.number("WAGP", t.holes([v * 100 for v in t.sizes(400)], 0.3))
    t.category("NAICSP", t.holes(t.pick(["611M1", "722Z", "23", "622M", "44511", "5415"]), 0.3))
    t.category("SOCP", t.holes(t.pick(["252020", "412031", "1191XX", "472061", "533030"]), 0.3))
    t.number("JWMNP", t.holes(t.pick([5, 10, 15, 20, 30, 45, 60, 90]), 0.4))
    t.category("FER", t.holes(t.pick([1, 2], [1, 8]), 0.6), "boolean")
    return as_csv(t)


def payroll():
    t = Table("payroll", 260)
    t.identifier("Name", t.names("{last},{first} E"), "text")
    titles = t.pick(
        "AIDE BLUE CHIP|POLICE OFFICER|LABORER (Hourly)|CROSSING GUARD|Facilities/Office Services II|EMT FIREFIGHTER SUPPRESSION"
    )
    t.category("JobTitle", titles)
    t.category("AgencyID", t.codes("@##00#", 30))
    t.category(
        "Agency",
        t.pick(
            "Youth Summer  (356)|Police Department (126)|DPW-Solid Waste (108)|Fire Department (340)"
        ),
    )
    t.date("HireDate", t.holes(t.times("1985-01-01", 13000, "%m/%d/%Y 12:00:00 AM", 1440), 0.02))
    t.number("AnnualSalary", written(t.sizes(48000, 0.4, 2), "${:.2f}"))
    t.number("GrossPay", t.holes(written(t.sizes(45000, 0.6, 2), "${:.2f}"), 0.1))
    t.number("Adjustment", [f"(${-v:,.2f})" if v < 0 else f"${v:,.2f}" for v in t.floats(200, 400)])
    t.constant("FiscalYear", ["FY2019"] * 260)
    t.category("FT/PT", t.pick("FT PT"))
    t.grade("Step", t.pick("Step 1|Step 2|Step 3|Step 4|Step 5"), "number")
    t.boolean("Union", t.pick("Y N"))
    t.copy("Position", titles)
    return as_csv(t)


def flats_moscow():
    t = Table("flats_moscow", 200)
    t.text(
        "Адрес",
        addresses(
            t,
            "Москва, {1}, {0}",
            ["ул. Ленина", "Тверская ул.", "Профсоюзная улица", "пр-т Мира", "Ленинградское ш."],
            300,
        ),
        "identifier",
    )
    t.number("Цена", [f"{spaced(v * 10000)} руб." for v in t.sizes(1200)])
    t.number("Площадь", [f"{spaced(v, 1)} м2" for v in t.floats(60, 15, 1)])
    t.number(
        "Этаж",
        [f"{t.dice.randint(1, 9)}/{t.dice.choice([9, 12, 17])}" for _ in range(200)],
        "category",
        "text",
    )
    t.number("Комнат", t.some(t.ints(1, 5), 0.08, lambda _: "студия"))
    t.category("Ремонт", t.pick("евроремонт|косметический|дизайнерский|без ремонта"), "grade")
    t.boolean("Балкон", t.holes(t.pick("есть нет"), 0.1))
    t.date(
        "Дата",
        [
            f"{d.day} {['января', 'февраля', 'марта', 'апреля', 'мая', 'июня', 'июля', 'августа', 'сентября', 'октября', 'ноября', 'декабря'][d.month - 1]} {d.year}"
            for d in t.times("2021-01-01", 500)
        ],
    )
    t.category("Метро", t.pick("Тверская|Сокол|Академическая|Университет|ВДНХ"))
    t.number(
        "До метро", [f"{v} мин. {t.dice.choice(['пешком', 'транспортом'])}" for v in t.ints(2, 30)]
    )
    t.boolean("Лифт", t.pick("да нет"))
    t.number("Год постройки", t.holes(t.ints(1935, 2021), 0.1, "н/д"), "date")
    t.category("Тип дома", t.pick("панельный|кирпичный|монолитный|блочный"))
    return as_csv(t, ";", encoding="cp1251")


def building_permits():
    t = Table("building_permits", 240)
    t.identifier("Permit Number", t.codes("2015########"))
    kinds = t.pick([1, 3, 4, 6, 8], [1, 3, 1, 1, 20])
    t.category("Permit Type", kinds, "number")
    told = {
        1: "new construction",
        3: "additions alterations or repairs",
        4: "sign - erect",
        6: "demolitions",
        8: "otc alterations permit",
    }
    t.category("Permit Type Definition", [told[kind] for kind in kinds], "copy")
    t.category("Block", t.codes("####", 150), "identifier")
    t.category("Lot", t.some(t.codes("0##", 70), 0.1, lambda c: c + "A"))
    t.number("Street Number", t.ints(1, 3900), "identifier")
    t.category("Street Suffix", t.holes(t.pick("St Av Bl Wy Dr"), 0.02))
    t.text(
        "Description",
        prose(
            t,
            "reroofing|remodel kitchen and|replace 4 windows in kind and|install new",
            "2 bathrooms|fire alarm system|the garage door|ethernet",
            "on 2nd floor.|per plans.|no structural work.",
        ),
    )
    t.category("Current Status", t.pick("complete issued filed expired cancelled"))
    t.date("Filed Date", t.times("2014-01-01", 900, "%m/%d/%Y"))
    t.date("Completed Date", t.holes(t.times("2015-01-01", 900, "%m/%d/%Y"), 0.5))
    t.boolean("Structural Notification", t.pick(["Y", ""], [1, 15]), "constant")
    t.number("Estimated Cost", t.holes(t.sizes(9000, 1.4, 1), 0.2))
    t.number("Proposed Units", t.holes(written(t.pick([0, 1, 2, 3, 12]), "{}.0"), 0.25))
    t.constant("TIDF Compliance", [""] * 240, GONE)
    t.text(
        "Location",
        t.holes(pairs(t, 37.76, -122.42, "({:.12f}, {:.12f})"), 0.02),
        "identifier",
        "number",
    )
    t.identifier("Record ID", t.codes("13########"))
    return as_csv(t)


def hotel_bookings():
    t = Table("hotel_bookings", 350)
    t.category("hotel", t.pick("Resort Hotel|City Hotel"))
    t.boolean("is_canceled", t.ints(0, 1))
    t.number("lead_time", t.sizes(60, 1))
    t.number("arrival_date_year", t.pick([2015, 2016, 2017]), "date")
    t.category(
        "arrival_date_month", t.pick("July August September October January May"), "date", "grade"
    )
    t.number("arrival_date_day_of_month", t.ints(1, 31), "date")
    t.number("children", t.holes(t.pick([0.0, 1.0, 2.0], [20, 2, 1]), 0.01, None))
    t.category("meal", t.pick("BB HB SC FB Undefined"))
    t.category("country", t.holes(t.pick("PRT GBR ESP FRA DEU"), 0.02, None))
    t.boolean("is_repeated_guest", t.pick([0, 1], [25, 1]))
    t.category("reserved_room_type", t.pick("A C D E G P"), "grade")
    t.category("agent", t.holes(t.pick([9.0, 240.0, 1.0, 14.0, 7.0, 303.0]), 0.15, None), "number")
    t.number("adr", t.sizes(95, 0.4, 2))
    t.category("deposit_type", t.pick("No Deposit|Refundable|Non Refund", [30, 1, 3]))
    t.date("reservation_status_date", t.times("2015-01-01", 900, None, 1440))
    return as_parquet(t)


CASES = (
    bike_trips,
    ufo_sightings,
    earthquakes,
    seoul_bikes,
    cancer_recurrence,
    pums_codes,
    payroll,
    flats_moscow,
    building_permits,
    hotel_bookings,
)
