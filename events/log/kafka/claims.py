"""What a member of a Kafka group claims, and who is to own what. Partitions are numbers there."""

from collections.abc import Mapping, Sequence

from events.log.contract import Partition
from events.log.holdings import Holdings
from events.log.sharing import share


class Claims:
    """A member's holdings, as Kafka's client deals with them."""

    def __init__(self, partitions: Sequence[Partition], holdings: Holdings) -> None:
        self._partitions = partitions
        self._holdings = holdings

    def owned(self) -> frozenset[int]:
        """What this member owns."""
        return frozenset(partition.number for partition in self._holdings.partitions)

    def gain(self, numbers: frozenset[int]) -> None:
        """These are owned from now on."""
        self._holdings.gain([self._partitions[number] for number in numbers])

    def lose(self, numbers: frozenset[int]) -> None:
        """These are not owned any more."""
        self._holdings.lose([self._partitions[number] for number in numbers])

    def share(self, claims: Mapping[str, frozenset[int]]) -> Mapping[str, Sequence[int]]:
        """Every member's share, less what somebody else has not given up yet, or what two claim.

        What is left out goes to nobody for one round; whoever has it sees that it is not its own, and gives it up.
        """
        owners: dict[Partition, str] = {}
        contested: set[Partition] = set()
        for member, numbers in sorted(claims.items()):
            owned = {self._partitions[number] for number in numbers}
            contested |= owned & owners.keys()
            owners |= dict.fromkeys(owned, member)
        targets = share(self._partitions, sorted(claims), owners)
        given: dict[str, list[int]] = {member: [] for member in claims}
        for partition, member in targets.items():
            if owners.get(partition, member) == member and partition not in contested:
                given[member].append(partition.number)
        return given
