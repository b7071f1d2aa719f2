"""What is refused, and how it is told: everything at once, each with its file and line and how to mend it."""

from collections.abc import Callable, Mapping

import pytest

from inventory.estate import Estate
from inventory.problems import SHOWN, EstateError, Problem

Load = Callable[[Mapping[str, str]], Estate]
Refused = Callable[[Mapping[str, str]], list[str]]

ROUTER = "{site: hq, role: router, platform: ios, address: 10.0.0.1, credentials: tacacs"
SITE = "{country: DE, timezone: Europe/Berlin, region: emea"


def estate_of(devices: str = "", sites: str = "", more: str = "") -> dict[str, str]:
    """An estate with a site on line 2; what is added begins on line 3, 4 and so on."""
    return {"e.yaml": f"sites:\n  hq: {SITE}}}\n{sites}credentials:\n  tacacs: {LOGIN}\ndevices:\n{devices}{more}"}


LOGIN = "{username: automation, password: 'env:SECRET'}"


def device(text: str) -> dict[str, str]:
    """An estate whose only device, on line 6, is as given."""
    return estate_of(devices=f"  d1: {text}\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            ROUTER.replace("hq", "hp") + "}",
            ["e.yaml:6: device 'd1': there is no site 'hp'; add it to sites, or correct site"],
            id="unknown site",
        ),
        pytest.param(
            ROUTER + ", via: jump}",
            ["e.yaml:6: device 'd1': there is no jump host 'jump'; add it to jump_hosts, or correct via"],
            id="unknown jump host",
        ),
        pytest.param(
            ROUTER.replace("tacacs", "takacs") + "}",
            ["e.yaml:6: device 'd1': there is no credentials 'takacs'; did you mean 'tacacs'?"],
            id="unknown credentials",
        ),
        pytest.param(
            ROUTER.replace("ios", "iosxr") + "}",
            ["e.yaml:6: device 'd1': unknown platform 'iosxr'; did you mean 'ios'?"],
            id="unknown platform, nearly right",
        ),
        pytest.param(
            ROUTER.replace("ios", "junos") + "}",
            ["e.yaml:6: device 'd1': unknown platform 'junos'; platforms are eos, frr, ios"],
            id="unknown platform",
        ),
        pytest.param(
            ROUTER + ", adress: x}",
            ["e.yaml:6: device 'd1' has no field 'adress'; did you mean 'address'?"],
            id="unknown field",
        ),
        pytest.param(
            ROUTER + ", name: d1}",
            ["e.yaml:6: device 'd1' has no field 'name'; its name is the key above the fields"],
            id="a name inside",
        ),
        pytest.param(
            ROUTER + ", origin: x}",
            [
                ("e.yaml:6: device 'd1' has no field 'origin'; fields are access, address, credentials, labels,"
                " legacy_crypto, os_version, platform, port, redundancy_group, role, site, variables, via")
            ],
            id="a field that only the model has",
        ),
        pytest.param("{}", [f"e.yaml:6: device 'd1': {name} is missing" for name in (
            "address", "credentials", "platform", "role", "site")], id="nothing said"),
        pytest.param(
            ROUTER + ", port: ssh}", ["e.yaml:6: device 'd1': port 'ssh' must be a whole number"], id="port of letters"
        ),
        pytest.param(
            ROUTER + ", port: 65536}", ["e.yaml:6: device 'd1': port '65536' must be at most 65535"], id="port too high"
        ),
        pytest.param(ROUTER + ", port: 0}", ["e.yaml:6: device 'd1': port '0' must be at least 1"], id="port too low"),
        pytest.param(
            ROUTER + ", access: inband}",
            ["e.yaml:6: device 'd1': access 'inband' must be in-band or out-of-band"],
            id="access",
        ),
        pytest.param(
            ROUTER + ", legacy_crypto: perhaps}",
            ["e.yaml:6: device 'd1': legacy_crypto 'perhaps' must be true or false"],
            id="flag",
        ),
        pytest.param(
            ROUTER.replace("router", "[router]") + "}", ["e.yaml:6: device 'd1': role (a list) must be text"], id="list"
        ),
        pytest.param(ROUTER + ", labels: pilot}", ["e.yaml:6: device 'd1': labels 'pilot' must be a map"], id="labels"),
        pytest.param(
            ROUTER + ", labels: {a b: x}}",
            [
                (
                    "e.yaml:6: device 'd1': labels.a b 'a b' must be 1 to 63 letters, digits, dots, dashes, underscores"
                    " and slashes, a letter or digit first and last"
                )
            ],
            id="label's name",
        ),
        pytest.param(
            ROUTER + ", labels: {role: x}}",
            [
                ("e.yaml:6: device 'd1': the label 'role' is called as something that selectors know already;"
                " give it another name")
            ],
            id="label that an attribute hides",
        ),
        pytest.param(
            ROUTER + ", variables: {mgmt-vlan: 1}}",
            [
                ("e.yaml:6: device 'd1': variables.mgmt-vlan 'mgmt-vlan' must be letters, digits and underscores,"
                " not beginning with a digit: templates use them as names")
            ],
            id="variable's name",
        ),
        pytest.param(
            ROUTER + ", variables: {row: 1}}",
            [
                (
                    "e.yaml:6: device 'd1': 'row' cannot be the name of a variable: templates have something else"
                    " under it; give it another name"
                )
            ],
            id="reserved variable",
        ),
        pytest.param("router", ["e.yaml:6: device 'd1' must be a map of fields; there is a single value here"] + [
            f"e.yaml:6: device 'd1': {name} is missing" for name in (
                "address", "credentials", "platform", "role", "site")], id="no map"),
    ],
)  # fmt: skip
def test_a_device_is_refused(refused: Refused, text: str, expected: list[str]) -> None:
    assert refused(device(text)) == expected


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.256",
        "10.0.0",
        "1.2.3.4.5",
        "-a.example",
        "a..b",
        "fe80::zz",
        "host name",
        "10.0.0.1/24",
        "0x0a000001",
        "h:22",
    ],
)
def test_an_address_has_to_be_possible(refused: Refused, address: str) -> None:
    [problem] = refused(device(ROUTER.replace("10.0.0.1", f"'{address}'") + "}"))
    assert problem.startswith("e.yaml:6: device 'd1': ")
    assert repr(address) in problem


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "2001:db8::1", "rtr1", "rtr-1.store_7.example.net", "rtr1.example.net."]
)
def test_addresses_that_are_taken(load_files: Load, address: str) -> None:
    assert load_files(device(ROUTER.replace("10.0.0.1", f"'{address}'") + "}")).devices["d1"].address == address


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("10.0.0.1", "10.0.0.1", id="the same text"),
        pytest.param("2001:db8::1", "2001:0DB8:0::0001", id="two spellings of one IPv6 address"),
        pytest.param("rtr.example.net", "RTR.example.net.", id="two spellings of one name"),
    ],
)
def test_two_devices_on_one_address_are_refused(refused: Refused, first: str, second: str) -> None:
    lines = [f"  d{n}: {ROUTER.replace('10.0.0.1', repr(text))}}}\n" for n, text in enumerate((first, second), start=1)]
    [problem] = refused(estate_of(devices="".join(lines)))
    assert problem.startswith(f"e.yaml:7: device 'd2': {second} port 22 is the address of 'd1' already; see ")
    assert problem.endswith("e.yaml:6")


