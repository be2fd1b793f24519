"""The columns behind the agents: one table per kind of thing that lives in the city.

Every table has ``id`` (stable for life; the counter of random draws), ``alive`` and ``weight`` (how many real ones a row
stands for; 1 at share 1). Sums over the city are always weighted sums over living rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.codes import (
    Activity,
    CritAir,
    Csp,
    DwellingType,
    Heating,
    HouseholdType,
    IncomerMode,
    Mode,
    Position,
    Powertrain,
    Retrofit,
    Sector,
    Tenure,
)
from sim.columns import Bools, Codes, Floats, Int32s, Ints, Table, column


@dataclass
class Households(Table):
    """Households: they hold income, dwelling and cars."""

    id: Ints = column("i8", "-", "identity, never reused")
    alive: Bools = column("?", "-", "exists now")
    weight: Floats = column("f8", "households", "real households this row stands for")
    district: Int32s = column("i4", "-", "home district")
    cell: Int32s = column("i4", "-", "home cell")
    kind: Codes = column("i1", "-", "composition", HouseholdType)
    size: Codes = column("i1", "persons", "members now")
    income: Floats = column("f8", "€/month", "disposable income, constant euros")
    quintile: Codes = column(
        "i1", "-", "income per consumption unit, fifth of the city's people: 0 poorest .. 4 richest"
    )
    savings: Floats = column("f8", "€", "what may be spent at once on a car or works")
    tenure: Codes = column("i1", "-", "who owns the dwelling", Tenure)
    dwelling: Int32s = column("i4", "-", "row of dwellings")
    cars: Codes = column("i1", "cars", "cars held now")
    energy_bill: Floats = column("f8", "€/month", "dwelling energy paid this month, PV income deducted")
    transport_bill: Floats = column("f8", "€/month", "fuel, charging away from home, fares, parking, tolls this month")
    works_bill: Floats = column("f8", "€/month", "instalments or spending on cars and works this month")


@dataclass
class Citizens(Table):
    """Citizens: they travel, work, judge."""

    id: Ints = column("i8", "-", "identity, never reused")
    alive: Bools = column("?", "-", "lives in the city now")
    weight: Floats = column("f8", "persons", "real persons this row stands for")
    household: Int32s = column("i4", "-", "row of households")
    district: Int32s = column("i4", "-", "home district (that of the household)")
    birth: Int32s = column("i4", "month", "month of birth (month number)")
    woman: Bools = column("?", "-", "sex as in the census")
    activity: Codes = column("i1", "-", "main activity", Activity)
    csp: Codes = column("i1", "-", "socio-professional group", Csp)
    licence: Bools = column("?", "-", "may drive")
    bike: Bools = column("?", "-", "has a bicycle once old enough to ride (six)")
    transit_pass: Bools = column("?", "-", "holds a transit pass")
    sector: Codes = column("i1", "-", "branch of the job, -1 without job", Sector)
    firm: Int32s = column("i4", "-", "row of firms, -1 without job or employed outside")
    main_district: Int32s = column(
        "i4", "-", "district of job, school or university; -1 none, -2 outside the perimeter"
    )
    main_gate: Int32s = column("i4", "-", "cordon gate used when main_district is -2, else -1")
    shop_district: Int32s = column("i4", "-", "usual district of shopping")
    leisure_district: Int32s = column("i4", "-", "usual district of leisure, visits and personal business")
    escort_district: Int32s = column("i4", "-", "usual district of bringing and fetching somebody")
    remote: Bools = column("?", "-", "job can be done at home")
    telework_days: Floats = column("f8", "days/week", "days worked at home now")
    main_mode: Codes = column("i1", "-", "habitual mode to main_district on days out of home, -1 none", Mode)
    shop_mode: Codes = column("i1", "-", "habitual mode of shopping, -1 not chosen yet", Mode)
    leisure_mode: Codes = column("i1", "-", "habitual mode of leisure tours, -1 not chosen yet", Mode)
    escort_mode: Codes = column("i1", "-", "habitual mode of escort tours, -1 not chosen yet", Mode)
    main_off_peak: Bools = column("?", "-", "the main tour is made between the peaks")
    shop_off_peak: Bools = column("?", "-", "shopping is done between the peaks")
    leisure_off_peak: Bools = column("?", "-", "leisure tours are made between the peaks")
    escort_off_peak: Bools = column("?", "-", "escort tours are made between the peaks")
    shop_often: Floats = column("f8", "-", "shopping tours against usual, by access")
    leisure_often: Floats = column("f8", "-", "leisure tours against usual, by access")
    escort_often: Floats = column("f8", "-", "escort tours against usual, by access")
    travel_time: Floats = column("f8", "min/day", "door-to-door travel time of an average working day")
    travel_km: Floats = column("f8", "km/day", "distance of an average working day")
    trust: Floats = column("f8", "-", "trust in the municipality, 0..1")
    satisfaction: Floats = column("f8", "-", "satisfaction with daily life against expectation, 0..1")


@dataclass
class Dwellings(Table):
    """Dwellings, occupied or vacant."""

    id: Ints = column("i8", "-", "identity, never reused")
    alive: Bools = column("?", "-", "exists now")
    weight: Floats = column("f8", "dwellings", "real dwellings this row stands for")
    district: Int32s = column("i4", "-", "district")
    household: Int32s = column("i4", "-", "row of the household living here, -1 vacant or second home")
    kind: Codes = column("i1", "-", "TABULA size class", DwellingType)
    period: Codes = column("i1", "-", "construction period: row of codes.PERIODS")
    area: Floats = column("f8", "m2", "living area")
    retrofit: Codes = column("i1", "-", "state of the envelope", Retrofit)
    heating: Codes = column("i1", "-", "main heating system", Heating)
    heating_since: Int32s = column("i4", "month", "month the heating system was installed")
    pv: Floats = column("f8", "kWp", "rooftop PV that belongs to this dwelling")
    works_until: Int32s = column("i4", "month", "month retrofit works end, -1 no works")
    works_to: Codes = column("i1", "-", "state of the envelope when the works under way end", Retrofit)
    azimuth: Floats = column("f8", "degree", "direction of the main facade, clockwise from north")
    position: Codes = column("i1", "-", "where it lies in its building or row", Position)
    roof_tilt: Floats = column("f8", "degree", "slope of the roof")
    roof_azimuth: Floats = column("f8", "degree", "direction the roof that may carry PV faces, clockwise from north")
    cooled: Bools = column("?", "-", "has air conditioning")
    battery: Floats = column("f8", "kWh", "home battery")
    need: Floats = column("f8", "kWh/year", "heat for comfort in a normal year, however it is made")
    pump_need: Floats = column("f8", "kWh/year", "electricity of a heat pump for that heat")


@dataclass
class Cars(Table):
    """Cars of residents."""

    id: Ints = column("i8", "-", "identity, never reused")
    alive: Bools = column("?", "-", "in use now")
    weight: Floats = column("f8", "cars", "real cars this row stands for")
    household: Int32s = column("i4", "-", "row of households")
    powertrain: Codes = column("i1", "-", "what moves it", Powertrain)
    crit_air: Codes = column("i1", "-", "air-quality sticker", CritAir)
    since: Int32s = column("i4", "month", "month of first registration")
    km: Floats = column("f8", "km/month", "distance driven this month inside and across the perimeter")


@dataclass
class Firms(Table):
    """Establishments with employees."""

    id: Ints = column("i8", "-", "identity, never reused")
    alive: Bools = column("?", "-", "open now")
    weight: Floats = column("f8", "firms", "real establishments this row stands for")
    district: Int32s = column("i4", "-", "district")
    sector: Codes = column("i1", "-", "branch", Sector)
    jobs: Floats = column("f8", "jobs", "posts now, filled or vacant")
    jobs_wanted: Floats = column("f8", "jobs", "posts that demand and accessibility call for")
    revenue: Floats = column("f8", "€/month", "sales this month, constant euros")
    liquidity: Floats = column("f8", "€", "cash")
    maturity: Floats = column("f8", "-", "digital maturity, 0..1")
    telework: Floats = column("f8", "days/week", "days at home the employer accepts for jobs that allow it")
    floor: Floats = column("f8", "m2", "heated floor area")
    preparedness: Floats = column("f8", "-", "cyber preparedness, 0..1")
    projects: Int32s = column("i4", "projects", "projects signed with the municipality so far")


@dataclass
class Incomers(Table):
    """Commuters who live outside and hold posts here."""

    id: Ints = column("i8", "-", "identity, never reused")
    alive: Bools = column("?", "-", "comes in to work now")
    weight: Floats = column("f8", "persons", "real commuters this row stands for: follows the posts held by incomers")
    gate: Int32s = column("i4", "-", "cordon gate on the way from home")
    district: Int32s = column("i4", "-", "district of the job")
    income: Floats = column("f8", "€/month", "disposable household income, constant euros")
    crit_air: Codes = column("i1", "-", "air-quality sticker of the car", CritAir)
    powertrain: Codes = column("i1", "-", "what moves the car", Powertrain)
    mode: Codes = column("i1", "-", "how the commuter comes, -1 not chosen yet", IncomerMode)
    interchange: Int32s = column("i4", "-", "station or park-and-ride used: row of City.interchanges, -1 none")


@dataclass
class Population:
    """All tables that live in the city, and who knows whom."""

    households: Households
    citizens: Citizens
    dwellings: Dwellings
    cars: Cars
    firms: Firms
    contact_first: Ints  #: (n_households + 1,) CSR pointer into contacts, by household row
    contacts: Int32s  #: household rows each household listens to (neighbours, colleagues)
