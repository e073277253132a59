package bincode_test

import (
	"fmt"

	"github.com/weirflow/weir/internal/bincode"
)

func ExampleKeyCodec() {
	type Key struct {
		Tenant string
		ID     int32
	}
	codec, err := bincode.KeyOf[Key]()
	if err != nil {
		fmt.Println(err)
		return
	}
	b := codec.AppendKey(nil, Key{"a", -1})
	k, err := codec.DecodeKey(b)
	fmt.Printf("%x %v %v %#x\n", b, k, err, codec.Hash(k))
	// Output: 6100017fffffff {a -1} <nil> 0x62cc14678178f88f
}
