"""In which of the encodings before Unicode a text is."""

import re

WESTERN = ("cp1252", "latin-1")
SCRIPTS = {
    "cp1251": "Windows-1251 (Cyrillic)", "koi8_r": "KOI8-R (Cyrillic)",
    "iso8859_5": "ISO 8859-5 (Cyrillic)", "cp1253": "Windows-1253 (Greek)",
    "cp1255": "Windows-1255 (Hebrew)", "cp1256": "Windows-1256 (Arabic)",
    "gb18030": "GB 18030 (Chinese)", "big5": "Big5 (Chinese)", "shift_jis": "Shift JIS (Japanese)",
    "cp932": "Windows-31J (Japanese)",
    "euc_jp": "EUC-JP (Japanese)", "euc_kr": "EUC-KR (Korean)",
}  # fmt: skip
NAMES = {
    **SCRIPTS, "cp1250": "Windows-1250 (Central European)", "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
}  # fmt: skip
RUNS = re.compile(rb"[\x80-\xff]{3,}")
LETTER = re.compile(rb"[A-Za-z]")
HIGH = re.compile(rb"[\x80-\xff]")
SIGNS_IN_WORDS = re.compile(r"(?<=[^\W\d_])[\u00b3\u00b9\u00bf\u00a5\u00a3](?=[^\W\d_])")
"""What Windows-1250 has letters for, as in P\u00b3atno\u0153\u00e6."""
HALF = 0.5
MOST_CHAOS = 0.2
"""charset-normalizer's measure of what looks broken, of which it gives up at 0.2 too."""
SAMPLE = 100_000


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a file that is not in Unicode, and what its encoding is called."""
    for encoding in (*_likely(content), *WESTERN):
        try:
            return content.decode(encoding), NAMES[encoding]
        except UnicodeDecodeError:
            continue
    raise AssertionError  # every byte is a sign of Latin-1


def _western(content: bytes) -> bool:
    """Whether each byte is a sign of Windows-1252; half a character of Shift JIS often is none."""
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True


def _likely(content: bytes) -> tuple[str, ...]:
    """Encodings to try before those of Western Europe, whose letters beyond ASCII stand alone among
    others; in other scripts words are made of such bytes.
    """
    sample = content[:SAMPLE]
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    high = len(HIGH.findall(sample))
    runs = sum(map(len, RUNS.findall(sample))) > HALF * high
    if runs or (high > HALF * len(LETTER.findall(sample)) and not _western(sample)):
        from charset_normalizer import from_bytes  # here, as few files need it

        best = from_bytes(sample, cp_isolation=list(SCRIPTS)).best()
        found = "" if best is None or best.chaos > MOST_CHAOS else best.encoding
        return (found,) if found in SCRIPTS else ()
    western = sample.decode("latin-1")
    return ("cp1250",) if SIGNS_IN_WORDS.search(western) else ()
