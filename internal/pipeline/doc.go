// Package pipeline reads a pipeline file, checks it, and builds and runs what
// it says.
//
// A file has three maps of named things, and the pipelines join the other two
// by name:
//
//	sources:
//	  flights: {connector: file, config: {path: data/*.parquet}}
//	sinks:
//	  lake: {connector: iceberg, config: {table: demo.flights}}
//	pipelines:
//	  flights: {source: flights, sink: lake, checkpoint: 10s}
//
// ${NAME} and ${NAME:-default} stand for environment variables, in every
// scalar; null means that a setting is left out. Whatever is wrong with a
// file is reported together, each problem with its line.
package pipeline
