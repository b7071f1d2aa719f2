"""One device's part of a plan: read, compare, judge. The device is only read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from automation.config.compare import Comparison
from automation.config.difference import Difference, as_text, difference
from automation.config.reading import read_device
from automation.config.secrets import Digester, cut_logins, redacted_edits, salted_edits, unsalted
from automation.config.tree import Tree
from automation.config.vendor import Vendor
from automation.planning.classes import diff_class
from automation.platforms.contract import Endpoint, Limits, Platform
from events.plans import PlannedDevice
from events.values import Access, Cause, Reason, UndoRank


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The device that is planned for, as the inventory describes it. ``own`` are its own values by name."""

    device: str
    site: str
    platform: Platform
    role: str
    os_version: str
    region: str
    tier: str | None
    group: str | None
    access: Access
    endpoint: Endpoint
    via: Endpoint | None
    own: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was found on a device: the difference that people may see, and its part of the plan.

    ``refused`` is None where nothing speaks against it. It stands also where nothing has to change but to be saved.
    """

    text: str
    unsaved: str
    comparison: Comparison
    undo: UndoRank
    refused: Reason | None


def read_and_compare(
    subject: Subject, compare: Callable[[Tree], Comparison], digester: Digester, limits: Limits
) -> Reading:
    """Reads a device and holds a change against it.

    Raises:
        PlatformError: the device could not be read.
        AmbiguousChangeError: a line's effect cannot be told beforehand.
    """
    session = subject.platform.connect(subject.endpoint, subject.via, limits)
    try:
        running, startup = (
            read_device(text, subject.platform.vendor) for text in (session.running(), session.startup())
        )
        undo = session.undo_rank()
    finally:
        session.close()
    comparison = compare(running)
    vendor = subject.platform.vendor
    return Reading(
        text=as_text(redacted_edits(comparison.edits, vendor, digester)),
        unsaved=as_text(redacted_edits(difference(startup, running, vendor), vendor, digester)),
        comparison=comparison,
        undo=undo,
        refused=_unsaved(compare(startup), vendor, digester)
        if comparison.reached
        else _refused(comparison.edits, subject),
    )


def planned(subject: Subject, reading: Reading, digester: Digester, diff_text: str) -> PlannedDevice:
    """A device's part of the plan; ``diff_text`` is the blob of the difference that people see."""
    vendor, comparison = subject.platform.vendor, reading.comparison
    return PlannedDevice(
        device=subject.device,
        site=subject.site,
        platform=subject.platform.name,
        role=subject.role,
        os_version=subject.os_version,
        region=subject.region,
        tier=subject.tier,
        group=subject.group,
        access=subject.access,
        undo=reading.undo,
        base=digester.tree(comparison.before, vendor),
        target=digester.tree(comparison.target, vendor),
        diff=digester.edits(comparison.edits),
        config=digester.tree(unsalted(comparison.rest, vendor), vendor),
        diff_class=diff_class(redacted_edits(comparison.edits, vendor, digester), subject.own),
        diff_text=diff_text,
        added=sum(edit.sign == "+" for edit in comparison.edits),
        removed=sum(edit.sign == "-" for edit in comparison.edits),
        foreign_unsaved=sum(line[0] in "+-" for line in reading.unsaved.splitlines()),
    )


def _unsaved(startup: Comparison, vendor: Vendor, digester: Digester) -> Reason | None:
    """What runs and is not saved is gone with the next power cut: the target is not reached, and there is no diff."""
    if startup.reached:
        return None
    lacks = as_text(redacted_edits(startup.edits, vendor, digester))
    detail = (
        "the device runs what the change wants, but has not saved it: whoever entered it by hand has to save it; then "
        f"plan again. Startup lacks:\n{lacks[:1500]}"
    )
    return Reason(cause=Cause.NOT_SAVED, detail=detail)


def _refused(edits: Difference, subject: Subject) -> Reason | None:
    vendor = subject.platform.vendor
    salted = salted_edits(edits, vendor)
    if salted:
        where = " / ".join((*salted[0].path, salted[0].text.split(" ")[0]))
        detail = (
            f"{where!r} sets a secret that the device stores with a salt: nobody could tell whether it is there "
            "already, or arrived. Leave it out of the change and set it by hand or with a task of its own"
        )
        return Reason(cause=Cause.SALTED_SECRET, detail=detail)
    cut = cut_logins(edits, vendor, subject.endpoint.login.username)
    if cut:
        words = " ".join(cut[0].text.split(" ")[:2])
        detail = (
            f"{cut[0].sign} {words!r} would take away or rewrite the login that Wavegate itself uses on this device"
        )
        return Reason(cause=Cause.CUTS_LOGIN, detail=detail)
    return None
