package mem_test

import (
	"fmt"

	"github.com/weirflow/weir/internal/mem"
)

func ExampleNewPool() {
	pool := mem.NewPool(mem.Options{MaxIdle: 8 << 20})
	b := pool.Allocate(1000)
	fmt.Println(len(b), cap(b), pool.InUse())
	pool.Free(b)
	fmt.Println(pool.InUse(), pool.Peak(), pool.Idle())
	// Output:
	// 1000 1024 1024
	// 0 1024 1024
}
