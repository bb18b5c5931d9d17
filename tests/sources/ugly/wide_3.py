"""Of the widest set, the half that may be looked at, part 3."""

from ugly.files import as_csv, as_parquet
from ugly.table import Table, lakhs, written
from ugly.wide_words import addresses, firms, prose, several


def startup_funding():
    t = Table("startup_funding", 220)
    t.identifier("Sr No", t.running(1))
    t.date(
        "Date dd/mm/yyyy",
        t.odd(t.times("2015-01-01", 1700, "%d/%m/%Y"), "05/072018", "01/07/015", "12/05.2015"),
    )
    t.identifier("Startup Name", firms(t), "text")
    t.category(
        "Industry Vertical",
        t.holes(
            t.pick(
                "eCommerce|E-Commerce|ECommerce|FinTech|Consumer Internet|Health and Wellness|Education"
            ),
            0.05,
        ),
    )
    t.text(
        "SubVertical",
        t.holes(
            prose(
                t,
                "Online|Mobile|AI based|Hyperlocal",
                "Lending|Grocery|Learning|Doctor|Logistics",
                "Platform|Marketplace|App|Services",
                1,
                1,
            ),
            0.3,
        ),
        "category",
    )
    t.category(
        "City  Location", t.pick("Bengaluru|Bangalore|Mumbai|New Delhi|Gurgaon|Pune / Seattle")
    )
    t.text(
        "Investors Name",
        several(
            t,
            "Sequoia Capital|Accel Partners|Blume Ventures|Tiger Global|Ratan Tata|Undisclosed Investors|Kalaari",
            1,
            4,
        ),
        "category",
    )
    t.category(
        "InvestmentnType",
        t.pick("Seed Funding|Private Equity|Seed/ Angel Funding|Series A|Series B|Debt Funding"),
        "grade",
    )
    t.number(
        "Amount in USD",
        t.holes(
            [lakhs(v * 10000) for v in t.sizes(200, 1.2)], 0.3, "undisclosed", "", "N/A", "unknown"
        ),
    )
    t.category(
        "Remarks", t.holes(t.pick("Series A|Pre-Series A|Strategic Funding|More here"), 0.88)
    )
    return as_csv(t)


def lending_loans():
    t = Table("lending_loans", 260)
    t.identifier("id", [int(c) for c in t.codes("1######")])
    t.number("loan_amnt", [v * 25 for v in t.ints(40, 1400)])
    t.number("term", t.pick([" 36 months", " 60 months"]))
    t.number("int_rate", written(t.floats(13, 4), "{:.2f}%"))
    grades = t.pick("A B C D E F G", [6, 8, 8, 4, 2, 1, 1])
    t.grade("grade", grades)
    t.grade("sub_grade", [f"{g}{t.dice.randint(1, 5)}" for g in grades])
    t.text(
        "emp_title",
        t.holes(
            t.pick(
                [
                    f"{a} {b}"
                    for a in ["Registered", "Senior", "Store", "Area", "Truck", "Office"]
                    for b in ["Nurse", "Manager", "Driver", "Clerk", "Teacher", "Analyst"]
                ]
            ),
            0.07,
            None,
        ),
        "category",
    )
    t.number(
        "emp_length",
        t.holes(t.pick("< 1 year|1 year|2 years|5 years|8 years|10+ years"), 0.06, None),
    )
    t.category("home_ownership", t.pick("RENT MORTGAGE OWN ANY"))
    t.date("issue_d", t.times("2015-01-01", 1400, "%b-%Y"))
    t.constant("pymnt_plan", ["n"] * 260)
    t.identifier(
        "url",
        [
            f"https://lendingclub.com/browse/loanDetail.action?loan_id={c}"
            for c in t.codes("1######")
        ],
    )
    t.category("zip_code", t.codes("###xx", 90))
    t.number("revol_util", t.holes(written(t.floats(50, 20, 1), "{}%"), 0.01, None))
    t.number("mths_since_last_delinq", t.holes([float(v) for v in t.ints(1, 80)], 0.5, None))
    t.category("initial_list_status", t.pick("w f"))
    t.boolean("hardship_flag", t.pick("N Y", [15, 1]))
    return as_parquet(t)


