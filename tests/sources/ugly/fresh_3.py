"""Eleven files written without a look at the reader or at the other tables, read once: science and sport."""

from ugly.files import as_blanks, as_csv, as_excel, as_json_lines, as_parquet
from ugly.table import GONE, Table, clock, comma, written


def variants():
    """As a VCF file: lines of ## above, # before the header, points for missing, tabs."""
    t = Table("variants", 250)
    t.category("#CHROM", written(t.pick([1, 2, 7, 17, "X"]), "chr{}"))
    t.number("POS", t.ints(10000, 240000000))
    t.identifier("ID", t.holes([f"rs{row * 7919 + 1042}" for row in range(t.rows)], 0.1, "."))
    t.category("REF", t.pick("A C G T"))
    t.category("ALT", t.pick(["A", "C", "G", "T", "A,C", "TTG"]))
    t.number("QUAL", t.holes(t.floats(480, 130, 1), 0.05, "."))
    t.category("FILTER", t.pick("PASS q10 LowDepth", [8, 1, 1]))
    t.number("DP", t.ints(8, 190))
    t.number("AF", t.holes([f"{value:.2e}" for value in t.sizes(0.004, 1.5, 7)], 0.1, "."))
    t.category("GT", t.pick("0/0 0/1 1/1 ./.", [5, 4, 2, 1]))
    t.category(
        "Consequence", t.pick("missense_variant|intron_variant|synonymous_variant|stop_gained")
    )
    t.grade("ClinSig", t.pick("Benign|Likely_benign|Uncertain|Likely_pathogenic|Pathogenic"))
    above = (
        '##fileformat=VCFv4.2\n##source=caller\n##INFO=<ID=DP,Number=1,Description="Depth, raw">\n'
    )
    return as_csv(t, "\t", above=above, suffix=".tsv")


def expressed_genes():
    """As DESeq2 writes: exponents, NA, names of genes, the first column without a name, gzip."""
    t = Table("expressed_genes", 280)
    t.identifier(
        "",
        [f"ENSG00000{code}.{k}" for code, k in zip(t.codes("######"), t.ints(1, 19), strict=True)],
    )
    t.number("baseMean", t.sizes(210, 1.8, 6))
    t.number("log2FoldChange", t.holes(t.floats(0, 1.4, 7), 0.03, "NA"))
    t.number("lfcSE", t.holes(t.sizes(0.3, 0.5, 7), 0.03, "NA"))
    t.number(
        "pvalue", t.holes([f"{10 ** -abs(value):.3e}" for value in t.floats(2, 9, 3)], 0.03, "NA")
    )
    t.number(
        "padj", t.holes([f"{10 ** -abs(value):.2E}" for value in t.floats(1, 7, 3)], 0.25, "NA")
    )
    t.identifier("symbol", t.holes(t.codes("@@@@##"), 0.02, "NA"))
    t.category("biotype", t.pick("protein_coding|lncRNA|processed_pseudogene|miRNA", [9, 3, 2, 1]))
    t.category("strand", t.pick("+ -"))
    t.category("chr", t.pick(["1", "2", "3", "11", "19", "X", "MT"]))
    t.boolean("significant", t.pick("TRUE FALSE", [1, 4]))
    return as_csv(t, packed=True)


def laboratory():
    """As a hospital's laboratory: below and above the range, pluses, blood groups, a sheet to read first."""
    t = Table("laboratory", 200)
    t.identifier("MRN", t.codes("00######"))
    t.grade("Age band", t.pick("<18|18-39|40-64|65-79|80+"))
    t.category("Sex", t.pick("M F"))
    t.category("ABO/Rh", t.pick(["O+", "A+", "B+", "AB+", "O-", "A-"]))
    t.number(
        "CRP",
        t.some(
            written(t.sizes(6, 1.0, 1), "{}"), 0.2, lambda cell: t.dice.choice(["<0.5", ">200"])
        ),
    )
    t.number("Hb", t.holes(t.floats(13.6, 1.5, 1), 0.03, "clotted", "haemolysed"))
    t.number("TSH", t.holes(t.sizes(1.9, 0.6, 2), 0.4, "not done"))
    t.grade("Protein (urine)", t.pick("neg|trace|1+|2+|3+", [8, 3, 2, 1, 1]))
    t.category("Diagnosis", t.pick(["E11.9", "I10", "J45.0", "N18.3", "C50.9"]))
    t.date("Collected", t.times("2021-01-01", 500))
    t.boolean("Fasting", t.pick("y n", [6, 4]))
    t.number(
        "BP",
        [f"{high}/{low}" for high, low in zip(t.ints(100, 170), t.ints(58, 100), strict=True)],
        "text",
    )
    return as_excel(
        t, others=[("Read me", [["Extract of the laboratory system"], ["Units as reported"]])]
    )