def test_one_address_may_have_two_ports(load_files: Load) -> None:
    files = estate_of(devices=f"  d1: {ROUTER}}}\n  d2: {ROUTER}, port: 2222}}\n")
    assert len(load_files(files).devices) == 2


def test_the_same_private_address_may_be_behind_two_jump_hosts(load_files: Load) -> None:
    jumps = "jump_hosts:\n  j1: {address: j1, credentials: tacacs}\n  j2: {address: j2, credentials: tacacs}\n"
    files = estate_of(devices=f"  d1: {ROUTER}, via: j1}}\n  d2: {ROUTER}, via: j2}}\n", more=jumps)
    assert len(load_files(files).devices) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "{country: UK, timezone: Europe/London, region: emea}",
            "unknown country 'UK'; codes are ISO 3166-1 alpha-2, where the United Kingdom is GB",
            id="the usual slip",
        ),
        pytest.param(
            "{country: ZZ, timezone: Europe/London, region: emea}",
            "unknown country 'ZZ'; codes are ISO 3166-1 alpha-2",
            id="unknown country",
        ),
        pytest.param(
            "{country: de, timezone: Europe/Berlin, region: emea}",
            "country 'de' must be the two capital letters of ISO 3166, such as DE",
            id="small letters",
        ),
        pytest.param(
            "{country: DE, timezone: Europe/Belrin, region: emea}",
            "unknown time zone 'Europe/Belrin'; did you mean 'Europe/Berlin'?",
            id="mistyped zone",
        ),
        pytest.param(
            "{country: DE, timezone: Mars/Base, region: emea}",
            "unknown time zone 'Mars/Base'; zones are named as Europe/Berlin",
            id="unknown zone",
        ),
        pytest.param("{country: DE, timezone: Europe/Berlin}", "region is missing", id="no region"),
    ],
)
def test_a_site_is_refused(refused: Refused, text: str, expected: str) -> None:
    assert refused(estate_of(sites=f"  store: {text}\n")) == [f"e.yaml:3: site 'store': {expected}"]


