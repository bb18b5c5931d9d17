"""More of the hard set written last: resorts, vacancies, endpoints, polls, meters, loans of books."""

from ugly.files import as_csv, as_excel, as_parquet
from ugly.table import Table, written
from ugly.wide_words import firms, people, prose, several, titles


def ski_resorts():
    t = Table("ski_resorts", 160)
    t.identifier("Resort", t.places("{} Mountain"), "text")
    t.category("Season", t.pick("December - April|November - May|year-round|July - September"))
    t.number("Day pass", t.odd([f"€{v}" for v in t.ints(25, 70)], "on request"))
    t.number("Highest point", written(t.ints(900, 3400), "{} m"))
    t.number("Beginner slopes", [f"{v} km ({min(99, v * 2)} %)" for v in t.ints(3, 45)], "text")
    t.number("Longest run", written(t.ints(1, 16), "{} km"))
    t.boolean("Night skiing", t.pick("Yes No"))
    t.grade("Snow reliability", t.pick("low|rather low|medium|rather high|high"))
    t.category("Lifts", t.pick("gondola, chairlift|chairlift, T-bar|T-bar"), "text")
    t.number("Capacity", written(t.sizes(20000, 0.7), "{:,} p/h"))
    return as_csv(t)


def vacancies():
    t = Table("vacancies", 200)
    t.text(
        "title",
        prose(
            t,
            "Senior|Junior|Lead|Graduate",
            "Data|Software|QA|Platform",
            "Engineer|Analyst|Tester (m/f/d)",
            1,
            1,
        ),
        "category",
    )
    t.identifier("company", firms(t), "text")
    t.number(
        "salary",
        [f"£{a}k - £{a + b}k pa" for a, b in zip(t.ints(25, 90), t.ints(5, 25), strict=True)],
        "grade",
    )
    t.grade("experience", t.pick("0-1 yrs|1-3 yrs|3-5 yrs|5+ yrs"))
    t.category("mode", t.pick("Hybrid|Remote|On-site|hybrid"))
    t.date("posted", [f"{d:%a} {d.day} {d:%b %Y}" for d in t.times("2023-02-01", 90)])
    t.number("age of ad", t.pick([f"{v} days ago" for v in range(2, 28)] + ["30+ days ago"]))
    t.text("skills", several(t, "SQL Python Go Kafka dbt Spark Terraform", 2, 5, " · "), "category")
    t.boolean("sponsorship", t.holes(t.pick("Yes No"), 0.4, "not stated"))
    t.category("contract", t.pick("Permanent|Fixed term (12 months)|Contract, outside IR35"))
    t.grade("seniority", t.pick("Graduate|Mid-level|Senior|Principal"))
    return as_csv(t, "\t", suffix=".tsv")


def endpoints():
    t = Table("endpoints", 210)
    t.identifier("trace", t.codes("%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"))
    t.date(
        "at",
        [
            f"{d:%Y-%m-%dT%H:%M:%S}.{ms:06}+05:30"
            for d, ms in zip(t.times("2024-02-01", 3), t.ints(0, 999999), strict=True)
        ],
    )
    t.category("service", t.pick("auth billing search mailer"))
    t.grade("level", t.pick("TRACE DEBUG INFO WARN ERROR", [1, 4, 9, 2, 1]))
    t.number("p99", [f"{v:.1f}ms" for v in t.sizes(40, 1, 1)])
    t.number(
        "payload", [f"{v / 1024:.1f} KiB" if v > 1024 else f"{v} B" for v in t.sizes(2000, 1.2)]
    )
    t.number("limit", t.pick("100/min 500/min 1000/min 60/min 250/min"), "category")
    t.category("version", t.pick("2.14.0 2.14.1 2.15.0-beta.1"), "grade")
    t.category("region", t.pick("eu-west-1 us-east-1 ap-south-1"))
    t.text(
        "labels",
        [
            f'{{"env": "{a}", "team": "{b}", "n": {c}}}'
            for a, b, c in zip(
                t.pick("prod dev"), t.pick("core ml web"), t.ints(1, 99), strict=True
            )
        ],
    )
    t.boolean("ok", t.pick(["ok", "nok"], [9, 1]), "category")
    t.number("retries", t.pick([0, 1, 2, 5], [20, 3, 1, 1]))
    return as_parquet(t)


