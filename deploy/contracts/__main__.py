"""`python -m deploy.contracts write|check|gate|release`: the published form of the contracts."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.contracts import files


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked; 1 if the files differ or the gate refuses."""
    asked = _parser().parse_args(arguments)
    if asked.deed == "write":
        return _tell([f"wrote {path}" for path in files.write()], "every file was up to date")
    if asked.deed == "release":
        return _release()
    if asked.deed == "check":
        told = files.differences()
        hint = ["run `python -m deploy.contracts write`"] if told else []
        return _tell([*told, *hint], "every file is what the contracts say") or int(bool(told))
    return _gate(asked.base)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.contracts", description=__doc__)
    deeds = parser.add_subparsers(dest="deed", required=True)
    deeds.add_parser("write", help="write schemas, examples and AsyncAPI documents")
    deeds.add_parser("check", help="say which of these files are not what the contracts say")
    gate = deeds.add_parser("gate", help="refuse what would break released contracts")
    gate.add_argument("--base", type=Path, default=files.RELEASED, help="a folder of released schemas")
    deeds.add_parser("release", help="make today's schemas the released ones")
    return parser


def _release() -> int:
    if files.RELEASED.exists() and _gate(files.RELEASED):
        return 1
    return _tell([f"released {path}" for path in files.release()], "there is nothing to release")


def _gate(base: Path) -> int:
    from deploy.contracts.growth import NoBaseline, judge, read_contracts

    try:
        verdict = judge(read_contracts(base), read_contracts(files.SCHEMAS))
    except NoBaseline as missing:
        print(missing, file=sys.stderr)
        return 2
    for refusal in verdict.refusals:
        print(f"REFUSED  {refusal}")
    for advice in verdict.advice:
        print(f"fine     {advice}")
    if not verdict.refusals and not verdict.advice:
        print("nothing changed since the last release")
    return int(bool(verdict.refusals))


def _tell(lines: Sequence[str], otherwise: str) -> int:
    print("\n".join(lines) if lines else otherwise)
    return 0


if __name__ == "__main__":
    sys.exit(main())
