"""Of the widest set, the half that is held out, part 2."""

from ugly.files import as_csv, as_excel
from ugly.table import Table, comma, written
from ugly.wide_words import addresses, people, prose, several, titles


def salary_survey():
    t = Table("salary_survey", 230)
    t.date(
        "Timestamp",
        [f"{d.month}/{d.day}/{d.year} {d.hour}:{d:%M:%S}" for d in t.times("2021-04-27", 20)],
    )
    t.grade("How old are you?", t.pick("18-24|25-34|35-44|45-54|55-64|65 or over|under 18"))
    t.category(
        "What industry do you work in?",
        t.holes(
            t.pick(
                "Education (Higher Education)|Computing or Tech|Law|Nonprofits|Publishing|biotech"
            ),
            0.02,
        ),
    )
    t.text("Job title", t.titles(2, 4), "identifier")
    t.text(
        "If your job title needs additional context, please clarify here:",
        t.holes(
            prose(
                t,
                "High school|I manage|Mostly",
                "teacher,|two labs and|back end work and",
                "ages 6-12|a budget of 1M|some support",
            ),
            0.75,
        ),
    )
    t.number(
        "What is your annual salary?",
        t.odd(
            t.some(
                written([v * 1000 for v in t.ints(28, 190)], "{:,}"),
                0.2,
                lambda c: c.replace(",", ""),
            ),
            "$58,000",
            "120k",
        ),
    )
    t.number("Other monetary comp", t.holes(t.pick([0, 1000, 5000, 12000, 3500]), 0.3))
    t.category(
        "Please indicate the currency", t.pick("USD GBP CAD EUR AUD/NZD Other", [30, 5, 4, 3, 1, 1])
    )
    t.category("Country", t.pick("United States|USA|US|usa|U.S.|UK|Canada", [8, 8, 5, 1, 2, 3, 3]))
    t.grade(
        "Years of experience",
        t.pick("1 year or less|2 - 4 years|5-7 years|8 - 10 years|11 - 20 years|41 years or more"),
    )
    t.grade(
        "Highest level of education completed",
        t.pick("High School|Some college|College degree|Master's degree|PhD"),
        "category",
    )
    t.category(
        "Gender",
        t.holes(t.pick("Woman|Man|Non-binary|Other or prefer not to answer", [20, 5, 1, 1]), 0.01),
    )
    t.category(
        "Race",
        several(
            t,
            "White|Asian or Asian American|Black or African American|Hispanic, Latino, or Spanish origin",
            1,
            2,
        ),
    )
    return as_csv(t, "\t", suffix=".tsv", ending="\r\n")


def museum_objects():
    t = Table("museum_objects", 220)
    t.identifier(
        "Object Number",
        [
            f"{t.dice.randint(1900, 2015)}.{a}.{b}"
            for a, b in zip(t.running(10), t.ints(1, 40), strict=True)
        ],
    )
    t.boolean("Is Highlight", t.pick("False True", [30, 1]))
    t.identifier("Object ID", t.running(34018))
    t.category("Department", t.pick("American Decorative Arts|Egyptian Art|Drawings and Prints"))
    t.number("AccessionYear", t.holes(t.ints(1890, 2015), 0.03), "date")
    t.text("Title", titles(t, "The {} {} (from the {} series)"), "identifier")
    t.category("Artist Display Name", t.holes(people(t, 60), 0.3), "text")
    t.category("Artist Role", t.holes(t.pick("Maker|Publisher|Maker|Designer"), 0.4))
    t.date(
        "Object Date",
        t.pick("ca. 1850|1867|19th century|1756–1790|18th century|ca. 1900–1910|n.d."),
        "text",
        "category",
        "number",
    )
    t.number("Object Begin Date", t.ints(-400, 1950), "date")
    t.text(
        "Dimensions",
        t.holes(
            [
                f"{a} x {b} in. ({a * 2.54:.1f} x {b * 2.54:.1f} cm)"
                for a, b in zip(t.floats(12, 3, 1), t.floats(9, 2, 1), strict=True)
            ],
            0.05,
        ),
        "number",
    )
    t.text(
        "Credit Line",
        prose(
            t,
            "Gift of|Bequest of|Rogers Fund,",
            "Heinz L. Stoppelmann,|Mrs. J. Insley Blair,|Mary Clark Thompson,",
            "1979|1916|1943|1967|1988",
            1,
            1,
        ),
        "category",
    )
    t.constant("Repository", ["Metropolitan Museum of Art, New York, NY"] * 220)
    t.category(
        "Tags", t.holes(several(t, "Men|Flowers|Birds|Horses|Women", 1, 3, "|"), 0.5), "text"
    )
    return as_csv(t, encoding="utf-8-sig")


