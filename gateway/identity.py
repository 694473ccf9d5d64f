"""Who this gateway is: its name, its certificate, its broker, as it got them when it was enrolled."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from gateway.settings import GatewaySettings
from maixun import secret_file
from maixun.configuration import ConfigurationError


@dataclass(frozen=True, slots=True)
class Identity:
    """`server` and `broker` are URLs; the files lie in `folder`, readable by their owner only.

    `renew_after` (aware): from then on the next certificate is to be fetched.
    """

    folder: Path
    gateway: str
    server: str
    broker: str
    renew_after: datetime

    @property
    def credentials(self) -> Path:
        """Private key and certificate in one PEM file, so that a renewal replaces both or none."""
        return self.folder / "gateway.pem"

    @property
    def authority(self) -> Path:
        """The certificate of who signed the broker's and ours."""
        return self.folder / "gateway-authority.pem"

    @property
    def pseudonym_key(self) -> Path:
        """What the kiosk makes persons' tokens with: 32 bytes in base64; `key_file` of config/kiosk.yaml."""
        return self.folder / "pseudonym.key"

    def secured(self, settings: GatewaySettings) -> GatewaySettings:
        """The settings with this identity's files for TLS."""
        files = {"tls_ca": self.authority, "tls_certificate": self.credentials, "tls_key": None}
        return settings.model_copy(update=files)

    def write(self, *, credentials: bytes, authority: bytes, pseudonym_key: bytes) -> None:
        """Put everything in its place; `gateway.json` last, since with it the gateway counts as enrolled."""
        secret_file.replace(self.authority, authority)
        secret_file.replace(self.pseudonym_key, pseudonym_key)
        secret_file.replace(self.credentials, credentials)
        about = {key: value for key, value in asdict(self).items() if key != "folder"}
        about["renew_after"] = self.renew_after.isoformat()
        secret_file.replace(self.folder / "gateway.json", json.dumps(about, indent=1).encode())


def load(folder: Path) -> Identity | None:
    """Who this gateway is; None before it was enrolled. Raises `ConfigurationError`."""
    path = folder / "gateway.json"
    try:
        about = json.loads(path.read_text())
        return Identity(folder, **about | {"renew_after": datetime.fromisoformat(about["renew_after"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}): enrol this gateway again") from None
