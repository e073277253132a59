// Package bincode writes Go values as bytes for keyed state, and reads them
// back strictly.
//
// The encoding of a value follows its type; nothing in it describes itself,
// so whoever stores it also stores Schema and compares that before reading.
// Equal values have equal encodings.
//
//	bool                      1 byte, 0 or 1
//	int8, uint8               1 byte
//	int16..int64, uint16.. ,  2, 4 or 8 bytes, little endian (int and uint: 8)
//	float32, float64          their bits, little endian
//	string                    length as uvarint, the bytes
//	[]T                       length + 1 as uvarint, the elements; 0 is nil
//	[N]T                      the elements
//	map[K]V                   as []T: pairs of key and value, in the order of
//	                          the bytes of the keys
//	*T                        1 byte, 0 for nil or 1, then the value
//	struct                    the fields in their order
//	time.Time                 seconds since 1970 (8 bytes), nanoseconds (4), zone:
//	                          0 for UTC, or 1 and the offset in seconds (4)
//	encoding.BinaryMarshaler  length as uvarint, what MarshalBinary returns
//
// A []byte is a []T: nil and empty are kept apart. Interfaces, functions,
// channels, complex numbers, and structs with unexported fields that do not
// implement encoding.BinaryMarshaler and encoding.BinaryUnmarshaler have no
// encoding; Of names the field.
//
// A KeyCodec writes the keys of state: the bytes of integers, byte arrays and
// strings sort like the values. Its Hash is the same in every process and on
// every machine, and equal to columns.HashRows of a column of the same type.
package bincode