def nba_seasons():
    t = Table("nba_seasons", 280)
    t.identifier("", t.running(0))
    t.identifier("player_name", t.names())
    t.category("team_abbreviation", t.pick("CHI LAL NYK BOS MIA"))
    t.number("player_height", t.floats(200, 8, 2))
    t.number("ht", [f"{t.dice.choice('67')}-{t.dice.randint(0, 11)}" for _ in range(280)])
    t.category("college", t.pick("Kentucky|None|Duke|UCLA|St. John's (NY)"))
    t.number("draft_year", t.holes(t.ints(1980, 2021), 0.2, "Undrafted"), "date")
    t.number("draft_round", t.holes(t.ints(1, 2), 0.2, "Undrafted"), "category", "grade")
    t.number("gp", t.ints(1, 82))
    t.number("pts", t.sizes(7, 0.7, 1))
    t.number("FG%", [f".{v}" for v in t.ints(310, 640)])
    t.number("MIN", [f"{m}:{s:02}" for m, s in zip(t.ints(2, 41), t.ints(0, 59), strict=True)])
    t.number("+/-", [f"{v:+}" for v in t.ints(-25, 25)])
    t.category("season", t.pick("1996-97|2003-04|2010-11|2021-22|1999-00"), "date", "grade")
    t.category("pos", t.pick("G F C G-F F-C"))
    return as_csv(t)


def laptop_prices():
    t = Table("laptop_prices", 210)
    t.category("Company", t.pick("Apple HP Acer Asus Dell"))
    t.category("Product", t.pick("MacBook Pro|250 G6|Aspire 3|Inspiron 3567|ZenBook UX430UN"))
    t.category("TypeName", t.pick("Ultrabook|Notebook|Gaming|2 in 1 Convertible"))
    t.number("Inches", t.pick([13.3, 15.6, 14.0, 17.3]))
    t.category(
        "ScreenResolution",
        t.pick("IPS Panel Retina Display 2560x1600|1440x900|Full HD 1920x1080|1366x768"),
    )
    t.category(
        "Cpu", t.pick("Intel Core i5 2.3GHz|Intel Core i7 7500U 2.7GHz|AMD A9-Series 9420 3GHz")
    )
    t.number("Ram", t.pick("8GB 16GB 4GB 2GB"))
    t.category(
        "Memory",
        t.pick("128GB SSD|256GB SSD|1TB HDD|128GB SSD +  1TB HDD|32GB Flash Storage"),
        "number",
    )
    t.category("OpSys", t.pick("macOS|No OS|Windows 10|Mac OS X|Linux"))
    t.number("Weight", written(t.floats(2, 0.5), "{}kg"))
    t.number("Price_euros", comma(t.sizes(1000, 0.5, 2)))
    return as_csv(t, ";", encoding="latin-1")


def covid_daily():
    t = Table("covid_daily", 300)
    t.category("iso_code", t.pick("AFG DEU KEN PER OWID_EUR"))
    t.category("continent", t.holes(t.pick("Asia|Europe|Africa|South America"), 0.05))
    t.date("date", t.every("2020-02-24", "%Y-%m-%d", days=1))
    t.number("total_cases", written(t.sizes(50000, 1.5), "{}.0"))
    t.number("new_deaths", t.holes(t.sizes(20, 1), 0.2))
    t.number("reproduction_rate", t.holes(t.floats(1.05, 0.2), 0.3))
    t.category("tests_units", t.holes(t.pick("tests performed|people tested|samples tested"), 0.4))
    t.number("stringency_index", t.floats(55, 18))
    t.number("population", t.sizes(30000000, 1))
    t.number("positive_rate", t.holes(written(t.floats(8, 3, 1), "{} %"), 0.2, "n/a"))
    t.date("week", [f"{d:%G-W%V}" for d in t.every("2020-02-24", days=1)])
    return as_csv(t)


def melbourne_auctions():
    t = Table("melbourne_auctions", 240)
    t.category("Suburb", t.pick("Abbotsford|Airport West|St Kilda|Reservoir|Bentleigh East"))
    t.text(
        "Address",
        addresses(
            t,
            "{}/{}",
            ["12 Turner St", "85 Bloomburg St", "4 Charles St", "Moor St", "Park Rd"],
            60,
        ),
        "identifier",
        "category",
    )
    t.number("Rooms", t.ints(1, 6))
    t.category("Type", t.pick("h u t"))
    t.number("Price", t.holes(written(t.sizes(900000, 0.4), "{}.0"), 0.2))
    t.category("Method", t.pick("S SP PI VB SN"))
    t.category("SellerG", t.pick("Biggin Jellis Nelson hockingstuart Ray"))
    t.date("Date", [f"{d.day}/{d:%m/%Y}" for d in t.times("2016-01-28", 700)])
    t.number("Distance", t.floats(10, 4, 1))
    t.category("Postcode", t.pick(["3067.0", "3040.0", "3182.0", "3073.0"]), "number")
    t.number("YearBuilt", t.holes(t.ints(1880, 2017), 0.4), "date")
    t.number("Landsize", t.holes(t.sizes(450, 0.7), 0.2))
    t.category("CouncilArea", t.holes(t.pick("Yarra|Moonee Valley|Port Phillip"), 0.1))
    return as_csv(t)


