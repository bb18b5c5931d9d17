"""A last set with few second kinds: planets, beers, trees, trials, tickets, recalls, races."""

from ugly.files import as_csv, as_json_lines
from ugly.table import GONE, Table, written
from ugly.wide_words import addresses, people, prose, several, titles


def exoplanets():
    t = Table("exoplanets", 180)
    t.identifier(
        "pl_name",
        [
            f"{a}-{b} {c}"
            for a, b, c in zip(
                t.pick("Kepler TOI HD WASP"),
                t.dice.sample(range(10, 9000), 180),
                t.pick("b c d"),
                strict=True,
            )
        ],
    )
    t.boolean("default_flag", t.ints(0, 1))
    t.category("discoverymethod", t.pick("Transit|Radial Velocity|Microlensing|Imaging"))
    t.number("disc_year", t.ints(1995, 2023), "date")
    t.number("pl_orbper", t.holes(t.sizes(12, 1.2, 7), 0.05))
    t.number("pl_bmasse", t.holes(t.some(t.sizes(9, 1, 2), 0.05, lambda c: f"<{c}"), 0.4))
    t.number("pl_orbeccen", t.holes(t.pick([0.0, 0.05, 0.1, 0.21, 0.34]), 0.3))
    t.category("st_spectype", t.holes(t.pick("G2 V|K0|M3.5 V|F8 V|G5 IV"), 0.5))
    t.number("ra", [f"{v:.7f}" for v in t.floats(180, 50, 7)])
    t.date("rowupdate", t.times("2014-05-14", 3000, "%Y-%m-%d"))
    t.category("soltype", t.pick("Published Confirmed|Kepler Project Candidate (q1_q17_dr25_koi)"))
    head = "# This file was produced by the archive\n# Date: Mon Nov 6 2023\n#\n# COLUMN pl_name: Planet Name\n"
    return as_csv(t, above=head)


def craft_beers():
    t = Table("craft_beers", 200)
    t.identifier("", t.running(0))
    t.number("abv", t.holes(t.pick([0.05, 0.066, 0.071, 0.09, 0.045, 0.099, 0.055]), 0.03))
    t.number("ibu", t.holes([f"{v}.0" for v in t.ints(8, 120)], 0.4))
    t.identifier("id", t.codes("2###"))
    t.category(
        "style", t.pick("American IPA|Pale Ale|Saison / Farmhouse Ale|Märzen / Oktoberfest|Cider")
    )
    t.category("brewery_id", t.ints(0, 90))
    t.number("ounces", t.pick([12.0, 16.0, 12.0, 8.4, 24.0]))
    t.category("glass", t.pick("Pint Tulip Snifter Mug"))
    t.grade("body", t.pick("Light|Medium|Full"))
    t.boolean("organic", t.pick("yes no", [1, 8]))
    t.text(
        "review",
        t.holes(
            prose(
                t,
                "Pours hazy gold|Dark amber|Thin head",
                "with citrus and|smelling of pine and",
                "a dry finish.|caramel malt.|too much sugar.",
                1,
                3,
            ),
            0.1,
        ),
    )
    return as_csv(t)


def street_trees():
    t = Table("street_trees", 240)
    t.identifier("tree_id", t.codes("######"))
    t.date("created_at", t.times("2015-05-19", 300, "%m/%d/%Y"))
    t.number("tree_dbh", t.sizes(10, 0.5))
    t.category("curb_loc", t.pick("OnCurb OffsetFromCurb", [20, 1]))
    t.category("status", t.pick("Alive Dead Stump", [30, 1, 1]))
    t.grade("health", t.holes(t.pick("Good Fair Poor", [8, 2, 1]), 0.05))
    t.category(
        "spc_latin",
        t.holes(t.pick("Acer rubrum|Quercus palustris|Pyrus calleryana|Tilia cordata"), 0.04),
    )
    t.grade("steward", t.holes(t.pick("None|1or2|3or4|4orMore", [8, 4, 2, 1]), 0.04))
    t.category(
        "problems",
        several(t, "Stones RootOther TrunkOther BranchLights MetalGrates", 1, 2, ","),
        "text",
    )
    t.boolean("root_stone", t.pick("Yes No", [1, 4]))
    t.text(
        "address",
        addresses(t, "{} {}", ["69 AVENUE", "147 STREET", "MORGAN AVENUE", "AVENUE Z"], 900),
        "identifier",
    )
    t.category("zipcode", t.pick([11375, 11357, 11211, 10314, 10023]))
    t.category("nta", t.pick("QN17 QN49 BK90 SI12 MN14"))
    t.constant("state", ["New York"] * 240)
    t.number("x_sp", t.floats(1000000, 20000, 6))
    return as_csv(t)


