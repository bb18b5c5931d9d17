"""Words and signs that say that a number is at least or at most what stands beside them."""

_LESS = (
    r"up to|under|below|(?:less|fewer|younger) than|at most|lt|weniger als|unter|bis|jünger als|"
    r"höchstens|moins de|jusqu'à|menos de|menos que|menor(?:es)? (?:de|que)|hasta|meno di|fino a|"
    r"até|mniej niż|poniżej|minder dan|onder|jonger dan|färre än|mindre än|менее|меньше|младше|до"
)
_MORE = (
    r"over|above|(?:more|greater|older) than|at least|gt|mehr als|über|ab|älter als|mindestens|"
    r"plus de|más de|más que|mayor(?:es)? (?:de|que)|desde|più di|oltre|mais de|acima de|"
    r"więcej niż|powyżej|meer dan|boven|ouder dan|mer än|över|более|больше|старше|свыше|от"
)
AT_MOST = rf"<=|=<|<|≤|(?:{_LESS})(?=[\s$€£¥])"
AT_LEAST = rf">=|=>|>|≥|(?:{_MORE})(?=[\s$€£¥])"
"""Before a number; words stand by themselves, as `ab 18`, and not in codes such as AB-18."""
AND_MORE = (
    r"(?:and|or|und|oder|et|ou|y|o|e|en|i|lub|och|и)\s?(?:more|over|above|older|up|mehr|älter|plus|"
    r"más|mas|mayores|oltre|più|mais|meer|ouder|więcej|mer|более|старше)|et plus|plus|"
    r"years? and over|以上"
)
"""Behind a number."""