def polls():
    t = Table("polls", 170)
    t.category("Pollster", t.pick("YouGov|Ipsos|Forsa|INSA"))
    t.date(
        "Fieldwork",
        [
            f"{a}–{a + 3} {m} 2021"
            for a, m in zip(t.ints(1, 24), t.pick("Jan Mar Jun Sep"), strict=True)
        ],
        "text",
        "category",
    )
    t.number("Sample size", t.holes(written(t.ints(900, 3100), "{:,}"), 0.05, "?"))
    t.number("CDU", written(t.floats(27, 3, 1), "{} %"))
    t.number("Grüne", written(t.floats(18, 2, 1), "{} %"))
    t.number("Lead", [f"{abs(v)}" if v else "Tie" for v in t.ints(-12, 12)])
    t.number("Margin", t.pick("±3.1 ±2.5 ±2.0 ±3.0 ±1.9"))
    t.category("Method", t.pick("online|telephone|mixed"))
    t.grade("Grade", t.pick("A+ A A- B+ B C"))
    t.category("Client", t.holes(t.pick("RTL/n-tv|Bild|Der Spiegel"), 0.2))
    return as_excel(t, above=[["Opinion polling", None, None], []])


def meters():
    t = Table("meters", 240)
    t.category("LCLid", t.pick("MAC000002 MAC000246 MAC003223"))
    t.category("stdorToU", t.pick("Std ToU", [3, 1]))
    t.date(
        "DateTime",
        [f"{d:%Y-%m-%d %H:%M:%S}.0000000" for d in t.every("2012-10-12 00:30", minutes=30)],
    )
    t.number("KWH/hh (per half hour) ", t.odd([f" {v} " for v in t.sizes(0.2, 0.7, 3)], "Null"))
    t.category("Acorn", t.pick("ACORN-A ACORN-E ACORN-H ACORN-U"), "grade")
    t.category("Acorn_grouped", t.pick("Affluent|Comfortable|Adversity"), "grade")
    t.grade("Tariff", t.pick("Low|Normal|High", [1, 8, 1]))
    t.number("tempC", t.floats(9, 4, 1))
    t.date("sunrise", t.times("2012-10-12 06:10", 1, "%I:%M %p"))
    t.category("weather", t.pick("partly-cloudy-day wind fog clear-night"))
    return as_csv(t)


def book_loans():
    t = Table("book_loans", 180)
    t.identifier("Barcode", t.codes("39999#########"))
    t.category("CallNumber", t.codes("###.## @@@", 130), "identifier")
    t.text("Title", titles(t, "{} {} / by a hand{}"), "identifier")
    t.category("Author", people(t, 70, "{last}, {first}"), "text")
    t.date("CheckoutDateTime", t.times("2019-01-01", 300, "%m/%d/%Y %I:%M:%S %p"))
    t.date("Due", t.times("2019-02-01", 300, "%d-%b-%y", 1440))
    t.category("ItemType", t.pick("acbk jcbk acdvd arbk"))
    t.grade(
        "Reading level",
        t.holes(t.pick("Beginner|Grades 1-3|Grades 4-6|Teen|Adult"), 0.3),
        "category",
    )
    t.number(
        "Fine",
        t.some([f"${v:.2f}" for v in t.pick([0.25, 0.5, 1.75, 3.0, 12.5])], 0.6, lambda _: "-"),
    )
    t.number("Renewals", t.pick([0, 1, 2, 3], [9, 3, 1, 1]))
    t.boolean("Returned", t.pick("returned|not returned", [9, 1]), "category")
    return as_csv(t)


CASES = (ski_resorts, vacancies, endpoints, polls, meters, book_loans)
