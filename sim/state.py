"""The whole state of a run: columns, what each system keeps, month. Nothing else remembers anything.

A state can be copied in memory, written to disk without pickle and restored; the month after is the same to the bit.
Each block names the one writer of its arrays; everybody may read.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sim.agents.tables import Cars, Citizens, Dwellings, Firms, Households, Incomers, Population
from sim.codes import Party, Purpose
from sim.columns import Array, Block, Bools, Codes, Floats, Int32s, Ints, column


@dataclass
class Traffic(Block):
    """Written by systems.mobility. Districts are D, links L, lines N, all trips are of an average working day."""

    link_flow: Floats = column("f8", "veh/h", "(L,) morning peak flow in car units, background included")
    link_time: Floats = column("f8", "s", "(L,) morning peak link time at equilibrium")
    gap: Floats = column("f8", "-", "(1,) largest relative gap of the periods' road equilibria, fresh shortest paths")
    residual: Floats = column(
        "f8", "-", "(1,) vehicle-hours misperceived over all of a day's: the demand-supply residual"
    )
    link_day: Floats = column("f8", "veh/day", "(L,) flow of an average working day in car units, background included")
    car_time: Floats = column("f8", "min", "(P, D, D) perceived door-to-door car time by codes.Period")
    car_km: Floats = column("f8", "km", "(P, D, D) car distance on the used shortest paths")
    kept_time: Floats = column("f8", "min", "(P, D, D) car_time of those kept out of low-emission zones")
    kept_km: Floats = column("f8", "km", "(P, D, D) car_km of those kept out of low-emission zones")
    gate_time: Floats = column(
        "f8", "min", "(2, P, D, gates) perceived car time from a district to a gate of the cordon, and back"
    )
    gate_km: Floats = column("f8", "km", "(2, P, D, gates) car distance to a gate, and back")
    usual_access: Floats = column(
        "f8", "-", "(3, D) worth of the districts one may choose, shopping, leisure, escort, at the start"
    )
    transit_time: Floats = column(
        "f8", "min", "(D, D) walk + wait + ride + transfer time; inf where transit does not go"
    )
    transit_felt: Floats = column(
        "f8", "min", "(D, D) the same with walks, waits, boardings and crowding at their weights"
    )
    transit_off_time: Floats = column("f8", "min", "(D, D) walk + wait + ride + transfer time between the peaks")
    transit_off_felt: Floats = column("f8", "min", "(D, D) the same as weighed")
    bike_time: Floats = column("f8", "min", "(D, D) perceived cycling time: stress weighted")
    walk_time: Floats = column("f8", "min", "(D, D) walking time")
    trips: Floats = column("f8", "trips/day", "(D, 4) trips of residents by home district and travel mode")
    trip_km: Floats = column("f8", "km/day", "(D, 4) distance travelled by residents by home district and mode")
    line_boardings: Floats = column("f8", "boardings/day", "(N,) boardings by line")
    line_load: Floats = column("f8", "-", "(N,) most riders on a segment in the morning peak hour over places offered")
    line_revenue: Floats = column("f8", "€/day", "(N,) fares by line: a ticket is shared alike by the lines boarded")
    transit_residents: Floats = column("f8", "-", "(1,) residents' share of the trips on transit")
    segment_load: Floats = column(
        "f8",
        "persons/h",
        "(2, S) riders of each line, direction and stop-to-stop segment: morning peak hour, off-peak hour",
    )
    segment_boardings: Floats = column("f8", "persons/h", "(2, S) of which boarding where the segment begins")
    segment_alightings: Floats = column("f8", "persons/h", "(2, S) alighting where the segment ends")
    segment_felt: Floats = column("f8", "persons/h", "(2, S) loads that transit times were computed for")
    transit_pace: Floats = column("f8", "-", "(2, 2) pace of the averages that settle transit loads, by period")
    transit_residual: Floats = column(
        "f8", "-", "(1,) weighted minutes that differ between loads felt and loads made, relative"
    )
    vehicle_km: Floats = column(
        "f8", "km/day", "(5,) vehicle-km of an average day by powertrain of residents' cars, everywhere"
    )
    day_factor: Floats = column(
        "f8", "-", "(1,) vehicle-km on the network of an average working day over those of the morning peak hour"
    )
    background_km: Floats = column("f8", "km/day", "(1,) vehicle-km of incomers, through traffic and freight")
    emissions: Floats = column("f8", "kgCO2e/day", "(D,) road emissions at the place of driving, well to wheel")
    road_km: Floats = column("f8", "veh-km/day", "(4,) driven on the perimeter's streets by codes.Driver")
    road_energy: Floats = column("f8", "MWh/day", "(4,) fuel burnt by them; electricity counts where cars are charged")
    road_co2: Floats = column("f8", "kgCO2e/day", "(4,) emitted by them, well to wheel; sums to emissions")
    road_direct: Floats = column("f8", "kgCO2e/day", "(4,) of which at the exhaust")
    nox: Floats = column("f8", "g/day", "(D,) nitrogen oxides of road traffic at the place of driving")
    pm: Floats = column("f8", "g/day", "(D,) particles below 10 um of road traffic, exhaust and wear")
    loud: Floats = column("f8", "-", "(D,) share of residents above 68 dB(A) Lden of road noise at the facade")
    link_co2: Floats = column("f8", "kgCO2e/day", "(L,) emissions of the link, well to wheel")
    link_trucks: Floats = column("f8", "veh/day", "(L,) trucks of an average working day")
    link_noise: Floats = column("f8", "dB(A)", "(L,) Lden sound power of a metre of the link, re 1 pW/m")
    solver: Floats = column("f8", "-", "warm start of the road equilibrium, as the kernel stores it")
    solver_index: Ints = column("i8", "-", "integer part of the warm start")
    supply: Floats = column("f8", "-", "what the skims were computed for (to know when they must be redone)")


@dataclass
class Energy(Block):
    """Written by systems.energy."""

    final: Floats = column("f8", "MWh/month", "(D, 7 carriers, 11 uses) final energy; PV used on site not deducted")
    pv: Floats = column("f8", "MWh/month", "(D,) rooftop PV produced, that of public roofs included")
    pv_used: Floats = column(
        "f8", "MWh/month", "(D,) of which used in the dwelling or public floor below, batteries included"
    )
    pv_shared: Floats = column("f8", "MWh/month", "(D,) of the rest, used by neighbours in collective self-consumption")
    battery_loss: Floats = column("f8", "MWh/month", "(D,) what home batteries took and did not give")
    grid_loss: Floats = column("f8", "MWh/month", "(D,) lost in low-voltage lines and their transformers")
    peak: Floats = column("f8", "MW", "(D,) highest hour of electric load on the month's days, PV deducted")
    load: Floats = column("f8", "MW", "(24,) city electric load on the month's coldest day, PV deducted")
    load_use: Floats = column(
        "f8",
        "MW",
        "(24, 11 uses) electricity by use on that day, PV not deducted; what PV and batteries give is the rest",
    )
    charging: Floats = column("f8", "MWh/month", "(3, D) charging of residents' cars at home, at work, in public")
    signal: Floats = column("f8", "-", "(24,) hours that suited the grid last month: shape of flexible use, mean 1")
    co2: Floats = column("f8", "tCO2e/month", "(D, 11 uses) emissions by use, by the place of use, upstream included")
    co2_direct: Floats = column(
        "f8", "tCO2e/month", "(D, 11 uses) of which at the stack: power plants, boilers, engines"
    )
    co2_hour: Floats = column("f8", "tCO2e/h", "(24, 11 uses) emissions by hour of the mean day, upstream included")
    year_bill: Floats = column(
        "f8", "€/year", "(n_households,) dwelling energy of a normal year with today's dwelling, habits and prices"
    )
    heat_cost: Floats = column(
        "f8", "€/year", "(n_households,) heating and hot water of a normal year without going short of heat"
    )
    warmth: Floats = column("f8", "degC", "(n_dwellings,) air temperature heated to by day; NaN where nobody lives")
    heat_stress: Floats = column("f8", "K.h/month", "(n_dwellings,) degree-hours above 28 degC indoors")
    mass: Floats = column(
        "f8", "degC", "(n_dwellings,) mass temperature at the end of the month, where all hours are lived; else empty"
    )
    need_of: Codes = column(
        "i1", "-", "(n_dwellings,) state of the envelope that dwellings.need was computed for, -1 none"
    )
    dpe: Codes = column("i1", "-", "(n_dwellings,) energy class: 0 A .. 6 G, -1 no longer there")
    voltage: Floats = column("f8", "pu", "(D,) lowest voltage on the district's low-voltage feeders this month")
    voltage_high: Floats = column("f8", "pu", "(D,) highest voltage on them")
    line_load: Floats = column("f8", "-", "(D,) highest current of a line against its rating")
    transformer_load: Floats = column("f8", "-", "(D,) highest load of a transformer against its rating")
    over: Floats = column(
        "f8", "h/month", "(3, D) station-hours out of voltage limits, with a line, a transformer over its rating"
    )
    badly: Floats = column("f8", "dwellings", "(D,) dwellings whose voltage leaves the limits at their own peaks")
    hosting: Floats = column(
        "f8",
        "kW",
        "(4, D) hosting capacity by dwelling: PV [kWp] of the first station and of half, load at the peak hour of the same",
    )
    stations: Floats = column("f8", "kVA", "(S,) rating of transformers as they stand now")
    cables: Floats = column("f8", "-", "(n_buses,) parallel cables of each branch as they stand now")
    year_over: Floats = column("f8", "h", "(3, S) hours of stations over limits since January, as in over")
    year_loading: Floats = column("f8", "-", "(n_buses,) highest load of each branch against its rating since January")
    year_volt: Floats = column(
        "f8", "pu", "(n_buses,) lowest voltage since January, peaks of single customers included"
    )
    reinforced: Floats = column("f8", "€", "(2,) grid works of this month: paid by the distributor, by the metropole")
    account: Floats = column(
        "f8",
        "tCO2e/month",
        "(2, 17) emissions by codes.AccountItem, upstream included and at the stack; the codes say whose account holds which",
    )


@dataclass
class Economy(Block):
    """Written by systems.economy. Sectors are S = 11."""

    posts: Floats = column("f8", "jobs", "(D, S) posts offered by firms")
    residents: Floats = column("f8", "persons", "(D, S) posts held by residents of the perimeter")
    incomers: Floats = column("f8", "persons", "(D, S) posts held by people who live outside")
    vacancies: Floats = column("f8", "jobs", "(D, S) posts not held; posts = residents + incomers + vacancies")
    demand: Floats = column("f8", "-", "(S,) demand index, 1 at the reference date")
    value_added: Floats = column("f8", "€/month", "(S,) value added, constant euros")
    accessibility: Floats = column("f8", "-", "(D,) access to labour against the start")
    projects: Floats = column("f8", "projects", "(T,) innovation projects signed so far, by theme")
    purse: Floats = column("f8", "€", "(T,) money of the calls not yet spent, by theme")
    granted: Floats = column("f8", "€", "(S,) this month's recovery grants of the metropole")
    bought: Floats = column("f8", "€", "(S,) this month's purchases of the metropole by local procurement")
    signed: Floats = column("f8", "€", "(T,) paid for the projects signed this month, by theme")
    closed: Floats = column("f8", "firms", "(1,) establishments closed so far for want of cash")
    born: Floats = column("f8", "firms", "(1,) establishments founded so far on what those left")
    renewed: Floats = column(
        "f8", "firms", "(1,) establishments closed so far in the ordinary course; as many were founded"
    )
    grants_used: Floats = column("f8", "€", "(3,) this month's recovery grants by use: posts, losses, left to owners")
    unserved: Floats = column("f8", "jobs", "(S,) market of closed firms that nobody has taken over, in base jobs")
    usual_cash: Floats = column("f8", "months", "(firms,) sales that each firm holds in cash in normal times")
    base_jobs: Floats = column("f8", "jobs", "(firms,) posts of each firm at demand index 1")
    usual_vacancies: Floats = column("f8", "jobs", "(D, S) vacancies at the reference date: hiring starts above them")
    usual_incomers: Floats = column("f8", "-", "(S,) incomers' share of the posts held at the reference date")
    reference_access: Floats = column("f8", "persons", "(D,) access to labour at the reference date")
    reference_income: Floats = column("f8", "€/month", "(1,) income of all households at the reference date")
    reference_trend: Floats = column("f8", "-", "(S,) outside demand trend at the reference date")
    usual_outside: Floats = column(
        "f8", "persons", "(gates,) residents who work outside at the reference date, by gate"
    )
    usual_unemployment: Floats = column("f8", "-", "(1,) unemployed over active residents at the reference date")
    trained: Floats = column("f8", "persons", "(1,) unemployed brought into vacant posts by training so far")
    # water and household waste (utilities.py)
    water: Floats = column("f8", "m3/month", "(3,) used at home, used at work, lost in the network")
    waste: Floats = column("f8", "t/month", "(3,) residual, sorted, kitchen waste collected apart")
    utility_cost: Floats = column("f8", "€", "(2,) what water and sewage, and waste, cost this month")
    utility_fees: Floats = column("f8", "€", "(2, 2) fees of water, of waste (rows) paid by households, by firms")
    utility_co2: Floats = column(
        "f8", "tCO2e", "(2, 3) of water at home, at work, waste: upstream included, and without"
    )
    # projects of firms with the municipality; T themes, rows of pilot_* are the projects signed so far
    pilot_theme: Codes = column("i1", "-", "(n,) theme: row of policies.THEMES")
    pilot_status: Codes = column("i1", "-", "(n,) codes.PilotStatus")
    pilot_start: Int32s = column("i4", "month", "(n,) month signed")
    pilot_end: Int32s = column("i4", "month", "(n,) month the pilot ends")
    pilot_district: Int32s = column("i4", "-", "(n,) district in whose neighbourhood it is tested")
    pilot_lead: Int32s = column("i4", "-", "(n,) row of the leading firm")
    pilot_firms: Int32s = column("i4", "firms", "(n,) firms in the consortium, the leading one included")
    pilot_testers: Floats = column("f8", "persons", "(n,) volunteers who test it")
    engaged: Floats = column(
        "f8", "firms", "(firms,) expected real firms of the row that have signed a project, each once"
    )
    tested: Array = column("i2", "pilots", "(n_citizens,) pilots that the citizen has tested")
    backlog: Floats = column("f8", "months", "(T,) months of firms' ideas that no call has harvested yet")
    volunteers: Floats = column("f8", "-", "(1,) share of adults ready to test at the reference date; 0 unknown")
    reach: Floats = column("f8", "-", "(T, D) share of the district that projects of the theme reach at month's end")
    pilots: Floats = column("f8", "-", "(T, D) the same as it acted this month: reach of the month before")
    # digital services and incidents
    services: Floats = column("f8", "-", "(1,) maturity of digital public services, 0..1")
    included: Floats = column("f8", "-", "(1,) share of the digitally excluded whom mediation has brought in")
    able: Floats = column("f8", "-", "(D,) share of residents of 15 and more who can use digital services")
    continuity: Floats = column("f8", "-", "(1,) share of public services that was given this month")
    usual_maturity: Floats = column("f8", "-", "(S,) digital maturity by branch at the reference date, mean over jobs")
    incidents: Floats = column("f8", "incidents", "(2,) cyber incidents that stopped work so far: firms, public bodies")
    outage: Floats = column("f8", "days", "(1,) days of degraded digital public services still to come")
    service_lost: Floats = column("f8", "-", "(1,) share of this month's digital public services lost to incidents")
    days_lost: Floats = column("f8", "days", "(1,) days of degraded digital public services so far")
    cyber_loss: Floats = column("f8", "€", "(S,) value added lost to incidents this month")
    cyber_cost: Floats = column("f8", "€", "(2,) what incidents cost this month beyond it: firms, public bodies")


@dataclass
class Society(Block):
    """Written by systems.society. M is the number of the roadmap's measures, rows of ``support`` are citizens."""

    support: Array = column("f4", "-", "(n_citizens, M) support for each measure, 0..1")
    expected: Array = column("f4", "-", "(n_citizens, M) own judgement before word of mouth, 0..1")
    adopted: Floats = column(
        "f8",
        "-",
        "(11,) this month: EV, car, heat pump, other heating, retrofit, PV, scrapped, given up, battery, cooling, heat network",
    )
    granted: Floats = column(
        "f8",
        "€",
        "(6, 5) this month's grants of the metropole: EV, heat pump, retrofit, PV, bicycle, battery; by income fifth",
    )
    protest: Floats = column("f8", "persons", "(M,) citizens ready to protest against each measure")
    usual_trust: Floats = column("f8", "-", "(n_citizens,) trust that nothing moves: where trust returns to")
    reference_time: Floats = column("f8", "min/day", "(n_citizens,) travel time that the citizen is used to")
    reference_cost: Floats = column("f8", "€/month", "(n_households,) bills that the household is used to")
    reference_loud: Floats = column("f8", "-", "(D,) share of residents in road noise that people are used to")
    reference_air: Floats = column("f8", "g/day", "(D,) nitrogen oxides of road traffic that people are used to")
    reference_ride: Floats = column(
        "f8",
        "min/day",
        "(n_citizens,) discomfort of riding transit that the citizen is used to: minutes felt beyond those spent",
    )
    reference_cold: Floats = column(
        "f8", "K", "(n_households,) warmth lacking at home that the household is used to; NaN unknown"
    )
    usual_heat: Floats = column(
        "f8",
        "K.h/month",
        "(12,) degree-hours above 28 degC indoors by calendar month that homes are used to, mean; NaN unknown",
    )
    engaged: Floats = column("f8", "-", "(n_citizens,) memory of having taken part: 1 this month, fading")
    took_part: Codes = column("i1", "-", "(n_citizens,) what the citizen takes part in this month: bits of codes.Voice")
    volunteers: Floats = column("f8", "persons", "(D,) citizens ready to test something new")
    coconstruction: Floats = column("f8", "-", "(M,) share of each measure's design done with citizens, 0..1")
    edition: Floats = column("f8", "months", "(1,) since the edition of the participatory budget began, -1 without one")
    ideas: Floats = column("f8", "ideas", "(D,) proposed in this edition of the participatory budget")
    votes: Floats = column("f8", "persons", "(D,) who voted in this edition")
    rent: Floats = column("f8", "€/m2/month", "(D,) rent of a new lease, constant euros")
    usual_vacancy: Floats = column("f8", "-", "(D,) share of dwellings vacant at the start: where rents stand still")
    social: Bools = column("?", "-", "(n_dwellings,) belongs to a social landlord, whoever lives there")
    lease: Int32s = column("i4", "-", "(n_households,) dwelling whose rent was agreed: row of dwellings, -1 none")
    lease_rent: Floats = column(
        "f8", "€/month", "(n_households,) rent paid, as agreed on moving in, constant euros; 0 for owners"
    )
    rents: Floats = column(
        "f8", "€", "(2, 5) this month's rents by income fifth: paid by tenants, received by landlords who live here"
    )
    moved: Floats = column("f8", "households", "(D,) households of the city that moved into the district this month")