def trial_of_a_drug():
    """As a trial's workbook: two lines of header, merged arms, stages IIA, ECOG, letters for not done."""
    t = Table("trial_of_a_drug", 150)
    t.identifier("Subject", [f"{site}-{row:03}" for row, site in enumerate(t.pick("01 02 07 11"))])
    t.category("Arm", sorted(t.pick("Placebo|10 mg|20 mg")), "grade")
    t.category("Race", t.pick("White|Black|Asian|Other"))
    t.number("Height", t.holes(t.ints(148, 199), 0.03, "ND"))
    t.number("Weight", t.holes(written(t.floats(77, 13, 1), "{}"), 0.03, "ND"))
    t.grade("Stage", t.pick("I|IIA|IIB|IIIA|IIIB|IV"))
    t.grade("ECOG", t.pick([0, 1, 2, 3], [5, 6, 3, 1]), "number")
    t.date("Randomised", t.times("2019-05-01", 700))
    t.number("Survival", t.holes(written(t.sizes(14, 0.6, 1), "{} mo"), 0.1, "NR"))
    t.boolean("Event", t.pick([1, 0]))
    t.grade("Worst AE", t.holes(t.pick("Grade 1|Grade 2|Grade 3|Grade 4", [5, 4, 2, 1]), 0.3, None))
    t.grade("Response", t.pick("PD|SD|PR|CR"))
    t.text("Remarks", t.holes(t.sentences(1, 1), 0.5, None))
    return as_excel(
        t, above=[["Protocol ABC-301"]], merged=(1,),
        groups=[(3, 4, "Baseline"), (7, 9, "Outcome"), (10, 11, "Assessment")],
    )  # fmt: skip


def survey_of_developers():
    """As a yearly survey: long questions for names, answers joined by semicolons, ranges, agreement."""
    t = Table("survey_of_developers", 230)
    t.identifier("ResponseId", t.running())
    t.grade(
        "What is your age?",
        t.pick("Under 18|18-24 years old|25-34 years old|35-44 years old|45+ years old"),
    )
    t.boolean("Do you code as a hobby?", t.pick("Yes No", [8, 2]))
    t.category(
        "Main branch", t.pick("I am a developer by profession|I am a student|I code for fun")
    )
    tongues = t.words("Python|SQL|C++|Rust|Go|Java|HTML/CSS")
    t.text(
        "Languages", [";".join(t.dice.sample(tongues, t.dice.randint(1, 5))) for _ in range(t.rows)]
    )
    t.number("YearsCode", t.holes(t.ints(1, 40), 0.08, "Less than 1 year", "More than 50 years"))
    t.category("Country", t.pick("India|Germany|Brazil|Poland|United States of America"))
    t.number("ConvertedComp", t.holes(t.sizes(61000, 0.8), 0.4, "NA"))
    t.grade(
        "I feel that I belong",
        t.holes(
            t.pick("Strongly disagree|Disagree|Neither agree nor disagree|Agree|Strongly agree"),
            0.1,
            "NA",
        ),
    )
    t.grade("OrgSize", t.pick("Just me|2 to 9|10 to 99|100 to 999|1,000 or more"))
    t.grade("How often do you visit?", t.pick("Never|A few times a year|Monthly|Weekly|Daily"))
    t.category("OpSys", t.pick("Windows|MacOS|Linux-based|BSD", [9, 5, 5, 1]))
    t.text("Anything else?", t.holes(t.sentences(1, 3, quote=0.3), 0.6, "NA"))
    return as_csv(t)


