"""Tables that courses use, with the columns and cells that they have there: read once, at the end."""

from ugly.files import as_csv
from ugly.table import Table
from ugly.wide_words import addresses, people, prose, several, titles


def stroke_prediction():
    t = Table("stroke_prediction", 240)
    t.identifier("id", t.dice.sample(range(60, 73000), 240))
    t.category("gender", t.pick("Male Female Other", [9, 12, 1]))
    t.number("age", t.odd([f"{v}.0" for v in t.ints(1, 82)], "0.32", "1.08"))
    t.boolean("hypertension", t.pick([0, 1], [9, 1]))
    t.boolean("ever_married", t.pick("Yes No", [2, 1]))
    t.category("work_type", t.pick("Private Self-employed Govt_job children Never_worked"))
    t.category("Residence_type", t.pick("Urban Rural"))
    t.number("avg_glucose_level", t.floats(105, 30))
    t.number("bmi", t.holes(t.floats(29, 6, 1), 0.04, "N/A"))
    t.category("smoking_status", t.pick("formerly smoked|never smoked|smokes|Unknown"), "grade")
    t.boolean("stroke", t.pick([0, 1], [20, 1]))
    return as_csv(t)


def tech_health():
    t = Table("tech_health", 230)
    t.date("Timestamp", t.times("2014-08-27", 20, "%Y-%m-%d %H:%M:%S"))
    t.number("Age", t.odd([str(v) for v in t.ints(18, 60)], "-29", "329"))
    t.category("Gender", t.pick("Female|Male|male|M|female|m|Woman|non-binary"))
    t.category("Country", t.pick("United States|Canada|United Kingdom|Bulgaria"))
    t.category("state", t.holes(t.pick("IL IN TX CA TN"), 0.3, "NA"))
    t.boolean("self_employed", t.holes(t.pick("Yes No", [1, 6]), 0.02, "NA"))
    t.grade("work_interfere", t.holes(t.pick("Often|Rarely|Never|Sometimes"), 0.2, "NA"))
    t.grade("no_employees", t.pick("1-5|6-25|26-100|100-500|500-1000|More than 1000"))
    t.category("benefits", t.pick("Yes|No|Don't know"), "boolean", "grade")
    t.grade("leave", t.pick("Very easy|Somewhat easy|Don't know|Somewhat difficult|Very difficult"))
    t.category("coworkers", t.pick("Yes|No|Some of them"), "grade")
    t.text(
        "comments",
        t.holes(
            prose(
                t,
                "I'm not on my|Our company has|My boss knows, but",
                "company's health insurance|an EAP|HR does not",
                "which could be better.|since 2013.",
                1,
                2,
            ),
            0.85,
            "NA",
        ),
    )
    return as_csv(t)


def supermarket():
    t = Table("supermarket", 230)
    t.identifier("Invoice ID", t.codes("###-##-####"))
    t.category("Branch", t.pick("A B C"))
    t.category("City", t.pick("Yangon Naypyitaw Mandalay"))
    t.category("Customer type", t.pick("Member Normal"))
    t.category(
        "Product line",
        t.pick("Health and beauty|Electronic accessories|Sports and travel|Food and beverages"),
    )
    t.number("Unit price", t.floats(55, 20))
    t.number("Quantity", t.ints(1, 10))
    t.number("Tax 5%", t.sizes(15, 0.7, 4))
    t.date("Date", [f"{d.month}/{d.day}/{d.year}" for d in t.times("2019-01-01", 89)])
    t.date("Time", t.times("2019-01-01 10:00", 1, "%H:%M"))
    t.category("Payment", t.pick("Ewallet|Cash|Credit card"))
    t.constant("gross margin percentage", ["4.761904762"] * 230)
    t.number("Rating", t.floats(7, 1, 1))
    return as_csv(t)


def trending_videos():
    t = Table("trending_videos", 220)
    t.identifier("video_id", t.codes("@%@#%@_@%@#"))
    t.date("trending_date", [f"{d:%y.%d.%m}" for d in t.times("2017-11-14", 200)])
    t.text("title", titles(t, "{} {} - Official Trailer{} [HD]"), "identifier")
    t.category("channel_title", people(t, 90, "{first}{last}VEVO"), "text")
    t.category("category_id", t.pick([10, 22, 24, 23, 1, 17]))
    t.date("publish_time", t.times("2017-10-14", 200, "%Y-%m-%dT%H:%M:%S.000Z"))
    t.text(
        "tags", several(t, '"music"|"funny"|"news"|"trump"|"cooking"|"nba"', 1, 5, "|"), "category"
    )
    t.number("views", t.sizes(600000, 1.3))
    t.boolean("comments_disabled", t.pick("False True", [40, 1]))
    t.identifier(
        "thumbnail_link",
        [f"https://i.ytimg.com/vi/{c}/default.jpg" for c in t.codes("@%@#%@@@%@#")],
    )
    t.text(
        "description",
        t.holes(
            prose(
                t,
                "SUBSCRIBE ►|Watch more:|Follow us!",
                "http://bit.ly/2xy|on Instagram|every Friday",
                "\\nThanks for watching|\\n#trending|\\nMusic by Kevin",
                1,
                3,
            ),
            0.02,
        ),
    )
    return as_csv(t)


