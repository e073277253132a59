// Package jsonl reads and writes JSON, one object a line.
package jsonl
