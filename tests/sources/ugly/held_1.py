"""Fifteen files that are held out: run, counted, never tuned on."""

from ugly.files import as_blanks, as_csv, as_excel
from ugly.table import GONE, Table, bracketed, clock, comma, german, lakhs, written


def spanish_towns():
    """As a Spanish portal: Windows-1252, 1.234.567, sí and no, 03-ene-2019, s/d."""
    t = Table("spanish_towns", 210)
    t.identifier("Municipio", t.places("Villa {}"), "text")
    t.category("Comunidad", t.pick("Andalucía|Aragón|Cataluña|Galicia|País Vasco"))
    t.category("Código provincia", t.pick("01 04 08 11 28 41"), "identifier")
    t.number("Población", [german(value, 0) for value in t.sizes(210000, 1.5)])
    t.number("Renta media", t.holes([german(value) + " €" for value in t.sizes(12000, 0.3)], 0.08, "s/d"))  # fmt: skip
    months = t.words("ene feb mar abr may jun jul ago sep oct nov dic")
    days = t.times("2018-01-01", 700)
    t.date("Fecha", [f"{day:%d}-{months[day.month - 1]}-{day:%Y}" for day in days])
    t.boolean("Costa", t.pick("sí no"))
    t.number("Paro", t.holes([f"{comma([rate])[0]}%" for rate in t.floats(14, 3, 1)], 0.05, ".."))
    t.grade("Tamaño", t.pick("pequeño mediano grande"))
    t.constant("Año", [2018] * t.rows)
    return as_csv(t, ";", encoding="cp1252", ending="\r\n")


def italian_bookings():
    """VERO and FALSO, € 1.200, 12/03/2019 14.30, a byte-order mark."""
    t = Table("italian_bookings", 190)
    t.identifier("N. prenotazione", t.codes("IT/####/#"))
    t.date("Arrivo", t.times("2019-03-01", 300, "%d/%m/%Y %H.%M"))
    t.number("Notti", t.ints(1, 21))
    t.number("Prezzo", [f"€ {german(price, 0)}" for price in t.sizes(900, 0.8)])
    t.number("Acconto", comma(t.floats(120, 30, 2)))
    t.boolean("Colazione", t.pick("VERO FALSO"))
    t.category("Camera", t.pick("Singola|singola|Doppia|doppia|Suite"))
    t.grade("Giudizio", t.holes(t.pick("scarso|sufficiente|buono|ottimo"), 0.2))
    t.identifier("Telefono", t.codes("+39 3## #######"))
    t.text("Richieste", t.holes(t.sentences(1, 3), 0.5))
    t.category("Nazione", t.pick("Italia Francia Germania Austria"))
    return as_csv(t, ";", encoding="utf-8-sig")


def claims():
    """As expenses of a parliament: £1,234.56, 1st January 2019, N/K, postcodes."""
    t = Table("claims", 260)
    t.identifier("Claim No.", t.codes("C######/#"))
    days = t.times("2018-04-01", 360)
    end = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
    t.date("Date", [f"{day.day}{end.get(day.day, 'th')} {day:%B %Y}" for day in days])
    t.category("Year", t.pick(["2018/19", "2019/20"]), "date", "boolean")
    t.category("Expense Type", t.pick("Rent|Rail|Hotel - London|Taxi|Stationery"))
    t.number("Amount Claimed", written(t.sizes(130, 0.9, 2), "£{:,.2f}"))
    t.number("Amount Repaid", t.holes(written(t.sizes(12, 0.9, 2), "£{:.2f}"), 0.8, "£0.00"))
    t.number("Mileage", t.holes(written(t.sizes(40, 0.7), "{} miles"), 0.6, "N/K", ""))
    t.identifier("Postcode", t.codes("@@# #@@"))
    t.category("Status", t.pick("Paid|PAID|Not paid|Paid in part"))
    t.text("Details", t.sentences(1, 2, quote=0.3))
    t.boolean("Supply month", t.pick(["TRUE ", "FALSE", "TRUE"]))
    return as_csv(t, encoding="cp1252", above="House of Members\nClaims paid\n\n")


