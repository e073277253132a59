package crash

import "testing"

func TestPlace(t *testing.T) {
	s := &site{dir: t.TempDir(), seed: 1, say: t.Logf}
	var err error
	if s.db, err = openReader(); err != nil {
		t.Fatal(err)
	}
	root, err := moduleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := &builder{root: root, dir: "/tmp/crashwork/bin", made: map[string]string{}}
	for _, j := range jobs()[1:2] {
		c, err := b.crew(t.Context(), "", j)
		if err != nil {
			t.Fatal(err)
		}
		known, span, err := s.learn(t.Context(), j, c)
		t.Log(known, span, err)
		if err != nil {
			t.Fatal(err)
		}
	}
}
