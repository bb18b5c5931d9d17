"""Fifteen files whose failures may be looked at."""

from ugly.files import as_blanks, as_csv, as_excel
from ugly.table import GONE, Table, comma, german, short, spaced, written


def bank_marketing():
    """As UCI Bank Marketing: semicolons, all words quoted, `unknown`, -1 for never."""
    t = Table("bank_marketing", 240)
    t.number("age", t.ints(18, 88))
    t.category("job", t.pick("admin.|blue-collar|technician|services|retired|unknown"))
    t.category("marital", t.pick("married single divorced"))
    t.grade("education", t.pick("primary secondary tertiary unknown"))
    t.boolean("default", t.pick("no yes", [95, 5]))
    t.number("balance", [round(value) for value in t.floats(1300, 2500)])
    t.boolean("housing", t.pick("yes no"))
    t.category("contact", t.pick("unknown cellular telephone"))
    t.number("day", t.ints(1, 31), "date", "category")
    t.category("month", t.pick("jan feb mar apr may jun jul aug sep oct nov dec"), "date", "grade")
    t.number("duration", t.sizes(180))
    t.number("pdays", t.holes(t.ints(1, 400), 0.7, -1))
    t.category("poutcome", t.pick("unknown failure success other", [8, 1, 1, 1]))
    t.boolean("y", t.pick("no yes", [8, 2]))
    return as_csv(t, ";", quote="text")


def auto_mpg_data():
    """As UCI auto-mpg: no header, blanks between columns, `?`, names of cars in quotes."""
    t = Table("auto_mpg_data", 200)
    t.number("1", written(t.floats(23, 7, 1), "{:.1f}"))
    t.number("2", t.pick([4, 6, 8]), "category", "grade")
    t.number("3", written(t.sizes(180, 0.5), "{}.0"))
    t.number("4", t.holes(written(t.sizes(100, 0.4), "{}.0"), 0.03, "?"))
    t.number("5", written(t.ints(1600, 5100), "{}."))
    t.number("6", written(t.floats(15, 2.5, 1), "{:.1f}"))
    t.number("7", t.ints(70, 82), "date")
    t.category("8", t.pick([1, 2, 3]), "number")
    makes = t.pick("ford chevrolet plymouth toyota datsun volkswagen")
    models = zip(makes, t.titles(1, 2), t.ints(10, 999), strict=True)
    t.text("9", [f'"{make} {model.lower()} {k}"' for make, model, k in models], "identifier")
    return as_blanks(t, header=False, suffix=".data", gap=3)


def imports_85():
    """As UCI Automobile: numbers as words, `?` in any column."""
    t = Table("imports_85", 205)
    t.grade("symboling", t.pick([-2, -1, 0, 1, 2, 3]), "number", "category")
    t.number("normalized-losses", t.holes(t.ints(65, 256), 0.2, "?"))
    t.category("make", t.pick("audi bmw dodge honda mazda nissan saab volvo"))
    t.category("fuel-type", t.pick("gas diesel", [9, 1]))
    t.category("num-of-doors", t.holes(t.pick("two four"), 0.01, "?"), "number", "grade")
    t.category("body-style", t.pick("sedan hatchback wagon hardtop convertible"))
    t.constant("engine-location", ["front"] * t.rows)
    t.number("wheel-base", t.floats(98, 6, 1))
    t.category("num-of-cylinders", t.pick("four six five eight two"), "number", "grade")
    t.number("bore", t.holes(t.floats(3.3, 0.3), 0.02, "?"))
    t.number("price", t.holes(t.sizes(11000, 0.5), 0.03, "?"))
    return as_csv(t)