def esp_log():
    t = Table("esp_log", 300)
    t.date(
        "time",
        [moment.strftime("%Y-%m-%d %H:%M:%S+02:00") for moment in t.every("2024-06-01", minutes=5)],
    )
    t.category("node", t.pick("esp32-0a1f esp32-77c2 esp8266-19ee"))
    t.number("temp", t.some(written(t.floats(22, 2, 1), "{}°C"), 0.02, lambda _: "nan"))
    t.number("rh", written(t.floats(45, 6, 1), "{}%"))
    t.number("vbat", written(t.floats(3.7, 0.1), "{}V"))
    t.number("rssi", written(t.ints(-92, -40), "{} dBm"))
    t.number("pm2.5", t.holes(t.sizes(11, 0.6), 0.03, "ERR", "-1"))
    t.boolean("door", t.pick("open closed"), "category")
    t.boolean("relay", t.pick("ON OFF"))
    t.number(
        "uptime",
        [
            f"{v // 86400}d {v // 3600 % 24:02}:{v // 60 % 60:02}:{v % 60:02}"
            for v in t.sizes(300000)
        ],
    )
    t.category("fw", t.pick("1.4.2 1.4.10 2.0.0-rc1"), "grade")
    t.category("flags", t.pick("0x00 0x01 0x1F"))
    t.text(
        "msg",
        t.holes(
            prose(
                t,
                "WiFi|MQTT|Sensor|Watchdog",
                "timeout after|reconnected in|reset following",
                "3 tries|1200 ms|brownout",
                1,
                1,
            ),
            0.8,
        ),
        "category",
    )
    return as_csv(t, "\t", above="# export of node-red\n# tz=Europe/Berlin\n", suffix=".log")


def likert_students():
    t = Table("likert_students", 160)
    t.date("Zeitstempel", t.times("2023-11-01", 14, "%d.%m.%Y %H:%M:%S"))
    t.grade(
        "Ich fühle mich an der Hochschule wohl.",
        t.holes(
            t.pick(
                "stimme gar nicht zu|stimme eher nicht zu|teils/teils|stimme eher zu|stimme voll zu"
            ),
            0.03,
        ),
    )
    t.grade(
        "I am satisfied with the library",
        t.pick("Strongly disagree|Disagree|Neither agree nor disagree|Agree|Strongly agree"),
    )
    t.grade("Q3", t.pick([1, 2, 3, 4, 5]), "number")
    t.grade("Wie oft besuchen Sie Vorlesungen?", t.pick("nie|selten|manchmal|oft|immer"))
    t.grade("Q5_recommend", t.ints(0, 10), "number")
    t.grade("Semester", t.pick("1.|3.|5.|7.|9. oder höher"), "number", "category")
    t.category("Studiengang", t.pick("Informatik|BWL|Maschinenbau|Soziale Arbeit"))
    t.category(
        "Which of these do you use?", several(t, "Moodle|Zoom|Miro|Teams", 1, 4, ";"), "text"
    )
    t.number(
        "Stunden pro Woche",
        t.odd(t.some(t.pick("2 4 6 8 10 15 20"), 0.1, lambda c: f"{c}h"), "ca. 10", "5-6", "viel"),
    )
    t.grade("Note", comma(t.pick([1.0, 1.3, 1.7, 2.0, 2.3, 3.0, 4.0])), "number")
    t.text(
        "Was sollten wir ändern?",
        t.holes(
            prose(
                t,
                "Mehr|Bessere|Weniger",
                "Steckdosen|Öffnungszeiten|Gruppenarbeit|Räume",
                "in der Bibliothek.|am Wochenende.|bitte!",
                1,
                3,
            ),
            0.4,
        ),
    )
    return as_excel(t, sheet="Formularantworten 1")


CASES = (
    salary_survey,
    museum_objects,
    nba_seasons,
    laptop_prices,
    covid_daily,
    melbourne_auctions,
    esp_log,
    likert_students,
)
