"""More of the set written after the reader was mended: fires, trains, shops, food, species, loans."""

from ugly.files import as_csv, as_excel, as_parquet
from ugly.table import Table, german, written
from ugly.wide_words import prose, several


def wildfires():
    t = Table("wildfires", 230)
    t.identifier("FOD_ID", t.dice.sample(range(1, 1900000), 230))
    t.category("SOURCE_SYSTEM", t.pick("FS-FIRESTAT ST-NASF DOI-WFMI"))
    t.number("FIRE_YEAR", t.ints(1992, 2015), "date")
    t.number("DISCOVERY_DOY", t.ints(1, 366))
    t.date(
        "DISCOVERY_TIME",
        t.holes([f"{h:02}{m:02}" for h, m in zip(t.ints(0, 23), t.ints(0, 59), strict=True)], 0.3),
        "number",
    )
    t.category(
        "STAT_CAUSE_DESCR", t.pick("Lightning|Debris Burning|Campfire|Arson|Missing/Undefined")
    )
    t.number("FIRE_SIZE", t.sizes(1, 1.5, 2))
    t.grade("FIRE_SIZE_CLASS", t.pick("A B C D E F G", [9, 9, 3, 1, 1, 1, 1]))
    t.number("LATITUDE", t.floats(38, 5, 8))
    t.category("STATE", t.pick("CA GA TX NC FL"))
    t.category("FIPS_CODE", t.holes(t.pick(["063", "061", "017", "003", "005"]), 0.3))
    return as_csv(t)


def late_trains():
    t = Table("late_trains", 220)
    t.date("Datum", t.times("2023-07-01", 30, "%d.%m.%Y", 1440))
    t.category("Zug", t.pick("ICE 578|RE 7|S 1|IC 2012|RB 22"))
    t.category("Bahnhof", t.pick("Köln Hbf|Mainz Hbf|Ulm Hbf|Halle (Saale) Hbf"))
    t.date("Planabfahrt", t.times("2023-07-01", 1, "%H:%M"))
    t.number("Verspätung", [f"+{v} min" for v in t.sizes(6, 1)])
    t.category("Gleis", t.pick("1 2 7a 7b 10 12"))
    t.boolean("Ausfall", t.pick("nein ja", [15, 1]))
    t.category(
        "Grund",
        t.holes(
            t.pick("Signalstörung|Verspätung eines vorausfahrenden Zuges|Personen im Gleis"), 0.6
        ),
    )
    t.number("Fahrpreis", [f"{german(v)} €" for v in t.sizes(39, 0.5)])
    t.grade("Auslastung", t.pick("gering|mittel|hoch|außergewöhnlich hoch"))
    return as_csv(t, ";", encoding="cp1252")


def olist_reviews():
    t = Table("olist_reviews", 200)
    t.identifier("review_id", t.codes("%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"))
    t.identifier("order_id", t.codes("%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"))
    t.grade("review_score", t.pick([1, 2, 3, 4, 5], [1, 1, 1, 3, 8]), "number")
    t.text(
        "review_comment_message",
        t.holes(
            prose(
                t,
                "Recebi bem antes|O produto chegou|Recomendo a loja",
                "do prazo e|com defeito mas|porque",
                "estou satisfeito.|o vendedor resolveu.|a entrega foi rápida.",
                1,
                2,
            ),
            0.4,
        ),
    )
    t.date("review_creation_date", t.times("2017-01-01", 600, "%Y-%m-%d 00:00:00", 1440))
    t.date("review_answer_timestamp", t.times("2017-01-01", 600))
    t.category("payment_type", t.pick("credit_card boleto voucher debit_card"))
    t.number("payment_installments", t.ints(1, 10))
    t.number("payment_value", t.sizes(100, 0.8, 2))
    t.category("customer_zip_code_prefix", t.pick(["01151", "13023", "04550", "88100", "35930"]))
    t.category(
        "product_category_name",
        t.pick("cama_mesa_banho beleza_saude esporte_lazer informatica_acessorios"),
    )
    return as_csv(t)


def packaged_food():
    t = Table("packaged_food", 230)
    t.identifier("code", t.codes("301762042####"))
    t.text(
        "product_name",
        prose(
            t,
            "Biscuits|Yaourt|Sauce|Thé glacé",
            "au chocolat|à la vanille|tomate|pêche",
            "bio|sans sucre|500 g|lot de 4",
            1,
            1,
        ),
        "category",
    )
    t.category("brands", t.holes(t.pick("Carrefour|Nestlé|U|Auchan|Bjorg"), 0.1))
    t.text(
        "categories_tags",
        several(t, "en:snacks en:desserts en:beverages en:sauces fr:biscuits", 1, 3, ","),
        "category",
    )
    t.number("quantity", t.pick("500 g|1 kg|250 g|33 cl|1 L|125 g"), "category")
    t.grade("nutrition_grade_fr", t.holes(t.pick("a b c d e"), 0.2))
    t.number("energy_100g", t.ints(100, 2400))
    t.number("salt_100g", t.floats(1.2, 0.3, 3))
    t.category("nova_group", t.holes(t.pick([1, 3, 4]), 0.3), "number", "grade")
    t.date("created_t", t.dice.sample(range(1400000000, 1600000000), 230), "number", "identifier")
    t.date("last_modified_datetime", t.times("2020-01-01", 500, "%Y-%m-%dT%H:%M:%SZ"))
    return as_csv(t, "\t", suffix=".tsv", packed=True)


