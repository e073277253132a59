package duck

import "testing"

func TestRow(t *testing.T) {
	got, err := Row(t.Context(), "SELECT count(*) AS n, "+Text("it's")+" AS s FROM range(3)")
	if err != nil {
		t.Fatal(err)
	}
	if got["n"] != "3" || got["s"] != "it's" {
		t.Errorf("found %v", got)
	}
}
