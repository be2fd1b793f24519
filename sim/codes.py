"""The vocabularies that columns are coded in. A column holds the small integer; these names say what it means."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Mode(IntEnum):
    """Travel mode of a tour; TELEWORK replaces a commute."""

    CAR = 0
    TRANSIT = 1
    BIKE = 2
    WALK = 3
    TELEWORK = 4


#: The modes that move somebody (columns of trip tables), in code order.
TRAVEL_MODES = (Mode.CAR, Mode.TRANSIT, Mode.BIKE, Mode.WALK)


class Activity(IntEnum):
    """What a citizen mainly does (INSEE activity types)."""

    CHILD = 0  #: below school age (0-2)
    PUPIL = 1  #: school (3-17)
    STUDENT = 2  #: higher education
    EMPLOYED = 3
    UNEMPLOYED = 4
    RETIRED = 5
    INACTIVE = 6


class Csp(IntEnum):
    """Socio-professional group of people aged 15 and over (INSEE, 6 + retired and other inactive)."""

    CRAFT = 0
    MANAGER = 1
    INTERMEDIATE = 2
    EMPLOYEE = 3
    WORKER = 4
    RETIRED = 5
    OTHER = 6


class HouseholdType(IntEnum):
    """Household composition (INSEE RP)."""

    SINGLE = 0
    COUPLE = 1
    COUPLE_CHILDREN = 2
    SINGLE_PARENT = 3
    OTHER = 4


class Tenure(IntEnum):
    """Who owns the dwelling."""

    OWNER = 0
    TENANT = 1
    SOCIAL = 2


class DwellingType(IntEnum):
    """TABULA size classes."""

    SFH = 0  #: detached house
    TH = 1  #: terraced house
    MFH = 2  #: small block
    AB = 3  #: large block


#: TABULA France construction periods, (first year, last year), index = code of ``dwellings.period``.
PERIODS = (
    (0, 1914), (1915, 1948), (1949, 1967), (1968, 1974), (1975, 1981),
    (1982, 1989), (1990, 1999), (2000, 2005), (2006, 2012), (2013, 9999),
)  # fmt: skip


class Retrofit(IntEnum):
    """State of the envelope (TABULA variants)."""

    EXISTING = 0
    USUAL = 1
    ADVANCED = 2


class Position(IntEnum):
    """Where a dwelling lies in its building or row, which says what of the envelope is its own (sim/buildings/positions.py)."""

    MEAN = 0  #: the mean over the building
    DETACHED = 1
    ROW_END = 2  #: one neighbour
    ROW_MIDDLE = 3  #: two neighbours
    GROUND_INNER = (
        4  #: flats: over the floor, between or under the roof; inner ones have front and back, corner ones a side too
    )
    GROUND_CORNER = 5
    MIDDLE_INNER = 6
    MIDDLE_CORNER = 7
    TOP_INNER = 8
    TOP_CORNER = 9


class Heating(IntEnum):
    """Main heating system of a dwelling."""

    GAS = 0
    OIL = 1
    ELECTRIC = 2
    HEAT_PUMP = 3
    DISTRICT = 4
    WOOD = 5


class Carrier(IntEnum):
    """Energy carriers that are paid for and emit."""

    ELECTRICITY = 0
    GAS = 1
    OIL = 2
    DISTRICT_HEAT = 3
    WOOD = 4
    PETROL = 5
    DIESEL = 6


class EnergyUse(IntEnum):
    """What dwellings, firms and vehicles use energy for."""

    HEATING = 0
    HOT_WATER = 1
    APPLIANCES = 2  #: appliances and lighting of dwellings
    TERTIARY = 3  #: firms' floor space, all uses
    CHARGING = 4  #: electric vehicles
    FUEL = 5  #: combustion in vehicles
    COOLING = 6  #: air conditioning of dwellings
    COOKING = 7
    LIGHTING = 8  #: of streets
    DATA = 9  #: sensors, networks and servers of the roadmap's data services
    TRANSIT = 10  #: vehicles of transit lines


class Powertrain(IntEnum):
    """What moves a car."""

    PETROL = 0
    DIESEL = 1
    HYBRID = 2
    PLUG_IN = 3
    ELECTRIC = 4


class CritAir(IntEnum):
    """French air-quality sticker; E is electric and hydrogen, UNCLASSIFIED is too old for a sticker."""

    E = 0
    C1 = 1
    C2 = 2
    C3 = 3
    C4 = 4
    C5 = 5
    UNCLASSIFIED = 6


class Sector(IntEnum):
    """Branches of the economy (INSEE A17 grouped; AERONAUTICS is "other transport equipment", C30)."""

    AGRICULTURE = 0
    AERONAUTICS = 1
    INDUSTRY = 2
    CONSTRUCTION = 3
    TRADE = 4
    TRANSPORT = 5
    HOSPITALITY = 6
    INFORMATION = 7
    BUSINESS = 8  #: finance, real estate, scientific, technical and support services
    PUBLIC = 9  #: administration, education, health, social work
    OTHER = 10  #: culture, leisure, personal services


class Ring(IntEnum):
    """Rings of the Toulouse household travel survey (EMC² 2023): inside the ring road, then three outer rings."""

    CENTRE = 0
    FIRST = 1
    SECOND = 2
    THIRD = 3


class RoadClass(IntEnum):
    """Road classes of the city files."""

    HIGHWAY = 0
    MAJOR = 1
    MINOR = 2


class TransitMode(IntEnum):
    """Kind of transit line."""

    METRO = 0
    TRAM = 1
    BUS = 2
    CABLE = 3
    RAIL = 4


class Party(IntEnum):
    """Who pays and who is paid. Every euro of a month goes from one of these to another."""

    HOUSEHOLDS = 0
    FIRMS = 1
    METROPOLE = 2
    TRANSIT_AUTHORITY = 3
    REGION = 4
    STATE = 5
    OUTSIDE = 6  #: the rest of the world: energy producers, car makers, banks, employers beyond the perimeter
    CITY = 7  #: the communes, as bodies apart from the metropole


class Purpose(IntEnum):
    """What a payment is for."""

    WAGES = 0
    CONSUMPTION = 1
    ENERGY = 2
    FUEL = 3
    FARES = 4
    PARKING = 5
    VEHICLES = 6
    WORKS = 7  #: retrofit, heating, PV, public works
    GRANTS = 8
    TAXES = 9
    OPERATIONS = 10  #: running cost of measures and services
    BENEFITS = 11
    DEBT = 12
    CO_FUNDING = 13
    SALES = 14  #: firms' sales outside, purchases from outside
    RENT = 15  #: of homes: tenants to landlords
    UTILITIES = 16  #: water, sewage and waste: fees, and the firms that run them


class Status(IntEnum):
    """Life of a measure in the municipality's calendar."""

    PLANNED = 0
    WAITING = 1  #: its start has come but money, staff or an earlier measure is missing
    BUILDING = 2
    IN_FORCE = 3
    STOPPED = 4