def titanic():
    """As Kaggle's Titanic."""
    t = Table("titanic", 320)
    t.identifier("PassengerId", t.running())
    t.boolean("Survived", t.pick([0, 1]))
    t.grade("Pclass", t.pick([1, 2, 3]), "category", "number")
    t.identifier("Name", t.names("{last}, Mr. {first}"), "text")
    t.category("Sex", t.pick("male female"))
    t.number("Age", t.holes([abs(age) for age in t.floats(29, 14, 1)], 0.2))
    t.number("SibSp", t.pick([0, 1, 2, 3, 4, 5, 8], [60, 25, 5, 3, 3, 2, 1]))
    ticket = t.some(t.ints(2000, 390000), 0.2, lambda digits: f"PC {digits}")
    t.identifier("Ticket", ticket)
    t.number("Fare", t.sizes(15, 0.9, 4))
    cabins = [f"{deck}{door}" for deck, door in zip(t.pick("A B C D E"), t.ints(1, 120), strict=True)]  # fmt: skip
    t.category("Cabin", t.holes(cabins, 0.77), "identifier")
    t.category("Embarked", t.holes(t.pick("S C Q", [7, 2, 1]), 0.01))
    return as_csv(t, ending="\r\n")


def bengaluru_homes():
    """As Kaggle's Bengaluru house prices: areas as ranges and in other units."""
    t = Table("bengaluru_homes", 300)
    t.category("area_type", t.pick("Super built-up  Area|Built-up  Area|Plot  Area|Carpet  Area"))
    days = t.times("2019-01-01", 300, "%d-%b")
    t.date("availability", t.holes(days, 0.2, "Ready To Move"), "category")
    t.category("location", t.pick("Whitefield|Sarjapur  Road|Hebbal|Yelahanka|Kanakpura Road"))
    t.number(
        "size", t.holes(t.pick("2 BHK|3 BHK|4 Bedroom|1 BHK|4 BHK|3 Bedroom"), 0.02), "category"
    )
    t.category("society", t.holes(t.pick(t.codes("@@@@@", 30)), 0.4), "identifier")
    area = t.some(t.sizes(1300, 0.4), 0.04, lambda low: f"{low} - {low + 240}")
    t.number("total_sqft", t.odd(area, "34.46Sq. Meter", "2.09Acres", "4125Perch"))
    t.number("bath", t.holes(t.pick([1.0, 2.0, 3.0, 4.0]), 0.02))
    t.number("balcony", t.holes(t.pick([0.0, 1.0, 2.0, 3.0]), 0.05))
    t.number("price", t.sizes(72, 0.6, 2))
    return as_csv(t)


def play_store():
    """As Kaggle's Google Play Store: 1,000+, 19M, $4.99, Varies with device."""
    t = Table("play_store", 280)
    t.text("App", t.titles(2, 4), "identifier")
    t.category("Category", t.pick("ART_AND_DESIGN BUSINESS FAMILY GAME TOOLS"))
    t.number("Rating", t.holes([min(5, rate) for rate in t.floats(4.1, 0.4, 1)], 0.1, "NaN"))
    t.number("Reviews", t.sizes(2100, 2))
    size = [f"{mega}M" for mega in t.floats(21, 5, 1)]
    size = t.some(size, 0.1, lambda cell: cell.replace(".", "")[:3].rstrip("M") + "k")
    t.number("Size", t.holes(size, 0.15, "Varies with device"))
    t.number("Installs", t.pick("10+|100+|1,000+|5,000+|10,000+|100,000+|1,000,000+"), "grade")
    t.category("Type", t.pick("Free Paid", [9, 1]))
    price = [f"${euros}.99" for euros in t.ints(0, 12)]
    t.number("Price", t.holes(price, 0.5, "0"))
    t.grade("Content Rating", t.pick("Everyone|Everyone 10+|Teen|Mature 17+"), "category")
    t.category("Genres", t.pick("Art & Design|Tools|Puzzle;Brain Games|Casual;Pretend Play|Sports"))
    t.date("Last Updated", t.times("2016-01-01", 900, "%B %-d, %Y"))
    t.grade(
        "Android Ver", t.pick("4.0.3 and up|4.1 and up|5.0 and up|Varies with device"), "category"
    )
    return as_csv(t)


