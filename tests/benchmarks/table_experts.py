"""Twelve tables, and for each the columns as an expert reads and encodes them by hand."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import table_samples
from common import DATA
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    SplineTransformer,
    StandardScaler,
)

TABLES = DATA / "tables"


@dataclass(frozen=True)
class Expert:
    """A table with the knowledge of someone who has looked at it."""

    target: str
    regression: bool
    raw: Callable[[], pd.DataFrame]
    """All cells as words, as they stand in the file."""
    clean: Callable[[pd.DataFrame], pd.DataFrame]
    """Typed columns, the target among them."""
    vectorizer: Callable[[], ColumnTransformer]
    sep: str = ","
    header: bool = True


def words(path, **options):
    return lambda: pd.read_csv(path, dtype=str, keep_default_na=False, **options)


def made(sample):
    return lambda: sample().astype(str)


def encoded(numbers=(), categories=(), skewed=(), **more):
    """Medians, logarithms of skewed amounts, one-hot words; `more` are (transformer, columns)."""
    log = FunctionTransformer(lambda x: np.log1p(x.clip(0)), feature_names_out="one-to-one")
    filled = (SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=5, sparse_output=False
    )
    parts = [("numbers", make_pipeline(*filled), list(numbers)),
             ("skewed", make_pipeline(log, *filled), list(skewed)),
             ("categories", one_hot, list(categories))]  # fmt: skip
    return ColumnTransformer(
        [*parts, *((name, *part) for name, part in more.items())], sparse_threshold=0
    )


def amount(cells, decimal="."):
    """The number in each cell, whatever stands around it."""
    cells = cells.str.replace(",", "." if decimal == "," else "")
    return pd.to_numeric(cells.str.extract(r"(-?\d+\.?\d*)")[0])


def with_numbers(frame, names, decimal="."):
    return frame.assign(**{name: amount(frame[name], decimal) for name in names})


def titanic(frame):
    frame = with_numbers(frame, ["Age", "SibSp", "Parch", "Fare", "Pclass"])
    title = frame["Name"].str.extract(r", ([A-Za-z ]+)\.")[0]
    title = title.where(title.isin(["Mr", "Mrs", "Miss", "Master"]), "rare")
    return frame.assign(
        Title=title, Deck=frame["Cabin"].str[:1], Family=frame["SibSp"] + frame["Parch"]
    )


def adult_raw():
    frame = pd.read_csv(TABLES / "adult.csv", dtype=str, keep_default_na=False, header=None)
    return (
        frame.sample(6000, random_state=0)
        .reset_index(drop=True)
        .rename(columns=lambda k: str(k + 1))
    )


def adult(frame):
    frame = frame.apply(lambda cells: cells.str.strip())
    return with_numbers(frame, ["1", "3", "5", "11", "12", "13"])


def auto_mpg(frame):
    return with_numbers(frame, list(frame.columns))


def heart(frame):
    return with_numbers(frame, [name for name in frame.columns if name not in ("famhist", "chd")])


QUALITY = ["NA", "Po", "Fa", "TA", "Gd", "Ex"]
GRADED = ["ExterQual", "ExterCond", "BsmtQual", "BsmtCond", "HeatingQC", "KitchenQual", "FireplaceQu",
          "GarageQual", "GarageCond"]  # fmt: skip
AREAS = ["LotArea", "1stFlrSF", "2ndFlrSF", "GrLivArea", "TotalBsmtSF", "BsmtFinSF1", "BsmtUnfSF",
         "MasVnrArea", "WoodDeckSF", "OpenPorchSF"]  # fmt: skip
COUNTS = ["OverallQual", "OverallCond", "YearBuilt", "YearRemodAdd", "LotFrontage", "BsmtFullBath",
          "FullBath", "HalfBath", "BedroomAbvGr", "KitchenAbvGr", "TotRmsAbvGrd", "Fireplaces",
          "GarageYrBlt", "GarageCars", "GarageArea", "YrSold"]  # fmt: skip
NAMED = ["MSSubClass", "MSZoning", "LotShape", "LotConfig", "Neighborhood", "Condition1", "BldgType",
         "HouseStyle", "RoofStyle", "Exterior1st", "MasVnrType", "Foundation", "BsmtExposure",
         "BsmtFinType1", "CentralAir", "Electrical", "GarageType", "GarageFinish", "PavedDrive", "MoSold",
         "SaleType", "SaleCondition"]  # fmt: skip


def iowa(frame):
    return with_numbers(frame, [*AREAS, *COUNTS, "SalePrice"])


def graded(categories, columns):
    """Ordered words as numbers."""
    order = OrdinalEncoder(categories=[categories] * len(columns), handle_unknown="use_encoded_value", unknown_value=-1)  # fmt: skip
    return make_pipeline(order, StandardScaler()), list(columns)


def homes_sold(frame):
    frame = with_numbers(
        frame, ["Rooms", "Distance", "Landsize", "BuildingArea", "YearBuilt", "Price"]
    )
    days = pd.to_datetime(frame["Date"], format="%d/%m/%Y")
    return frame.assign(Day=(days - pd.Timestamp("2016-01-01")).dt.days)


def bikes(frame):
    frame = with_numbers(frame, ["temp", "humidity", "windspeed", "cnt"], ",")
    moment = pd.to_datetime(frame["datetime"], format="%d.%m.%Y %H:%M")
    return frame.assign(
        Day=(moment - pd.Timestamp("2011-01-01")).dt.days, Hour=moment.dt.hour, Month=moment.dt.month,
        Weekday=moment.dt.dayofweek.astype(str), weather=frame["weather"].str.lower(),
    )  # fmt: skip


def churn(frame):
    return with_numbers(frame, ["SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"])


def used_cars(frame):
    names = ["Year", "Kilometers_Driven", "Mileage", "Engine", "Power", "Seats", "Price"]
    frame = with_numbers(frame, names)
    return frame.assign(
        Location=frame["Location"].str.strip().str.lower(), Make=frame["Name"].str.split().str[0]
    )


def wine_notes(frame):
    return with_numbers(frame, ["price", "points"])


TIMES = ["<2 hours", "2 to 5 hours", "5 to 10 hours", ">10 hours"]
LEVELS = ["none", "primary", "secondary", "higher"]


def students(frame):
    frame = with_numbers(with_numbers(frame, ["G1"], ","), ["failures", "absences", "G3"])
    born = pd.to_datetime(frame["born"], format="%d.%m.%Y")
    age = (pd.Timestamp("2020-09-01") - born).dt.days / 365
    return frame.assign(Age=age, internet=frame["internet"].str.lower())


def pima(frame):
    frame = with_numbers(frame, list("12345678"))
    measured = list("23456")
    return frame.assign(**{name: frame[name].where(frame[name] > 0) for name in measured})


def spline(highest):
    """Smooth and periodic."""
    knots = np.linspace(0, highest, 13)[:, None]
    return make_pipeline(
        SplineTransformer(knots=knots, extrapolation="periodic", include_bias=False),
        StandardScaler(),
    )


def of_texts():
    from skrub import StringEncoder

    return make_pipeline(
        StringEncoder(n_components=30, vectorizer="tfidf", analyzer="word", ngram_range=(1, 1)),
        StandardScaler(),
    )


EXPERTS = {
    "titanic": Expert("Survived", False, words(TABLES / "titanic.csv"), titanic, lambda: encoded(
        ["Age", "SibSp", "Parch", "Family", "Pclass"], ["Sex", "Embarked", "Title", "Deck"], ["Fare"])),
    "adult": Expert("15", False, adult_raw, adult, lambda: encoded(
        ["1", "5", "13"], ["2", "6", "7", "8", "9", "10", "14"], ["3", "11", "12"]), header=False),
    "heart": Expert("chd", False, words(TABLES / "heart.csv"), heart, lambda: encoded(
        ["sbp", "ldl", "adiposity", "typea", "obesity", "age"], ["famhist"], ["tobacco", "alcohol"])),
    "auto-mpg": Expert("MPG", True, words(TABLES / "autompg.csv"), auto_mpg, lambda: encoded(
        ["Cylinders", "Displacement", "Horsepower", "Weight", "Acceleration", "Model Year", "Europe", "Japan", "USA"])),
    "homes of Iowa": Expert("SalePrice", True, words(TABLES / "melb.csv"), iowa, lambda: encoded(
        COUNTS, NAMED, AREAS, graded=graded(QUALITY, GRADED))),
    "homes sold": Expert("Price", True, made(table_samples.homes_sold), homes_sold, lambda: encoded(
        ["Rooms", "Distance", "BuildingArea", "YearBuilt", "Day"], ["Suburb", "Type", "Method"], ["Landsize"])),
    "bikes": Expert("cnt", True, made(table_samples.bikes), bikes, lambda: encoded(
        ["temp", "humidity", "windspeed", "Day"], ["season", "workingday", "weather", "Weekday"],
        hour=(spline(24), ["Hour"])), sep=";"),
    "churn": Expert("Churn", False, made(table_samples.churn), churn, lambda: encoded(
        ["SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"],
        ["gender", "Partner", "InternetService", "OnlineSecurity", "Contract", "PaperlessBilling", "PaymentMethod"])),
    "used cars": Expert("Price", True, made(table_samples.used_cars), used_cars, lambda: encoded(
        ["Year", "Mileage", "Engine", "Power", "Seats"], ["Make", "Name", "Location"], ["Kilometers_Driven"],
        owner=graded(["First", "Second", "Third", "Fourth & Above"], ["Owner_Type"]))),
    "pima": Expert("9", False, words(TABLES / "pima.csv", header=None, names=list("123456789")), pima,
        lambda: encoded(list("123468"), skewed=list("57")), header=False),
    "students": Expert("G3", True, made(table_samples.students), students, lambda: encoded(
        ["G1", "failures", "Age"], ["school", "internet"], ["absences"],
        time=graded(TIMES, ["studytime"]), mother=graded(LEVELS, ["Medu"])), sep=";"),
    "wine notes": Expert("points", True, made(table_samples.wine_notes), wine_notes, lambda: encoded(
        [], ["country", "taster"], ["price"], notes=(of_texts(), "description"))),
}  # fmt: skip
