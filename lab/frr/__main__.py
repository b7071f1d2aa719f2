"""`python -m lab.frr --sites N`: a lab to try things on by hand, until Ctrl-C."""

import argparse
import json
import signal
import sys
from dataclasses import asdict

from lab.frr.errors import FrrLabError
from lab.frr.lab import FrrLab


def main() -> int:
    """Build the lab, tell how to get in, wait for Ctrl-C or SIGTERM, and remove it; 1 if it cannot be built."""
    parser = argparse.ArgumentParser(prog="python -m lab.frr", description="sites of real FRR routers in namespaces")
    parser.add_argument("--sites", type=int, default=2, metavar="N", help="sites of two routers and a host (2)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text, then wait")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with FrrLab(arguments.sites) as lab:
            sys.stdout.write(_as_json(lab) if arguments.json else _as_text(lab))
            sys.stdout.flush()
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except FrrLabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _as_json(lab: FrrLab) -> str:
    devices = [{**asdict(device), "key_file": str(device.key_file)} for device in lab.devices]
    return json.dumps({"devices": devices, "hosts": [site.host for site in lab.plan.sites]}) + "\n"


def _as_text(lab: FrrLab) -> str:
    known_hosts = lab.devices[0].key_file.with_name("known_hosts")
    known_hosts.write_text("".join(f"{device.host_key}\n" for device in lab.devices), encoding="ascii")
    lines = [f"{device.name}  {device.address:16} {device.reached}" for device in lab.devices]
    first = lab.devices[0]
    way_in = f"ssh -i {first.key_file} -o UserKnownHostsFile={known_hosts} {first.user}@{first.address}"
    return "\n".join([*lines, "", way_in, f"{way_in} wavegate-deadman status", "Ctrl-C removes everything.", ""])


if __name__ == "__main__":
    sys.exit(main())