def football_players():
    """As Kaggle's FIFA players: a column of row numbers without a name, €110.5M, 5'7, 159lbs."""
    t = Table("football_players", 260)
    t.identifier("", t.running(0))
    t.identifier("ID", t.codes("2#####"))
    t.identifier("Name", t.names("{first[0]}. {last}"), "text")
    t.number("Age", t.ints(17, 38))
    t.identifier("Photo", [f"https://cdn.example.org/players/{k}.png" for k in t.codes("######")])
    t.category("Nationality", t.pick("Brazil Argentina Germany Spain France Portugal"))
    t.number("Value", ["€" + short(value).replace("k", "K") for value in t.sizes(900000, 1.4)])
    t.number("Wage", written(t.ints(1, 400), "€{}K"))
    t.category("Preferred Foot", t.pick("Left Right", [1, 3]))
    t.grade("Weak Foot", t.pick([1.0, 2.0, 3.0, 4.0, 5.0]), "number", "category")
    t.category("Work Rate", t.pick("Medium/ Medium|High/ Medium|High/ Low|Low/ Low"), "grade")
    t.boolean("Real Face", t.pick("Yes No"))
    t.date("Joined", t.holes(t.times("2008-01-01", 3600, "%b %-d, %Y"), 0.1))
    t.number("Height", [f"{feet}'{inches}" for feet, inches in zip(t.pick([5, 6]), t.ints(0, 11), strict=True)])  # fmt: skip
    t.number("Weight", written(t.ints(123, 230), "{}lbs"))
    t.number("LS", [f"{a}+{b}" for a, b in zip(t.ints(48, 90), t.ints(0, 4), strict=True)])
    return as_csv(t, encoding="utf-8-sig")


def restaurants():
    """As Kaggle's Zomato: 4.1/5, NEW, cells with several lines, addresses unlike each other."""
    t = Table("restaurants", 210)
    t.identifier("url", [f"https://www.example.com/eat/{code}" for code in t.codes("@@@@##")])
    t.identifier("address", [f"{k}, {way} Road, {sixth}th Block" for k, way, sixth in zip(t.ints(1, 900), t.titles(1, 2), t.ints(4, 9), strict=True)], "text")  # fmt: skip
    t.text("name", t.titles(1, 3), "identifier")
    t.boolean("online_order", t.pick("Yes No"))
    rates = written([max(1.0, min(5.0, rate)) for rate in t.floats(3.6, 0.5, 1)], "{}/5")
    t.number("rate", t.holes(rates, 0.12, "NEW", "-", ""))
    t.number("votes", t.sizes(60, 1.5))
    t.identifier("phone", t.some(t.codes("080 ########"), 0.4, lambda cell: f"{cell}\r\n+91 98{cell[4:]}"))  # fmt: skip
    t.category("rest_type", t.pick("Casual Dining|Quick Bites|Cafe|Casual Dining, Bar|Delivery"))
    t.number("approx_cost(for two people)", written(t.pick([300, 450, 800, 1000, 1200, 2500]), "{:,}"))  # fmt: skip
    t.text("reviews_list", t.sentences(3, 7, newline=0.5, quote=0.5))
    t.category("listed_in(type)", t.pick("Buffet|Cafes|Delivery|Dine-out|Desserts"))
    return as_csv(t)


def air_quality():
    """As UCI Air Quality: decimal commas, -200 for missing, two empty columns and empty rows."""
    t = Table("air_quality", 336)
    t.date("Date", t.every("2004-03-10 18:00", "%d/%m/%Y", hours=1))
    t.date("Time", t.every("2004-03-10 18:00", "%H.%M.%S", hours=1))
    t.number("CO(GT)", comma(t.holes(t.floats(2.1, 0.6, 1), 0.15, -200)))
    t.number("PT08.S1(CO)", t.holes(t.ints(700, 1700), 0.04, -200))
    t.number("NMHC(GT)", t.holes(t.sizes(200), 0.8, -200))
    t.number("C6H6(GT)", comma(t.holes(t.floats(10, 3, 1), 0.04, "-200,0")))
    t.number("T", comma(t.floats(18, 6, 1)))
    t.number("RH", comma(t.floats(49, 12, 1)))
    t.number("AH", comma(t.floats(1.02, 0.2, 4)))
    t.constant("", [""] * t.rows, GONE)
    t.constant("", [""] * t.rows, GONE)
    return as_csv(t, ";", below=";" * 10 + "\n" + ";" * 10 + "\n", ending="\r\n")