class PilotStatus(IntEnum):
    """Life of a project that firms and the municipality signed."""

    RUNNING = 0
    FAILED = 1
    KEPT = 2  #: succeeded, goes on where it was tested
    SPREAD = 3  #: succeeded, goes on through the city


class IncomerMode(IntEnum):
    """How commuters from outside come in."""

    CAR = 0
    TRAIN = 1
    PARK_AND_RIDE = 2


class Period(IntEnum):
    """Hours of an average working day that traffic is brought to equilibrium for."""

    MORNING = 0  #: busiest hour of the morning
    EVENING = 1  #: busiest hour of the evening
    OFF_PEAK = 2  #: an hour between the peaks


class RoadUser(IntEnum):
    """Vehicles by what they may do on the road; those "kept out" comply with a low-emission zone that bans them."""

    CAR = 0
    CAR_KEPT_OUT = 1
    VAN = 2
    VAN_KEPT_OUT = 3
    TRUCK = 4
    TRUCK_KEPT_OUT = 5


class Driver(IntEnum):
    """Whose vehicles are on the streets of the perimeter."""

    RESIDENTS = 0  #: cars of residents
    INCOMERS = 1  #: cars of commuters who live outside
    THROUGH = 2  #: cars and trucks that only pass through
    GOODS = 3  #: vans and trucks that deliver and collect


