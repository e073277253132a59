//go:build unix

package file

import "syscall"

// room is how many bytes can be written to folder dir; an error says that it
// cannot be written to at all.
func room(dir string) (uint64, error) {
	const write = 2 // W_OK
	if err := syscall.Access(dir, write); err != nil {
		return 0, err
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return uint64(fs.Bavail) * uint64(fs.Bsize), nil //nolint:gosec,unconvert // the types differ by system
}