def test_a_redundancy_group_is_of_one_site(refused: Refused) -> None:
    other = ROUTER.replace("hq", "store").replace("10.0.0.1", "10.0.0.2")
    devices = f"  d1: {ROUTER}, redundancy_group: wan}}\n  d2: {other}, redundancy_group: wan}}\n"
    assert refused(estate_of(sites=f"  store: {SITE}}}\n", devices=devices)) == [
        (
            "e.yaml:8: device 'd2': redundancy group 'wan' spans sites: 'd1' of it is at 'hq';"
            " names of groups are unique in the estate: call it store-wan"
        )
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "{username: automation}",
            "there is neither a password nor a private_key; write password: env:NAME or file:/path",
            id="nothing to prove",
        ),
        pytest.param(
            "{username: a b, password: 'env:X'}", "username must be a user name, env:NAME or file:/path", id="username"
        ),
        pytest.param("{password: 'env:X'}", "username is missing", id="nobody"),
    ],
)
def test_credentials_are_refused(refused: Refused, text: str, expected: str) -> None:
    assert refused({"e.yaml": f"credentials:\n  c1: {text}\n"}) == [f"e.yaml:2: credentials 'c1': {expected}"]


def test_a_jump_host_needs_credentials_and_a_name_of_its_own(refused: Refused) -> None:
    jump = "jump_hosts:\n  d1: {address: 10.0.0.999, credentials: nobody, max_connections: 0}\n"
    assert refused(estate_of(devices=f"  d1: {ROUTER}}}\n", more=jump)) == [
        "e.yaml:8: jump host 'd1': impossible address '10.0.0.999'",
        "e.yaml:8: jump host 'd1': max_connections '0' must be at least 1",
        "e.yaml:8: jump host 'd1': there is no credentials 'nobody'; add it to credentials, or correct credentials",
    ]
    [problem] = refused(estate_of(f"  d1: {ROUTER}}}\n", more="jump_hosts:\n  d1: {address: j, credentials: tacacs}\n"))
    assert problem.startswith("e.yaml:8: jump host 'd1': device 'd1' has the same name; rename one of them; see ")


@pytest.mark.parametrize("name", ["-d1", "d 1", "d" * 64, "d/1", '"d1\\n"', '"d\\e[31m1"'], ids=ascii)
def test_names_are_of_one_form(refused: Refused, name: str) -> None:
    [problem] = refused(estate_of(devices=f"  {name}: {ROUTER}}}\n"))
    assert "must be 1 to 63 letters, digits, dots, dashes and underscores, the first a letter or a digit" in problem
    assert problem.isprintable()


def test_a_name_is_there_once_in_all_files(refused: Refused) -> None:
    files = estate_of(devices=f"  d1: {ROUTER}}}\n")
    csv = "name,site,role,platform,address,credentials\nd1,hq,router,ios,10.0.0.2,tacacs\n"
    [problem] = refused({**files, "f/devices.csv": csv})
    assert problem == "f/devices.csv:2: device 'd1' is there twice; the first is at e.yaml:6"


def test_variables_of_an_unknown_country_are_refused(refused: Refused) -> None:
    assert refused({"e.yaml": "variables:\n  countries:\n    UK: {ntp: 10.0.0.1}\n"}) == [
        "e.yaml:3: country 'UK': variables are set for the unknown country 'UK'; codes are ISO 3166-1 alpha-2",
    ]


def test_reserved_names_are_refused_for_scopes_too(refused: Refused) -> None:
    more = "variables:\n  regions:\n    emea:\n      site: 1\n"
    assert refused(estate_of(more=more)) == [
        (
            "e.yaml:9: region 'emea': 'site' cannot be the name of a variable: templates have something else under it;"
            " give it another name"
        )
    ]


