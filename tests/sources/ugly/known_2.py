"""More of the tables that courses use."""

from ugly.files import as_csv, as_excel
from ugly.table import Table
from ugly.wide_words import people, prose, several, titles


def pocket_monsters():
    t = Table("pocket_monsters", 220)
    t.category("#", sorted(t.ints(1, 190)), "identifier", "number")
    t.identifier("Name", t.places("{}"), "text")
    t.category("Type 1", t.pick("Water Normal Grass Bug Psychic"))
    t.category("Type 2", t.holes(t.pick("Flying Poison Steel"), 0.5))
    t.number("HP", t.ints(20, 160))
    t.number("Sp. Atk", t.ints(20, 150))
    t.number("Generation", t.ints(1, 6), "category", "grade")
    t.boolean("Legendary", t.pick("False True", [12, 1]))
    return as_csv(t)


def talks():
    t = Table("talks", 210)
    t.number("comments", t.sizes(120, 1))
    t.text(
        "description",
        prose(
            t,
            "Sir Ken makes|With humour,|In this talk,",
            "an entertaining case for|the speaker explains|a surgeon shows",
            "creativity.|the brain.|open data.",
            1,
            3,
        ),
    )
    t.number("duration", t.ints(140, 1800))
    t.category("event", t.pick("TED2006|TEDGlobal 2009|TEDxBoulder|TED@UPS"))
    t.date(
        "film_date",
        [1140825600 + 86400 * v for v in t.dice.sample(range(4000), 210)],
        "number",
        "identifier",
    )
    t.number("languages", t.ints(1, 60))
    t.category("main_speaker", people(t, 180), "text", "identifier")
    t.text(
        "ratings",
        [
            f"[{{'id': 7, 'name': 'Funny', 'count': {v}}}, {{'id': 1, 'name': 'Beautiful', 'count': {w}}}]"
            for v, w in zip(t.sizes(100), t.sizes(80), strict=True)
        ],
    )
    t.category(
        "speaker_occupation",
        t.holes(t.pick("Writer|Climate advocate|Author/educator|Designer"), 0.01),
        "text",
    )
    t.text(
        "tags",
        several(
            t,
            "'children' 'culture' 'science' 'alternative energy' 'design' 'global issues'".replace(
                " 'energy", " energy"
            ),
            2,
            4,
            form="[{}]",
        ),
        "category",
    )
    t.text("title", titles(t, "Do {1}s kill {0} minds?{2}"), "identifier")
    t.identifier("url", [f"https://www.ted.com/talks/talk_{v}\n" for v in t.running(1)])
    return as_csv(t)


def black_friday():
    t = Table("black_friday", 240)
    t.category("User_ID", [1000000 + v for v in t.ints(1, 120)], "identifier")
    t.category("Product_ID", t.pick(t.codes("P00######")[:90]), "identifier")
    t.category("Gender", t.pick("F M"))
    t.grade("Age", t.pick("0-17 18-25 26-35 36-45 46-50 51-55 55+"))
    t.category("Occupation", t.ints(0, 20), "number")
    t.category("City_Category", t.pick("A B C"), "grade")
    t.grade("Stay_In_Current_City_Years", t.pick("0 1 2 3 4+"), "number", "category")
    t.boolean("Marital_Status", t.ints(0, 1))
    t.category("Product_Category_1", t.ints(1, 20), "number")
    t.number("Purchase", t.sizes(9000, 0.5))
    return as_csv(t)


def store_orders():
    t = Table("store_orders", 230)
    t.identifier("Row ID", t.running())
    t.category(
        "Order ID",
        [
            f"CA-{y}-{n}"
            for y, n in zip(t.ints(2014, 2017), t.pick(list(range(100000, 100110))), strict=True)
        ],
        "identifier",
    )
    t.date("Order Date", t.times("2014-01-03", 1400, None, 1440))
    t.category("Ship Mode", t.pick("Second Class|Standard Class|First Class|Same Day"), "grade")
    t.category(
        "Customer ID",
        [
            f"{a}-{b}"
            for a, b in zip(t.pick("CG DV SO BH"), t.pick(list(range(10000, 10040))), strict=True)
        ],
        "identifier",
    )
    t.category("Segment", t.pick("Consumer|Corporate|Home Office"))
    t.constant("Country", ["United States"] * 230)
    t.category("Postal Code", t.pick([42420, 90036, 33311, 98103]))
    t.category("Sub-Category", t.pick("Bookcases Chairs Labels Tables Phones"))
    t.text(
        "Product Name",
        prose(
            t,
            "Bush Somerset|Hon Deluxe|Avery|Xerox",
            "Collection|Fabric|Self-Adhesive|1967",
            "Bookcase|Stacking Chairs, Rounded Back|Labels",
            1,
            1,
        ),
        "category",
    )
    t.number("Sales", t.sizes(60, 1.4, 4))
    t.number("Discount", t.pick([0, 0.2, 0.7, 0.15]))
    t.number("Profit", t.floats(28, 90, 4))
    return as_excel(t, sheet="Orders")


