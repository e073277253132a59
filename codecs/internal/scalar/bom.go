package scalar

// BOM is the length of the byte order mark that data begins with. It is not
// known while data is shorter than a mark that it may become.
func BOM(data []byte, last bool) (n int, known bool) {
	const mark = "\xef\xbb\xbf"
	if len(data) >= len(mark) {
		if string(data[:len(mark)]) == mark {
			return len(mark), true
		}
		return 0, true
	}
	return 0, last || string(data) != mark[:len(data)]
}
