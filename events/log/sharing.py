"""How a group shares partitions out: evenly, and so that members keep what they have. Pure; all adapters use it."""

from collections.abc import Mapping, Sequence

from events.log.contract import Partition


def share(
    partitions: Sequence[Partition], members: Sequence[str], owners: Mapping[Partition, str]
) -> dict[Partition, str]:
    """Who is to own each partition.

    Whoever runs this over the same partitions, members and owners comes to the same answer, and running it over its
    own answer changes nothing; so members need no leader to agree.

    Args:
        partitions: all partitions of the topic, in order.
        members: the names of the group's members, none twice; their order decides who is given the odd ones.
        owners: who owns a partition now; entries of strangers count as free.
    """
    if not members:
        return {}
    held = _held(partitions, members, owners)
    quotas = _quotas(len(partitions), members, held)
    kept = {partition: member for member in members for partition in held[member][: quotas[member]]}
    free = iter([partition for partition in partitions if partition not in kept])
    for member in members:
        missing = quotas[member] - min(len(held[member]), quotas[member])
        kept.update({next(free): member for _ in range(missing)})
    return kept


def _held(
    partitions: Sequence[Partition], members: Sequence[str], owners: Mapping[Partition, str]
) -> dict[str, list[Partition]]:
    held: dict[str, list[Partition]] = {member: [] for member in members}
    for partition in partitions:
        if (owner := owners.get(partition)) in held and owner is not None:
            held[owner].append(partition)
    return held


def _quotas(count: int, members: Sequence[str], held: Mapping[str, Sequence[Partition]]) -> dict[str, int]:
    even, odd = divmod(count, len(members))
    # Those who have the most get the odd ones: nothing has to move just because somebody came or went.
    richest = sorted(members, key=lambda member: -len(held[member]))
    return {member: even + (rank < odd) for rank, member in enumerate(richest)}
