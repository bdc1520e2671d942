# SPDX-License-Identifier: BSD-2-Clause
"""Assertions on what `--format json` wrote, one JSON object a line.

usage: records.py FILE EXPRESSION...
Each expression is Python and must be true. It sees: records, first, last (attributes are keys), totals,
queues (of all interfaces), drops (totals.drop, without null), interface, service (the first ones)
of the last record, expected(FILE) and the functions below.
"""
import json
import sys


class Record(dict):
    def __getattr__(self, key):
        try:
            return self[key]
        except KeyError:
            raise AttributeError("no key '%s'" % key) from None


def read(name):
    with open(name) as file:
        return json.load(file, object_hook=Record)


def read_records(name, expressions):
    """All of them, or the last one alone where no expression asks for another: who waits for something asks often."""
    with open(name, "rb") as file:
        lines = file.read().decode().split("\n")[:-1]
    if not any(word in expression for word in ("records", "first") for expression in expressions):
        lines = lines[-1:]
    return [json.loads(line, object_hook=Record) for line in lines]


def queues_of(record):
    return [queue for interface in record.interfaces for queue in interface.queues]


def drops_of(record):
    return Record((reason, count or 0) for reason, count in record.totals.drop.items())


def named_drops(record):
    """Of the queues and of the services that are there."""
    drops = {}
    for holder in queues_of(record) + record.services:
        for reason, count in holder.drop.items():
            drops[reason] = drops.get(reason, 0) + (count or 0)
    return drops


def imbalance(record, removed):
    """What is wrong with the books of one record, or None."""
    t, queues = record.totals, queues_of(record)
    if t.unaccounted_packets != 0 or any(queue.unaccounted_packets for queue in queues):
        return "%d unaccounted" % t.unaccounted_packets
    if t.rx_packets + t.made_packets != t.tx_packets + t.drop_packets + t.pass_packets + t.in_flight_packets:
        return "rx and made are not tx + drop + pass + in flight"
    for key in "rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "made_packets", "pass_packets", "in_flight_packets":
        if t[key] != sum(queue[key] for queue in queues):
            return "%s is not the sum of the queues" % key
    if t.drop_packets != sum(drops_of(record).values()):
        return "drop_packets is not the sum of the reasons"
    # services that a reload has removed are in the totals alone
    if any(count > t.drop[reason] for reason, count in named_drops(record).items() if count):
        return "a reason is in the totals less often than in queues and services"
    if t.drop_packets != sum(named_drops(record).values()) and not removed:
        return "drop_packets is not the sum of the queues' and the services' reasons"
    if record.final and t.in_flight_packets:
        return "in flight at the end"
    return None


def balanced(records):
    """Every record balances, and no total ever goes back."""
    before, removed = None, len({tuple(service.name for service in record.services) for record in records}) > 1
    for number, record in enumerate(records):
        wrong = imbalance(record, removed)
        if wrong:
            raise AssertionError("record %d: %s: %s" % (number, wrong, json.dumps(record.totals)))
        for key in "rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "made_packets", "drop_packets", "pass_packets":
            if before and record.totals[key] < before.totals[key]:
                raise AssertionError("record %d: %s goes back from %d to %d" % (
                    number, key, before.totals[key], record.totals[key]))
        before = record
    return True


def counted(record, expected, direct=False):
    """Exactly what was sent has been counted; direct: by a packet socket, which sees its ports' frames alone."""
    t, service, drops = record.totals, record.services[0], drops_of(record)
    lost = {reason: drops[reason] for reason in drops if drops[reason] and reason not in (
        "ttl_exceeded", "bad_checksum")}
    rx = "admitted" if direct else "rx"
    passed = expected.pass_packets - (expected.rx_packets - expected[rx + "_packets"])
    wanted = {
        "rx_packets": (t.rx_packets, expected[rx + "_packets"]),
        "rx_bytes": (t.rx_bytes, expected[rx + "_bytes"]),
        "tx_packets": (t.tx_packets, expected.tx_packets), "tx_bytes": (t.tx_bytes, expected.tx_bytes),
        "pass_packets": (t.pass_packets, passed),
        "service rx_packets": (service.rx_packets, expected.service_rx_packets),
        "service tx_packets": (service.tx_packets, expected.tx_packets),
        "service tx_bytes": (service.tx_bytes, expected.tx_bytes),
        "ttl_exceeded": (drops.ttl_exceeded, expected.ttl_exceeded),
        "bad_checksum": (drops.bad_checksum, expected.bad_checksum), "other drops": (lost, {}),
    }
    wrong = ["%s is %s instead of %s" % (key, got, want) for key, (got, want) in wanted.items() if got != want]
    if wrong:
        raise AssertionError(", ".join(wrong))
    return True


def served(record, direct=False):
    """What belongs to the service has been answered, dropped by it, or lost in a ring on the way; direct: a packet
    socket's ring has lost it before anybody knew whose it was."""
    service, drops = record.services[0], drops_of(record)
    rings = drops.tx_ring_full + (0 if direct else drops.rx_ring_full + drops.rx_dropped)
    places = service.tx_packets + sum(service.drop.values()) + rings
    if service.rx_packets != places:
        raise AssertionError("the service has got %d packets, of which %d are known" % (service.rx_packets, places))
    return True


def main():
    try:
        records = read_records(sys.argv[1], sys.argv[2:])
    except ValueError as error:
        print("%s: not a JSON object a line: %s" % (sys.argv[1], error))
        return 1
    if not records:
        print("%s: no record" % sys.argv[1])
        return 1
    last, failed = records[-1], 0
    names = {"records": records, "first": records[0], "last": last, "totals": last.totals,
             "interface": last.interfaces[0], "service": last.services[0], "queues": queues_of(last),
             "drops": drops_of(last), "queues_of": queues_of, "drops_of": drops_of, "balanced": balanced,
             "counted": counted, "served": served, "expected": read}
    for expression in sys.argv[2:]:
        try:
            if eval(expression, names):
                continue
            reason = "false"
        except (AssertionError, AttributeError, IndexError, KeyError, NameError,
                SyntaxError, TypeError) as error:
            reason = str(error)
        print("%s: %s" % (expression, reason))
        failed = 1
    if failed:
        print("the last record: %s" % json.dumps(last))
    return failed


if __name__ == "__main__":
    sys.exit(main())
