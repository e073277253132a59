"""Compares tables of any reader: each is brought into one plain form first."""

import datetime
import decimal
import json
import uuid

import duckdb
import pyarrow as pa
import pyarrow.compute as pc


class Checks:
    """Counts what was checked, and prints what did not hold."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def that(self, name, ok, detail="", quiet=False):
        self.count += 1
        self.failed += not ok
        if not ok and not quiet:
            print(f"FAILED {name}: {str(detail)[:1500]}", flush=True)
        return ok

    def equal(self, name, got, want):
        return self.that(name, got == want, f"got {got!r}, want {want!r}")

    def run(self, name, fn, *args):
        """Runs fn; an error of the reader is a check that failed."""
        try:
            return fn(*args)
        except Exception as e:  # any error of a reader is the finding
            self.that(name, False, f"{type(e).__name__}: {e}")
            return None

    def rows(self, name, got, want, kinds=None):
        """Holds two tables against each other, whatever their order of rows."""
        try:
            a, b = plain(got, kinds), plain(want, kinds)
        except Exception as e:
            return self.that(name, False, f"{type(e).__name__}: {e}")
        if not self.equal(name + " columns", a.column_names, b.column_names):
            return False
        db = duckdb.connect()
        db.register("a", a)
        db.register("b", b)
        wrong = 0
        for field in b.schema:
            fa, fb = figures(db, "a", field), figures(db, "b", field)
            wrong += not self.that(f"{name} {field.name}", same(fa, fb), f"got {fa}, want {fb}", wrong > 1)
        da, dwant = digest(db, "a", b), digest(db, "b", b)
        if not self.equal(f"{name} digest", da, dwant):
            for x, y in (("a", "b"), ("b", "a")):
                rows = db.execute(f"SELECT * FROM {x} EXCEPT ALL SELECT * FROM {y} LIMIT 3").fetchall()
                side = "only read" if x == "a" else "only expected"
                print(f"  {side}: {rows}"[:1500], flush=True)
            wrong += 1
        return wrong == 0


def figures(db, table, field):
    """Rows, nulls, distinct values, least, greatest and sum of a column."""
    c = '"' + field.name + '"'
    total = f"fsum({c})" if pa.types.is_floating(field.type) else f"sum({c})"
    if not (pa.types.is_integer(field.type) or pa.types.is_decimal(field.type)
            or pa.types.is_floating(field.type)):
        total = f"sum(length({c}::varchar))"
    if pa.types.is_decimal(field.type):
        total = f"sum({c}::double)"
    return db.execute(f"SELECT count(*), count({c}), count(DISTINCT {c}), min({c})::varchar, "
                      f"max({c})::varchar, {total} FROM {table}").fetchone()


def same(a, b):
    if a[:5] != b[:5]:
        return False
    x, y = a[5], b[5]
    if isinstance(y, float) and isinstance(x, float):
        return str(x) == str(y) or abs(x - y) <= 1e-9 * max(abs(x), abs(y), 1)
    return x == y


def digest(db, table, like):
    cols = ", ".join('"' + c + '"' for c in like.column_names)
    return db.execute(f"SELECT count(*), sum(hash({cols})::hugeint)::varchar, "
                      f"bit_xor(hash({cols})) FROM {table}").fetchone()


def plain(table, kinds=None):
    """Columns in the order of their names, in few types: see plain_column."""
    names = sorted(n for n in table.column_names if kinds is None or n in kinds)
    columns = {n: plain_column(table.column(n), (kinds or {}).get(n)) for n in names}
    return pa.table(columns)


def plain_column(c, kind=None):
    """Integers are int64, floats double, instants microseconds that say whether
    they have a zone, bytes hex, and what is nested is JSON."""
    c = pa.chunked_array([c]) if isinstance(c, pa.Array) else c
    t = c.type
    if isinstance(t, pa.BaseExtensionType):
        c = pa.chunked_array([x.storage for x in c.chunks], type=t.storage_type)
        t = c.type
    if pa.types.is_dictionary(t):
        c, t = c.cast(t.value_type), t.value_type
    if pa.types.is_timestamp(t):
        text = pc.cast(pc.cast(c, pa.timestamp("us", t.tz)), pa.int64())
        mark = "z" if t.tz else "n"
        return pc.binary_join_element_wise(pc.cast(text, pa.string()), mark, "")
    if pa.types.is_nested(t):
        return pa.chunked_array([pa.array([None if v is None else json.dumps(tree(v, t), sort_keys=True)
                                           for v in c.to_pylist()], pa.string())])
    if kind == "uuid" and (pa.types.is_string(t) or pa.types.is_large_string(t)):
        return pc.replace_substring(pc.cast(c, pa.string()), "-", "")
    if pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_fixed_size_binary(t):
        return pa.chunked_array([pa.array([None if v is None else v.hex() for v in c.to_pylist()], pa.string())])
    if pa.types.is_integer(t):
        c = pc.cast(c, pa.int64() if kind != "big" else pa.decimal128(20, 0))
        return pc.cast(c, pa.decimal128(38, 0)) if kind == "big" else c
    if pa.types.is_decimal(t):
        return pc.cast(c, pa.decimal128(38, t.scale))
    if pa.types.is_floating(t):
        return pc.cast(c, pa.float64())
    if pa.types.is_date(t):
        return pc.cast(c, pa.date32())
    if pa.types.is_time(t):
        return pc.cast(pc.cast(c, pa.time64("us")), pa.int64())
    if pa.types.is_large_string(t) or pa.types.is_string_view(t):
        return pc.cast(c, pa.string())
    return c


def tree(v, t):
    """A nested value as JSON holds it."""
    if v is None:
        return None
    if pa.types.is_struct(t):
        return {f.name: tree(v.get(f.name), f.type) for f in t}
    if pa.types.is_map(t):
        pairs = v.items() if isinstance(v, dict) else v
        return sorted([tree(k, t.key_type), tree(x, t.item_type)] for k, x in pairs)
    if pa.types.is_list(t) or pa.types.is_large_list(t):
        return [tree(x, t.value_type) for x in v]
    if isinstance(v, datetime.datetime):
        zone = v.tzinfo is not None
        return v.astimezone(datetime.timezone.utc).isoformat() if zone else v.isoformat()
    if isinstance(v, decimal.Decimal):
        return str(v)
    if isinstance(v, (datetime.date, datetime.time, uuid.UUID)):
        return str(v)
    if isinstance(v, bytes):
        return v.hex()
    return v
