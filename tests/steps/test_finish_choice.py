"""Which of the models that were compared is the one to use."""

import pytest

from recipe.core.chosen_model import Chosen
from recipe.core.leads import ERRORS, Lead
from recipe_steps.finish.measure import choose


def by(error):
    return lambda one, other: Lead(one.val_score - other.val_score, error / ERRORS)


def option(kind, score, loss=0.5):
    return Chosen(kind, (), score, loss)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ([option("single", 0.8)], "single"),
        ([option("single", 0.8), option("averaged", 0.79)], "single"),
        ([option("single", 0.8), option("averaged", 0.801)], "averaged"),
        ([option("single", 0.8, 0.5), option("averaged", 0.8, 0.4)], "averaged"),
        ([option("single", 0.8), option("ensemble", 0.81)], "single"),  # within the noise
        ([option("single", 0.8), option("ensemble", 0.83)], "ensemble"),
        ([option("single", 0.8), option("averaged", 0.82), option("ensemble", 0.83)], "averaged"),
        ([option("single", 0.8), option("snapshots", 0.84), option("ensemble", 0.83)], "snapshots"),
        ([option("single", None, None), option("averaged", 0.1)], "averaged"),
        ([option("single", None), option("ensemble", 0.9)], "single"),
        ([option("single", 0.8), option("ensemble", None)], "single"),
    ],
)
def test_the_simplest_within_the_noise(options, kind):
    assert choose(options, by(0.02)).kind == kind


def test_a_lead_of_just_the_noise_is_none():
    options = [option("single", 0.5), option("ensemble", 0.75)]
    assert choose(options, by(0.25)).kind == "single"
    assert choose(options, by(0.2499)).kind == "ensemble"
