"""A small scenario with every kind of measure and shock, and every key: what a planner may write, once each."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

from sim.cli import _guarded

EVERY = """\
name: every kind
city: toulouse
start: 2021-01
end: 2023-12
seed: 7
world: trends
hours: typical
weather: {2022: warm, 2023: cold}
population: {share: 0.05}
targets:
  - {indicator: co2_transport, change: -10%, by: 2023-12, against: start}
  - {indicator: jobs, change: +3%, by: 2022-12, against: 400000}
elections: [2022-03]
bodies:
  region: {budget_per_year: 30 M€, rate: 40%, ceiling: 20 M€, years: [2021, 2022, 2023], funds: [cycle_network, heat_network], delay: 3}
  state: {veto: low_emission_zone, consent_from: 20%}
adapt:
  - {id: path, when: co2_transport > target path + 1% for 6 months, then: {advance: m2, by: 6 months}}
  - {id: zone, when: support(m9) < 35% or protest(m9) > 5000 persons, rearm: support(m9) > 45%, cooldown: 6 months, times: 2, per_year: 1,
     then: [{soften: m9, to: 60%}, {delay: m4, by: 3 months}]}
  - {id: crisis, when: 'change(jobs, 12 months) < -3% and budget_left > 5 M€', then: [{launch: r1, in: 2 months}, {scale: m8, to: 150%}]}
  - {id: switch, when: date >= 2023-01 and late(m24) > 3 months, then: {replace: m24, with: r2}}
  - {id: end, when: months_to_election <= 8 months, then: {stop: m3}}
reserve:
  - {id: r1, measure: bike_subsidy, start: 2021-02, amount: 400 €}
  - {id: r2, measure: heat_pump_subsidy, start: 2022-02, amount: 3 k€, payer: city, unfunded: wait, funding: {city: 70%, region: 30%}}
budget: {investment_per_year: 300 M€, debt_ceiling: 900 M€, debt_at_start: 400 M€}
baseline:
  - {id: teleo, measure: transit_line, line: Téléo, start: 2022-05}
