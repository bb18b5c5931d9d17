"""Four files of variations on what the third set showed, and of columns that look alike but are
something else: written after its mistakes were mended, and read once.
"""

from ugly.files import as_csv
from ugly.table import Table, clock, written


def clinic_of_athens():
    """Greek letters from before Unicode; words with an order in several forms."""
    t = Table("clinic_of_athens", 160)
    t.identifier("Αριθμός", t.codes("GR######"))
    t.category("Πόλη", t.pick("Αθήνα Πάτρα Βόλος Λάρισα"))
    t.boolean("Ασφάλιση", t.pick("ναι όχι"))
    t.date("Ημερομηνία", t.times("2022-01-01", 300, "%d/%m/%Y"))
    t.grade("Pain now", t.pick("very mild|mild|moderate|severe|very severe"))
    t.grade("Waited", t.pick("less than an hour|a few hours|one day|several days|more than a week"))
    t.grade(
        "Smokes", t.pick("never|a few times a month|once a week|several times a week|every day")
    )
    t.grade("Gleason group", t.pick("I|II|IIIA|IIIC|IVB"))
    t.grade("Ketones", t.pick("negative|trace|+|++|+++"))
    t.number("Ferritin", t.holes(t.sizes(90, 0.7, 1), 0.45, "pending"))
    t.number("Weeks of treatment", t.holes(t.ints(2, 30), 0.06, "less than 1 week"))
    t.number("Seen before", t.pick(["1 year", "2 years", "5 years", "9 years"]))
    t.category("Ward", t.pick("short stay|long stay|day clinic"))
    return as_csv(t, ";", encoding="cp1253")


def river_gauges():
    """A row of units, remarks behind numbers, one word where nothing was measured."""
    t = Table("river_gauges", 180)
    t.identifier("station", t.codes("RG-####"))
    t.number("level", t.holes(written(t.floats(240, 40), "{:.0f}"), 0.08, "ice"))
    t.number("flow", t.holes(written(t.sizes(45, 0.8, 1), "{}"), 0.55, "dry"))
    t.number(
        "temp",
        t.some(written(t.floats(11, 4, 1), "{}"), 0.2, lambda c: f"{c} {t.dice.choice('efr')}"),
    )
    t.number(
        "turbidity",
        t.some(written(t.sizes(9, 0.7, 1), "{}"), 0.12, lambda c: f"{c} {t.dice.choice('pub')}"),
    )
    t.number("lag", [f"{value // 60}:{value % 60:02}.{value % 10}" for value in t.ints(61, 800)])
    t.category("bank", t.pick("left right"))
    t.category(
        "house",
        [f"{k}{t.dice.choice(['', '', '', 'a', 'b', 'c'])}" for k in t.ints(1, 30)],
        "identifier",
    )
    units = "-;cm;m3/s;degC;NTU;mm:ss;-;-\n"
    made = as_csv(t, ";")
    head, _, rest = made.content.decode().partition("\n")
    return type(made)(
        made.suffix, (head + "\n" + units + rest).encode(), made.columns, units + made.text
    )


def races_of_boats():
    """Durations and times of day, heights in feet, codes and amounts of the same length."""
    t = Table("races_of_boats", 170)
    t.identifier("Sail number", [f"GBR {code}" for code in t.codes("####")])
    t.number("Elapsed", t.holes([clock(value) for value in t.ints(3700, 34000)], 0.05, "DNS"))
    t.number("Behind", [f"+{value // 60}:{value % 60:02}" for value in t.ints(1, 1500)])
    t.date("Start", t.times("2023-06-01T00:00", 1, "%-H:%M"))
    t.date("Finished at", t.times("2023-06-01T00:00", 1, "%-H:%M:%S"))
    t.number(
        "Helm height",
        [f"{feet}-{inch}" for feet, inch in zip(t.pick([5, 6]), t.ints(0, 11), strict=True)],
    )
    t.category("Part code", t.some(t.pick(t.codes("71###")[:12]), 0.3, lambda cell: cell + "C"))
    t.category("Customs code", t.pick(["8903.91", "8903.92", "8907.10", "6306.30"]))
    t.number("Prize", t.sizes(48000, 0.2))
    t.identifier("Licence", t.codes("2023####"))
    t.text("Boat", t.titles(1, 5))
    t.text(
        "Crew roles",
        [
            "; ".join(
                t.dice.sample(
                    ["bow", "mast", "pit", "trim", "helm", "tactics"], t.dice.randint(1, 4)
                )
            )
            for _ in range(t.rows)
        ],
    )
    t.boolean("Protest", t.pick("*|", [1, 7]))
    t.grade("Berth floor", t.pick("basement|ground floor|1st floor|2nd floor|penthouse"))
    return as_csv(t)


def shops_of_seoul():
    """Korean letters from before Unicode; levels in other languages; bands with a letter in front."""
    t = Table("shops_of_seoul", 150)
    t.category("구", t.pick("강남구 종로구 마포구 송파구"))
    t.boolean("영업", t.pick("예 아니오", [7, 3]))
    t.number("매출", [f"{value:,}원" for value in t.sizes(420000, 0.7)])
    t.date("개업일", t.times("2012-01-01", 3000, "%Y-%m-%d"))
    t.grade("ageband", t.pick("A18-29 A30-44 A45-59 A60-74"))
    t.grade("staff", t.pick("only me|2 to 4|5 to 9|10 to 19|20 or more"))
    t.grade("vraag", t.pick("zeer laag|laag|gemiddeld|hoog|zeer hoog"))
    t.grade("calidad", t.pick("muy malo|malo|regular|bueno|muy bueno"))
    t.grade("результат", t.pick("плохо|средне|хорошо|отлично"))
    t.grade(
        "target", t.pick("well below target|below target|on target|above target|well above target")
    )
    t.category("special", t.pick("daily soup|weekly roast|monthly wine|no special"))
    t.category("size", t.pick("round long square"))
    t.number("capital", [f"KRW {value:.1f} b" for value in t.sizes(3, 0.6, 1)])
    return as_csv(t, encoding="euc_kr", ending="\r\n")


CASES = (clinic_of_athens, river_gauges, races_of_boats, shops_of_seoul)