def matches():
    """As sites of bets: dates with two digits of the year, letters for results, odds, an empty tail."""
    t = Table("matches", 200)
    clubs = "Leeds|Hull|Derby|Stoke|Fulham|Luton|Bristol City"
    t.constant("Div", ["E1"] * t.rows)
    t.date("Date", t.times("2019-08-03", 280, "%d/%m/%y"))
    t.date("Time", t.pick("12:30 15:00 17:30 19:45"))
    t.category("HomeTeam", t.pick(clubs))
    t.category("AwayTeam", t.pick(clubs))
    t.number("FTHG", t.pick([0, 1, 2, 3, 4]))
    t.number("FTAG", t.pick([0, 1, 2, 3]))
    t.category("FTR", t.pick("H D A"))
    t.category("Referee", t.pick("D Coote|A Madley|G Scott|K Friend"))
    t.number("HR", t.pick([0, 1, 2], [20, 2, 1]))
    for bookmaker in ("B365H", "B365D", "B365A"):
        t.number(bookmaker, t.sizes(2.6, 0.4, 2))
    t.number("Attendance", t.holes([f"{value:,}" for value in t.sizes(21000, 0.3)], 0.1, ""))
    t.constant("", [""] * t.rows, GONE)
    return as_csv(t, encoding="utf-8-sig", ending="\r\n")