def flats_of_india():
    """As portals of India: ₹ 12,34,567, 85 Lac and 1.2 Cr, 05-Aug-19, 900 sq.ft., East."""
    t = Table("flats_of_india", 220)
    t.text("Title", [f"{k} BHK flat near {title}" for k, title in zip(t.ints(1, 4), t.titles(1, 2), strict=True)], "identifier")  # fmt: skip
    t.number("Price", [f"₹ {lakhs(value)}" for value in t.sizes(5200000, 0.7)])
    amount = [
        f"{value} Cr" if value < 5 else f"{value} Lac" for value in map(abs, t.floats(30, 30))
    ]
    t.number("Amount(in rupees)", amount)
    t.number("Carpet Area", written(t.sizes(900, 0.3), "{} sq.ft."))
    t.number("Floor", [f"{k} out of {k + 3}" for k in t.ints(1, 20)], "category")
    t.category("facing", t.holes(t.pick("East|North - East|West|South"), 0.3))
    t.date("Posted On", t.times("2019-01-01", 360, "%d-%b-%y"))
    t.category("Pin", t.pick([560066, 560034, 560102, 110016, 400053]), "identifier")
    t.grade("Furnishing", t.pick("Unfurnished|Semi-Furnished|Furnished"), "category")
    t.boolean("Balcony", t.pick("Yes No"))
    t.constant("Plot Area", [""] * t.rows)
    return as_csv(t)


def shops_of_japan():
    """¥12,000, 2019年3月4日, 30分, 東京."""
    t = Table("shops_of_japan", 170)
    t.identifier("店舗コード", t.codes("S####"))
    t.category("都道府県", t.pick("東京 大阪 京都 北海道 福岡"))
    days = t.times("2015-01-01", 1500)
    t.date("開店日", [f"{day.year}年{day.month}月{day.day}日" for day in days])
    t.number("売上", written(t.sizes(120000, 0.7), "¥{:,}"))
    t.number("待ち時間", written(t.ints(0, 90), "{}分"))
    t.number("席数", t.ints(4, 120))
    t.boolean("駐車場", t.pick("有 無"), "category")
    t.boolean("wifi", t.pick("○ ✕"), "category")
    t.number("評価", t.holes(t.floats(3.4, 0.3, 2), 0.1, "-"))
    t.category("種類", t.pick("寿司 ラーメン カフェ 居酒屋"))
    return as_csv(t)


def iowa_homes():
    """As the homes of Ames: NA for none, Ex to Po, codes of classes as numbers, years."""
    t = Table("iowa_homes", 365)
    t.identifier("Id", t.running())
    t.category("MSSubClass", t.pick([20, 30, 50, 60, 120, 160]), "number")
    t.category("MSZoning", t.pick("RL RM FV C(all)", [8, 2, 1, 1]))
    t.number("LotFrontage", t.holes(t.ints(21, 140), 0.17, "NA"))
    t.number("LotArea", t.sizes(9400, 0.4))
    t.category("Alley", t.holes(t.pick("Grvl Pave"), 0.93, "NA"))
    t.grade("LotShape", t.pick("Reg IR1 IR2 IR3", [6, 4, 1, 1]), "category")
    t.constant("Utilities", ["AllPub"] * t.rows)
    t.number("OverallQual", t.ints(1, 10), "grade")
    t.number("YearBuilt", t.ints(1880, 2009), "date")
    t.grade("ExterQual", t.pick("Ex Gd TA Fa", [1, 4, 9, 1]))
    t.grade("BsmtQual", t.holes(t.pick("Ex Gd TA Fa Po"), 0.03, "NA"))
    t.boolean("CentralAir", t.pick("Y N", [9, 1]))
    t.number("GarageYrBlt", t.holes(t.ints(1900, 2009), 0.05, "NA"), "date")
    t.grade("PoolQC", t.holes(t.pick("Ex Gd Fa"), 0.95, "NA"), "category")
    t.number("MoSold", t.ints(1, 12), "category", "date", "grade")
    t.number("SalePrice", t.sizes(163000, 0.4))
    return as_csv(t)