measures:
  - {id: m1, measure: bike_subsidy, start: 2021-02, amount: 250 €}
  - {id: m2, measure: cycle_network, start: 2021-02, months: 12, capex: 20 M€, opex: 100 k€, length: 20 km, lines: auto_corridors,
     level: 2, funding: {metropole: 60%, region: 40%}, depends_on: m1}
  - {id: m3, measure: energy_advice, start: 2021-02, reach: 0.6%, area: [centre, 'ring:first']}
  - {id: m4, measure: ev_charging, start: 2021-02, months: 10, points: 300}
  - {id: m5, measure: ev_subsidy, start: 2021-02, amount: [5000 €, 4000 €, 2500 €, 1000 €, 0 €]}
  - {id: m6, measure: heat_pump_subsidy, start: 2021-02, amount: 2 k€}
  - {id: m7, measure: innovation_challenge, start: 2021-02, theme: logistics, calls_per_year: 4, budget_per_year: 2 M€,
     staff: 3}
  - {id: m8, measure: local_procurement, start: 2021-02, amount_per_year: 20 M€, sectors: [construction, business]}
  - {id: m9, measure: low_emission_zone, start: 2022-03, area: lez, vehicles: {2022-03: [van, truck], 2023-01: all},
     bans: {2022-03: crit_air_5, 2022-09: crit_air_4}, compliance: 90%}
  - {id: m10, measure: parking_price, start: 2021-02, area: centre, price: 0.5 €/h}
  - {id: m11, measure: participatory_budget, start: 2021-02, amount_per_year: 4 M€}
  - {id: m12, measure: pv_subsidy, start: 2021-02, amount: 250 €/kWp}
  - {id: m13, measure: recovery_grants, start: 2021-02, months: 18, amount: 10 M€, sectors: aeronautics}
  - {id: m14, measure: retrofit_subsidy, start: 2021-02, rate: [25%, 20%, 15%, 10%, 5%]}
  - {id: m15, measure: speed_limit, start: 2021-02, area: Blagnac, speed: 30 km/h, roads: [minor, major]}
  - {id: m16, measure: transit_fare, start: 2021-02, change: -20%}
  - {id: m18, measure: lane_closure, start: 2021-02, lanes: all, roads: major, area: centre,
     lines: {quay: [[1.4400, 43.6000], [1.4380, 43.6050]]}}
  - {id: m17, measure: transit_frequency, start: 2021-02, lines: [metro, bus], headway: -15%, depends_on: [m1, teleo]}
  - {id: m19, measure: battery_subsidy, start: 2021-02, amount: 150 €/kWh}
  - {id: m20, measure: building_code, start: 2021-02, share: 40%}
  - {id: m21, measure: building_data, start: 2021-02, months: 12, floors: 20%, saving: 12%, sectors: [public, business]}
  - {id: m22, measure: demand_response, start: 2021-02, months: 24, share: 10%, support: 20 €, area: 'ring:first'}
  - {id: m23, measure: energy_sharing, start: 2021-02, months: 12, share: 2%, area: centre}
  - {id: m24, measure: heat_network, start: 2021-02, months: 24, capex: 30 M€, length: 20 km, renewable: 80%, area: [centre, 'ring:first']}
  - {id: m25, measure: public_pv, start: 2021-02, months: 12, capex: 5 M€, power: 5 MWp}
  - {id: m26, measure: rental_ban, start: 2021-02, bans: {2023-01: g}, compliance: 30%}
  - {id: m27, measure: smart_charging, start: 2021-02, share: 20%}
  - {id: k1, measure: free_transit_residents, start: 2021-09, ages: [under_18, 65_and_over], days: all, take_up: 70%}
  - {id: k2, measure: traffic_signal_control, start: 2021-02, months: 12, capex: 10 M€, share: 40%, area: 'ring:first'}
  - {id: k3, measure: park_and_ride, start: 2021-02, months: 12, capex: 8 M€, places: 800}
  - {id: k4, measure: school_streets, start: 2021-02, months: 12, schools: 40, area: 'ring:first'}
  - {id: k5, measure: urban_greening, start: 2021-02, months: 24, capex: 30 M€, canopy: 5%, area: centre}
  - {id: k6, measure: water_saving, start: 2021-02, months: 24, households: 20%, leaks: 25%}
  - {id: k7, measure: waste_prevention, start: 2021-02, months: 24, prevention: 10%, sorting: 15%}
  - {id: k9, measure: organic_waste_collection, start: 2021-02, months: 24, capex: 4 M€, collected: 50%}
  - {id: k8, measure: health_centre, start: 2021-02, months: 24, doctors: 20, funding: {region: 100%}}
  - {id: m28, measure: street_lighting, start: 2021-02, months: 12, capex: 6 M€, lights: 15%, saving: 70%, area: centre}
  - {id: v1, measure: consultation, start: 2021-02, months: 12, reach: 10%, area: centre, about: [m9, m10]}
  - {id: v2, measure: citizens_panel, start: 2021-02, months: 12, seats: 150, quotas: 'yes', about: m9}
  - {id: v3, measure: zoning, start: 2021-02, dwellings_per_year: 900, area: centre}
  - {id: e1, measure: cyber_defence, start: 2021-02, level: 60%, firms: 5%}
  - {id: e2, measure: data_platform, start: 2021-02, months: 12, capex: 2 M€, sensors: 2000}
  - {id: e3, measure: digital_mediation, start: 2021-02, reach: 10%}
  - {id: e4, measure: digital_services, start: 2021-02, months: 24, capex: 10 M€, share: 50%}
  - {id: e5, measure: open_partnership, start: 2021-02, calls_per_year: 4, budget_per_year: 9 M€, staff: 7}
  - {id: e6, measure: training, start: 2021-02, places_per_year: 2000, funding: {region: 100%}}
shocks:
  - {id: s3, shock: heatwave, start: 2021-06, months: 3, warmer: 5 K, days: 8}
  - {id: s1, shock: pandemic, start: 2020-03, months: 18, severity: 100%}
  - {id: s2, shock: energy_price, start: 2022-06, months: 12, change: +30%, carriers: [electricity, gas]}
parameters: {value_of_time_work: 13}
"""


def check(text: str | bytes) -> tuple[int, str]:
    """Exit code and what stood on standard error of ``rebond check`` on a file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        errors, out = io.StringIO(), io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(out):
            code = _guarded(["check", str(path)])
        assert [p.name for p in Path(folder).iterdir()] == ["s.yaml"]
        assert out.getvalue() == ""
        return code, errors.getvalue().replace(folder, "")