#: Users who go round low-emission zones; each comes right after its twin that need not.
KEPT_OUT = (RoadUser.CAR_KEPT_OUT, RoadUser.VAN_KEPT_OUT, RoadUser.TRUCK_KEPT_OUT)


class Errand(IntEnum):
    """What a tour from home is for."""

    WORK = 0
    EDUCATION = 1
    SHOPPING = 2
    LEISURE = 3  #: leisure, visits, personal business
    ESCORT = 4  #: bringing and fetching somebody


class StationKind(IntEnum):
    """Whose transformer between medium and low voltage it is."""

    PUBLIC = 0  #: of the distributor, generated
    PRIVATE = 1  #: of a customer supplied at medium voltage
    GIVEN = 2  #: of the distributor, read from a network file


class Cable(IntEnum):
    """What joins a bus to the one before it (sim/city/equipment.py)."""

    BUSBAR = 0  #: nothing: the station's low-voltage busbar
    U95 = 1  #: underground, NF C 33-210, aluminium, mm2
    U150 = 2
    U240 = 3
    T35 = 4  #: overhead, twisted, NF C 33-209, aluminium, mm2
    T70 = 5
    T150 = 6
    GIVEN = 7  #: of a network file


class Voice(IntFlag):
    """What a citizen takes part in: bits of Society.took_part."""

    IDEA = 1  #: proposes something to the participatory budget
    VOTE = 2  #: votes on its projects
    CONSULTATION = 4
    PANEL = 8  #: holds a seat drawn by lot
    TEST = 16  #: is ready to test what firms and the municipality try out


class AccountItem(IntEnum):
    """Parts of the emissions that a territorial account, a residents' account or both hold (sim/systems/energy/accounts.py)."""

    HEATING = 0  #: of dwellings
    HOT_WATER = 1
    APPLIANCES = 2
    COOLING = 3
    COOKING = 4
    CHARGING = 5  #: electricity of residents' cars, wherever they are charged
    RESIDENTS_INSIDE = 6  #: fuel of residents' cars on the perimeter's streets, at their mean consumption
    RESIDENTS_OUTSIDE = 7  #: the rest of it
    STREETS = 8  #: what they burn more on the perimeter's streets than at the mean consumption, by the speeds there
    INCOMERS = 9  #: cars of commuters from outside, on the perimeter's streets
    THROUGH = 10  #: through traffic, likewise
    GOODS = 11  #: vans and trucks, likewise
    TRANSIT_RESIDENTS = 12  #: transit vehicles, residents' share by trips
    TRANSIT_OTHERS = 13
    FIRMS = 14  #: firms' floors
    LIGHTING = 15  #: of streets
    DATA = 16  #: the roadmap's data services
    WATER_HOME = 17  #: drinking water and sewage of homes
    WATER_WORK = 18  #: of work places
    WASTE = 19  #: household waste, what recycling avoids elsewhere not deducted


#: What only one of the two accounts holds, in the order of the bridge from the residents' to the territorial one.
ONLY_RESIDENTS = (AccountItem.RESIDENTS_OUTSIDE,)
ONLY_TERRITORY = (
    AccountItem.STREETS, AccountItem.INCOMERS, AccountItem.THROUGH, AccountItem.GOODS, AccountItem.TRANSIT_OTHERS, AccountItem.FIRMS,
    AccountItem.LIGHTING, AccountItem.DATA, AccountItem.WATER_WORK,
)  # fmt: skip
RESIDENTS_ACCOUNT = tuple(item for item in AccountItem if item not in ONLY_TERRITORY)
TERRITORIAL_ACCOUNT = tuple(item for item in AccountItem if item not in ONLY_RESIDENTS)
