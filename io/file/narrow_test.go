package file

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/weirflow/weir/internal/mem"
)

func TestNarrow(t *testing.T) {
	checked := mem.Checked(mem.NewPool(mem.Options{}))
	defer checked.AssertEmpty(t)
	lb := array.NewLargeStringBuilder(checked)
	defer lb.Release()
	for _, v := range []string{"", "a", "bc", "def"} {
		lb.Append(v)
	}
	lb.AppendNull()
	lb.Append("ghij")
	whole := lb.NewArray()
	defer whole.Release()
	for from := range int64(7) {
		for to := from; to <= 6; to++ {
			part := array.NewSlice(whole, from, to)
			got, err := narrow(part, narrowType(part.DataType()), checked)
			if err != nil {
				t.Fatal(err)
			}
			if got.Len() != part.Len() || got.String() != part.String() {
				t.Errorf("%d:%d is %v, want %v", from, to, got, part)
			}
			got.Release()
			part.Release()
		}
	}
}