def clinical_trials():
    t = Table("clinical_trials", 150)
    t.identifier("NCT Number", t.codes("NCT0#######"))
    t.text(
        "Title",
        prose(
            t,
            "Efficacy of|A Study of|Long-term Safety of",
            "Metformin in|Exercise and Diet in|Vitamin D in",
            "Adults With Obesity|Children With Asthma|Patients After Stroke",
            1,
            1,
        ),
        "identifier",
        "category",
    )
    t.category("Status", t.pick("Completed|Recruiting|Terminated|Active, not recruiting|Withdrawn"))
    t.boolean("Study Results", t.pick("Has Results|No Results Available", [1, 4]), "category")
    t.category(
        "Interventions",
        several(
            t,
            "Drug: Metformin|Behavioral: Diet|Device: CPAP|Other: Placebo|Drug: Vitamin D",
            1,
            3,
            "|",
        ),
        "text",
    )
    t.grade("Phases", t.holes(t.pick("Phase 1|Phase 2|Phase 3|Phase 4|Early Phase 1"), 0.2))
    t.number("Enrollment", t.sizes(80, 1))
    t.category("Gender", t.pick("All Female Male", [20, 2, 1]))
    t.category(
        "Age",
        t.pick(
            "18 Years and older   (Adult, Older Adult)|Child, Adult|6 Years to 17 Years   (Child)"
        ),
        "grade",
    )
    t.date(
        "Start Date",
        t.some(
            t.times("2005-01-01", 6000, "%B %d, %Y"),
            0.3,
            lambda c: f"{c.split()[0]} {c.split()[-1]}",
        ),
    )
    t.date("Completion Date", t.holes(t.times("2010-01-01", 4000, "%B %Y"), 0.1))
    t.identifier("URL", [f"https://ClinicalTrials.gov/show/NCT{c}" for c in t.codes("0#######")])
    return as_csv(t)


def it_tickets():
    t = Table("it_tickets", 210)
    t.identifier("number", t.codes("INC#######"))
    t.date(
        "opened_at", [f"{d.day}/{d.month}/{d.year} {d:%H:%M}" for d in t.times("2016-02-29", 90)]
    )
    t.boolean("made_sla", t.pick("TRUE FALSE", [9, 1]))
    t.number("reassignment_count", t.ints(0, 8))
    t.category("caller_id", t.pick([f"Caller {v}" for v in range(1000, 1060)]))
    t.category("category", t.pick([f"Category {v}" for v in (26, 9, 53, 46, 32)]))
    t.grade("impact", t.pick("1 - High|2 - Medium|3 - Low", [1, 20, 2]))
    t.grade("urgency", t.pick("1 - High|2 - Medium|3 - Low", [1, 20, 2]))
    t.grade("priority", t.pick("1 - Critical|2 - High|3 - Moderate|4 - Low", [1, 2, 20, 2]))
    t.category("contact_type", t.pick("Phone Email Self-service IVR", [40, 3, 2, 1]))
    t.category("closed_code", t.pick("code 6|code 7|code 9|code 10"))
    t.number("time_worked", [f"{v // 60}h {v % 60:02}m" for v in t.ints(5, 600)])
    t.category("assigned_to", t.holes(t.pick([f"Resolver {v}" for v in range(10, 60)]), 0.2, "?"))
    t.text(
        "short_description",
        prose(
            t,
            "Cannot log in to|Printer|Laptop",
            "jams on|shows error 0x80070005 at|is slow since",
            "floor 3|the update|Monday morning",
            1,
            2,
        ),
    )
    return as_csv(t, ";")