@dataclass
class Townhall(Block):
    """Written by agents.municipality. M is the number of the roadmap's measures, in scenario order; F are scenario.bodies.FUNDERS,
    R the adaptation rules, C their clauses, K the indicators that rules and headings read, J the headings."""

    status: Codes = column("i1", "-", "(M,) codes.Status")
    progress: Floats = column("f8", "-", "(M,) share built or rolled out, 0..1")
    spent: Floats = column("f8", "€", "(M,) spent so far by all payers")
    start: Int32s = column("i4", "month", "(M,) month the measure starts, as the calendar stands now")
    scale: Floats = column("f8", "-", "(M,) size against the roadmap's: 1 as written")
    invested: Floats = column("f8", "€", "(1,) invested this year by the metropole")
    operated: Floats = column("f8", "€", "(1,) running cost this year")
    debt: Floats = column("f8", "€", "(1,) debt")
    received: Floats = column("f8", "€", "(F,) paid so far by each funder of measures, the metropole's own share first")
    paid_by: Floats = column("f8", "€", "(M, F) spent so far on each measure by each funder")
    year_paid: Floats = column("f8", "€", "(F,) paid by each funder this year")
    pace: Floats = column("f8", "-", "(M,) speed of works against the roadmap's: 1 as written")
    design_cost: Floats = column("f8", "-", "(M,) cost against the roadmap's from design with citizens: 1 without")
    hold: Int32s = column("i4", "month", "(M,) month until which works rest, 0 none")
    asked: Int32s = column("i4", "month", "(M,) month in which it was announced and its funders were asked, 0 not yet")
    touched: Int32s = column("i4", "month", "(M,) month in which a rule changed it last, 0 never")
    seen: Floats = column(
        "f8", "-", "(months, K) indicators at the end of each month since the start, in their own units"
    )
    streak: Int32s = column("i4", "months", "(C,) months in a row that each clause of a rule has held")
    quiet: Int32s = column("i4", "months", "(R,) months in a row that each rule's condition has not held")
    armed: Codes = column("i1", "-", "(R,) 1 where a rule may fire")
    fired: Int32s = column("i4", "times", "(R, 2) firings so far, of which this year")
    last_fired: Int32s = column("i4", "month", "(R,) month of the last firing, 0 never")
    stance: Codes = column("i1", "-", "(J,) headings as last noted: -1 behind the path, 1 ahead of it")
    journal: Array = column("u1", "-", "UTF-8 of the journal: one JSON object a line")


