package state

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
)

// A key that is taken apart goes together again to the same bytes.
func FuzzKey(f *testing.F) {
	f.Add(manifestKey())
	f.Add(epochKey(7))
	f.Add(nameKey(sourceName, "pg"))
	f.Add(positionKey(1, "a.csv"))
	f.Add(appendStateKey(nil, 1, 2, []byte("key")))
	f.Add(idKey(prefixCommit, 3))
	f.Fuzz(func(t *testing.T, key []byte) {
		k, err := parseKey(key)
		if err != nil {
			return
		}
		if again := k.bytes(); !bytes.Equal(key, again) {
			t.Errorf("%x became %x", key, again)
		}
	})
}

// A manifest that is read is written to the same bytes. The checksum is put
// right first, or nothing would get past it.
func FuzzManifest(f *testing.F) {
	seed, err := encodeManifest(Manifest{
		Epoch: 9, Incarnation: uuid.NewString(), Pipeline: "orders", KeyGroups: 256, Fingerprint: "f", Format: 1, previous: 8,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed[:len(seed)-4])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := castagnoli(body)
		b := append(bytes.Clone(body), byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
		m, err := parseManifest(b)
		if err != nil {
			return
		}
		again, err := encodeManifest(m)
		if err != nil || !bytes.Equal(b, again) {
			t.Errorf("%x became %x: %v", b, again, err)
		}
	})
}

// A commit that is read is written to the same bytes.
func FuzzCommit(f *testing.F) {
	f.Add(appendCommit(nil, Commit{Epoch: 2, Previous: 1, Parts: [][]byte{[]byte("a"), {}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCommit(b)
		if err != nil {
			return
		}
		if again := appendCommit(nil, c); !bytes.Equal(b, again) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

// Whatever is in the two files beside the database, reading them ends.
func FuzzFiles(f *testing.F) {
	text, err := identity{Kind: kindState, Pipeline: "orders", Incarnation: uuid.NewString(), format: 1}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add((&mark{}).slotBytes(3))
	f.Fuzz(func(t *testing.T, b []byte) {
		if id, err := parseIdentity(b); err == nil && id.format <= 0 {
			t.Errorf("format %d was accepted", id.format)
		}
		if epoch, id, ok := parseSlot(b); ok && !bytes.HasPrefix(b, (&mark{id: id}).slotBytes(epoch)) {
			t.Errorf("slot %x was accepted", b)
		}
	})
}