def obesity_levels():
    t = Table("obesity_levels", 230)
    t.category("Gender", t.pick("Female Male"))
    t.number("Age", t.floats(24, 4, 6))
    t.number("Height", t.floats(1.7, 0.1, 6))
    t.boolean("family_history_with_overweight", t.pick("yes no", [4, 1]))
    t.number("FCVC", [v if v != int(v) else int(v) for v in t.floats(2.4, 0.3, 6)])
    t.grade("CAEC", t.pick("Sometimes|Frequently|Always|no", [9, 3, 1, 1]))
    t.boolean("SMOKE", t.pick("no yes", [30, 1]))
    t.grade("CALC", t.pick("Sometimes|no|Frequently|Always", [9, 4, 1, 1]))
    t.category("MTRANS", t.pick("Public_Transportation Automobile Walking Motorbike Bike"))
    t.grade(
        "NObeyesdad",
        t.pick(
            "Insufficient_Weight Normal_Weight Overweight_Level_I Overweight_Level_II Obesity_Type_I Obesity_Type_II Obesity_Type_III"
        ),
    )
    return as_csv(t)


def online_shoppers():
    t = Table("online_shoppers", 240)
    t.number("Administrative", t.ints(0, 15))
    t.number("ProductRelated_Duration", t.sizes(600, 1, 6))
    t.number("BounceRates", t.pick([0.2, 0.0, 0.05, 0.02, 0.013]))
    t.number("SpecialDay", t.pick([0.0, 0.4, 0.8, 1.0], [20, 1, 1, 1]))
    t.category("Month", t.pick("Feb Mar May Nov June Dec"), "date", "grade")
    t.category("OperatingSystems", t.ints(1, 8), "number")
    t.category("Browser", t.ints(1, 13), "number")
    t.category("Region", t.ints(1, 9), "number")
    t.category("VisitorType", t.pick("Returning_Visitor New_Visitor Other", [9, 2, 1]))
    t.boolean("Weekend", t.pick("FALSE TRUE", [3, 1]))
    t.boolean("Revenue", t.pick("FALSE TRUE", [5, 1]))
    return as_csv(t)


def payments():
    t = Table("payments", 240)
    t.number("step", sorted(t.ints(1, 743)), "date")
    t.category("type", t.pick("PAYMENT TRANSFER CASH_OUT DEBIT CASH_IN"))
    t.number("amount", t.sizes(70000, 1.2, 2))
    t.identifier("nameOrig", t.codes("C##########"))
    t.number("oldbalanceOrg", t.some(t.sizes(90000, 1.2, 2), 0.3, lambda _: 0.0))
    t.category(
        "nameDest", t.pick([*t.codes("M#########")[:60], *t.codes("C#########")[:60]]), "identifier"
    )
    t.boolean("isFraud", t.pick([0, 1], [40, 1]))
    t.constant("isFlaggedFraud", [0] * 240)
    return as_csv(t)


def absenteeism():
    t = Table("absenteeism", 220)
    t.category("ID", t.ints(1, 36), "identifier")
    t.category("Reason for absence", t.ints(0, 28), "number")
    t.number("Month of absence", t.ints(1, 12), "category", "date")
    t.category("Day of the week", t.ints(2, 6), "number", "date")
    t.number("Transportation expense", t.pick([289, 118, 179, 279, 361, 155]))
    t.number(
        "Work load Average/day ", t.pick(["239.554", "205.917", "241.476", "253.465", "306.345"])
    )
    t.number("Hit target", t.ints(81, 100))
    t.boolean("Disciplinary failure", t.pick([0, 1], [20, 1]))
    t.grade("Education", t.ints(1, 4), "number", "category")
    t.number("Son", t.ints(0, 4))
    t.number("Body mass index", t.ints(19, 38))
    t.number("Absenteeism time in hours", t.sizes(4, 1))
    return as_csv(t, ";")


def avocado():
    t = Table("avocado", 240)
    t.identifier("Unnamed: 0", t.running(0))
    t.date("Date", t.pick([d.strftime("%Y-%m-%d") for d in t.every("2015-12-27", days=-7)[:150]]))
    t.number("AveragePrice", t.floats(1.4, 0.3))
    t.number("Total Volume", t.sizes(90000, 1.3, 2))
    t.number("4046", t.sizes(9000, 1.5, 2))
    t.number("XLarge Bags", t.some(t.sizes(30, 1.3, 2), 0.6, lambda _: 0.0))
    t.category("type", t.pick("conventional organic"))
    t.number("year", t.pick([2015, 2016, 2017, 2018]), "date", "category")
    t.category("region", t.pick("Albany Atlanta BaltimoreWashington TotalUS"))
    return as_csv(t)


CASES = (
    pocket_monsters, talks, black_friday, store_orders, obesity_levels, online_shoppers, payments,
    absenteeism, avocado,
)  # fmt: skip