def property_sales():
    t = Table("property_sales", 230)
    t.identifier("", t.running(4))
    t.category("BOROUGH", t.pick([1, 2, 3, 4, 5]), "number")
    t.category("NEIGHBORHOOD", t.pick("ALPHABET CITY|CHELSEA|HARLEM-CENTRAL|FLUSHING-NORTH"))
    t.category(
        "BUILDING CLASS CATEGORY",
        t.pick(
            "07 RENTALS - WALKUP APARTMENTS         |01 ONE FAMILY DWELLINGS                    |13 CONDOS - ELEVATOR APARTMENTS            "
        ),
    )
    t.category("TAX CLASS AT PRESENT", t.holes(t.pick("2A 2 1 4 2B 1A"), 0.01, " "))
    t.constant("EASE-MENT", [" "] * 230, "gone")
    t.category("BUILDING CLASS AT TIME OF SALE", t.pick("C2 D4 A1 R4 B3"))
    t.text(
        "ADDRESS",
        addresses(t, "{} {}", ["AVENUE B", "EAST 7TH   STREET", "WEST 23RD STREET, 4F"], 900),
        "identifier",
    )
    t.category("ZIP CODE", t.pick([10009, 10011, 10027, 11354]))
    t.number("RESIDENTIAL UNITS", t.pick([0, 1, 2, 5, 10, 28]))
    t.number("LAND SQUARE FEET", t.holes(t.sizes(2500), 0.3, " -  "))
    t.number("YEAR BUILT", t.ints(1890, 2016), "date")
    t.number("SALE PRICE", t.holes(t.sizes(600000), 0.2, " -  "))
    t.date("SALE DATE", t.times("2016-09-01", 360, "%Y-%m-%d 00:00:00", 1440))
    return as_csv(t)


def suicide_rates():
    t = Table("suicide_rates", 240)
    years, lands = (
        t.ints(1985, 2016),
        t.pick("Albania|Republic of Korea|Saint Vincent and Grenadines|Chile"),
    )
    t.category("country", lands)
    t.number("year", years, "date")
    t.category("sex", t.pick("male female"))
    t.grade("age", t.pick("15-24 years|35-54 years|75+ years|25-34 years|55-74 years|5-14 years"))
    t.number("suicides_no", t.sizes(30, 1.2))
    t.number("suicides/100k pop", t.sizes(9, 1, 2))
    t.category(
        "country-year", [f"{a}{b}" for a, b in zip(lands, years, strict=True)], "identifier", "text"
    )
    t.number("HDI for year", t.holes(t.floats(0.78, 0.05, 3), 0.7))
    t.number(" gdp_for_year ($) ", [f"{v:,}" for v in t.sizes(90000000000, 1)])
    t.category(
        "generation",
        t.pick("Generation X|Silent|G.I. Generation|Boomers|Millenials|Generation Z"),
        "grade",
    )
    return as_csv(t, encoding="utf-8-sig")


def powerlifting():
    t = Table("powerlifting", 240)
    t.identifier("Name", t.names(), "text", "category")
    t.category("Sex", t.pick("F M"))
    t.category("Equipment", t.pick("Raw Single-ply Wraps Multi-ply"))
    t.number("Age", t.holes([f"{v / 2}" for v in t.ints(28, 140)], 0.3))
    t.category("Division", t.pick("Open|Juniors 20-23|Masters 1|Sub-Juniors"), "grade")
    t.number("BodyweightKg", t.floats(85, 20))
    t.number("WeightClassKg", t.pick("60 82.5 90+ 75 110 125+ 56"), "grade", "category")
    t.number("Squat4Kg", t.holes(t.floats(200, 30, 1), 0.96))
    t.number("TotalKg", t.holes(t.floats(450, 100, 1), 0.06))
    t.category("Place", t.pick("1 2 3 4 DQ G"), "grade", "number")
    t.number("Wilks", t.holes(t.floats(300, 70), 0.07))
    t.category("Federation", t.pick("USAPL IPF THSPA USPA"))
    t.date("Date", t.times("2005-01-01", 5000, "%Y-%m-%d"))
    t.boolean("Tested", t.pick(["Yes", ""], [3, 1]), "constant")
    return as_csv(t)


CASES = (
    stroke_prediction, tech_health, supermarket, trending_videos, property_sales, suicide_rates,
    powerlifting,
)  # fmt: skip
