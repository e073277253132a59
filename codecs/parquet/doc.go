// Package parquet writes Arrow batches as Parquet files and reads them back.
package parquet
