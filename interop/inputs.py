"""Makes the input of the scenario. The rows are kept as Arrow tables made by
Python, so that what is expected has not been through weir."""

import base64
import datetime as dt
import decimal
import json
import random
import uuid

import pyarrow as pa

D = decimal.Decimal
decimal.getcontext().prec = 60
UTC = dt.timezone.utc

# name, type as weir's file source has it, Arrow type, and the kind for plain.
TYPES = [
    ("n", "int64", pa.int64(), None),
    ("flag", "bool", pa.bool_(), None),
    ("i8", "int8", pa.int8(), None),
    ("i16", "int16", pa.int16(), None),
    ("i32", "int32", pa.int32(), None),
    ("i64", "int64", pa.int64(), None),
    ("u8", "uint8", pa.uint8(), None),
    ("u16", "uint16", pa.uint16(), None),
    ("u32", "uint32", pa.uint32(), None),
    ("u64", "uint64", pa.uint64(), "big"),
    ("f32", "float32", pa.float32(), None),
    ("f64", "float64", pa.float64(), None),
    ("s", "string", pa.string(), None),
    ("bin", "binary", pa.binary(), None),
    ("d", "date", pa.date32(), None),
    ("ts", "timestamp[us]", pa.timestamp("us"), None),
    ("tz", "timestamp[us, UTC]", pa.timestamp("us", "UTC"), None),
    ("m1", "decimal(7,2)", pa.decimal128(7, 2), None),
    ("m2", "decimal(18,4)", pa.decimal128(18, 4), None),
    ("m3", "decimal(38,10)", pa.decimal128(38, 10), None),
    ("id", "uuid", pa.binary(16), "uuid"),
    ("fix", "fixed(5)", pa.binary(5), None),
]
NESTED = [
    ("ints", "list<int64>", pa.list_(pa.int64()), None),
    ("words", "list<string>", pa.list_(pa.string()), None),
    ("tags", "map<string, int64>", pa.map_(pa.string(), pa.int64()), None),
    ("pt", "struct<x: float64, y: int32, at: timestamp[us, UTC]>",
     pa.struct([("x", pa.float64()), ("y", pa.int32()), ("at", pa.timestamp("us", "UTC"))]), None),
    ("lines", "list<struct<sku: string, price: decimal(10,2), parts: list<string>>>",
     pa.list_(pa.struct([("sku", pa.string()), ("price", pa.decimal128(10, 2)),
                         ("parts", pa.list_(pa.string()))])), None),
    ("deep", "struct<a: struct<b: map<string, list<int32>>>, day: date>",
     pa.struct([("a", pa.struct([("b", pa.map_(pa.string(), pa.list_(pa.int32())))])), ("day", pa.date32())]), None),
]
TIMES = [("n", "int64", pa.int64(), None), ("t", "time", pa.time64("us"), None)]


def integer(r, lo, hi):
    return r.choice([lo, hi, 0, r.randint(lo, hi), r.randint(max(lo, -9), min(hi, 99))])


def scalar(r, t):
    if pa.types.is_boolean(t):
        return r.random() < 0.5
    if pa.types.is_integer(t):
        bits, signed = t.bit_width, pa.types.is_signed_integer(t)
        return integer(r, -(1 << bits - 1) if signed else 0, (1 << bits - (1 if signed else 0)) - 1)
    if pa.types.is_float32(t):
        return r.choice([0.0, -1.5, 3.0000000054977558e38, r.randint(-99999, 99999) / 64])
    if pa.types.is_floating(t):
        return r.choice([0.0, 1e308, -2.5e-300, r.gauss(0, 1e6), r.random()])
    if pa.types.is_decimal(t):
        top = 10 ** t.precision - 1
        v = r.choice([top, -top, 0, r.randint(-top, top), r.randint(-9999, 9999)])
        return D(v).scaleb(-t.scale)
    if pa.types.is_date(t):
        return r.choice([dt.date(1969, 12, 31), dt.date(1600, 2, 29), dt.date(9999, 12, 31),
                         dt.date(2024, 1, 1) + dt.timedelta(r.randint(0, 900))])
    if pa.types.is_timestamp(t):
        zone = UTC if t.tz else None
        base = dt.datetime(2025, 3, 1, tzinfo=zone) + dt.timedelta(microseconds=r.randint(0, 10 ** 13))
        return r.choice([dt.datetime(1969, 12, 31, 23, 59, 59, 999999, zone),
                         dt.datetime(1815, 6, 18, 11, 30, tzinfo=zone), base, base, base])
    if pa.types.is_time(t):
        return r.choice([dt.time(0), dt.time(23, 59, 59, 999999), dt.time(r.randint(0, 23), 7, 9, r.randint(0, 999999))])
    if pa.types.is_fixed_size_binary(t):
        return r.randbytes(t.byte_width)
    if pa.types.is_binary(t):
        return r.randbytes(r.choice([0, 1, 3, 40]))
    return r.choice(["", "a", "zürich", "漢字かな", "😀 smile", "line\nbreak", 'quo"te,', "x" * r.randint(1, 60), f"id-{r.randint(0, 999)}"])


def value(r, t, nulls):
    if r.random() < nulls:
        return None
    if pa.types.is_struct(t):
        return {f.name: value(r, f.type, 0.2) for f in t}
    if pa.types.is_map(t):
        return [(f"k{i}", value(r, t.item_type, 0.2)) for i in range(r.choice([0, 1, 3]))]
    if pa.types.is_list(t):
        return [value(r, t.value_type, 0.2) for _ in range(r.choice([0, 1, 2, 5]))]
    return scalar(r, t)


def table(seed, columns, rows, first=0):
    """Rows of columns; n counts from first."""
    r = random.Random(seed)
    data = {}
    for name, _, t, _ in columns:
        data[name] = pa.array([first + i if name == "n" else value(r, t, 0.15) for i in range(rows)], t)
    return pa.table(data)


def text(v, t, for_csv=False):
    if v is None:
        return None
    if pa.types.is_struct(t):
        return {f.name: text(v[f.name], f.type) for f in t}
    if pa.types.is_map(t):
        return {k: text(x, t.item_type) for k, x in v}
    if pa.types.is_list(t):
        return [text(x, t.value_type) for x in v]
    if isinstance(v, bytes):
        return str(uuid.UUID(bytes=v)) if len(v) == 16 and t == pa.binary(16) else base64.b64encode(v).decode()
    if isinstance(v, dt.datetime):
        return v.replace(tzinfo=None).isoformat() + ("Z" if t.tz else "")
    if isinstance(v, D):
        return format(v, "f")
    if isinstance(v, (dt.date, dt.time)):
        return v.isoformat()
    return v


def write_jsonl(path, t):
    with open(path, "w", encoding="utf-8") as f:
        for row in t.to_pylist():
            f.write(json.dumps({k: text(v, t.schema.field(k).type) for k, v in row.items()}) + "\n")


def write_csv(path, t):
    def cell(v):
        if v is None:
            return ""
        if isinstance(v, bool):
            return "true" if v else "false"
        s = repr(v) if isinstance(v, float) else str(v)
        return '"' + s.replace('"', '""') + '"' if s == "" or any(c in s for c in '",\n') else s

    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(",".join(t.column_names) + "\n")
        for row in t.to_pylist():
            f.write(",".join(cell(text(v, t.schema.field(k).type)) for k, v in row.items()) + "\n")


def schema(columns):
    return [{"name": n, "type": t} for n, t, _, _ in columns]


def kinds(columns):
    return {n: k for n, _, _, k in columns}
