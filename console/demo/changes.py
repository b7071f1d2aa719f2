"""The two changes of the demonstration, as an engineer would write them."""

import csv
from pathlib import Path

from console.demo.scenery import Scenery, noc_prefix

_MANAGERS = """\
# From where our devices may be managed, site by site (managers.csv).
title: Management from each site's own NOC prefix
ticket: NET-4711
team: netauto
select: role in (router,switch)
config:
  ios: ios.j2
  eos: eos.j2
data: managers.csv
checks_within: 5s
strategy: {canary: 2, waves: [30%, 70%], max_in_flight: 60, max_unhealthy: 60, halt_at: 1, bake: 1s}
approvals: [{area: network-ops, count: 1}]
"""

_MANAGERS_IOS = """\
ip access-list standard MGMT-IN
 permit {{ row.noc | network_address }} {{ row.noc | wildcard }}
 deny any log
"""

_MANAGERS_EOS = """\
ip access-list standard MGMT-IN
   permit {{ row.noc }}
   deny any
"""

_NTP = """\
title: A third NTP server
ticket: NET-4712
team: netauto
select: "*"
config:
  ios: ntp.j2
  eos: ntp.j2
checks_within: 5s
strategy: {canary: 2, waves: [50%], max_in_flight: 60, max_unhealthy: 60, halt_at: 1, bake: 1s}
approvals: [{area: network-ops, count: 1}]
"""


def write_changes(scenery: Scenery) -> None:
    """Writes both changes with their templates and data."""
    managers = _folder(scenery.change("managers"))
    (managers / "change.yaml").write_text(_MANAGERS)
    (managers / "ios.j2").write_text(_MANAGERS_IOS)
    (managers / "eos.j2").write_text(_MANAGERS_EOS)
    with (managers / "managers.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["site", "noc"])
        rows.writerows([place.name, noc_prefix(scenery, number, place)] for number, place in enumerate(scenery.places))
    ntp = _folder(scenery.change("ntp"))
    (ntp / "change.yaml").write_text(_NTP)
    (ntp / "ntp.j2").write_text("ntp server 10.255.0.3\n")


def _folder(change_file: Path) -> Path:
    change_file.parent.mkdir(parents=True, exist_ok=True)
    return change_file.parent
