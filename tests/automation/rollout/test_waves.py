"""Which devices are changed together: sizes, twins, what the canary covers; told by examples and by properties."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.rollout.waves import compute
from events.facts import Strategy
from events.plans import PlannedDevice, digest

Waves = tuple[tuple[str, ...], ...]


def planned(build: Any, targets: Iterable[Any], **given: Any) -> list[PlannedDevice]:
    return [build.planned(target, **given) for target in targets]


def sites_of(waves: Waves) -> list[list[str]]:
    """The sites of each wave."""
    return [sorted({name.rsplit("-", 1)[0] for name in wave}) for wave in waves]


# Sizes

# Each case: how many sites of one device, the strategy, and how many sites each wave has.
SIZES: dict[str, tuple[int, Strategy, list[int]]] = {
    "one device": (1, Strategy(), [1]),
    "a canary larger than all": (3, Strategy(canary=9), [3]),
    "a number repeats until all are in a wave": (10, Strategy(canary=1, waves=(4,)), [1, 4, 4, 1]),
    "the last entry repeats": (20, Strategy(canary=2, waves=(1, 5)), [2, 1, 5, 5, 5, 2]),
    "a share is of all sites": (40, Strategy(canary=4, waves=("10%", "50%")), [4, 4, 20, 12]),
    "a share of less than a site is a site": (5, Strategy(canary=1, waves=("1%",)), [1, 1, 1, 1, 1]),
    "a share with a fraction": (200, Strategy(canary=1, waves=("0.5%", "100%")), [1, 1, 198]),
    "no share at all is a site": (3, Strategy(canary=1, waves=("0%",)), [1, 1, 1]),
    "more than all": (6, Strategy(canary=1, waves=("999%",)), [1, 5]),
    "a number of sites beyond what there is": (6, Strategy(canary=1, waves=(1_000,)), [1, 5]),
}


@pytest.mark.parametrize(("sites", "strategy", "sizes"), SIZES.values(), ids=SIZES)
def test_how_many_sites_a_wave_has(sites: int, strategy: Strategy, sizes: list[int], build: Any) -> None:
    waves = compute(planned(build, build.singles(sites)), strategy)
    assert [len(wave) for wave in waves] == sizes


def test_a_wave_counts_sites_and_not_devices(build: Any) -> None:
    targets = [build.target(f"s{site:03d}-r{leg}", f"s{site:03d}") for site in range(4) for leg in range(3)]
    waves = compute(planned(build, targets), Strategy(canary=1, waves=(2,)))
    assert [len(wave) for wave in waves] == [3, 6, 3]


# Twins


def test_the_second_of_two_twins_goes_with_the_next_wave(build: Any) -> None:
    waves = compute(planned(build, build.twins(3)), Strategy(canary=1, waves=(1,)))
    assert waves == (("s000-r1",), ("s000-r2", "s001-r1"), ("s001-r2", "s002-r1"), ("s002-r2",))


def test_the_third_goes_with_the_wave_after(build: Any) -> None:
    targets = [build.target(f"s000-r{leg}", "s000", "g") for leg in (1, 2, 3)]
    waves = compute(planned(build, targets), Strategy())
    assert waves == (("s000-r1",), ("s000-r2",), ("s000-r3",))


def test_what_has_no_twin_goes_with_the_first_of_its_site(build: Any) -> None:
    targets = [*build.twins(1), build.target("s000-sw1", "s000", role="switch")]
    waves = compute(planned(build, targets), Strategy())
    assert waves == (("s000-r1", "s000-sw1"), ("s000-r2",))


def test_sites_that_share_a_group_are_kept_together(build: Any) -> None:
    # Given a group over two sites, of which another spans one more
    shared = [("a-r1", "a", "x"), ("b-r1", "b", "x"), ("b-r2", "b", "y"), ("c-r1", "c", "y")]
    alone = [build.target(f"d{number}-r1", f"d{number}") for number in range(3)]
    waves = compute(planned(build, [*(build.target(*each) for each in shared), *alone]), Strategy(canary=1, waves=(1,)))
    # Then the three sites begin with the same wave, and no wave has both of a group
    assert waves[0] == ("a-r1", "b-r2")
    assert set(waves[1]) >= {"b-r1", "c-r1"}


# Each case: the canary and the waves, in sites, over three pairs of sites that share a group; and what is in each wave.
JOINED = {
    "a pair fills a canary of two": (2, 2, [2, 4, 4, 2]),
    "a canary of three takes two pairs": (3, 2, [4, 6, 2]),
    "a wave of three takes two pairs": (1, 3, [2, 6, 4]),
}


@pytest.mark.parametrize(("canary", "size", "first"), JOINED.values(), ids=JOINED)
def test_sites_that_are_kept_together_count_each(canary: int, size: int, first: list[int], build: Any) -> None:
    targets = [
        build.target(f"{pair}{leg}-{kind}", f"{pair}{leg}", f"{pair}-{kind}")
        for pair in "abc"
        for leg in (1, 2)
        for kind in ("r", "sw")
    ]
    waves = compute(planned(build, targets), Strategy(canary=canary, waves=(size,)))
    assert [len(wave) for wave in waves] == first


# What the canary covers

KINDS: dict[str, dict[str, Any]] = {
    "another role": {"role": "switch"},
    "another platform": {"platform": "eos"},
    "another OS version": {"os_version": "17.9"},
    "another diff class": {"diff_class": digest(b"outlier")},
}


@pytest.mark.parametrize("other", KINDS.values(), ids=KINDS)
def test_the_canary_has_one_of_every_kind(other: dict[str, Any], build: Any) -> None:
    # Given twenty devices of which the last is of another kind, and a canary of one site
    targets = build.singles(20)
    devices = [*planned(build, targets[:-1]), build.planned(targets[-1], **other)]
    # Then the canary has that too
    assert compute(devices, Strategy(canary=1))[0] == ("s000-r1", "s019-r1")


def test_the_canary_takes_the_site_that_has_most_kinds(build: Any) -> None:
    mixed = [build.target("s009-r1", "s009"), build.target("s009-sw1", "s009", role="switch")]
    devices = planned(build, [*build.singles(5), *mixed])
    assert compute(devices, Strategy(canary=1))[0] == ("s009-r1", "s009-sw1")


def test_of_two_twins_the_one_of_a_kind_that_is_missing_goes_first(build: Any) -> None:
    first, second = build.twins(1)
    other = build.target("s005-r1", "s005")
    devices = [build.planned(first), build.planned(second, os_version="17.9"), build.planned(other)]
    waves = compute(devices, Strategy(canary=2))
    assert waves == (("s000-r2", "s005-r1"), ("s000-r1",))


def test_a_kind_that_only_the_twin_of_another_has_follows_in_the_next_wave(build: Any) -> None:
    first, second = build.twins(1)
    waves = compute([build.planned(first), build.planned(second, os_version="17.9")], Strategy())
    assert waves == (("s000-r1",), ("s000-r2",))


@pytest.mark.parametrize(("classes", "covered"), [(12, True), (13, False)])
def test_classes_of_which_every_site_has_its_own_are_not_worth_a_canary(
    classes: int, covered: bool, build: Any
) -> None:
    targets = build.singles(classes)
    devices = [build.planned(target, diff_class=digest(target.device.encode())) for target in targets]
    assert len(compute(devices, Strategy(canary=1))[0]) == (classes if covered else 1)


@pytest.mark.parametrize(("tier", "first"), [("lab", True), ("pilot", True), ("test", True), ("gold", False)])
def test_sites_of_a_low_tier_go_first(tier: str, first: bool, build: Any) -> None:
    low = build.target("s009-r1", "s009", tier=tier)
    waves = compute(planned(build, [*build.singles(5), low]), Strategy(canary=1))
    assert (waves[0] == ("s009-r1",)) is first


def test_a_site_is_of_a_low_tier_if_all_of_its_devices_are(build: Any) -> None:
    mixed = [build.target("s009-r1", "s009", tier="lab"), build.target("s009-r2", "s009", tier="gold")]
    assert compute(planned(build, [*build.singles(2), *mixed]), Strategy(canary=1))[0] == ("s000-r1",)


# Properties

SIZE = st.one_of(st.integers(1, 9), st.integers(0, 120).map("{}%".format))
STRATEGIES = st.builds(
    Strategy, canary=st.integers(1, 6), waves=st.lists(SIZE, min_size=1, max_size=4).map(tuple), bake_s=st.just(0)
)
#: A device by its site, its group (None: it stands alone), and which of a few kinds it is.
DEVICES = st.lists(
    st.tuples(st.integers(0, 14), st.one_of(st.none(), st.integers(0, 8)), st.sampled_from("abc")),
    min_size=1,
    max_size=40,
)
Drawn = Sequence[tuple[int, int | None, str]]


def estate(build: Any, drawn: Drawn) -> list[PlannedDevice]:
    """Groups may span sites, and sites hold any number of devices and groups."""
    targets = (
        (build.target(f"s{site:03d}-d{number}", f"s{site:03d}", None if group is None else f"g{group}"), kind)
        for number, (site, group, kind) in enumerate(drawn)
    )
    return [build.planned(target, os_version=kind) for target, kind in targets]


def wave_of(waves: Waves) -> dict[str, int]:
    return {name: number for number, wave in enumerate(waves) for name in wave}


@settings(deadline=None)
@given(drawn=DEVICES, strategy=STRATEGIES)
def test_every_target_is_in_exactly_one_wave_and_no_wave_is_empty(drawn: Drawn, strategy: Strategy, build: Any) -> None:
    devices = estate(build, drawn)
    waves = compute(devices, strategy)
    assert Counter(name for wave in waves for name in wave) == Counter(device.device for device in devices)
    assert all(waves)


@settings(deadline=None)
@given(drawn=DEVICES, strategy=STRATEGIES, random=st.randoms(use_true_random=False))
def test_the_same_devices_give_the_same_waves_in_whatever_order_they_come(
    drawn: Drawn, strategy: Strategy, random: Any, build: Any
) -> None:
    devices = estate(build, drawn)
    waves = compute(devices, strategy)
    random.shuffle(devices)
    assert compute(devices, strategy) == waves
    assert all(tuple(sorted(wave)) == wave for wave in waves)


@settings(deadline=None)
@given(drawn=DEVICES, strategy=STRATEGIES)
def test_those_of_a_group_go_one_wave_after_the_other(drawn: Drawn, strategy: Strategy, build: Any) -> None:
    devices = estate(build, drawn)
    place = wave_of(compute(devices, strategy))
    groups: dict[str, list[int]] = defaultdict(list)
    for device in devices:
        if device.group is not None:
            groups[device.group].append(place[device.device])
    for group, numbers in groups.items():
        first = min(numbers)
        assert sorted(numbers) == list(range(first, first + len(numbers))), group


@settings(deadline=None)
@given(drawn=DEVICES, strategy=STRATEGIES)
def test_all_of_a_site_begins_with_one_wave(drawn: Drawn, strategy: Strategy, build: Any) -> None:
    devices = estate(build, drawn)
    place = wave_of(compute(devices, strategy))
    leaders: dict[str, set[int]] = defaultdict(set)
    for device in devices:
        group = [each for each in devices if device.group is not None and each.group == device.group] or [device]
        leaders[device.site].add(min(place[each.device] for each in group))
    assert all(len(numbers) == 1 for numbers in leaders.values())


@settings(deadline=None)
@given(drawn=DEVICES, strategy=STRATEGIES)
def test_the_canary_is_large_enough_and_has_every_kind_that_can_go_first(
    drawn: Drawn, strategy: Strategy, build: Any
) -> None:
    devices = estate(build, drawn)
    canary = set(compute(devices, strategy)[0])
    sites = {device.site for device in devices}
    # Sites that share a group begin together, but some of them may have only the second of it to show.
    grouped = any(device.group is not None for device in devices)
    assert grouped or len({name.split("-")[0] for name in canary}) >= min(strategy.canary, len(sites))
    alone = {device.os_version for device in devices if device.group is None}
    assert alone <= {device.os_version for device in devices if device.device in canary}


@settings(deadline=None)
@given(sites=st.integers(1, 60), strategy=STRATEGIES)
def test_sizes_are_as_the_strategy_has_them(sites: int, strategy: Strategy, build: Any) -> None:
    # Given sites of one device and one kind, so that nothing but the sizes decides
    waves = compute(planned(build, build.singles(sites)), strategy)
    left, wanted = sites - len(waves[0]), iter(strategy.waves)
    assert len(waves[0]) == min(strategy.canary, sites)
    size: int | str = strategy.waves[-1]
    for wave in waves[1:]:
        size = next(wanted, strategy.waves[-1])
        share = size if isinstance(size, int) else round(float(size.rstrip("%")) / 100 * sites)
        assert len(wave) == min(max(1, share), left)
        left -= len(wave)
    assert left == 0