def drug_recalls():
    t = Table("drug_recalls", 160)
    t.identifier(
        "recall_number",
        [f"D-{a:04}-20{b}" for a, b in zip(t.running(17), t.ints(12, 22), strict=True)],
    )
    t.grade("classification", t.pick("Class I|Class II|Class III", [1, 8, 4]))
    t.date("report_date", t.times("2012-06-20", 3600, "%Y%m%d"))
    t.category(
        "recalling_firm", t.pick("Hospira Inc.|Teva Pharmaceuticals USA, Inc.|Sagent|Pfizer Inc.")
    )
    t.category("voluntary_mandated", t.pick("Voluntary: Firm initiated|FDA Mandated", [20, 1]))
    t.text(
        "reason_for_recall",
        prose(
            t,
            "Lack of Assurance of Sterility;|Subpotent Drug:|Presence of Particulate Matter:",
            "glass found in|out of limits for|complaint about",
            "one vial.|impurities at 18 months.|the stopper.",
            1,
            2,
        ),
    )
    t.text(
        "product_quantity",
        [
            f"{v:,} {t.dice.choice(['vials', 'bottles', 'cartons', '100-count bottles'])}"
            for v in t.sizes(9000, 1)
        ],
        "number",
        "category",
    )
    t.category("status", t.pick("Terminated Ongoing Completed"))
    t.category("postal_code", t.pick(["60045-2579", "19454", "60195-2060", "10017"]))
    t.date("termination_date", t.holes(t.times("2014-06-20", 2600, "%Y%m%d"), 0.2, None))
    t.constant("product_type", ["Drugs"] * 160)
    return as_json_lines(t, drop_empty=True)


def horse_races():
    t = Table("horse_races", 220)
    t.date("date", t.pick(t.times("2019-01-01", 900, "%d %b %Y")[:60]))
    t.category("course", t.pick("Ascot|York|Newmarket (July)|Kempton (AW)"))
    t.number("distance", [f"{a}m{b}f" for a, b in zip(t.ints(1, 3), t.ints(1, 7), strict=True)])
    t.grade("race_class", t.pick("Class 1|Class 2|Class 4|Class 5|Class 6"))
    t.grade("going", t.pick("Firm|Good To Firm|Good|Good To Soft|Soft|Heavy"), "category")
    t.number(
        "pos", t.odd(t.some(t.ints(1, 16), 0.06, lambda _: t.dice.choice(["PU", "F", "UR"])), "BD")
    )
    t.category("horse", people(t, 130, "{last} {first}"), "text", "identifier")
    t.number("weight", [f"{a}-{b}" for a, b in zip(t.ints(8, 11), t.ints(0, 13), strict=True)])
    t.number(
        "sp",
        t.some(
            [f"{a}/{b}" for a, b in zip(t.ints(2, 33), t.pick([1, 1, 2, 4]), strict=True)],
            0.1,
            lambda c: f"{c}F",
        ),
    )
    t.number("time", [f"{v // 60}:{v % 60:02}.{t.dice.randint(10, 99)}" for v in t.ints(60, 250)])
    t.number("prize", t.holes(written(t.sizes(3000, 1, 2), "£{:,.2f}"), 0.4, "-"))
    t.text(
        "comment",
        prose(
            t,
            "held up,|led,|tracked leader,",
            "headway 2f out,|ridden over 1f out,|weakened,",
            "stayed on|no impression|eased",
            1,
            2,
        ),
        "category",
    )
    return as_csv(t, encoding="cp1252")


def ships_and_ports():
    t = Table("ships_and_ports", 150)
    t.identifier("MMSI", t.codes("2########"))
    t.identifier("IMO", t.codes("IMO9######"))
    t.identifier("VesselName", titles(t, "MV {} {}"), "text")
    t.date("BaseDateTime", t.times("2021-03-01", 5, "%Y-%m-%dT%H:%M:%S"))
    t.number("SOG", t.some(t.floats(9, 3, 1), 0.3, lambda _: 0.0))
    t.number("Heading", t.some([f"{v}.0" for v in t.ints(0, 359)], 0.2, lambda _: "511.0"))
    t.category("VesselType", t.holes(t.pick([70, 52, 31, 80, 1004]), 0.1))
    t.number("Draft", t.holes(written(t.floats(7, 2, 1), "{} m"), 0.3))
    t.category("TransceiverClass", t.pick("A B", [5, 1]))
    t.category("CallSign", t.codes("@@@#@", 120), "identifier")
    t.number(
        "Position",
        [
            f"{a}°{b}'{c}\"N"
            for a, b, c in zip(t.ints(20, 60), t.ints(10, 59), t.ints(10, 59), strict=True)
        ],
        "text",
        "identifier",
    )
    t.constant("Cargo", [""] * 150, GONE)
    return as_csv(t, packed=True)


CASES = (
    exoplanets, craft_beers, street_trees, clinical_trials, it_tickets, drug_recalls, horse_races,
    ships_and_ports,
)  # fmt: skip
