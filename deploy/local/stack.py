"""The description of a running embedded stack: where each part listens and where its files are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.local.ports import ADDRESS, PREFERRED, choose

SERVICES = ("catalog", "intake", "review", "notify")
SERVERS = ("postgres", "kafka", "valkey", "oidc", "sms")
PARTS = (*SERVERS, *SERVICES, "caddy")
ADMIN = "app"
SOCKET_FOLDER_BYTES = 92
AUDIENCE = "mente"


def default_home() -> Path:
    """The run folder: `$MENTE_HOME`, else `.mente` in the current folder."""
    return Path(os.environ.get("MENTE_HOME") or ".mente").resolve()


@dataclass(frozen=True, slots=True)
class Stack:
    """Addresses, folders and process numbers of an embedded stack; kept as `stack.json` in its folder."""

    home: Path
    ports: Mapping[str, int]
    parts: tuple[str, ...] = PARTS
    supervisor: int = 0
    pids: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Path | None = None) -> Stack:
        """Read the description of the stack in the run folder; FileNotFoundError when there is none."""
        folder = home or default_home()
        stored = json.loads((folder / "stack.json").read_text())
        return cls(
            home=folder,
            ports=stored["ports"],
            parts=tuple(stored["parts"]),
            supervisor=stored["supervisor"],
            pids=stored["pids"],
        )

    def save(self) -> None:
        """Write the description, whole or not at all."""
        stored = {
            "ports": dict(self.ports),
            "parts": list(self.parts),
            "supervisor": self.supervisor,
            "pids": dict(self.pids),
            "addresses": {name: self.url(name) for name in ("gateway", "oidc", "sms") if name in self.ports},
        }
        draft = self.home / "stack.json.draft"
        draft.write_text(json.dumps(stored, indent=2) + "\n")
        draft.replace(self.home / "stack.json")

    def url(self, name: str) -> str:
        """The HTTP address of a part or service, without a trailing slash."""
        return f"http://{ADDRESS}:{self.ports[name]}"

    def service_url(self, service: str) -> str:
        """The service's own address, past the gateway."""
        return self.url(service)

    def database(self, service: str) -> str:
        """The DSN of the service's own database as its own user."""
        return self.dsn(f"mente_{service}", f"mente_{service}")

    def database_as_owner(self, service: str) -> str:
        """The DSN of the service's own database as the owner of its tables: for migrations only."""
        return self.dsn(f"mente_{service}_owner", f"mente_{service}")

    def database_as_admin(self, service: str) -> str:
        """The DSN of a service's database as the administrator, for tests and `mente status`."""
        return self.dsn(ADMIN, f"mente_{service}")

    @property
    def postgres_admin(self) -> str:
        """The administrator's DSN of the database `postgres`."""
        return self.dsn(ADMIN, "postgres")

    @property
    def kafka(self) -> str:
        """The bootstrap address of Kafka, `host:port`."""
        return f"{ADDRESS}:{self.ports['kafka']}"

    @property
    def redis_url(self) -> str:
        """The address of Valkey."""
        return f"redis://{ADDRESS}:{self.ports['valkey']}/0"

    @property
    def gateway_url(self) -> str:
        """The one origin of pages and APIs."""
        return self.url("gateway")

    @property
    def oidc_issuer(self) -> str:
        """The issuer of the staff's access tokens."""
        return self.url("oidc")

    @property
    def sms_url(self) -> str:
        """The simulated SMS gateway."""
        return self.url("sms")

    @property
    def object_store_url(self) -> str:
        """The folder of materials and letters, as an obstore address."""
        return (self.home / "objects").as_uri()

    @property
    def keys_folder(self) -> Path:
        """The secrets of the first run."""
        return self.home / "keys"

    @property
    def logs_folder(self) -> Path:
        """One log per process."""
        return self.home / "logs"

    @property
    def channels_file(self) -> Path:
        """The channels with their public keys, scopes and regions, as the services read them."""
        return self.keys_folder / "channels.json"

    @property
    def master_keys_file(self) -> Path:
        """The master keys, the current one last, as the services read them."""
        return self.keys_folder / "master.keys"

    @property
    def submission_keys_file(self) -> Path:
        """The keys that open what channels put on the bus, as intake reads them."""
        return self.keys_folder / "submission.jwks"

    def submission_key(self) -> dict[str, Any]:
        """The public key (JWK) to which channels seal what they put on the bus."""
        from shared.sealed_submissions import SubmissionKeys

        return SubmissionKeys.load(self.submission_keys_file).public()

    def channel_key(self, channel: str) -> Path:
        """The private key (Ed25519, PEM) of a channel."""
        return self.keys_folder / "channels" / f"{channel}.pem"

    def secret(self, name: str) -> str:
        """A secret of the first run by its file name, for example `sms.secret` or `lookup.key`."""
        return (self.keys_folder / name).read_text().strip()

    @property
    def socket_folder(self) -> Path | None:
        """Where PostgreSQL puts its socket; None when the path is too long for one and TCP is used."""
        folder = self.home / "sockets"
        return folder if len(os.fsencode(folder)) <= SOCKET_FOLDER_BYTES else None

    def dsn(self, user: str, database: str) -> str:
        """How to reach a database as a user: by PostgreSQL's socket, or by TCP where the path is too long."""
        port = self.ports["postgres"]
        if self.socket_folder is not None:
            return (
                f"postgresql://{user}@/{database}?host={quote(str(self.socket_folder), safe='/')}&port={port}"
            )
        password = quote(self.secret("postgres.password"))
        return f"postgresql://{user}:{password}@{ADDRESS}:{port}/{database}"


def plan(home: Path, parts: Iterable[str]) -> Stack:
    """Where a stack in the folder will listen: on its ports of the last time as far as they are free."""
    try:
        wanted = {**PREFERRED, **Stack.load(home).ports}
    except (OSError, ValueError, KeyError):
        wanted = dict(PREFERRED)
    return Stack(home=home, ports=choose(PREFERRED, wanted), parts=tuple(parts))


def service_environment(stack: Stack, service: str) -> dict[str, str]:
    """The settings of one service, as `python -m services.<name>` reads them from its environment."""
    settings = {
        "MENTE_DATABASE_URL": stack.database(service),
        "MENTE_KAFKA": stack.kafka,
        "MENTE_HTTP_HOST": ADDRESS,
        "MENTE_HTTP_PORT": str(stack.ports[service]),
    }
    if service == "intake":
        settings |= {
            "MENTE_REDIS_URL": stack.redis_url,
            "MENTE_OBJECT_STORE": stack.object_store_url,
            "MENTE_LOOKUP_KEY": stack.secret("lookup.key"),
            "MENTE_SUBMISSION_KEYS": str(stack.submission_keys_file),
        }
    if service in {"intake", "notify"}:
        settings["MENTE_CHANNELS"] = str(stack.channels_file)
    if service in {"intake", "review", "notify"}:
        settings["MENTE_MASTER_KEYS"] = str(stack.master_keys_file)
    settings |= {"MENTE_OIDC_ISSUER": stack.oidc_issuer, "MENTE_OIDC_AUDIENCE": AUDIENCE}
    if service == "notify":
        settings |= {"MENTE_SMS_URL": stack.sms_url, "MENTE_SMS_SECRET": stack.secret("sms.secret")}
    return settings
