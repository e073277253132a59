// Package arrowrow converts slices of Go structs to Arrow batches and back.
//
// A Codec is made once per struct type by reflection. After that every column
// is one tight loop over the field of all rows. A column has the name of the
// field, or the name in its tag; field order is column order.
//
//	Go                               Arrow
//	int8..int64, uint8..uint64       the same width (int, uint: 64 bits)
//	float32, float64, bool           the same; float16.Num: float16
//	string                           utf8 (option large: large_utf8, dict: dictionary)
//	[]byte                           binary (option large: large_binary)
//	[N]byte                          fixed_size_binary[N]
//	time.Time                        timestamp[us, UTC]; options timestamp(s|ms|us|ns),
//	                                 date32, date64, time32 (ms), time64 (ns)
//	time.Duration                    duration[ns]
//	decimal32/64/128/256             decimal(38, 0); option decimal(precision,scale)
//	struct, map[K]V, []T, [N]T       struct, map, list, fixed_size_list
//	*T                               T, nullable
//	embedded struct                  its fields, by the rules of encoding/json
//
// The tag is `arrow:"name,option"`; `arrow:"-"` leaves a field out. Named
// types convert like the types they are made of.
//
// A nil slice or map is written as an empty one and read from a null; any
// other null in a field that is not a pointer is an error that names column
// and row. Decoded rows share no memory with the batch.
package arrowrow
