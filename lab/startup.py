"""The lines with which a device starts: those of its credentials, then its startup config."""

import functools

from lab.config.hashes import sha512, type9
from lab.estate import Credentials, DeviceSpec, Platform

# The same on every device: hashing is slow on purpose, and these secrets are known to whoever reads the estate file.
_SALT = "Wav3GateLab.00"


@functools.lru_cache(maxsize=64)
def hashed(platform: Platform, clear: str) -> str:
    """A secret as the platform's config has it, type and hash, under a salt that is always the same."""
    return f"9 {type9(clear, _SALT)}" if platform is Platform.IOS else f"sha512 {sha512(clear, _SALT)}"


def startup_lines(spec: DeviceSpec) -> list[str]:
    """Every line that a device loads when it is first started."""
    return [
        *(_credential_lines(spec.platform, spec.credentials) if spec.credentials else ()),
        *spec.startup.splitlines(),
    ]


def _credential_lines(platform: Platform, credentials: Credentials) -> list[str]:
    secret = hashed(platform, credentials.password)
    role = " role network-admin" if platform is Platform.EOS else ""
    lines = [] if credentials.remote else [f"username {credentials.username} privilege 15{role} secret {secret}"]
    if credentials.enable:
        key = "secret" if platform is Platform.IOS else "password"
        lines.append(f"enable {key} {hashed(platform, credentials.enable)}")
    return lines