def victoria_sales():
    """As homes sold in Melbourne: 3/12/2016, postcodes with .0, prices missing."""
    t = Table("victoria_sales", 330)
    t.category("Suburb", t.pick("Abbotsford|Airport West|Brunswick|Kew|Reservoir"))
    t.identifier("Address", [f"{k} {street} St" for k, street in zip(t.ints(1, 300), t.titles(1, 2), strict=True)], "text")  # fmt: skip
    t.number("Rooms", t.pick([1, 2, 3, 4, 5]))
    t.category("Type", t.pick("h u t"))
    t.number("Price", t.holes([float(price) for price in t.sizes(900000, 0.5)], 0.2))
    t.category("Method", t.pick("S SP PI VB SA"))
    t.category("SellerG", t.pick("Biggin Nelson Jellis hockingstuart Ray"))
    t.date("Date", t.times("2016-01-28", 600, "%-d/%m/%Y"))
    t.category("Postcode", t.pick([3067.0, 3042.0, 3056.0, 3101.0, 3073.0]), "identifier", "number")
    t.number("Landsize", t.holes([float(size) for size in t.sizes(440)], 0.2))
    t.number("YearBuilt", t.holes([float(year) for year in t.ints(1880, 2017)], 0.5), "date")
    t.number("Lattitude", t.floats(-37.8, 0.07, 4))
    t.category("CouncilArea", t.holes(t.pick("Yarra|Moonee Valley|Darebin"), 0.1))
    t.number("Propertycount", t.pick([4019.0, 3464.0, 11918.0, 10331.0, 21650.0]), "category")
    return as_csv(t)


def cleveland():
    """As UCI heart disease: no header, codes, `?`, .0 everywhere."""
    t = Table("cleveland", 303)
    t.number("1", [float(age) for age in t.ints(29, 77)])
    t.boolean("2", t.pick([0.0, 1.0]))
    t.category("3", t.pick([1.0, 2.0, 3.0, 4.0]), "number", "grade")
    t.number("4", [float(value) for value in t.ints(94, 200)])
    t.number("5", [float(value) for value in t.ints(126, 564)])
    t.boolean("6", t.pick([0.0, 1.0], [8, 2]))
    t.number("7", [float(value) for value in t.ints(71, 202)])
    t.number("8", [abs(value) for value in t.floats(1, 1, 1)])
    t.number("9", t.holes(t.pick([0.0, 1.0, 2.0, 3.0]), 0.02, "?"), "category", "grade")
    t.category("10", t.holes(t.pick([3.0, 6.0, 7.0]), 0.02, "?"), "number", "grade")
    t.number("11", t.pick([0, 1, 2, 3, 4]), "category", "grade")
    return as_blanks(t, header=False, suffix=".dat", gap=1)


def census_income():
    """As UCI Adult: a blank before each word, ` ?`, ` >50K`, education twice."""
    t = Table("census_income", 400)
    levels = t.words("HS-grad Some-college Bachelors Masters Doctorate")
    level = t.pick(list(range(len(levels))), [6, 4, 3, 2, 1])
    t.number("age", t.ints(17, 90))
    t.category("workclass", written(t.holes(t.pick("Private State-gov Self-emp-inc"), 0.06, "?"), " {}"))  # fmt: skip
    t.number("fnlwgt", t.sizes(178000, 0.5))
    t.grade("education", [" " + levels[k] for k in level], "category")
    t.number("education-num", [k + 9 for k in level], "grade", "copy", "category")
    t.category(
        "marital-status", written(t.pick("Married-civ-spouse Divorced Never-married"), " {}")
    )
    t.category("sex", written(t.pick("Male Female"), " {}"))
    t.number("capital-gain", t.holes(t.sizes(5000), 0.9, 0))
    t.number("hours-per-week", t.ints(1, 99))
    t.category("native-country", written(t.holes(t.pick("United-States Mexico Cuba"), 0.02, "?"), " {}"))  # fmt: skip
    t.category("income", t.pick([" <=50K", " >50K"], [3, 1]), "boolean", "grade")
    return as_csv(t)