def population_workbook():
    """As a statistical office's: a title, a line of groups over the header, a total, footnotes."""
    t = Table("population_workbook", 120)
    t.identifier("Code", t.codes("E0#######"))
    t.identifier("Area", t.places("{} District"), "text")
    t.category("Region", sorted(t.pick("North East|London|Wales|Scotland")))
    t.number("Males", t.sizes(70000))
    t.number("Females", t.sizes(72000))
    t.number("Density", t.holes(t.sizes(900, 1.0, 1), 0.05, "-", "[x]"))
    t.number("Change (%)", t.floats(1.2, 0.8, 1))
    t.grade("Deprivation", t.pick("very low|low|medium|high|very high"))
    t.boolean("Coastal", t.pick("Y N"))
    total = ["Total", None, None, sum(t.columns[3].cells), sum(t.columns[4].cells)]
    return as_excel(
        t,
        above=[["Table 5: usual resident population, mid-2021"], ["Source: the office"], []],
        groups=[(0, 2, "Area"), (3, 6, "Residents"), (7, 8, "Other")],
        below=[total, [], ["[x] not available"], ["1. Figures may not add up, due to rounding."]],
    )


def rents():
    """As a German portal: Windows-1252, 1.250,00 €, 78,5 m², ja and nein, k. A."""
    t = Table("rents", 230)
    t.identifier("Objekt-Nr.", t.codes("DE-######"))
    t.number("Kaltmiete", [german(rent) + " €" for rent in t.sizes(780, 0.4)])
    t.number("Wohnfläche", [german(area, 1) + " m²" for area in t.sizes(72, 0.3, 1)])
    t.number("Zimmer", comma(t.pick([1, 1.5, 2, 2.5, 3, 3.5, 4])))
    t.category("PLZ", t.pick("01067 01099 04109 10115 20095 80331 99084"), "identifier")
    t.boolean("Balkon", t.holes(t.pick("ja nein"), 0.05, "k. A."))
    t.number("Baujahr", t.holes(t.ints(1890, 2022), 0.15, "k. A."), "date")
    t.grade("Energieeffizienzklasse", t.holes(t.pick("A+|A|B|C|D|E|F|G|H"), 0.2, "k. A."))  # fmt: skip
    t.date(
        "Verfügbar ab", t.odd(t.times("2023-01-01", 200, "%d.%m.%Y"), "sofort", "nach Absprache")
    )
    t.category("Heizung", t.pick("Zentralheizung|Fußbodenheizung|Öl|Fernwärme"))
    t.text("Beschreibung", t.sentences(3, 6, newline=0.3))
    return as_csv(t, ";", encoding="cp1252", ending="\r\n")


def communes():
    """As INSEE: blanks in thousands, decimal commas, oui and non, names of months, 2A and 01."""
    t = Table("communes", 190)
    t.identifier("code_insee", t.codes("#####"))
    t.category("département", t.pick("01 02 13 2A 2B 33 69 75"))
    t.number("population", [spaced(value) for value in t.sizes(3400, 1.2)])
    t.number("densité (hab/km²)", [spaced(value, 1) for value in t.sizes(150, 1.0, 1)])
    t.number(
        "revenu médian",
        t.holes([spaced(v, 0, " ") + " €" for v in t.sizes(21000, 0.2)], 0.1, "N/D"),
    )
    t.boolean("littoral", t.pick("oui non", [1, 4]))
    months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    t.category("mois de l'enquête", t.pick(months), "date", "grade")
    t.number(
        "taux de chômage",
        t.holes([f"{comma([rate])[0]} %" for rate in t.floats(8, 2, 1)], 0.05, "ns"),
    )
    t.date("mise à jour", t.times("2020-01-01", 500, "%d/%m/%Y"))
    t.constant("pays", ["France"] * t.rows)
    return as_csv(t, ";", encoding="cp1252")


