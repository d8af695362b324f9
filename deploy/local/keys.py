"""Make the secrets of the first run: channel keys, master and submission key, passwords and the rest."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from shared.key_service import fresh_line
from shared.sealed_submissions import fresh_key
from shared.sealing import Algorithm

SCOPES = ("applications:write", "applications:read", "materials:write")
AREAS = {"panzhihua": "510400", "shangrao": "361100"}


class Person(TypedDict):
    """One of the synthetic staff, as the issuer puts it into tokens."""

    username: str
    name: str
    roles: list[str]
    areas: list[str]


@dataclass(frozen=True, slots=True)
class Channel:
    """A synthetic sender: who it is and for which regions it may speak."""

    id: str
    name: str
    kind: str
    regions: tuple[str, ...]


CHANNELS = (
    Channel("sichuan_app", "四川医保APP", "app", ("panzhihua",)),
    Channel("panzhihua_miniprogram", "攀枝花智慧医保小程序", "wechat_miniprogram", ("panzhihua",)),
    Channel("national_app", "国家医保服务平台APP", "app", ("panzhihua", "shangrao")),
    Channel("panzhihua_window", "攀枝花市政务中心医保窗口", "window", ("panzhihua",)),
    Channel("ganfutong", "赣服通", "alipay_miniprogram", ("shangrao",)),
    Channel("jiangxi_portal", "江西政务服务网", "web", ("shangrao",)),
    Channel("shangrao_wechat", "上饶医疗保障", "wechat_account", ("shangrao",)),
    Channel("hospital_office", "上饶市人民医院医保办", "hospital_office", ("shangrao",)),
    Channel("agency_hall", "医保经办大厅", "window", ("shangrao",)),
)

REGION_STAFF = (
    ("acceptance", "受理员", "acceptance_officer"),
    ("first-1", "初审员甲", "first_reviewer"),
    ("first-2", "初审员乙", "first_reviewer"),
    ("expert-1", "专家甲", "expert"),
    ("expert-2", "专家乙", "expert"),
    ("final-1", "终审员甲", "final_reviewer"),
    ("final-2", "终审员乙", "final_reviewer"),
)
COMMON_STAFF = (
    ("supervisor", "督办员"),
    ("auditor", "审计员"),
    ("operator", "运维员"),
    ("policy_editor", "政策编辑员"),
    ("policy_publisher", "政策发布员"),
)
REGION_NAMES = {"panzhihua": "攀枝花", "shangrao": "上饶"}


def make_keys(folder: Path) -> None:
    """Make every secret that is missing in the folder, readable by its owner alone; existing ones stay."""
    for place in (folder, folder / "channels"):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.chmod(0o700)
    for channel in CHANNELS:
        _once(folder / "channels" / f"{channel.id}.pem", lambda: _pem(ed25519.Ed25519PrivateKey.generate()))
    for name in ("lookup.key", "sms.secret", "postgres.password"):
        _once(folder / name, lambda: secrets.token_hex(32))
    _once(folder / "master.keys", lambda: fresh_line("local-1", Algorithm.A256GCM).strip())
    _once(folder / "submission.jwks", lambda: json.dumps({"keys": [fresh_key("local-1")]}))
    _once(folder / "audit.pem", lambda: _pem(ed25519.Ed25519PrivateKey.generate()))
    _once(folder / "oidc.pem", lambda: _pem(ec.generate_private_key(ec.SECP256R1())))
    _write(folder / "channels.json", json.dumps(channel_list(folder), ensure_ascii=False, indent=2))
    _write(folder / "staff.json", json.dumps({"staff": staff_list()}, ensure_ascii=False, indent=2))


def channel_list(folder: Path) -> dict[str, list[dict[str, object]]]:
    """The channels with public keys, scopes and regions, in the form the services read."""
    return {
        "channels": [
            {
                "id": channel.id,
                "name": channel.name,
                "kind": channel.kind,
                "public_key": _public_key(folder / "channels" / f"{channel.id}.pem"),
                "scopes": list(SCOPES),
                "regions": list(channel.regions),
            }
            for channel in CHANNELS
        ]
    }


def staff_list() -> list[Person]:
    """The synthetic staff: user name, shown name, roles and pooling areas."""
    found: list[Person] = [
        {
            "username": f"{region}-{post}",
            "name": f"{REGION_NAMES[region]}{name}",
            "roles": [role],
            "areas": [area],
        }
        for region, area in AREAS.items()
        for post, name, role in REGION_STAFF
    ]
    found += [
        {"username": role, "name": name, "roles": [role], "areas": list(AREAS.values())}
        for role, name in COMMON_STAFF
    ]
    return found


def _once(path: Path, make: Callable[[], str]) -> None:
    if not path.exists() or not path.read_text().strip():
        _write(path, make())


def _write(path: Path, text: str) -> None:
    draft = path.with_name(path.name + ".draft")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_text(text + "\n")
    draft.replace(path)


def _pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip()


def _public_key(path: Path) -> str:
    key = load_pem_private_key(path.read_bytes(), password=None)
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
