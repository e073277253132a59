package state_test

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/weirflow/weir/state"
)

// An epoch holds the position of a source, what an operator remembers and
// what a sink must commit; all of it is durable when Commit returns.
func Example() {
	o := state.Options{FS: vfs.NewMem()} // a test's disk; leave it out for a real one
	s, err := state.Open("orders", "orders", o)
	if err != nil {
		fmt.Println(err)
		return
	}
	w := s.Begin(1)
	w.Position("pg", "", []byte("0/16B3748"))
	w.Set("dedup", 17, []byte("order 1"), nil)
	w.Token("lake", [][]byte{[]byte("data-0001.parquet")})
	if err := w.Commit(); err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Close(); err != nil {
		fmt.Println(err)
		return
	}

	s, err = state.Open("orders", "orders", o)
	if err != nil {
		fmt.Println(err)
		return
	}
	pos, _, _, _ := s.Position("pg", "")
	_, seen, _ := s.Get("dedup", 17, []byte("order 1"))
	c, _, _ := s.LastCommit("lake")
	fmt.Printf("epoch %d, pg at %s, order 1 seen: %v, lake commits %s\n",
		s.Manifest().Epoch, pos, seen, c.Parts[0])
	fmt.Println(s.Close())

	_, err = state.Open("orders", "invoices", o)
	fmt.Println(err)
	// Output:
	// epoch 1, pg at 0/16B3748, order 1 seen: true, lake commits data-0001.parquet
	// <nil>
	// orders is the state of pipeline "orders", not of "invoices"; give each pipeline its own directory
}
