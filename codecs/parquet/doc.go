// Package parquet writes Arrow batches as Parquet files and reads them back.
//
// The writer encodes pages straight from Arrow's buffers. How a column is
// stored is found out, not configured: the first values of a column are
// encoded in the ways that suit their type (plain, dictionary, delta, byte
// stream split) and compressed, the smallest is taken for this row group and
// the next few, and a dictionary that grows too large is left for the values
// themselves. Integers and dates that delta packs tightly are not compressed
// again. Readers that know plain and dictionary pages only, as Iceberg's for
// Spark before 2026, need Encodings "basic". Every file has statistics, page indexes, and the Arrow schema, and
// data pages of version 1, which all readers know.
//
//	bool                          BOOLEAN
//	int8 to int32, uint8 to uint32  INT32, INTEGER(bits, signed)
//	int64, uint64                 INT64, INTEGER(64, signed)
//	float16, float32, float64     FIXED(2) FLOAT16, FLOAT, DOUBLE
//	decimal128                    INT32 to 9 digits, INT64 to 18, FIXED above
//	utf8, large_utf8              BYTE_ARRAY STRING
//	binary, large_binary          BYTE_ARRAY
//	fixed_size_binary             FIXED
//	uuid, json (extensions)       FIXED(16) UUID, BYTE_ARRAY JSON
//	date32                        INT32 DATE
//	time32, time64                INT32, INT64 TIME; seconds as milliseconds
//	timestamp                     INT64 TIMESTAMP; seconds as milliseconds
//	dictionary of utf8, binary    as its values, in a dictionary
//	struct, list, large_list, map groups in the standard form of three levels
//	null                          INT32 UNKNOWN, nulls only
//
// The reader bounds its batches in bytes, checks what the footer says before
// it allocates by it, and turns damage into errors that name row group, row
// and column.
package parquet
