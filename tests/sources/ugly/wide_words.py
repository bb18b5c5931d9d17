"""Titles, streets, remarks and lists for the widest set, with words of their own."""

ADJECTIVES = [
    "Silent",
    "Golden",
    "Broken",
    "Last",
    "Hidden",
    "Crimson",
    "Northern",
    "Little",
    "Second",
    "Burning",
    "Distant",
    "Hollow",
    "Iron",
    "Paper",
    "Wild",
    "Frozen",
    "Gentle",
    "Midnight",
    "Common",
    "Bitter",
]
THINGS = [
    "Harbor",
    "Garden",
    "Empire",
    "Letter",
    "Mirror",
    "Season",
    "Orchard",
    "Circle",
    "Road",
    "Winter",
    "Kingdom",
    "Station",
    "Promise",
    "Island",
    "Machine",
    "Daughter",
    "Shadow",
    "Valley",
    "Lantern",
    "Horizon",
]
ENDINGS = [
    "",
    " of Ashes",
    " Returns",
    " II",
    ": The Beginning",
    " in Paris",
    " and Sons",
    ", Part One",
]
STREETS = [
    "W MADISON ST",
    "N CLARK ST",
    "S HALSTED ST",
    "E 47TH ST",
    "W DEVON AVE",
    "N BROADWAY",
    "W GRAND AVE",
    "S PULASKI RD",
    "N MILWAUKEE AVE",
    "W NORTH AVE",
]
MAKERS = [
    "Acme",
    "Northwind",
    "Globex",
    "Initech",
    "Umbra",
    "Hooli",
    "Vandelay",
    "Contoso",
    "Stark",
    "Wayne",
    "Soylent",
]


def titles(t, form="{} {}{}"):
    """Of films, books and songs: each another one."""
    all_of_them = [form.format(a, b, c) for a in ADJECTIVES for b in THINGS for c in ENDINGS]
    return t.dice.sample(all_of_them, t.rows)


def firms(t, form="{} {}"):
    """Names of companies, each another one."""
    tails = [
        "Labs",
        "Foods",
        "Capital",
        "Health",
        "Mobility",
        "Analytics",
        "Tech Pvt Ltd",
        "Studios",
        "Energy",
        "Retail",
    ]
    heads = [f"{a}{b.lower()}" for a in ADJECTIVES for b in THINGS]
    return t.dice.sample([form.format(a, b) for a in heads for b in tails], t.rows)


def addresses(t, form="{} {}", streets=STREETS, most=9999):
    return [form.format(t.dice.randint(1, most), t.dice.choice(streets)) for _ in range(t.rows)]


def prose(t, openings, middles, endings, least=1, most=3, glue=" "):  # noqa: PLR0917 - parts of a sentence, then how many
    """Remarks of some sentences; each part is given as words with bars between them."""
    parts = [each.split("|") for each in (openings, middles, endings)]

    def sentence():
        return " ".join(t.dice.choice(part) for part in parts)

    return [
        glue.join(sentence() for _ in range(t.dice.randint(least, most))) for _ in range(t.rows)
    ]


def several(t, words, least, most, glue=", ", form="{}"):  # noqa: PLR0917 - words, then how many
    """Lists of some of the words."""
    words = t.words(words)
    return [
        form.format(glue.join(t.dice.sample(words, t.dice.randint(least, most))))
        for _ in range(t.rows)
    ]


def people(t, different, form="{first} {last}"):
    """Names that come back."""
    some = t.names(form)[:different]
    return t.pick(some)


def pairs(t, first, second, form="({:.6f}, {:.6f})", wide=0.1):
    """Points on a map in one cell."""
    return [
        form.format(first + t.dice.uniform(-wide, wide), second + t.dice.uniform(-wide, wide))
        for _ in range(t.rows)
    ]
