"""Presets (small packages of measures for a branch) and a guided story, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sim import RunError, month_name
from sim.live.branch import Branch
from sim.live.words import typeset
from sim.live.workshop import Workshop


@dataclass(frozen=True)
class Preset:
    """Measures that begin with the month after the one shown."""

    title: dict[str, str]
    measures: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Step:
    """One step of the story: what is said, and what the page shows meanwhile."""

    text: dict[str, str]
    view: dict[str, Any] = field(default_factory=dict)


PRESETS = {
    "calm": Preset(
        {"en": "Calm city: 30 km/h everywhere", "fr": "Ville apaisée : 30 km/h partout"},
        ({"measure": "speed_limit", "id": "preset-calm", "area": ["all"], "speed": "30 km/h", "roads": "minor"},),
    ),
    "bikes": Preset(
        {"en": "Bicycles for all: aid of 400 €", "fr": "Vélos pour tous : aide de 400 €"},
        ({"measure": "bike_subsidy", "id": "preset-bikes", "amount": "400 €"},),
    ),
    "parking": Preset(
        {"en": "Dear parking: +2 €/h in the centre", "fr": "Stationnement cher : +2 €/h au centre"},
        ({"measure": "parking_price", "id": "preset-parking", "area": ["centre"], "price": "2 €/h"},),
    ),
    "homes": Preset(
        {"en": "Warm homes: retrofit and heat pumps", "fr": "Logements sobres : rénovation et pompes à chaleur"},
        (
            {"measure": "retrofit_subsidy", "id": "preset-retrofit", "rate": ["30%", "25%", "20%", "10%", "5%"]},
            {
                "measure": "heat_pump_subsidy",
                "id": "preset-pumps",
                "amount": ["4000 €", "3000 €", "2000 €", "1000 €", "500 €"],
            },
        ),
    ),
}
STEPS = (
    Step({"en": "This is the city on the eve of its roadmap. Streets show how full they are in the morning peak.",
          "fr": "Voici la ville à la veille de sa feuille de route. Les rues montrent leur charge à l'heure de pointe du matin."},
         {"link": "load", "district": "share_car", "tab": "story"}),
    Step({"en": "Press play and let some months pass. Which way will the bicycle go? Predict first, then look at the districts.",
          "fr": "Appuyez sur lecture et laissez passer quelques mois. Où ira le vélo ? Prédisez d'abord, puis regardez les quartiers."},
         {"link": "", "district": "share_bike"}),
    Step({"en": "What if? Press W: the city is forked. Change a measure under Levers and see the two futures side by side.",
          "fr": "Et si ? Appuyez sur W : la ville se dédouble. Changez une mesure sous Leviers et comparez les deux avenirs."},
         {"link": "load", "tab": "levers"}),
    Step({"en": "Who gains, who loses? Open People: follow somebody, then compare incomes and rings.",
          "fr": "Qui gagne, qui perd ? Ouvrez Habitants : suivez quelqu'un, puis comparez revenus et couronnes."},
         {"tab": "people"}),
    Step({"en": "The room decides: participants vote on their phones. Apply the winning plan as a branch.",
          "fr": "La salle décide : les participants votent sur leur téléphone. Appliquez le plan gagnant dans une branche."},
         {"tab": "room"}),
    Step({"en": "A shock: under Levers, let the price of energy rise. Does the roadmap hold its headings?",
          "fr": "Un choc : sous Leviers, faites monter le prix de l'énergie. La feuille de route tient-elle ses caps ?"},
         {"tab": "levers", "district": "energy_dwellings", "headline": "energy_bill"}),
)  # fmt: skip


def told(text: dict[str, str], language: str) -> str:
    """A text in a language."""
    return typeset(text[language]) if language == "fr" else text[language]


def apply_preset(workshop: Workshop, number: int, name: str, language: str) -> Branch:
    """Fork and add the preset's measures from the next month on. Raises RunError where they do not fit."""
    preset = PRESETS[name]
    start = month_name(min(workshop.shown + 1, workshop.scenario.end))
    branch = workshop.fork(number, preset.title[language])
    try:
        workshop.edit(branch.number, changes=[{**one, "start": start} for one in preset.measures])
    except RunError:
        workshop.close_branch(branch.number)
        raise
    return branch
