"""The change that ``wavegate change new`` writes: commented, complete, and valid where its sites exist."""

from collections.abc import Collection, Sequence

_ROUTE = "ip route {{ noc_prefix }} {{ row.gateway }}\n"
_CLASSIC_ROUTE = "ip route {{ noc_prefix | network_address }} {{ noc_prefix | netmask }} {{ row.gateway }}\n"

_TEMPLATES = {"ios": _CLASSIC_ROUTE}

_COMMENT = """\
{{# What {platform} devices shall have. Templates are Jinja and see plain data only: device, site, change, row (the
   device's row of data.csv) and every variable by its name. A name that nobody defines is an error, never nothing. #}}
"""

_CHANGE = """\
# A change: what (config), where (select), why (ticket), whose (team) and how (strategy).
# Check it with 'wavegate change validate', see its lines with 'wavegate change render --device NAME'.
title: Route to the NOC's prefix
ticket: NET-1                       # why: a reference that your ticket system knows
team: {team}

# Where. Terms separated by commas must all hold: role in (router,switch),region=emea,tier!=lab
# or names: ber-r1, ber-*. What it selects is frozen when a rollout is requested.
select: platform in ({joined})

# What: a template for each platform, relative to this file.
config:
{config}
mode: merge                         # or replace: the template is the whole configuration (eos) ...
# keep: [username, enable secret]   # ... but for the device's own lines on top that begin so, secrets above all

# Values for each site (or device: then the first column is called device). Seen as row.gateway.
data: data.csv

# The weakest of all variables: those of a region, country, site, role or device override them.
variables:
  noc_prefix: 198.51.100.0/24

# After each push, on a fresh session. Commands only look (show, ping, traceroute); regular expressions.
checks:
  - name: The route is there
    command: show ip route static
    matches: 198\\.51\\.100\\.0
    # lacks: unreachable
    # platforms: [ios]              # without it: all
checks_within: 30s                  # by then they must hold ...
checks_hold: 5s                     # ... and have held for so long

# How. A share is of all sites; the last wave's size repeats until all are done.
strategy:
  canary: 1
  waves: [10%, 25%, 50%]
  max_in_flight: 50                 # devices at once
  max_unhealthy: 20                 # in flight and unhealthy together
  halt_at: 1                        # unhealthy devices that stop the rollout
  bake: 5m                          # between waves

# Who has to agree, and how many of them. Never you yourself.
approvals:
  - {{area: network-ops, count: 1}}
"""


def starter(
    platforms: Collection[str], sites: Sequence[str] = ("site-1", "site-2"), team: str = "netauto"
) -> dict[str, str]:
    """The files of a starter change, as text by path.

    Args:
        platforms: there is a template for each of them.
        sites: there is a row of data for each of them.
        team: whose change it is.
    """
    names = sorted(platforms)
    change = _CHANGE.format(
        team=team,
        joined=",".join(names),
        config="\n".join(f"  {name}: templates/{name}.j2" for name in names),
    )
    rows = (f"{site},192.0.2.{number % 254 + 1}" for number, site in enumerate(sites))
    return {
        "change.yaml": change,
        **{f"templates/{name}.j2": _template(name) for name in names},
        "data.csv": "\n".join(("site,gateway", *rows)) + "\n",
    }


def _template(platform: str) -> str:
    return _COMMENT.format(platform=platform) + _TEMPLATES.get(platform, _ROUTE)