def hospital_readmissions():
    """As UCI diabetes of 130 hospitals: [70-80), ?, None / Norm / >200, Steady / Up / Down."""
    t = Table("hospital_readmissions", 380)
    t.identifier("encounter_id", t.codes("1########"))
    t.identifier("patient_nbr", t.codes("8#######"))
    t.category("race", t.holes(t.pick("Caucasian AfricanAmerican Asian Other"), 0.03, "?"))
    t.category("gender", t.odd(t.pick("Male Female"), "Unknown/Invalid"))
    t.grade("age", t.pick([f"[{k}-{k + 10})" for k in range(0, 100, 10)]))
    t.grade("weight", t.holes(t.pick("[50-75) [75-100) [100-125)"), 0.9, "?"), "category")
    t.number("time_in_hospital", t.ints(1, 14))
    t.category("admission_type_id", t.pick([1, 2, 3, 6]), "number", "grade")
    t.number("num_lab_procedures", t.ints(1, 110))
    t.grade("max_glu_serum", t.pick("None Norm >200 >300", [8, 2, 1, 1]), "category")
    t.category("insulin", t.pick("No Steady Up Down"), "grade")
    t.constant("examide", ["No"] * t.rows)
    t.boolean("change", t.pick("Ch No"), "category")
    t.boolean("diabetesMed", t.pick("Yes No"))
    t.category("readmitted", t.pick("NO >30 <30"), "grade")
    return as_csv(t)


def wine_notes():
    """As Kaggle's wine reviews: an unnamed column, tasting notes, handles, prices missing."""
    t = Table("wine_notes", 250)
    t.identifier("", t.running(0))
    t.category("country", t.pick("Italy Portugal US Spain France"))
    t.text("description", t.sentences(2, 5, quote=0.2))
    t.text("designation", t.holes(t.titles(1, 3), 0.3), "identifier")
    t.number("points", t.ints(80, 100))
    t.number("price", t.holes([float(price) for price in t.sizes(25)], 0.07))
    t.category("province", t.pick("Sicily|Douro|Oregon|Michigan|Northern Spain"))
    t.category("taster_name", t.holes(t.pick("Kerin O'Hare|Roger Voss|Paul Gregutt"), 0.2))
    t.category("taster_twitter_handle", t.holes(t.pick("@kerin|@vossroger|@paulg "), 0.3))
    t.text("title", [f"{title} {year} Red" for title, year in zip(t.titles(2, 3), t.ints(1998, 2016), strict=True)], "identifier")  # fmt: skip
    t.category("variety", t.pick("Pinot Noir|Riesling|White Blend|Portuguese Red"))
    return as_csv(t)


def wine_chemistry():
    """As UCI wine quality: semicolons, quoted names, numbers alone, rows that come again."""
    t = Table("wine_chemistry", 300)
    t.number("fixed acidity", t.floats(8.3, 1.5, 1))
    t.number("volatile acidity", t.floats(0.53, 0.15))
    t.number("citric acid", [abs(value) for value in t.floats(0.27, 0.2)])
    t.number("residual sugar", t.sizes(2.2, 0.4, 1))
    t.number("free sulfur dioxide", t.ints(1, 72))
    density = t.number("density", t.floats(0.9967, 0.002, 5))
    t.number("pH", t.floats(3.3, 0.15))
    t.copy("density (g/cm3)", density)
    t.number("alcohol", t.holes(t.floats(10.4, 1.1, 1), 0.05, "#DIV/0!"))
    t.grade("quality", t.pick([3, 4, 5, 6, 7, 8], [1, 2, 8, 8, 3, 1]), "number", "category")
    for column in t.columns:
        column.cells[200:260] = column.cells[:60]
    return as_csv(t, ";", quote="text")


