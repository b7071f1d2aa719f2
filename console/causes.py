"""What each cause means and what to do about it. The table in docs/guides/operations.md is this one."""

from collections.abc import Mapping
from dataclasses import dataclass

from events.values import Cause


@dataclass(frozen=True, slots=True)
class Explained:
    """A cause for people: what it means, and what to do."""

    means: str
    do: str


EXPLAINED: Mapping[Cause, Explained] = {
    Cause.UNREACHABLE: Explained(
        "No connection to the device, or to the jump host before it, could be made. Nothing was sent.",
        "See whether the site is up; then retry the device, or skip it.",
    ),
    Cause.LOGIN_REFUSED: Explained(
        "The device or its AAA server refused the login. The credential is stopped everywhere, so that no account is "
        "locked out.",
        "Mend the credential where it is kept, lift its halt, then retry.",
    ),
    Cause.HOST_KEY_CHANGED: Explained(
        "The device shows another key than the one on record. Nothing was sent: it may be somebody else.",
        "Find out why. After a swap of hardware: wavegate inventory enroll --replace, then retry.",
    ),
    Cause.HOST_KEY_UNKNOWN: Explained(
        "No key of the device is on record, so nothing was sent to it.",
        "Enroll it: wavegate inventory enroll; then retry, or request a new rollout where it was not planned.",
    ),
    Cause.CREDENTIAL_MISSING: Explained(
        "The login cannot be read where the inventory says that it is kept, or cannot be used as it is.",
        "Give the worker the environment variable or the file that the detail names, then retry.",
    ),
    Cause.DEVICE_BUSY: Explained(
        "Every terminal line or session of the device was taken, until the deadline.",
        "Free a line, then retry.",
    ),
    Cause.DEVICE_LOCKED: Explained(
        "Somebody else configures the device or has a commit pending. Nobody's lock is ever taken.",
        "Ask whoever the detail names to finish, then retry.",
    ),
    Cause.DEVICE_FULL: Explained(
        "The device has no room to save its configuration.", "Make room on its flash, then retry."
    ),
    Cause.ANSWER_TOO_LARGE: Explained(
        "The device answered with more than is taken from one.",
        "Look at the device by hand; a show command of a check may answer with too much.",
    ),
    Cause.TIMED_OUT: Explained(
        "The device did not answer in time.",
        "See what keeps it busy; then retry. Where something may have been written, it is read back by itself.",
    ),
    Cause.LINE_REJECTED: Explained(
        "The device refused a line of the change; what came before it is undone.",
        "The change is wrong for this device, by platform, OS version or value: have it mended, skip the device.",
    ),
    Cause.DIFF_DIFFERS: Explained(
        "What the device would make, or made, of the change is not the difference that was approved.",
        "The detail tells what is there and what is lacking. Have the change mended, or request a new rollout and "
        "approve that.",
    ),
    Cause.DRIFT: Explained(
        "Somebody changed a section that the change touches after it was planned. Nothing was written.",
        "Find out who and why; then request a new rollout for the device, or skip it.",
    ),
    Cause.CHECKS_FAILED: Explained(
        "A check after the push did not hold; the push was undone.",
        "The change hurts this device. Look at the check that the detail names before anything goes on.",
    ),
    Cause.ACCESS_LOST: Explained(
        "The device could not be reached any more after it was written to; its own timer undoes the push.",
        "The change cuts the way to the device: have it mended. Do not retry as it is.",
    ),
    Cause.NOT_SAVED: Explained(
        "The device has the change and did not save it, or startup differs from running after the save; "
        "at planning, somebody entered the change by hand and did not save it.",
        "Look at its flash and its startup configuration by hand before it restarts.",
    ),
    Cause.UNDO_FAILED: Explained(
        "What was written could not be undone, or what was to be confirmed was no longer pending.",
        "Bring the device back by hand, now. The sections as they were are named in its history.",
    ),
    Cause.NO_UNDO: Explained(
        "The device is reached in-band and has no way to undo by itself; nobody accepted that by name.",
        "Set up its undo (on IOS a local archive), or approve with --accept-no-undo DEVICE.",
    ),
    Cause.FOREIGN_UNSAVED: Explained(
        "Others left lines unsaved on the device, which this push would have saved along.",
        "Save or remove them on the device, or approve with --save-foreign.",
    ),
    Cause.CUTS_LOGIN: Explained(
        "The change would take away or rewrite the login that Wavegate itself uses.",
        "Leave that out of the change, or let a replace `keep` it; change logins by hand or from another login.",
    ),
    Cause.SALTED_SECRET: Explained(
        "The change sets a secret that the device stores with a salt: nobody could tell whether it arrived.",
        "Leave it out of the change and set it by hand.",
    ),
    Cause.NO_TEMPLATE: Explained(
        "The change has no template for the device's platform.",
        "Have a template added, or the selector narrowed.",
    ),
    Cause.RENDER_FAILED: Explained(
        "The change could not be rendered for the device: an undefined variable, a missing row, a task that failed.",
        "wavegate change validate tells all of it at once; have the change or the inventory mended.",
    ),
    Cause.TASK_VERSION: Explained(
        "The worker has another version of the engineer's task than the one that was approved.",
        "Bring the tasks of all workers up to date, or submit the change anew.",
    ),
    Cause.CHANGE_MISSING: Explained(
        "The worker cannot read the change or the plan from the blob store.",
        "See that all processes use one blob store and one data key, then retry.",
    ),
    Cause.NOT_IN_INVENTORY: Explained(
        "The worker's inventory does not have the device (any more).",
        "Bring the inventory of all workers up to date; then retry, or skip the device.",
    ),
    Cause.INVENTORY_DIFFERS: Explained(
        "The worker planned with another inventory than the one the rollout was requested with: the device has another "
        "site, role, platform or group there.",
        "Bring the inventory of coordinators and workers to one state, then request a new rollout.",
    ),
    Cause.HALTED: Explained(
        "A halt stands on the rollout, the site, the device, the credential or everything. Nothing was written.",
        "It is released again by itself once the halt is lifted and the rollout goes on.",
    ),
    Cause.CONTROL_UNREAD: Explained(
        "The worker could not prove that it had read all halts. Nothing was written.",
        "See that the worker reaches the log; it is released again by itself.",
    ),
    Cause.LEASE_LOST: Explained(
        "The worker was cut off from the log; its orders went to others. "
        "Or a device has this order's commit pending that its worker had not heard of: it is read back.",
        "Nothing, where it happens once. Otherwise look at the worker's connection to the log.",
    ),
    Cause.APPROVAL_INVALID: Explained(
        "The worker checked who had allowed this and found too few: an approval has run out or was revoked, or is for "
        "another plan. Nothing was written.",
        "Approve the plan anew; then resume.",
    ),
    Cause.SHUTTING_DOWN: Explained(
        "The worker was stopped before it began.", "Nothing: the order goes to another worker."
    ),
    Cause.LATER_CHANGE: Explained(
        "The sections to be brought back were changed by somebody since. Nothing was written.",
        "Decide by hand which of the two is to stay; the history of the device names both.",
    ),
    Cause.INTERNAL: Explained(
        "Something went wrong in Wavegate itself, or a device answered in a way that nobody foresaw.",
        "Keep the worker's log and report it, with the detail; look at the device before it is retried.",
    ),
}


def advice(cause: str | None) -> str:
    """What to do about a cause, by its name; empty where it has none."""
    if cause is None:
        return ""
    known = EXPLAINED.get(Cause(cause)) if cause in set(Cause) else None
    return known.do if known else ""