def test_everything_is_told_at_once_each_on_its_own_line(refused: Refused) -> None:
    """A device that is wrong in its shape is judged for what it refers to as well."""
    text = """\
        sites:
          hq:
            country: UK
            timezone: Europe/Belrin
            region: emea
        devices:
          d1:
            site: hp
            role: router
            platform: iso
            address: 10.0.0.256
            port: 70000
            credentials: tacacs
            colour: red
          d1: {}
        """
    assert [problem.split(";", maxsplit=1)[0] for problem in refused({"e.yaml": text})] == [
        "e.yaml:3: site 'hq': unknown country 'UK'",
        "e.yaml:4: site 'hq': unknown time zone 'Europe/Belrin'",
        "e.yaml:8: device 'd1': there is no site 'hp'",
        "e.yaml:10: device 'd1': unknown platform 'iso'",
        "e.yaml:11: device 'd1': impossible address '10.0.0.256'",
        "e.yaml:12: device 'd1': port '70000' must be at most 65535",
        "e.yaml:13: device 'd1': there is no credentials 'tacacs'",
        "e.yaml:14: device 'd1' has no field 'colour'",
        "e.yaml:15: 'd1' stands here twice",
    ]


def test_what_refers_to_something_broken_is_not_wrong_too(refused: Refused) -> None:
    """One mistake in a site must not make ten thousand devices wrong."""
    files = estate_of(sites="  store: {country: XX}\n", devices=f"  d1: {ROUTER.replace('hq', 'store')}}}\n")
    assert not [problem for problem in refused(files) if "d1" in problem]


def test_what_refers_to_a_file_that_cannot_be_read_is_not_wrong_too(refused: Refused, right: dict[str, str]) -> None:
    problems = refused({**right, "sites.yaml": "sites:\n  hq: {"})
    assert [problem.split(":")[0] for problem in problems] == ["sites.yaml"]


def test_ten_thousand_mistakes_are_told_quickly_and_shortly(load_files: Load) -> None:
    """Guessing what was meant is given up before it takes minutes; the message stays short, the list is whole."""
    rows = "".join(f"d{n},stor-{n % 5000},router,ios,h{n},tacacs\n" for n in range(10_000))
    sites = "".join(f"  store-{n}: {SITE}}}\n" for n in range(5_000))
    csv = f"name,site,role,platform,address,credentials\n{rows}"
    with pytest.raises(EstateError) as caught:
        load_files({**estate_of(sites=sites), "devices.csv": csv})
    assert len(caught.value.problems) == 10_000
    assert str(caught.value).count("\n") == SHOWN + 1
    assert str(caught.value).endswith(f"... and {10_000 - SHOWN} more")


def test_a_problem_reads_as_one_line() -> None:
    assert (
        str(Problem(file="a.yaml", line=3, message="it is wrong", hint="mend it")) == "a.yaml:3: it is wrong; mend it"
    )
    assert str(Problem(file="a.yaml", line=0, message="it is wrong")) == "a.yaml: it is wrong"


def test_rows_of_csv_are_told_by_their_lines(refused: Refused) -> None:
    """What is wrong in a table, several things in one row among them; row 3 is right."""
    csv = """\
        name,site,role,platform,address,credentials,port,access,label.role,var.mgmt-vlan
        d1,hp,router,iso,10.0.0.1,tacacs,,,,
        d2,hq,router,ios,10.0.0.2,tacacs,22,in-band,,
        d3,hq,router,ios,10.0.0.2,tacacs,22,outband,,
        d4,hq,router,ios,10.0.0.2,tacacs,22,,x,
        d5,hq,,ios,10.0.0.5,tacacs,ssh,,,12
        d2,hq,router,ios,10.0.0.6,tacacs,,,,
        """
    assert [problem.split(";", maxsplit=1)[0] for problem in refused({**estate_of(), "devices.csv": csv})] == [
        "devices.csv:2: device 'd1': there is no site 'hp'",
        "devices.csv:2: device 'd1': unknown platform 'iso'",
        "devices.csv:4: device 'd3': access 'outband' must be in-band or out-of-band",
        "devices.csv:5: device 'd4': 10.0.0.2 port 22 is the address of 'd2' already",
        "devices.csv:5: device 'd4': the label 'role' is called as something that selectors know already",
        "devices.csv:6: device 'd5': port 'ssh' must be a whole number",
        "devices.csv:6: device 'd5': role is missing",
        (
            "devices.csv:6: device 'd5': variables.mgmt-vlan 'mgmt-vlan' must be letters, digits and underscores,"
            " not beginning with a digit: templates use them as names"
        ),
        "devices.csv:7: device 'd2' is there twice",
    ]