@dataclass
class State:
    """Everything that changes."""

    seed: int
    month: int
    share: float
    households: Households
    citizens: Citizens
    dwellings: Dwellings
    cars: Cars
    firms: Firms
    contact_first: Ints
    contacts: Int32s
    traffic: Traffic
    energy: Energy
    economy: Economy
    society: Society
    townhall: Townhall
    ledger: Floats  #: (n_parties, n_parties, n_purposes) € of this month: payer, payee, purpose
    last_ledger: Floats  #: the ledger of the month before (the model turns it over; nobody else resets a ledger)
    incomers: Incomers  #: written by systems.mobility
    flows: Floats  #: (8,) this month: births, deaths, arrivals, departures [persons]; dwellings built, demolished; cars in, out

    def pay(self, payer: Party, payee: Party, amount: float, purpose: Purpose) -> None:
        """Book a payment of this month [€]. Both sides are named, so money closes by construction."""
        self.ledger[payer, payee, purpose] += amount

    def population(self) -> Population:
        """The tables of people, dwellings, cars and firms (no copy)."""
        return Population(
            self.households, self.citizens, self.dwellings, self.cars, self.firms, self.contact_first, self.contacts
        )

    def arrays(self) -> dict[str, Array]:
        """Every array of the state by dotted name, scalars as 0-d arrays."""
        out: dict[str, Array] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Block):
                out.update({f"{f.name}.{name}": array for name, array in value.arrays().items()})
            else:
                out[f.name] = np.asarray(value)
        return out

    def copy(self) -> State:
        """An independent copy."""
        values: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            values[f.name] = value.copy() if isinstance(value, (Block, np.ndarray)) else value
        return State(**values)