def laboratory():
    """As a hospital's export: <0.05, >1000, trace, units and reference ranges, 1.2E+03."""
    t = Table("laboratory", 250)
    t.identifier("sample", t.codes("L-######"))
    t.category("patient", t.codes("P####", 60), "identifier")
    t.date("taken", t.times("2021-03-01", 90, "%Y-%m-%d %H:%M"))
    crp = t.some(t.sizes(3, 1.0, 2), 0.15, lambda _: "<0.05")
    t.number("CRP", t.odd(crp, "> 500", "haemolytic"))
    t.number("troponin", t.some(written(t.sizes(900, 1.0), "{:.2E}"), 0.1, lambda _: "<1.0E+01"))
    t.constant("unit", ["mmol/L"] * t.rows)
    t.constant("reference", ["3.5-5.1"] * t.rows)
    t.number("potassium", t.holes(t.floats(4.2, 0.4, 1), 0.08, "n.d."))
    t.boolean("nitrite", t.pick("neg pos", [5, 1]))
    t.grade("protein", t.pick("neg|trace|1+|2+|3+"), "category")
    t.boolean("fasting", t.holes(t.pick("Y N"), 0.1, "?"))
    return as_csv(t, "\t", suffix=".tsv")


def survey():
    """As a form's answers: Likert, one gender in many spellings, comments, time stamps."""
    t = Table("survey", 260)
    t.date("Timestamp", t.times("2014-08-27", 30, "%Y-%m-%d %H:%M:%S"))
    t.number("Age", t.odd(t.ints(18, 72), -29, 999))
    t.category("Gender", t.pick("Male|male|M|m|Male |Female|female|F|f|Non-binary|Woman"))
    t.category("Country", t.pick("United States|Canada|Germany|Ireland|Netherlands"))
    t.boolean("self_employed", t.holes(t.pick("Yes No"), 0.07, "NA"))
    t.grade("work_interfere", t.holes(t.pick("Never Rarely Sometimes Often"), 0.2, "NA"))
    t.grade("no_employees", t.pick("1-5|6-25|26-100|100-500|500-1000|More than 1000"))
    t.grade("satisfied", t.pick("Strongly disagree|Disagree|Neutral|Agree|Strongly agree"))
    t.category("benefits", t.pick("Yes|No|Don't know"), "boolean")
    t.grade("leave", t.pick("Very easy|Somewhat easy|Somewhat difficult|Very difficult"))
    t.text("comments", t.holes(t.sentences(1, 4, newline=0.2), 0.6, "", "NA"))
    t.text("What would you change?", t.sentences(1, 3))
    return as_excel(t, sheet="Form Responses 1")


def loans():
    """As LendingClub: ' 36 months', 10.65%, 10+ years, B2, Dec-2011, 860xx."""
    t = Table("loans", 300)
    t.identifier("id", t.codes("10#####"))
    t.number("loan_amnt", t.pick(list(range(1000, 35001, 425))))
    t.number("term", t.pick([" 36 months", " 60 months"]), "category")
    t.number("int_rate", [f" {rate:.2f}%" for rate in t.floats(12, 3)])
    t.grade("grade", t.pick("A B C D E F G"))
    t.grade("sub_grade", t.pick([f"{letter}{k}" for letter in "ABCDEFG" for k in range(1, 6)]))  # fmt: skip
    t.grade("emp_length", t.pick("< 1 year|1 year|2 years|3 years|5 years|9 years|10+ years|n/a"), "number")  # fmt: skip
    t.category("home_ownership", t.pick("RENT OWN MORTGAGE OTHER"))
    t.number("annual_inc", t.sizes(60000, 0.5, 1))
    t.date("issue_d", t.times("2008-01-01", 1400, "%b-%Y"))
    t.text(
        "desc", t.holes(written(t.sentences(1, 3), "  Borrower added on 12/22/11 > {}<br>"), 0.4)
    )
    t.category("zip_code", t.pick("860xx 309xx 606xx 917xx 972xx 850xx"))
    t.number("revol_util", t.holes(written(t.floats(50, 15, 1), "{}%"), 0.03))
    t.constant("policy_code", [1] * t.rows)
    return as_csv(t)


CASES = (
    bank_marketing, auto_mpg_data, imports_85, titanic, bengaluru_homes, play_store,
    football_players, restaurants, air_quality, population_workbook, rents, communes, laboratory,
    survey, loans,
)  # fmt: skip
