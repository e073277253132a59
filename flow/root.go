package flow
import ("sync";"time")
type sourceRoot[T any] struct{ mu sync.Mutex }
func (r *sourceRoot[T]) push(v T) error { return nil }
func (r *sourceRoot[T]) pushAll(vs []T) error { return nil }
func (r *sourceRoot[T]) watermark(time.Time) error { return nil }
func (r *sourceRoot[T]) idle() error { return nil }
func (r *sourceRoot[T]) progress(int64) {}