def park_species():
    t = Table("park_species", 240)
    t.identifier("Species ID", t.codes("ACAD-####"))
    t.category("Park Name", t.pick("Acadia National Park|Zion National Park|Arches National Park"))
    t.category("Category", t.pick("Mammal|Bird|Vascular Plant|Fungi"))
    t.category("Order", t.holes(t.pick("Artiodactyla Passeriformes Rodentia Poales"), 0.02))
    t.text(
        "Common Names",
        several(
            t, "Moose|Wapiti|Northern Cardinal|Deer Mouse|Reed Canary Grass|Bluejoint|Raccoon", 1, 3
        ),
        "category",
    )
    t.category("Record Status", t.pick("Approved|In Review", [9, 1]))
    t.category("Nativeness", t.holes(t.pick("Native|Not Native|Unknown|Present"), 0.1))
    t.grade("Abundance", t.holes(t.pick("Rare|Uncommon|Common|Abundant"), 0.2))
    t.category(
        "Conservation Status",
        t.holes(t.pick("Species of Concern|Endangered|Threatened"), 0.8),
        "grade",
    )
    t.number("Acres", written(t.sizes(90000, 1), "{:,}"))
    return as_csv(t)


def small_loans():
    t = Table("small_loans", 210)
    t.identifier("id", t.running(653051))
    t.number("funded_amount", [float(v * 25) for v in t.ints(4, 100)])
    t.category("sector", t.pick("Agriculture Food Retail Services"))
    t.text(
        "use",
        prose(
            t,
            "to buy|to purchase|to repair",
            "seasonal fruits|a sewing machine|chickens and feed|his motorbike",
            "for her shop.|to sell at the market.|and stock.",
            1,
            1,
        ),
        "category",
    )
    t.category("country_code", t.pick("PH KE SV PK KH"))
    t.date("posted_time", [f"{d:%Y-%m-%d %H:%M:%S}+00:00" for d in t.times("2014-01-01", 900)])
    t.number("term_in_months", t.pick([8.0, 14.0, 11.0, 20.0, 43.0]))
    t.text(
        "borrower_genders",
        [", ".join(["female"] * t.dice.randint(1, 4)) for _ in range(210)],
        "category",
    )
    t.category("repayment_interval", t.pick("monthly|irregular|bullet|weekly"))
    t.text(
        "tags",
        t.holes(
            several(t, "#Parent|#Woman Owned Biz|user_favorite|#Vegan|#Elderly", 1, 3), 0.3, None
        ),
        "category",
    )
    t.boolean("eu_funded", t.pick([True, False], [1, 9]))
    return as_parquet(t)


def life_expectancy():
    t = Table("life_expectancy", 200)
    t.category("Country", t.pick("Afghanistan|Bolivia (Plurinational State of)|Côte d'Ivoire|Chad"))
    t.number("Year", t.ints(2000, 2015), "date")
    t.category("Status", t.pick("Developing Developed", [5, 1]))
    t.number("Life expectancy ", t.floats(69, 9, 1))
    t.number("infant deaths", t.sizes(10, 1.2))
    t.number(" BMI ", t.floats(38, 15, 1))
    t.number("GDP", t.holes(t.sizes(2000, 1.5, 6), 0.15))
    t.number(
        "Population",
        t.holes(
            [
                f"{v / 1e6:.2f} million" if v > 1e6 else f"{v // 1000} thousand"
                for v in t.sizes(2000000, 1.5)
            ],
            0.2,
        ),
    )
    t.number(" thinness  1-19 years", t.floats(5, 1, 1))
    t.number("Measles ", t.some(t.sizes(60, 1.5), 0.3, lambda _: 0))
    return as_excel(t)


def workplace_survey():
    t = Table("workplace_survey", 180)
    t.date("Submitted", [f"{d:%d/%m/%Y %H:%M}" for d in t.times("2022-05-01", 20)])
    t.grade(
        "How satisfied are you with your manager?",
        t.pick("Very dissatisfied|Dissatisfied|Neutral|Satisfied|Very satisfied"),
    )
    t.grade("I feel valued", t.pick("Strongly disagree|Disagree|Neutral|Agree|Strongly agree"))
    t.grade("How often do you work from home?", t.pick("Never|Rarely|Sometimes|Often|Always"))
    t.number("Years here", t.odd([str(v) for v in t.ints(0, 25)], "less than 1", "10+"))
    t.category("Team", t.pick("Sales|Engineering|People & Culture|sales"))
    t.grade(
        "Commute", t.pick("Under 15 minutes|15-30 minutes|30-60 minutes|Over an hour"), "category"
    )
    t.grade("eNPS", t.ints(0, 10), "number")
    t.text(
        "Anything else?",
        t.holes(
            prose(
                t,
                "More|Less|Please keep",
                "meetings|quiet rooms|flexible hours|fruit",
                "would help.|please!|thanks.",
                1,
                2,
            ),
            0.5,
        ),
    )
    t.boolean("Remote OK", t.pick("Y N"))
    return as_csv(t)


CASES = (
    wildfires, late_trains, olist_reviews, packaged_food, park_species, small_loans,
    life_expectancy, workplace_survey,
)  # fmt: skip
