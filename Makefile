# Targets of weir. `make` lists them.
GO ?= go
TOOLS := $(CURDIR)/.tools
LINT := $(TOOLS)/golangci-lint

.PHONY: help demo setup test lint bench crash mutants golden fuzz interop clean

help:              ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo:              ## real flights into an Iceberg table; run it again, or kill it in between
	@$(GO) run ./cmd/weir run examples/flights.yaml
	@echo
	@$(GO) run ./cmd/weir discover --connector iceberg --set warehouse=demo/lake --set table=demo.flights
	@echo
	@echo "Look at it with any reader of Iceberg or Parquet: the files are in demo/lake, for example"
	@echo "  duckdb -c \"SELECT origin, count(*) FROM 'demo/lake/demo.db/flights/data/**/*.parquet' GROUP BY 1 ORDER BY 2 DESC\""
	@echo "Run make demo again: nothing is doubled. rm -rf demo begins anew."

setup:             ## install what the tests need (Debian packages); quiet when it is there
	@scripts/setup.sh

test: setup        ## everything CI runs but the linter
	@scripts/test.sh

lint: setup        ## the pinned linter
	@scripts/lint.sh

bench: setup       ## core and ingestion figures beside their peers; writes docs/benchmarks
	@cd bench && $(GO) run ./cmd/bench -out ../docs/benchmarks/latest.jsonl

crash: setup       ## kill the real binary, and lose power; ends with one line of JSON
	@cd bench && $(GO) run ./cmd/crash

golden:            ## rewrite what tests compare with; read the diff
	WEIR_REWRITE=1 $(GO) test ./io/all ./cmd ./internal/serve
	$(GO) test ./codecs/jsonl ./codecs/csv ./io/file -args -rewrite

fuzz: setup        ## every fuzz target for FUZZTIME (10s) each
	@scripts/fuzz.sh

interop:           ## PyIceberg, DuckDB, pyarrow and Spark read what weir writes; needs PyPI, Maven Central, Java 17
	@interop/run.sh

clean:             ## what targets leave behind
	rm -rf bin demo .tools