def marathon():
    """As a race publishes: blanks, durations, classes of age, gaps to the first, DNF."""
    t = Table("marathon", 220)
    seconds = sorted(t.ints(7800, 17000))
    t.identifier("Place", t.running())
    t.identifier("Bib", t.codes("####"))
    t.category("Cat", t.pick("M35 M40 M45 W35 W40 MHK WHK"))
    t.category("Nat", t.pick("KEN GER ETH USA JPN"))
    t.number("Half", t.holes([clock(value // 2) for value in seconds], 0.04, "--:--"))
    t.number("Finish", t.holes([clock(value) for value in seconds], 0.05, "DNF"))
    t.number("Gap", [f"+{value // 60 - 130}:{value % 60:02}" for value in seconds])
    t.number(
        "Pace", [f"{value / 42.195 // 60:.0f}:{value / 42.195 % 60:04.1f}" for value in seconds]
    )
    t.number("km/h", [f"{42.195 * 3600 / value:.2f}" for value in seconds])
    t.boolean("PB", t.pick("* -", [2, 8]))
    return as_blanks(t, gap=2)


def players():
    """As sites of basketball: 6-7 for feet and inches, lbs, .487, dollars, jersey 00."""
    t = Table("players", 210)
    t.identifier("Player", t.names())
    t.category("Pos", t.pick("PG SG SF PF C"))
    t.number(
        "Ht",
        [
            f"{feet}-{inch}"
            for feet, inch in zip(t.pick([5, 6, 6, 6, 7]), t.ints(0, 11), strict=True)
        ],
    )
    t.number("Wt", written(t.ints(170, 290), "{} lbs"))
    t.category("No.", t.pick(["00", "0", "1", "5", "7", "11", "23", "30"]))
    t.date("Birth Date", t.times("1983-01-01", 6500, "%B %-d, %Y"))
    t.number("FG%", [f"{value:.3f}".lstrip("0") for value in t.floats(0.46, 0.05, 3)])
    t.number("+/-", [f"{value:+d}" for value in t.ints(-300, 420)])
    t.number("Salary", t.holes([f"${value:,}" for value in t.sizes(6200000, 1.0)], 0.1, "Two-Way"))
    t.grade("Exp", t.pick(["R", "1", "2", "3", "4", "5", "6", "9", "12"]), "number")
    t.boolean("All-Star", t.pick("Y|", [1, 8]))
    t.category("Team", t.pick("BOS LAL MIA DEN CHI"))
    return as_csv(t)


def greenhouse():
    """As a sensor's log in JSON lines: milliseconds, levels of a battery, firmware, states in words."""
    t = Table("greenhouse", 300)
    t.date("ts", [int(moment.timestamp()) * 1000 for moment in t.every("2024-02-01", minutes=5)])
    t.date("received_at", t.every("2024-02-01T00:00:02", "%Y-%m-%dT%H:%M:%S.%fZ", minutes=5))
    t.category("device", t.pick(["b8:27:eb:bf:9d:51", "00:0f:00:70:91:0a", "1c:bf:ce:15:ec:4d"]))
    t.number("temp_c", t.holes(t.floats(21, 2, 2), 0.03, None, "ERR"))
    t.number("humidity", written(t.floats(60, 8, 1), "{} %RH"))
    t.number("battery", written(t.ints(11, 100), "{}%"))
    t.boolean("motion", t.pick([True, False], [1, 9]))
    t.boolean("pump", t.pick("on off", [2, 8]))
    t.category("fw", t.pick(["1.2.0", "1.2.3", "1.3.0"]))
    t.number("rssi", written(t.ints(-95, -40), "{} dBm"))
    t.grade("alarm", t.pick("none|low|medium|critical", [9, 3, 2, 1]))
    t.constant("site", ["north"] * t.rows)
    return as_json_lines(t)


def students():
    """As a course's Parquet: true types, a column of words as a dictionary, decimals, days, empty ones."""
    t = Table("students", 240)
    t.identifier("student_uuid", t.codes("%%%%%%%%-%%%%-4%%%-a%%%-%%%%%%%%%%%%"))
    t.category("programme", t.pick("Biology|Law|History|Physics"))
    t.number("credits", t.ints(0, 180))
    t.grade("final_grade", t.holes(t.pick("Fail|Pass|Merit|Distinction"), 0.1, None))
    t.boolean("international", t.pick([True, False], [2, 8]))
    t.date("enrolled_on", [moment.date() for moment in t.times("2016-09-01", 1500)])
    t.date(
        "last_login",
        [None if t.dice.random() < 0.1 else moment for moment in t.times("2021-01-01", 200)],
    )
    t.number("fee", [float(value) for value in t.pick([9250, 14000, 19500, 0])])
    t.grade("attendance_band", t.pick("0-25%|25-50%|50-75%|75-100%"))
    t.grade("mother_education", t.pick("none|primary|lower secondary|upper secondary|higher"))
    t.boolean("withdrew", t.pick([0, 1], [9, 1]))
    t.constant("middle_name", [None] * t.rows)
    t.number("quiz_avg", t.floats(0.71, 0.12, 4))
    return as_parquet(t, programme="dictionary", middle_name="string")


def air_of_a_city():
    """As an Italian road's monitors: 18.00.00 for times, -200 for missing, commas, two empty columns."""
    t = Table("air_of_a_city", 260)
    t.date("Date", t.every("2004-03-10T18:00", "%d/%m/%Y", hours=1))
    t.date("Time", t.every("2004-03-10T18:00", "%H.%M.%S", hours=1))
    t.number("CO(GT)", comma(t.holes(t.sizes(2, 0.5, 1), 0.15, -200)))
    t.number("PT08.S1(CO)", t.holes(t.ints(700, 2000), 0.04, -200))
    t.number("C6H6(GT)", comma(t.holes(t.sizes(9, 0.6, 1), 0.04, -200.0)))
    t.number("NOx(GT)", t.holes(t.sizes(200, 0.6), 0.15, -200))
    t.number("T", comma(t.floats(18, 6, 1)))
    t.number("RH", comma(t.floats(49, 12, 1)))
    t.number("AH", comma(written(t.sizes(1, 0.3, 4), "{:.4f}")))
    t.category("valid", t.pick("V N P", [9, 1, 1]))
    t.constant("", [""] * t.rows, GONE)
    return as_csv(t, ";")


CASES = (
    variants, expressed_genes, laboratory, trial_of_a_drug, survey_of_developers, matches, marathon,
    players, greenhouse, students, air_of_a_city,
)  # fmt: skip
