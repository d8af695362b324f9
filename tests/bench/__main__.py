"""`make bench`: measures against the bare servers, prints the table, writes tests/bench/latest.json."""

if __name__ == "__main__":
    # Here, because the processes of an audit import this module and need nothing of that.
    from tests.bench.measuring import main

    raise SystemExit(main())