def zomato():
    t = Table("zomato", 240)
    t.identifier(
        "url",
        [
            f"https://www.zomato.com/bangalore/{a}?context={b}"
            for a, b in zip(t.codes("@@@@@@"), t.codes("%%%%%%%%%%%%"), strict=True)
        ],
    )
    t.text(
        "address",
        addresses(
            t,
            "{}, 2nd Floor, {}, Bangalore",
            ["80 Feet Road", "Near Big Bazaar", "100 Feet Road, Indiranagar", "JP Nagar"],
        ),
        "identifier",
    )
    t.boolean("online_order", t.pick("Yes No"))
    t.number("rate", t.holes(written(t.floats(3.7, 0.4, 1), "{}/5"), 0.12, "NEW", "-", ""))
    t.number("votes", t.sizes(120, 1.4))
    t.identifier(
        "phone",
        t.some(
            t.codes("080 ########"),
            0.4,
            lambda c: f"{c}\r\n+91 98451{t.dice.randint(10000, 99999)}",
        ),
    )
    t.category(
        "rest_type", t.pick("Casual Dining|Quick Bites|Cafe, Casual Dining|Delivery|Dessert Parlor")
    )
    t.text(
        "dish_liked",
        t.holes(
            several(
                t,
                "Pasta|Lunch Buffet|Masala Papad|Momos|Thupka|Mocktails|Filter Coffee|Chaat",
                1,
                6,
            ),
            0.5,
        ),
        "category",
    )
    t.category(
        "cuisines", several(t, "North Indian|Chinese|Mughlai|South Indian|Cafe", 1, 3), "text"
    )
    t.number("approx_cost(for two people)", written([v * 50 for v in t.ints(3, 60)], "{:,}"))
    t.text(
        "reviews_list",
        t.holes(
            [
                f"[('Rated {t.dice.randint(1, 5)}.0', 'RATED\\n {said}')]"
                for said in t.sentences(1, 3)
            ],
            0.2,
            "[]",
        ),
    )
    return as_csv(t)


def uk_accidents():
    t = Table("uk_accidents", 300)
    t.identifier("Accident_Index", t.codes("201901BS7####"))
    t.number("Location_Easting_OSGR", t.holes(t.ints(440000, 560000), 0.02, "NULL"))
    t.number("Longitude", t.floats(-1.2, 0.8, 6))
    t.category("Police_Force", t.pick([1, 3, 4, 5, 20, 43, 52]), "number")
    t.grade("Accident_Severity", t.pick([1, 2, 3], [1, 8, 40]), "number", "category")
    t.number("Number_of_Vehicles", t.pick([1, 2, 3, 4], [10, 20, 3, 1]))
    t.date("Date", t.times("2019-01-01", 365, "%d/%m/%Y"))
    t.category("Day_of_Week", t.ints(1, 7), "number", "date")
    t.date("Time", t.holes(t.times("2019-01-01", 1, "%H:%M"), 0.01))
    t.category(
        "Road_Type",
        t.pick(
            "Single carriageway|Dual carriageway|Roundabout|One way street|Slip road|Data missing or out of range",
            [20, 5, 3, 2, 1, 1],
        ),
    )
    t.number("Speed_limit", t.pick([20, 30, 40, 50, 60, 70]), "category", "grade")
    t.category(
        "Light_Conditions",
        t.pick(
            "Daylight: Street light present|Darkness: No street lighting|Darkeness: No street lighting|Darkness: Street lights present and lit"
        ),
    )
    t.category("LSOA_of_Accident_Location", t.holes(t.codes("E0100####", 120), 0.06), "identifier")
    t.category("Urban_or_Rural_Area", t.pick([1, 2]), "boolean")
    t.boolean("Did_Police_Officer_Attend_Scene_of_Accident", t.pick([1, 2], [3, 1]), "category")
    return as_csv(t)


CASES = (startup_funding, lending_loans, zomato, uk_accidents)
