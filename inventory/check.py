"""Checks an estate as a whole and puts it together: everything that is wrong, at once, each with file and line."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from inventory.draft import Draft
from inventory.estate import Estate
from inventory.model import CredentialReference, Device, JumpHost, Scope, Site
from inventory.problems import EstateError, Problem, Severity
from inventory.rules import RULES, RULES_OF_THE_WHOLE
from inventory.secrets import KEPT_ELSEWHERE, find_secrets
from inventory.shapes import FIELDS, build
from inventory.sources.records import Kind, Path, Record, label

_SECRET_FIELDS = frozenset({"password", "private_key", "enable_secret"})


def check(draft: Draft, records: Iterable[Record], *, content_hash: str, earlier: Sequence[Problem] = ()) -> Estate:
    """Puts the estate together.

    Args:
        draft: to be filled.
        records: what was read.
        content_hash: of the files that the records come from.
        earlier: problems of reading, to be told together with those that are found here.

    Raises:
        EstateError: with everything that is wrong; warnings wait until the estate can be used.
    """
    problems = [*earlier, *(problem for record in records for problem in _add(draft, record))]
    # Where records are missing, much would seem to refer to nothing.
    rules = (*RULES, *RULES_OF_THE_WHOLE) if draft.complete else RULES
    problems.extend(problem for rule in rules for problem in rule(draft))
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise EstateError(errors)
    return _estate(draft, content_hash, problems)


def _estate(draft: Draft, content_hash: str, warnings: Iterable[Problem]) -> Estate:
    return Estate.of(
        sites=draft.all(Kind.SITE, Site),
        devices=draft.all(Kind.DEVICE, Device),
        jump_hosts=draft.all(Kind.JUMP_HOST, JumpHost),
        credentials=draft.all(Kind.CREDENTIAL, CredentialReference),
        regions=draft.all(Kind.REGION, Scope),
        countries=draft.all(Kind.COUNTRY, Scope),
        roles=draft.all(Kind.ROLE, Scope),
        content_hash=content_hash,
        warnings=sorted(warnings, key=lambda problem: (problem.file, problem.line, problem.message)),
    )


def _add(draft: Draft, record: Record) -> list[Problem]:
    first = draft.names[record.kind].get(record.name)
    if first is not None:
        message = f"{label(record.kind, record.name)} is there twice"
        hint = f"the first is at {first.origin}"
        return [Problem(file=record.origin.file, line=record.origin.line, message=message, hint=hint)]
    signs = dict(find_secrets(record.fields, _SECRET_FIELDS if record.kind is Kind.CREDENTIAL else frozenset()))
    leaks = [_leak(draft, record, path, sign) for path, sign in signs.items()]
    # A field that holds a secret is complained of once, as that.
    clean = _without(record, {path[0] for path in signs if len(path) == 1})
    built = build(_with_port(clean, draft.platforms), draft.line, draft.suggester)
    draft.names[record.kind][record.name] = _without(clean, built.wrong)
    if built.thing is not None and not leaks:
        draft.things[record.kind].append(built.thing)
    return leaks + built.problems


def _without(record: Record, names: Collection[str]) -> Record:
    if not names:
        return record
    return replace(record, fields={name: value for name, value in record.fields.items() if name not in names})


def _leak(draft: Draft, record: Record, path: Path, sign: str) -> Problem:
    message = f"{label(record.kind, record.name)}: a secret is written out in {'.'.join(path)} ({sign})"
    hint = f"{KEPT_ELSEWHERE}; if it is no secret, give it another name"
    if path[0] not in FIELDS[record.kind]:
        hint = "keep it elsewhere, refer to it from a record in credentials, and name that record here"
    return Problem(file=record.origin.file, line=draft.line(record, path), message=message, hint=hint)


def _with_port(record: Record, platforms: Mapping[str, int]) -> Record:
    platform = record.fields.get("platform")
    if record.kind is not Kind.DEVICE or "port" in record.fields or platform not in platforms:
        return record
    return replace(record, fields=record.fields | {"port": platforms[str(platform)]})