def biopsies():
    """As UCI breast cancer: ids, M and B, a comma at the end of each row."""
    t = Table("biopsies", 290)
    t.identifier("id", t.codes("8######"))
    t.category("diagnosis", t.pick("M B", [2, 3]), "boolean")
    t.number("radius_mean", t.sizes(13.5, 0.25, 2))
    t.number("texture_mean", t.floats(19, 4, 2))
    t.number("area_mean", t.sizes(600, 0.4, 1))
    t.number("smoothness_mean", t.floats(0.096, 0.014, 5))
    t.number("concavity_mean", t.holes(t.sizes(0.06, 0.8, 5), 0.05, "0"))
    t.number("radius_worst", written(t.sizes(16, 0.3, 4), "{:.3e}"))
    t.number("mitoses", t.pick([1, 2, 3, 4, 10], [9, 1, 1, 1, 1]), "grade", "category")
    t.constant("", [""] * t.rows, GONE)
    return as_csv(t)


def city_sales():
    """As property sales of New York: ` -  ` for none, blanks around amounts, codes, titles."""
    t = Table("city_sales", 280)
    t.category("BOROUGH", t.pick([1, 2, 3, 4, 5]), "number", "grade")
    t.category(
        "NEIGHBORHOOD", written(t.pick("ALPHABET CITY|CHELSEA|HARLEM-EAST"), "{}            ")
    )
    t.category("TAX CLASS", t.holes(t.pick("1 2 2A 2B 4"), 0.03, " "), "grade")
    t.number("BLOCK", t.ints(300, 16000), "identifier", "category")
    t.constant("EASE-MENT", [" "] * t.rows)
    t.identifier("ADDRESS", [f"{k} {street.upper()} STREET" for k, street in zip(t.ints(1, 999), t.titles(1, 2), strict=True)], "text")  # fmt: skip
    t.category("ZIP CODE", t.pick([10009, 10011, 10029, 10035, 0]), "identifier")
    t.number("LAND SQUARE FEET", t.holes(written(t.sizes(2400), " {:,} "), 0.3, " -  "))
    t.number("YEAR BUILT", t.holes(t.ints(1880, 2016), 0.1, 0), "date")
    t.number("SALE PRICE", t.holes(written(t.sizes(700000, 1.0), " $ {:,} "), 0.25, " $ -  "))
    t.date("SALE DATE", t.times("2016-09-01", 360))
    above = [["Rolling sales file. All sales from September 2016."], ["Building class at present."], [], []]  # fmt: skip
    return as_excel(t, above=above)


def service_requests():
    """As calls to a city: 01/02/2019 03:04:05 PM, Unspecified, codes, one description for many."""
    t = Table("service_requests", 310)
    t.identifier("Unique Key", t.codes("4#######"))
    t.date("Created Date", t.times("2019-01-01", 200, "%m/%d/%Y %I:%M:%S %p"))
    t.date("Closed Date", t.holes(t.times("2019-02-01", 200, "%m/%d/%Y %I:%M:%S %p"), 0.2))
    t.category("Agency", t.pick("NYPD HPD DOT DSNY"))
    t.category("Descriptor", t.pick("Loud Music/Party|No Access|ENTIRE BUILDING|Pothole"))
    t.category("Incident Zip", t.holes(t.pick("10001 11201 10453 00083"), 0.05), "identifier")
    t.category("Borough", t.pick("BROOKLYN QUEENS BRONX Unspecified"))
    t.text("Resolution", t.sentences(1, 3))
    t.category("Channel", t.pick("PHONE ONLINE MOBILE UNKNOWN"))
    t.identifier("BBL", t.holes(t.codes("30########"), 0.2))
    t.number("X", written(t.ints(913000, 1067000), "{:,}"))
    t.number("Balance", [bracketed(value, "${:,.2f}") for value in t.floats(30, 90)])
    t.number("Time open", [clock(seconds) for seconds in t.sizes(20000)], "date")
    return as_csv(t, encoding="utf-8-sig", ending="\r\n")


CASES = (
    spanish_towns, italian_bookings, claims, flats_of_india, shops_of_japan, iowa_homes,
    victoria_sales, cleveland, census_income, hospital_readmissions, wine_notes, wine_chemistry,
    biopsies, city_sales, service_requests,
)  # fmt: skip
