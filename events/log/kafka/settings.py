"""How to reach a Kafka."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from events.log.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """TLS and SASL, by the names that Kafka gives them. Secrets are left out of what is printed."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    key_password: str | None = field(default=None, repr=False)
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI"] | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuses half a login."""
        if self.protocol.startswith("SASL") != (self.mechanism is not None):
            raise ValueError(f"a SASL mechanism goes with a SASL protocol, and only with one; this is {self.protocol}")
        # Kerberos has its user from elsewhere.
        if self.mechanism not in {None, "GSSAPI"} and not (self.user and self.password):
            raise ValueError(f"SASL mechanism {self.mechanism} needs a user and a password")


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """A Kafka, and which of the logs on it.

    ``bootstrap`` lists addresses as HOST:PORT with commas; ``prefix`` goes before the names of topics, groups and
    transactional ids, so that several logs can share a broker.
    """

    bootstrap: str
    prefix: str = ""
    terms: Terms = field(default_factory=Terms)
    security: Security = field(default_factory=Security)

    @property
    def addresses(self) -> list[str]:
        """The bootstrap addresses, one by one."""
        return [address.strip() for address in self.bootstrap.split(",")]
