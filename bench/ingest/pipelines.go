package ingest

// The pipeline files that are measured; the holes are input, output and
// state. The checkpoint interval is long only so that a machine that is busy
// with other things writes as many files as an idle one: one for each task.

const eventsPipeline = `
sources:
  events:
    connector: file
    config:
      path: %s
      schema:
        - {name: event_id, type: string}
        - {name: ts, type: "timestamp[us, UTC]"}
        - {name: user_id, type: int64}
        - {name: session_id, type: string}
        - {name: event_type, type: string}
        - {name: url, type: string}
        - {name: country, type: string}
        - {name: price, type: float64}
        - {name: quantity, type: int64}
        - {name: score, type: float64}
        - {name: coupon, type: string}
        - {name: device, type: "struct<os: string, browser: string, mobile: bool>"}
        - {name: tags, type: list<string>}
sinks:
  files:
    connector: file
    config: {dir: %s/data}
state: %s
pipelines:
  events: {source: events, sink: files, checkpoint: 10m}
`

const lineitemPipeline = `
sources:
  lineitem:
    connector: file
    config:
      path: %s
      schema:
        - {name: l_orderkey, type: int64}
        - {name: l_partkey, type: int32}
        - {name: l_suppkey, type: int32}
        - {name: l_linenumber, type: int32}
        - {name: l_quantity, type: "decimal(15,2)"}
        - {name: l_extendedprice, type: "decimal(15,2)"}
        - {name: l_discount, type: "decimal(15,2)"}
        - {name: l_tax, type: "decimal(15,2)"}
        - {name: l_returnflag, type: string}
        - {name: l_linestatus, type: string}
        - {name: l_shipdate, type: date}
        - {name: l_commitdate, type: date}
        - {name: l_receiptdate, type: date}
        - {name: l_shipinstruct, type: string}
        - {name: l_shipmode, type: string}
        - {name: l_comment, type: string}
sinks:
  files:
    connector: file
    config: {dir: %s/data}
state: %s
pipelines:
  lineitem: {source: lineitem, sink: files, checkpoint: 10m}
`

const flightsPipeline = `
sources:
  flights:
    connector: file
    config: {path: %s}
sinks:
  lake:
    connector: iceberg
    config: {warehouse: %s/lake, table: bench.flights}
state: %s
pipelines:
  flights: {source: flights, sink: lake, checkpoint: 10m}
`

const duckdbEvents = `COPY (SELECT * FROM read_json(%s, format = 'newline_delimited', columns = {
	event_id: 'VARCHAR', ts: 'TIMESTAMPTZ', user_id: 'BIGINT', session_id: 'VARCHAR', event_type: 'VARCHAR',
	url: 'VARCHAR', country: 'VARCHAR', price: 'DOUBLE', quantity: 'BIGINT', score: 'DOUBLE', coupon: 'VARCHAR',
	device: 'STRUCT(os VARCHAR, browser VARCHAR, mobile BOOLEAN)', tags: 'VARCHAR[]'}))
	TO %s (FORMAT parquet, COMPRESSION zstd)`

const duckdbLineitem = `COPY (SELECT * FROM read_csv(%s, header = true, auto_detect = false, delim = ',', columns = {
	l_orderkey: 'BIGINT', l_partkey: 'INTEGER', l_suppkey: 'INTEGER', l_linenumber: 'INTEGER',
	l_quantity: 'DECIMAL(15,2)', l_extendedprice: 'DECIMAL(15,2)', l_discount: 'DECIMAL(15,2)', l_tax: 'DECIMAL(15,2)',
	l_returnflag: 'VARCHAR', l_linestatus: 'VARCHAR', l_shipdate: 'DATE', l_commitdate: 'DATE', l_receiptdate: 'DATE',
	l_shipinstruct: 'VARCHAR', l_shipmode: 'VARCHAR', l_comment: 'VARCHAR'}))
	TO %s (FORMAT parquet, COMPRESSION zstd)`
